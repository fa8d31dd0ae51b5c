import pytest
import torch

from cnnhistory.accounting import count_parameters
from cnnhistory.nn.regions.atrous import ASPP, LARGE, SMALL


@pytest.mark.parametrize("rates", [SMALL, LARGE, (1,)])
def test_the_map_keeps_its_size(rates):
    layer = ASPP(3, 5, maps=4, rates=rates)
    assert layer(torch.randn(2, 3, 9, 14)).shape == (2, 5, 9, 14)
    assert len(layer.branches) == len(rates)
    assert count_parameters(layer) == len(rates) * ((9 * 3 + 1) * 4 + (4 + 1) * 4 + (4 + 1) * 5)


@pytest.mark.parametrize("rate", SMALL)
def test_a_branch_reads_nine_places_as_far_apart_as_its_rate(rate):
    layer, side = ASPP(1, 1, maps=8, rates=(rate,)), 2 * max(SMALL) + 3
    x = torch.randn(1, 1, side, side, requires_grad=True)
    middle = side // 2
    (grad,) = torch.autograd.grad(layer(x)[0, 0, middle, middle], x)
    rows, columns = grad[0, 0].nonzero(as_tuple=True)
    reach = [middle - rate, middle, middle + rate]
    assert sorted(set(rows.tolist())) == sorted(set(columns.tolist())) == reach


def test_branches_are_added():
    layer, x = ASPP(2, 3, maps=4, rates=(1, 2)), torch.randn(1, 2, 6, 6)
    torch.testing.assert_close(layer(x), layer.branches[0](x) + layer.branches[1](x))


@pytest.mark.parametrize(
    "settings",
    [{"rates": ()}, {"rates": (0,)}, {"maps": 0}, {"in_channels": 0}, {"num_classes": -1}],
)
def test_bad_settings_are_refused(settings):
    (name,) = settings
    with pytest.raises(ValueError, match=f"^{name}: expected"):
        ASPP(**{"in_channels": 2, "num_classes": 2} | settings)
