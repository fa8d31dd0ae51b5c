import pytest
import torch
from torch import nn

from cnnhistory.nn.fusion.conv import FusedConv2d, can_fuse


def test_sums_by_hand():
    conv = nn.Conv2d(1, 1, (1, 2))
    with torch.no_grad():
        conv.weight[:] = torch.tensor([[[[1.0, 2.0]]]])
        conv.bias[:] = -1.0
    x = torch.tensor([[[[1.0, 3.0, -4.0, 2.0]]]])
    with torch.no_grad():
        # 1 + 6 - 1 = 6, 3 - 8 - 1 = -6, -4 + 4 - 1 = -1
        assert FusedConv2d(conv, nn.ReLU())(x).tolist() == [[[[6.0, 0.0, 0.0]]]]
        assert FusedConv2d(conv, nn.ReLU6())(x + 1).tolist() == [[[[6.0, 0.0, 2.0]]]]


@pytest.mark.parametrize("activation", [nn.ReLU(), nn.ReLU(inplace=True), nn.ReLU6()])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize(
    "settings",
    [
        {"kernel_size": 3, "padding": 1},
        {"kernel_size": (1, 5), "padding": (0, 2), "stride": 2},
        {"kernel_size": 3, "groups": 8},
        {"kernel_size": 3, "dilation": 2, "groups": 4},
    ],
)
def test_equals_the_two_in_turn(settings, bias, activation):
    torch.manual_seed(0)
    conv = nn.Conv2d(8, 16, bias=bias, **settings).requires_grad_(False)
    fused = FusedConv2d(conv, activation)
    x = 4 * torch.randn(2, 8, 11, 9)
    assert fused._in_one_pass(x) or not torch.backends.mkldnn.is_available()
    torch.testing.assert_close(fused(x), activation(conv(x)), atol=1e-5, rtol=1e-5)
    last = x.contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(fused(last), activation(conv(x)), atol=1e-5, rtol=1e-5)
    assert torch.equal(x, last)


def test_other_types_and_devices_and_gradients_go_the_long_way(monkeypatch):
    conv = nn.Conv2d(2, 3, 3).requires_grad_(False)
    fused = FusedConv2d(conv, nn.ReLU6())
    x = torch.randn(1, 2, 5, 5)
    assert not fused._in_one_pass(x.double())
    assert not fused._in_one_pass(x.to("meta"))
    assert not fused._in_one_pass(x.clone().requires_grad_())
    assert fused(torch.empty(0, 2, 5, 5)).shape == (0, 3, 3, 3)
    assert fused(x[0]).shape == (3, 3, 3)
    with monkeypatch.context() as patch:
        patch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
        assert not fused._in_one_pass(x)
    both = []
    for layer in (fused, nn.Sequential(conv, nn.ReLU6())):
        y = x.clone().requires_grad_()
        layer(y).sum().backward()
        both.append(y.grad)
    torch.testing.assert_close(*both)


def test_what_cannot_be_fused():
    conv = nn.Conv2d(2, 3, 3)
    assert can_fuse(conv, nn.ReLU())
    for other in (nn.Conv2d(2, 3, 3, padding="same"), nn.Linear(2, 3),
                  nn.Conv2d(2, 3, 3, padding=1, padding_mode="circular")):  # fmt: skip
        assert not can_fuse(other, nn.ReLU())
    assert not can_fuse(conv, nn.LeakyReLU())
    with pytest.raises(ValueError, match=r"convolution, activation: expected .* and ELU\(alpha"):
        FusedConv2d(conv, nn.ELU())
    assert "activation=relu" in repr(FusedConv2d(conv, nn.ReLU()))
