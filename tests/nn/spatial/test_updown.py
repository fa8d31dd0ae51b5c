import pytest
import torch

from cnnhistory.accounting import count_multiply_adds, count_parameters
from cnnhistory.nn.spatial.updown import WAYS, UpDownNet, UpStep


@pytest.mark.parametrize("way", WAYS)
def test_every_pixel_gets_scores_and_every_weight_a_gradient(way):
    torch.manual_seed(0)
    net = UpDownNet(way, maps=4)
    y = net(torch.randn(2, 1, 12, 16))
    assert y.shape == (2, 11, 12, 16)
    y.square().mean().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in net.parameters())


def test_all_but_the_larger_kernel_have_as_many_parameters():
    counts = {way: count_parameters(UpDownNet(way)) for way in WAYS}
    larger = counts.pop("transposed 4×4")
    assert len(set(counts.values())) == 1
    assert larger - counts["resize"] == (16 - 9) * (16 * 8 + 8 * 8)


def test_repeated_pixels_and_stored_places_need_the_same_work():
    work = {way: count_multiply_adds(UpDownNet(way), (1, 16, 16)) for way in WAYS}
    assert work["resize"] == work["unpool"] == 409_600
    # A stamp of 3x3 for each of 4x4 and 8x8 places, where 3x3 windows stand at 8x8 and 16x16.
    assert work["resize"] - work["transposed 3×3"] == 9 * (48 * 16 * 8 + 192 * 8 * 8)


def test_a_step_of_unpooling_uses_the_places():
    step = UpStep(1, 1, "unpool").eval()
    with torch.no_grad():
        torch.nn.init.dirac_(step.layer.weight)
        torch.nn.init.zeros_(step.layer.bias)
        y = step(torch.tensor([[[[5.0]]]]), torch.tensor([[[[2]]]]))
    assert torch.allclose(y, torch.tensor([[[[0.0, 0], [5, 0]]]]), atol=1e-3)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: UpStep(0, 1, "resize"), "in_channels"),
        (lambda: UpStep(1, 0, "resize"), "out_channels"),
        (lambda: UpStep(1, 1, "magic"), "way"),
        (lambda: UpDownNet("magic"), "way"),
        (lambda: UpDownNet("resize", maps=0), "maps"),
        (lambda: UpDownNet("resize")(torch.zeros(1, 1, 10, 8)), "input"),
        (lambda: UpDownNet("resize")(torch.zeros(1, 2, 8, 8)), "input"),
    ],
)
def test_bad_input_is_refused(call, name):
    with pytest.raises(ValueError, match=f"^{name}: expected "):
        call()
