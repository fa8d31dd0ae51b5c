import torch
from torch import nn

from cnnhistory.compression.thresholds import first_change, real_thresholds, whole_thresholds
from cnnhistory.kernels import pack_weight


def test_thresholds_by_hand():
    """Sums -3 to 3; y = 2 s - 1 turns at 1, y = -s + 1 at 2, y = 0 s - 1 never."""
    norm = nn.BatchNorm1d(3, eps=0.0).eval()
    with torch.no_grad():
        norm.weight.copy_(torch.tensor([2.0, -1.0, 0.0]))
        norm.bias.copy_(torch.tensor([-1.0, 1.0, -1.0]))
    sizes = {norm: torch.Size([1, 3])}
    weight = pack_weight(torch.ones(3, 3))
    found, flips = whole_thresholds(weight, None, norm, sizes)
    assert found.tolist() == [1, 2, 4]
    assert flips.tolist() == [False, True, False]
    # half the size of a sum: y = s - 1 turns at 1, y = -s / 2 + 1 at 3
    found, _ = whole_thresholds(weight, torch.full((3,), 0.5), norm, sizes)
    assert found.tolist() == [1, 3, 4]


def test_real_thresholds_are_exact():
    torch.manual_seed(0)
    norm = nn.BatchNorm2d(50).eval()
    with torch.no_grad():
        for tensor in (norm.weight, norm.bias, norm.running_mean):
            tensor.normal_()
        norm.running_var.uniform_(0.1, 3)
        norm.weight[7] = 0
    sizes = {norm: torch.Size([1, 50, 8, 8])}
    limits, flips = real_thresholds(norm, 50, sizes)
    below = torch.nextafter(limits, torch.tensor(-float("inf")))
    for values, expected in ((limits, ~torch.from_numpy(flips)), (below, torch.from_numpy(flips))):
        maps = values.view(1, -1, 1, 1).expand(1, 50, 8, 8).contiguous()
        signs = (norm(maps) >= 0)[0, :, 0, 0]
        keep = torch.arange(50) != 7
        assert torch.equal(signs[keep], expected[keep])
    assert limits[7] == float("inf")


def test_the_search_finds_the_first_change():
    marks = torch.tensor([-9, -5, 0, 7, 10, 99])
    change, first = first_change(lambda n: n >= marks, -9, 10, 6)
    assert change.tolist() == [11, -5, 0, 7, 10, 11]
    assert first.tolist() == [True] + [False] * 5
