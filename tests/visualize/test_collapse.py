import pytest
import torch

from cnnhistory.visualize.collapse import chance_of_loss, recovered

AXES = torch.eye(2, dtype=torch.double)


def test_by_hand():
    # both units active: found; one: its axis is left; none: nothing
    x = torch.tensor([[3.0, 2.0], [3.0, -2.0], [-3.0, -2.0]], dtype=torch.double)
    found, equations = recovered(x, AXES)
    expected = torch.tensor([[3.0, 2.0], [3.0, 0.0], [0.0, 0.0]], dtype=torch.double)
    torch.testing.assert_close(found, expected)
    assert equations.tolist() == [2, 1, 0]


def test_parallel_units_are_one_equation():
    x = torch.tensor([[1.0, 1.0]], dtype=torch.double)
    found, equations = recovered(x, torch.tensor([[1.0, 1.0], [2.0, 2.0]], dtype=torch.double))
    torch.testing.assert_close(found, x)  # it lies along them
    assert equations.tolist() == [1]


def test_found_where_the_equations_suffice_and_solved_everywhere():
    torch.manual_seed(0)
    x, weights = (torch.randn(shape, dtype=torch.double) for shape in ((500, 3), (7, 3)))
    found, equations = recovered(x, weights)
    full = equations == 3
    assert 0.5 < full.double().mean() < 1
    torch.testing.assert_close(found[full], x[full])
    # what is found gives the same values of the active units, and is not longer than x
    y = (x @ weights.T).relu()
    torch.testing.assert_close((found @ weights.T)[y > 0], y[y > 0])
    assert (found.norm(dim=1) <= x.norm(dim=1) + 1e-9).all()


def test_the_chance_is_the_share_over_random_matrices():
    torch.manual_seed(0)
    lost = [
        (recovered(torch.randn(4, 3), torch.randn(5, 3))[1] < 3).float().mean() for _ in range(400)
    ]
    assert torch.stack(lost).mean().item() == pytest.approx(chance_of_loss(3, 5), abs=0.04)


def test_chances_by_hand():
    assert chance_of_loss(3, 2) == 1  # never enough
    assert chance_of_loss(3, 3) == 7 / 8
    assert chance_of_loss(3, 6) == 22 / 64


def test_refused():
    with pytest.raises(ValueError, match="x, weights: expected two matrices"):
        recovered(torch.zeros(4, 2), torch.zeros(5, 3))
    with pytest.raises(ValueError, match="units: expected a whole number"):
        chance_of_loss(2, 0)
