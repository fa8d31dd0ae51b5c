import pytest

from cnnhistory.search.policy import PolicySettings
from cnnhistory.search.run import History, mean_curve, random_search, search
from cnnhistory.search.space import CellSpace

SPACE = CellSpace()
HISTORY = History(("a", "b", "a", "c"), (0.2, 0.6, 0.2, 0.5))


def convolutions(cell):
    """A made-up reward: the share of convolutions."""
    return cell.count("sep3") / 4


def test_a_history_says_what_was_found():
    assert HISTORY.best == "b"
    assert HISTORY.best_so_far == [0.2, 0.6, 0.6, 0.6]
    assert HISTORY.top(2) == pytest.approx(0.55)
    assert HISTORY.top(3) == pytest.approx(1.3 / 3)  # "a" once
    assert HISTORY.last(2) == pytest.approx(0.35)
    for method in (HISTORY.top, HISTORY.last):
        with pytest.raises(ValueError, match="count: expected"):
            method(0)


def test_mean_curves():
    other = History(("a",) * 4, (0.0, 0.0, 0.0, 1.0))
    assert mean_curve([HISTORY, other]) == pytest.approx([0.1, 0.3, 0.3, 0.8])


@pytest.mark.parametrize("method", ["reinforce", "ppo"])
def test_a_controller_learns_what_is_rewarded(method):
    found = search(SPACE, convolutions, 300, PolicySettings(method=method), seed=0)
    assert len(found.cells) == len(found.rewards) == 300
    assert found.last(50) > 0.9
    assert random_search(SPACE, convolutions, 300, seed=0).last(50) < 0.5


def test_a_search_is_determined_by_its_seed():
    for run in (search, random_search):
        one, same, other = (run(SPACE, convolutions, 25, seed=seed) for seed in (1, 1, 2))
        assert one == same
        assert one.cells != other.cells


def test_every_reward_is_that_of_its_cell():
    for run in (search, random_search):
        found = run(SPACE, convolutions, 23, seed=4)
        assert len(found.cells) == 23  # the last batch is cut
        assert found.rewards == tuple(map(convolutions, found.cells))
        with pytest.raises(ValueError, match="children: expected"):
            run(SPACE, convolutions, 0)
