import copy
import io

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


@pytest.fixture
def fused():
    torch.manual_seed(0)
    return FusedConv2d(nn.Conv2d(8, 16, 3, padding=1).requires_grad_(False))


def same(fused, x):
    plain = nn.functional.conv2d(x, fused.weight, fused.bias, padding=1)
    torch.testing.assert_close(fused(x), plain, atol=1e-5, rtol=1e-5)


needs_onednn = pytest.mark.skipif(
    not torch.backends.mkldnn.is_available(), reason="needs oneDNN, which is for x86 and ARM"
)


@needs_onednn
def test_weights_are_laid_out_once_for_a_shape(fused):
    x = torch.randn(2, 8, 11, 9)
    same(fused, x)
    first = fused._kept[1]
    same(fused, x + 1)
    assert fused._kept[1] is first
    for other in (x[:1], x[..., :5], torch.randn(1, 8, 30, 30)):
        same(fused, other.clone())
    same(fused, x)
    assert fused._kept[1] is not first


@needs_onednn
def test_changed_weights_are_laid_out_again(fused):
    x = torch.randn(2, 8, 11, 9)
    same(fused, x)
    fused.weight.mul_(2)
    same(fused, x)
    fused.load_state_dict({name: 3 * t for name, t in fused.state_dict().items()})
    same(fused, x)
    fused.weight = nn.Parameter(torch.randn_like(fused.weight), requires_grad=False)
    same(fused, x)
    fused.weight.data = torch.randn_like(fused.weight)
    same(fused, x)
    with torch.inference_mode():  # its tensors change without a trace
        copied = FusedConv2d(nn.Conv2d(8, 16, 3, padding=1)).requires_grad_(False)
        same(copied, x)
        copied.weight.mul_(2)
        same(copied, x)
        assert copied._kept is None


@needs_onednn
def test_the_order_may_be_made_in_inference_mode_and_in_bfloat16(fused):
    x = torch.randn(2, 8, 11, 9)
    with torch.inference_mode():
        same(fused, x)
    made = fused._kept[1]
    same(fused, x)
    assert fused._kept[1] is made
    fused.to(torch.bfloat16)
    if fused._in_one_pass(x.bfloat16()):
        plain = nn.functional.conv2d(x, fused.weight.float(), fused.bias.float(), padding=1)
        torch.testing.assert_close(fused(x.bfloat16()).float(), plain, atol=0.05, rtol=0.05)


@needs_onednn
def test_copies_and_files_leave_the_order_out(fused):
    x = torch.randn(2, 8, 11, 9)
    same(fused, x)
    assert list(fused.state_dict()) == ["weight", "bias"]
    file = io.BytesIO()
    torch.save(fused, file)
    file.seek(0)
    for copied in (copy.deepcopy(fused), torch.load(file, weights_only=False)):
        assert copied._kept is None
        same(copied, x)
        torch.testing.assert_close(copied(x), fused(x))
    assert fused._kept is not None


def test_a_convolution_alone():
    conv = nn.Conv2d(2, 3, 3)
    assert can_fuse(conv)
    alone = FusedConv2d(conv)
    x = torch.randn(1, 2, 5, 5)
    torch.testing.assert_close(alone(x), conv(x))  # with a gradient
    with torch.no_grad():
        torch.testing.assert_close(alone(x), conv(x), atol=1e-5, rtol=1e-5)
        assert alone(x).min() < 0
    assert "activation=none" in repr(alone)
