from itertools import islice

import pytest
import torch

from cnnhistory.models.nasnet import NORMAL
from cnnhistory.nn.cell import Cell
from cnnhistory.search.space import CellSpace, canonical, genotype

SPACE = CellSpace()


def test_the_size_counted_by_hand():
    # one block: 2 states times 3 operations are 6 parts, 6 * 7 / 2 = 21 sums
    one = CellSpace(1)
    assert len(one.cells()) == 21
    assert sum(one.cells().values()) == 36
    # the second block has 9 parts and 45 sums; where it does not read the first (21 sums) the two
    # can change places: 21 * (45 - 21) + 21 * 22 / 2
    assert len(SPACE.cells()) == 504 + 231
    assert sum(SPACE.cells().values()) == 36 * 81
    assert SPACE.choices == (2, 2, 3, 3, 3, 3, 3, 3)


def test_decisions_become_blocks():
    pairs = SPACE.pairs((1, 0, 0, 2, 2, 1, 1, 1))
    assert pairs == ((("none", 1), ("sep3", 0)), (("max3", 2), ("max3", 1)))
    for wrong in ((0,) * 7, (2, *(0,) * 7), (0, 0, 3, *(0,) * 5), (-1, *(0,) * 7)):
        with pytest.raises(ValueError, match="decisions: expected one number below each"):
            SPACE.pairs(wrong)


def test_equal_cells_have_one_name():
    first, second = (("sep3", 1), ("none", 0)), (("max3", 0), ("max3", 1))
    names = {
        canonical(pairs)
        for pairs in (
            (first, second),
            (second, first),
            (first[::-1], second),
            (second[::-1], first[::-1]),
        )
    }
    assert names == {"max3(0)+max3(1) | none(0)+sep3(1)"}
    # a block that reads the first one stays behind it, wherever that goes
    third = (("sep3", 2), ("none", 1))
    assert canonical((first, third)) == "none(0)+sep3(1) | none(1)+sep3(2)"
    moved = (second, first, (("sep3", 3), ("none", 1)))
    stayed = (first, second, third)
    assert canonical(moved) == canonical(stayed)
    assert canonical((first, second, (("sep3", 3), ("none", 1)))) != canonical(stayed)


def test_equal_names_compute_the_same():
    """The parts of a sum and the blocks change places, the values do not."""
    torch.manual_seed(0)
    one = genotype("max3(0)+sep3(1) | none(0)+sep3(2)")
    other = one._replace(pairs=tuple(pair[::-1] for pair in one.pairs))
    assert canonical(other.pairs) == canonical(one.pairs)
    a, b = (Cell(plan, 4, 4, 4).eval() for plan in (one, other))
    b.load_state_dict({key: a.state_dict()[_moved(key)] for key in b.state_dict()})
    x, before = torch.randn(2, 4, 6, 6), torch.randn(2, 4, 6, 6)
    torch.testing.assert_close(a(x, before), b(x, before))


def _moved(key):
    """Return where an operation stood before the parts of each sum changed places."""
    head, number, *rest = key.split(".") if key.startswith("operations") else (key, None)
    return key if number is None else ".".join((head, str(int(number) ^ 1), *rest))


def test_every_cell_is_valid():
    for name in SPACE.cells():
        plan = genotype(name)
        assert canonical(plan.pairs) == name
        read = {state for pair in plan.pairs for _, state in pair}
        assert plan.output
        assert set(plan.output) | read >= {2, 3}
        assert not set(plan.output) & read
        assert all(s < n + 2 for n, pair in enumerate(plan.pairs) for _, s in pair)


def test_three_blocks():
    space = CellSpace(3, ("none", "sep3"))
    for decisions in islice(space.sequences(), 0, None, 997):
        name = space.canonical(decisions)
        assert canonical(genotype(name).pairs) == name


def test_a_paper_cell_has_a_name():
    name = canonical(NORMAL.pairs)
    assert canonical(genotype(name).pairs) == name
    assert name.count("|") == 4


def test_samples_are_valid_even_and_determined():
    drawn = SPACE.sample(6000, torch.Generator().manual_seed(3))
    assert drawn.shape == (6000, 8)
    for column, n in zip(drawn.T, SPACE.choices, strict=True):
        share = torch.bincount(column, minlength=n) / 6000
        assert len(share) == n
        assert (share - 1 / n).abs().max() < 0.03
    assert torch.equal(drawn, SPACE.sample(6000, torch.Generator().manual_seed(3)))


@pytest.mark.parametrize(
    "name", ["", "sep3(0)", "sep3(0)+none(1)+none(0)", "sep3(0)+none(2)", "sep3+none(0)"]
)
def test_what_is_no_cell_is_refused(name):
    with pytest.raises(ValueError, match="cell: expected"):
        genotype(name)
    with pytest.raises(ValueError, match="cell: expected one of"):
        genotype("sep3(0)+sep9(0)")


def test_wrong_spaces_are_refused():
    with pytest.raises(ValueError, match="blocks: expected"):
        CellSpace(0)
    for operations in ((), ("none", "none"), ("none", "sep9")):
        with pytest.raises(ValueError, match="operations: expected"):
            CellSpace(2, operations)
