"""A statement made up for the tests of claims."""

from cnnhistory.claims import Statement


def made_up(**changes):
    """Return it with some settings changed."""
    settings = {
        "id": "lenet5.c99",
        "text": "a < b",
        "check": "cite",
        "verdict": "wrong",
        "truth": "a & b are equal",
        "source": "lecun1998gradient, Section I",
    }
    return Statement(**(settings | changes))
