import pytest
import torch
from torch import nn
from torch.nn import functional as F

from cnnhistory import create_model, system
from cnnhistory.accounting import count_multiply_adds, count_parameters, summarize
from cnnhistory.models.highway_network import DEPTHS, Highway


@pytest.mark.parametrize("depth", DEPTHS)
def test_counts(depth):
    # first layer, then transform and gate, then the output
    highway = 784 * 50 + 50 + (depth - 1) * 2 * (50 * 50 + 50) + 50 * 10 + 10
    plain = 784 * 71 + 71 + (depth - 1) * (71 * 71 + 71) + 71 * 10 + 10
    assert count_parameters(create_model("highway", depth=depth)) == highway
    assert count_parameters(create_model("highway_plain", depth=depth)) == plain


def test_default_depth():
    assert count_parameters(create_model("highway")) == 289_660
    assert count_parameters(create_model("highway_plain")) == 306_943


@pytest.mark.parametrize(("width", "parameters"), [(16, 38_730), (32, 151_178)])
def test_counts_of_the_convolutional_network(width, parameters):
    # a plain convolution, eight of transform and gate, 3x3 maps to ten classes
    first, layer = 9 * width + width, 2 * (9 * width**2 + width)
    assert first + 8 * layer + 9 * width * 10 + 10 == parameters
    net = create_model("highway_conv", width=width)
    assert count_parameters(net) == parameters
    work = 9 * width * 28**2 + 18 * width**2 * (2 * 28**2 + 3 * 14**2 + 3 * 7**2) + 90 * width
    assert count_multiply_adds(net, (1, 28, 28)) == work


def test_the_checked_claims_of_the_record():
    claims = {c.quantity: c for c in system("highway_network").figures if c.checked}
    layer = count_parameters(create_model("highway").layers[0])
    plain = count_parameters(create_model("highway_plain").layers[0])
    found = {
        "parameters, 10 layers of width 16": 38_730,
        "parameters, 10 layers of width 32": 151_178,
        "parameters of one layer, about": layer,
        "parameters of one plain layer, about": plain,
    }
    assert (layer, plain) == (5_100, 5_112)
    assert set(claims) == set(found)
    for name, claim in claims.items():
        assert abs(found[name] - claim.value) <= claim.tolerance


def test_shapes_of_the_convolutional_network():
    table = summarize(create_model("highway_conv"), (1, 28, 28))
    pools = [row.output_shape for row in table if row.type == "MaxPool2d"]
    assert pools == [(16, 14, 14), (16, 7, 7), (16, 3, 3)]


def test_layer_by_hand():
    layer = Highway(nn.Linear(1, 1), nn.Linear(1, 1))
    with torch.no_grad():
        layer.transform.weight.fill_(3.0)
        layer.transform.bias.fill_(1.0)
        layer.gate.weight.fill_(0.0)
        layer.gate.bias.fill_(float(torch.tensor(3.0).log()))
    # H(2) = 7, T = 3/4: a quarter of the input is carried on
    assert layer(torch.tensor([[2.0]])).item() == pytest.approx(0.75 * 7 + 0.25 * 2)


def test_a_shut_gate_copies_and_an_open_one_transforms():
    torch.manual_seed(0)
    layer = Highway(nn.Sequential(nn.Linear(4, 4), nn.ReLU()), nn.Linear(4, 4))
    x = torch.randn(3, 4)
    for bias, expected in ((-200.0, x), (200.0, layer.transform(x))):
        nn.init.constant_(layer.gate.bias, bias)
        torch.testing.assert_close(layer(x), expected)


def test_forward_written_out():
    torch.manual_seed(0)
    net = create_model("highway", depth=4, gate_bias=-1.0).double()
    x = torch.rand(3, 1, 28, 28, dtype=torch.double)
    h = torch.tanh(F.linear(x.flatten(1), net.first[1].weight, net.first[1].bias))
    assert len(net.layers) == 3
    for layer in net.layers:
        transform = torch.tanh(F.linear(h, layer.transform[0].weight, layer.transform[0].bias))
        gate = 1 / (1 + torch.exp(-F.linear(h, layer.gate.weight, layer.gate.bias)))
        h = transform * gate + h * (1 - gate)
    expected = F.linear(h, net.output.weight, net.output.bias)
    torch.testing.assert_close(net(x), expected)


@pytest.mark.parametrize("name", ["highway", "highway_conv"])
def test_gates_start_nearly_shut(name):
    torch.manual_seed(0)
    biases = [m.gate.bias for m in create_model(name).modules() if isinstance(m, Highway)]
    assert all((bias == -2).all() for bias in biases)
    net = create_model(name, gate_bias=-4.0)
    biases = [m.gate.bias for m in net.modules() if isinstance(m, Highway)]
    assert all((bias == -4).all() for bias in biases)
    others = [p for key, p in net.named_parameters() if key.endswith("bias") and "gate" not in key]
    assert not any(bias.any() for bias in others)


def test_learns_with_thirty_layers_where_the_plain_network_does_not():
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    x = torch.tensor(images, dtype=torch.float32).reshape(-1, 1, 8, 8) / 16
    y = torch.tensor(labels)
    accuracy = {}
    for name in ("highway", "highway_plain"):
        torch.manual_seed(0)
        settings = {"gate_bias": -4.0} if name == "highway" else {}
        net = create_model(name, depth=30, image_size=8, **settings)
        optimizer = torch.optim.Adam(net.parameters(), lr=0.005)
        for _ in range(2):
            for batch in torch.randperm(1500).split(50):
                optimizer.zero_grad()
                F.cross_entropy(net(x[batch]), y[batch]).backward()
                optimizer.step()
        with torch.no_grad():
            accuracy[name] = (net(x[1500:]).argmax(1) == y[1500:]).float().mean().item()
    assert accuracy["highway"] > 0.8
    assert accuracy["highway_plain"] < 0.5


def test_activations():
    for name, kind in (("tanh", nn.Tanh), ("relu", nn.ReLU)):
        net = create_model("highway", depth=3, activation=name)
        assert [type(layer.transform[1]) for layer in net.layers] == [kind] * 2
        assert type(net.first[2]) is kind
        assert type(create_model("highway_plain", activation=name).layers[0][1]) is kind


def test_other_images():
    net = create_model("highway", depth=3, in_channels=3, image_size=32, num_classes=4)
    assert net(torch.zeros(2, 3, 32, 32)).shape == (2, 4)
    assert len(create_model("highway_plain", depth=1).layers) == 0


def test_wrong_input_and_settings_are_refused():
    for name in ("highway", "highway_plain", "highway_conv"):
        with pytest.raises(ValueError, match=r"\(N, 1, 28, 28\), got \(2, 1, 32, 32\)"):
            create_model(name)(torch.zeros(2, 1, 32, 32))
    with pytest.raises(ValueError, match="depth: expected a whole number, at least 1, got 0"):
        create_model("highway", depth=0)
    with pytest.raises(ValueError, match="activation: expected one of relu, tanh, got 'sigmoid'"):
        create_model("highway_plain", activation="sigmoid")
