"""The deconvnet: equal to the gradient where it must be, and different in the ReLU alone."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from cnnhistory import create_model
from cnnhistory.nn.norm import LocalResponseNorm
from cnnhistory.visualize.deconvnet import (
    chain,
    deconvnet,
    only_strongest,
    record,
    rectified,
    transposed_convolution,
    unpool,
)


def gradient(network, x, signal):
    """The vector-Jacobian product of autograd: an oracle that knows nothing of switches."""
    x = x.clone().requires_grad_()
    (found,) = torch.autograd.grad(network(x), x, signal)
    return found


def close(found, expected):
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


LINEAR = nn.Sequential(
    nn.Conv2d(3, 4, 5, stride=2, padding=1),
    nn.Conv2d(4, 6, 3, padding=2, dilation=2, groups=2),
    nn.Conv2d(6, 2, (2, 3), stride=(3, 2), padding=(1, 0)),
)


def test_without_pooling_and_relu_it_is_the_gradient():
    x = torch.randn(2, 3, 23, 20)
    run = record(LINEAR, x)
    signal = torch.randn_like(run.output)
    close(run.output, LINEAR(x))
    close(run.project(signal), gradient(LINEAR, x, signal))


def test_with_pooling_but_no_relu_it_is_the_gradient():
    # windows that overlap, reach over the edge, and are padded
    network = nn.Sequential(
        nn.Conv2d(3, 8, 7, 2, padding=1),
        nn.MaxPool2d(3, 2, ceil_mode=True),
        nn.Conv2d(8, 5, 3),
        nn.Sequential(nn.MaxPool2d(3, 2, padding=1), nn.Dropout(0.9)),
        nn.Flatten(),
        nn.Linear(5 * 2 * 2, 4),
    ).eval()
    x = torch.randn(2, 3, 30, 30)
    run = record(network, x)
    close(run.output, network(x))
    signal = torch.randn_like(run.output)
    close(run.project(signal), gradient(network, x, signal))


def with_relu(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(2, 6, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3, 2),
        nn.Conv2d(6, 4, 3),
        nn.ReLU(inplace=True),
    )


@given(seed=st.integers(0, 2**31), size=st.integers(7, 15))
@settings(max_examples=20, deadline=None)
def test_the_gradient_rule_is_the_gradient(seed, size):
    network = with_relu(seed).double()
    x = torch.randn(1, 2, size, size + 1, dtype=torch.double)
    run = record(network, x)
    signal = torch.randn_like(run.output)
    torch.testing.assert_close(run.project(signal, "gradient"), gradient(network, x, signal))


class BackwardRule(torch.autograd.Function):
    """ReLU whose derivative is replaced by one of the three rules."""

    @staticmethod
    def forward(ctx, x, rule):
        ctx.save_for_backward(x)
        ctx.rule = rule
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx, r):
        (x,) = ctx.saved_tensors
        answers = {
            "deconvnet": r * (r > 0),
            "gradient": r * (x > 0),
            "guided": r * ((r > 0) & (x > 0)),
        }
        return answers[ctx.rule], None


class RuledReLU(nn.Module):
    def __init__(self, rule):
        super().__init__()
        self.rule = rule

    def forward(self, x):
        return BackwardRule.apply(x, self.rule)


@pytest.mark.parametrize("rule", ["deconvnet", "gradient", "guided"])
def test_the_rules_differ_in_the_relu_alone(rule):
    network = with_relu()
    x = torch.randn(3, 2, 13, 13)
    run = record(network, x)
    signal = torch.randn_like(run.output)
    ruled = nn.Sequential(
        *(RuledReLU(rule) if isinstance(layer, nn.ReLU) else layer for layer in network)
    )
    close(run.project(signal, rule), gradient(ruled, x, signal))


def test_the_three_rules_by_hand():
    signal = torch.tensor([3.0, -3.0, 3.0, -3.0])
    passed = torch.tensor([True, True, False, False])
    assert rectified(signal, passed, "deconvnet").tolist() == [3, 0, 3, 0]
    assert rectified(signal, passed, "gradient").tolist() == [3, -3, 0, 0]
    assert rectified(signal, passed, "guided").tolist() == [3, 0, 0, 0]


def test_a_projection_by_hand():
    """A 1x2 filter (1, -1), ReLU, and pooling over all three places of a row of four pixels."""
    network = nn.Sequential(nn.Conv2d(1, 1, (1, 2), bias=False), nn.ReLU(), nn.MaxPool2d((1, 3)))
    with torch.no_grad():
        network[0].weight.copy_(torch.tensor([[[[1.0, -1.0]]]]))
    x = torch.tensor([[[[0.0, 5.0, 2.0, 2.0]]]])  # differences -5, 3, 0: the switch points at 3
    run = record(network, x)
    assert run.output.item() == 3
    assert run.project(run.output).tolist() == [[[[0, 3, -3, 0]]]]


def test_overlapping_windows_that_share_a_maximum_add_up():
    x = torch.zeros(1, 1, 1, 5)
    x[0, 0, 0, 2] = 7  # the last pixel of the first window and the first of the second
    run = record(nn.Sequential(nn.MaxPool2d((1, 3), stride=2)), x)
    assert run.output.tolist() == [[[[7, 7]]]]
    assert run.project(run.output).tolist() == [[[[0, 0, 14, 0, 0]]]]


def test_unpooling_puts_values_at_the_switches():
    switches = torch.tensor([[[[5, 2]]]])
    found = unpool(torch.tensor([[[[8.0, 9.0]]]]), switches, torch.Size([1, 1, 2, 3]))
    assert found.tolist() == [[[[0, 0, 9], [0, 0, 8]]]]


def test_pixels_that_no_window_read_stay_zero():
    layer = nn.Conv2d(1, 1, 2, stride=3)
    found = transposed_convolution(torch.ones(1, 1, 2, 2), layer, torch.Size([1, 1, 7, 7]))
    assert found.shape == (1, 1, 7, 7)
    unread = torch.tensor([2, 5, 6])
    assert found[0, 0, unread].abs().max() == 0
    assert found[0, 0, :, unread].abs().max() == 0
    assert (found != 0).sum() == 16


def test_normalization_is_left_out_on_the_way_back():
    norm = nn.Sequential(LocalResponseNorm(alpha=1.0), nn.LocalResponseNorm(3, alpha=1.0))
    x = torch.randn(1, 6, 4, 4)
    run = record(norm, x)
    close(run.output, norm(x))
    signal = torch.randn_like(x)
    assert torch.equal(run.project(signal), signal)
    assert not torch.allclose(gradient(norm, x, signal), signal, atol=0.01)


def test_features_of_zfnet_run_as_in_the_network():
    net = create_model("zfnet", num_classes=5, image_size=64, width=1 / 16)
    x = 100 * torch.randn(2, 3, 64, 64)
    close(record(net.features, x).output, net.features(x))
    for layer in ("relu1", "pool2", "relu5"):
        maps = record(net.features, x, layer).output.amax((2, 3)).argmax(1)
        picture = deconvnet(net.features, x, layer, maps)
        assert picture.shape == x.shape
        assert picture.flatten(1).abs().amax(1).gt(0).all(), layer


def test_only_what_the_unit_sees_is_drawn():
    network = nn.Sequential(nn.Conv2d(1, 1, 3), nn.ReLU(), nn.MaxPool2d(2))
    with torch.no_grad():
        network[0].weight.fill_(1)
    x = torch.zeros(1, 1, 12, 12)
    x[0, 0, 7, 4] = 1
    picture = deconvnet(network, x, "2", torch.tensor([0]))
    inside = torch.zeros(12, 12, dtype=torch.bool)
    inside[4:10, 1:7] = True  # any 3x3 window that holds the pixel lies here
    assert picture[0, 0][~inside].abs().max() == 0
    assert picture[0, 0, 7, 4] > 0


def test_only_strongest_by_hand():
    output = torch.tensor([[[[1.0, 5.0]], [[9.0, 2.0]]], [[[4.0, 3.0]], [[-2.0, -1.0]]]])
    kept = only_strongest(output, torch.tensor([0, 1]))
    assert kept.tolist() == [[[[0, 5]], [[0, 0]]], [[[0, 0]], [[0, -1]]]]


def test_layers_in_order_and_shared_ones_twice():
    relu = nn.ReLU()
    network = nn.Sequential(nn.Conv2d(1, 1, 1), relu, nn.Sequential(nn.Conv2d(1, 1, 1), relu))
    assert [name for name, _ in chain(network)] == ["0", "1", "2.0", "2.1"]
    x = torch.randn(1, 1, 2, 2)
    close(record(network, x).output, network(x))


def test_nothing_is_changed():
    network = with_relu().train()
    x = torch.randn(1, 2, 9, 9)
    before = x.clone()
    run = record(network, x)
    kept = run.output.clone()
    run.project(run.output)
    assert torch.equal(x, before)
    assert torch.equal(run.output, kept)
    assert network.training
    assert not run.output.requires_grad


def test_bad_input_is_refused():
    network, x = with_relu(), torch.randn(1, 2, 9, 9)
    with pytest.raises(KeyError, match="unknown layer 'conv1'; there are 0, 1, 2, 3, 4"):
        record(network, x, "conv1")
    run = record(network, x)
    with pytest.raises(ValueError, match="rule: expected one of deconvnet, gradient, guided"):
        run.project(run.output, "relu")
    with pytest.raises(ValueError, match=r"signal: expected shape \(1, 4, 2, 2\), got \(4,\)"):
        run.project(torch.zeros(4))
    with pytest.raises(
        ValueError, match="network: expected layers that can be undone, '0' too, got Tanh"
    ):
        record(nn.Sequential(nn.Tanh()), x)
    with pytest.raises(ValueError, match="network: expected layers that can be undone, '0' too"):
        record(nn.Sequential(nn.Conv2d(2, 2, 3, padding=1, padding_mode="reflect")), x)
    same = record(nn.Sequential(nn.Conv2d(2, 2, 3, padding="same")), x)
    with pytest.raises(ValueError, match=r"network: expected paddings in pixels, got Conv2d"):
        same.project(same.output)
    with pytest.raises(ValueError, match=r"maps: expected shape \(1,\), got \(2,\)"):
        only_strongest(run.output, torch.tensor([0, 1]))
