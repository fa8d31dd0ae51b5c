import pytest
import torch
from torch import nn
from torch.nn import functional as F

from cnnhistory.accounting import count_parameters
from cnnhistory.nn.joined.scales import ImagePyramid, LayerMerge, StageHeads


def test_a_merge_has_the_fine_maps_untouched_and_the_coarse_ones_enlarged():
    torch.manual_seed(0)
    one, two = nn.Conv2d(1, 2, 3, padding=1), nn.Conv2d(2, 3, 3, stride=2, padding=1)
    x = torch.randn(2, 1, 7, 9)
    y = LayerMerge(one, two)(x)
    assert y.shape == (2, 5, 7, 9)
    fine = one(x)
    assert torch.equal(y[:, :2], fine)
    coarse = F.interpolate(two(fine), size=(7, 9), mode="bilinear", align_corners=False)
    torch.testing.assert_close(y[:, 2:], coarse)


def test_heads_answer_for_every_place_of_every_stage():
    torch.manual_seed(0)
    stages = [nn.Conv2d(1, 4, 3, padding=1), nn.MaxPool2d(2), nn.MaxPool2d(2)]
    heads = [nn.Conv2d(4, 6, 1) for _ in stages]
    y = StageHeads(stages, heads)(torch.randn(2, 1, 8, 12))
    assert y.shape == (2, 6, 8 * 12 + 4 * 6 + 2 * 3)


def test_a_pyramid_shares_its_weights():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(1, 3, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    pyramid, x = ImagePyramid(net, (1.0, 0.5, 2.0)), torch.randn(2, 1, 12, 10)
    assert count_parameters(pyramid) == count_parameters(net)
    resized = F.interpolate(x, size=(6, 5), mode="bilinear", antialias=True)
    larger = F.interpolate(x, size=(24, 20), mode="bilinear", antialias=True)
    torch.testing.assert_close(pyramid(x), torch.stack([net(x), net(resized), net(larger)]).amax(0))
    assert "0.5" in repr(pyramid)


def test_a_pyramid_of_one_size_is_the_network():
    net, x = nn.Sequential(nn.Flatten(), nn.Linear(16, 2)), torch.randn(3, 1, 4, 4)
    torch.testing.assert_close(ImagePyramid(net, (1,))(x), net(x))


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: LayerMerge(nn.Identity()), "stages"),
        (lambda: StageHeads([], []), "heads"),
        (lambda: StageHeads([nn.Identity()], []), "heads"),
        (lambda: ImagePyramid(nn.Identity(), ()), "scales"),
        (lambda: ImagePyramid(nn.Identity(), (0,)), "scales"),
        (lambda: ImagePyramid(nn.Identity(), (float("nan"),)), "scales"),
    ],
)
def test_bad_settings_are_refused(call, name):
    with pytest.raises(ValueError, match=f"^{name}: expected "):
        call()
