"""Saying in a chapter what its cells have shown."""


def confirm(statement: str, condition: object) -> None:
    """Print a statement if it holds, else stop with it.

    The printed line is the same on every machine, where the numbers behind it may differ in the
    last digit; so a chapter can say what it found, and a test can compare what it said.

    Raises:
        AssertionError: the condition is false.

    >>> confirm("two is even", 2 % 2 == 0)
    confirmed: two is even
    """
    if not condition:
        raise AssertionError(f"does not hold: {statement}")
    print(f"confirmed: {statement}")
