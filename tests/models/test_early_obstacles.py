import pytest
import torch
from torch import nn
from torch.nn import functional as F

from cnnhistory import create_model
from cnnhistory.accounting import count_parameters
from cnnhistory.models.early_obstacles import start_bound
from cnnhistory.nn.init import lecun_uniform_
from cnnhistory.visualize.gradients import gradient_flow


def test_bounds_by_hand():
    assert start_bound("lecun1989", 100, 50) == pytest.approx(0.024)
    assert start_bound("standard", 100, 50) == pytest.approx(0.1)
    assert start_bound("xavier", 100, 50) == pytest.approx(0.2)  # sqrt(6 / 150)
    assert start_bound("he", 150, 50) == pytest.approx(0.2)  # sqrt(6 / 150)


def test_xavier_is_torch_s():
    torch.manual_seed(0)
    ours = create_model("deep_convnet", depth=2, start="xavier").layers[1]
    theirs = nn.Conv2d(8, 8, 3)
    nn.init.xavier_uniform_(theirs.weight)
    bound = start_bound("xavier", 72, 72)
    for weight in (ours.weight, theirs.weight):
        assert 0.95 * bound < weight.abs().max() <= bound


def test_the_start_of_1989_is_that_of_the_network_of_1989():
    torch.manual_seed(0)
    ours = create_model("deep_mlp", start="lecun1989", width=60).layers[1]
    theirs = nn.Linear(60, 60)
    lecun_uniform_(theirs)
    for weight in (ours.weight, theirs.weight):
        assert 0.95 * 2.4 / 60 < weight.abs().max() <= 2.4 / 60


def test_parameters():
    # 256 * 100 + 100; 4 (100 * 100 + 100); 100 * 10 + 10
    assert count_parameters(create_model("deep_mlp")) == 25_700 + 4 * 10_100 + 1_010
    # 9 * 8 + 8; 2 (8 * 9 * 8 + 8); 2,048 * 10 + 10
    assert count_parameters(create_model("deep_convnet", depth=3)) == 80 + 2 * 584 + 20_490


def test_forward_written_out():
    torch.manual_seed(0)
    x = torch.rand(3, 2, 6, 6)
    net = create_model("deep_mlp", depth=2, activation="sigmoid", image_size=6, in_channels=2)
    h = x.flatten(1)
    for layer in net.layers:
        h = torch.sigmoid(F.linear(h, layer.weight, layer.bias))
    torch.testing.assert_close(net(x), F.linear(h, net.output.weight, net.output.bias))
    net = create_model("deep_convnet", depth=2, activation="relu", image_size=6, in_channels=2)
    h = x
    for layer in net.layers:
        h = F.conv2d(h, layer.weight, layer.bias, padding=1).relu()
    torch.testing.assert_close(net(x), F.linear(h.flatten(1), net.output.weight, net.output.bias))


@pytest.mark.parametrize(
    ("activation", "start", "factor"),
    [
        # sqrt(fan_out times the variance of a weight) times the slope of the activation at 0
        ("tanh", "lecun1989", (100 * 0.024**2 / 3) ** 0.5),
        ("tanh", "standard", (1 / 3) ** 0.5),
        ("sigmoid", "standard", 0.25 * (1 / 3) ** 0.5),
        ("relu", "he", 1.0),
    ],
)
def test_the_gradient_shrinks_by_the_predicted_factor(activation, start, factor):
    torch.manual_seed(0)
    net = create_model("deep_mlp", depth=12, activation=activation, start=start)
    x, target = torch.rand(64, 1, 16, 16) * 2 - 1, torch.arange(64) % 10
    names = [f"layers.{i}" for i in range(12)]
    flow = gradient_flow(net, x, target, names, nn.CrossEntropyLoss())
    found = (flow["layers.3"].gradient / flow["layers.11"].gradient) ** (1 / 8)
    assert found == pytest.approx(factor, rel=0.15)


def test_bad_settings():
    with pytest.raises(ValueError, match="depth: expected a whole number, at least 1, got 0"):
        create_model("deep_mlp", depth=0)
    with pytest.raises(ValueError, match=r"activation: expected one of sigmoid, .* got 'elu'"):
        create_model("deep_convnet", activation="elu")
    with pytest.raises(ValueError, match=r"start: expected one of lecun1989, .* got 'zero'"):
        create_model("deep_mlp", start="zero")
    with pytest.raises(ValueError, match=r"x: expected a batch .* \(N, 1, 16, 16\), got"):
        create_model("deep_mlp")(torch.zeros(1, 1, 28, 28))
