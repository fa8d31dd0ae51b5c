"""The space of cells: what a controller decides, and when two cells are the same.

Source: B. Zoph, V. Vasudevan, J. Shlens, Q. Le (2018) [zoph2018learning], Section 3.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations, product

import torch
from torch import Tensor

from cnnhistory._util.checks import check_counts
from cnnhistory._util.lookup import check_one_of, expected
from cnnhistory.nn.cell import OPERATIONS, Genotype

Pairs = tuple[tuple[tuple[str, int], tuple[str, int]], ...]
_PART = re.compile(r"(\w+)\((\d+)\)")


@dataclass(frozen=True)
class CellSpace:
    """All cells of some number of blocks, and the decisions that lead to one of them.

    A block is made by four decisions: the two states that it reads, among the inputs 0 and 1 and
    what the blocks before it made, and the operation on each. The new state is the sum of the two.
    States that no block reads are the output, side by side.

    Two sequences of decisions may make the same cell: the parts of a sum can change places, and
    so can blocks of which neither reads the other. `canonical` names a cell by the first, in
    alphabetical order, of all ways to write it down.

    Raises:
        ValueError: no block, or no operation, or one twice or of another name.

    Source: zoph2018learning, Section 3.

    Deviations: as many blocks and operations as are asked for, where the paper has 5 blocks and 13
    operations; blocks only add (the paper's controller decides, in a fifth step, between addition
    and concatenation); one cell serves with stride 1 and with stride 2, where the paper's
    controller decides on a normal and on a reduction cell.
    """

    blocks: int = 2
    operations: tuple[str, ...] = ("none", "max3", "sep3")

    def __post_init__(self) -> None:
        check_counts(blocks=self.blocks)
        for name in self.operations:
            check_one_of("operations", name, OPERATIONS)
        if not self.operations or len(set(self.operations)) < len(self.operations):
            raise expected("operations", "at least one, each once", self.operations)

    @property
    def choices(self) -> tuple[int, ...]:
        """How many values each decision has, block by block: two states, two operations."""
        kinds = len(self.operations)
        return tuple(n for block in range(self.blocks) for n in (block + 2,) * 2 + (kinds,) * 2)

    def pairs(self, decisions: Sequence[int]) -> Pairs:
        """Return the blocks that a sequence of decisions makes.

        Raises:
            ValueError: another number of decisions, or one out of range.
        """
        numbers = [int(number) for number in decisions]
        if len(numbers) != len(self.choices) or not all(
            0 <= number < n for number, n in zip(numbers, self.choices, strict=True)
        ):
            raise expected("decisions", f"one number below each of {self.choices}", numbers)
        names = self.operations
        return tuple(
            ((names[k], i), (names[m], j))
            for i, j, k, m in zip(*(numbers[n::4] for n in range(4)), strict=True)
        )

    def canonical(self, decisions: Sequence[int]) -> str:
        """Return the name of the cell that a sequence of decisions makes.

        >>> CellSpace().canonical((1, 0, 0, 2, 0, 2, 2, 1))
        'none(1)+sep3(0) | max3(2)+sep3(0)'

        Raises:
            ValueError: see `pairs`.
        """
        return canonical(self.pairs(decisions))

    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        """Draw sequences of decisions, each decision with equal probabilities.

        Shape: result (count, number of decisions).
        """
        columns = [torch.randint(n, (count,), generator=generator) for n in self.choices]
        return torch.stack(columns, 1)

    def sequences(self) -> Iterator[tuple[int, ...]]:
        """Yield every sequence of decisions."""
        return product(*(range(n) for n in self.choices))

    def cells(self) -> dict[str, int]:
        """Return the names of all cells, in order, and how many sequences make each of them."""
        return dict(sorted(Counter(map(self.canonical, self.sequences())).items()))


def canonical(pairs: Pairs) -> str:
    """Return the name of a cell: the first of all ways to write it down.

    Parts stand in alphabetical order, and blocks in the order, of those in which each reads only
    what was made before it, that gives the first name in the alphabet.

    >>> canonical(((("sep3", 1), ("none", 0)),))
    'none(0)+sep3(1)'
    """
    names = []
    for order in permutations(range(len(pairs))):
        place = {0: 0, 1: 1} | {old + 2: new + 2 for new, old in enumerate(order)}
        blocks = []
        for new, old in enumerate(order):
            if any(place[state] >= new + 2 for _, state in pairs[old]):
                break  # it would read what is not made yet
            blocks.append("+".join(sorted(f"{op}({place[state]})" for op, state in pairs[old])))
        else:
            names.append(" | ".join(blocks))
    return min(names)


def genotype(cell: str) -> Genotype:
    """Return the plan of a cell by its name; its output are the states that no block reads.

    >>> genotype("none(0)+sep3(1) | max3(0)+sep3(2)").output
    (3,)

    Raises:
        ValueError: it is no name of a cell.
    """
    blocks: list[tuple[tuple[str, int], tuple[str, int]]] = []
    read = set()
    for n, block in enumerate(cell.split(" | ")):
        found = [_PART.fullmatch(part) for part in block.split("+")]
        parts = [(match[1], int(match[2])) for match in found if match]
        if len(found) != 2 or len(parts) != 2:
            raise expected("cell", "blocks like 'none(0)+sep3(1)' with ' | ' between", cell)
        for op, state in parts:
            check_one_of("cell", op, OPERATIONS)
            if state > n + 1:
                raise expected("cell", f"states up to {n + 1} in block {n}", cell)
            read.add(state)
        blocks.append((parts[0], parts[1]))
    states = range(2, len(blocks) + 2)
    return Genotype(tuple(blocks), tuple(state for state in states if state not in read))
