import functools

import pytest
import torch
from torch import nn

from cnnhistory import create_model, registry
from cnnhistory.accounting import count_multiply_adds, count_parameters, summarize

on_meta = functools.cache(registry.on_meta)


def test_counts():
    net = on_meta("inception_v2")
    assert count_parameters(net) == 11_285_224
    assert count_multiply_adds(net, (3, 224, 224)) == 2_032_600_064
    convolutions = [m for m in net.modules() if isinstance(m, nn.Conv2d)]
    norms = [m for m in net.modules() if isinstance(m, nn.BatchNorm2d)]
    assert [m.out_channels for m in convolutions] == [m.num_features for m in norms]


def test_modules_have_the_sizes_of_figure_5():
    rows = summarize(on_meta("inception_v2"), (3, 224, 224)).view(depth=2)
    shapes = {r.name.partition(".")[2]: r.output_shape for r in rows if "inception." in r.name}
    assert shapes == {
        "3a": (256, 28, 28), "3b": (320, 28, 28), "3c": (576, 14, 14),
        "4a": (576, 14, 14), "4b": (576, 14, 14), "4c": (608, 14, 14), "4d": (608, 14, 14),
        "4e": (1056, 7, 7), "5a": (1024, 7, 7), "5b": (1024, 7, 7),
    }  # fmt: skip


def test_no_window_is_larger_than_3x3_behind_the_first():
    net = on_meta("inception_v2")
    sides = {m.kernel_size for m in net.inception.modules() if isinstance(m, nn.Conv2d)}
    assert sides == {(1, 1), (3, 3)}


def test_without_normalization_there_are_biases():
    net = on_meta("inception_v2", batch_norm=False)
    assert not any(isinstance(m, nn.BatchNorm2d) for m in net.modules())
    assert all(m.bias is not None for m in net.modules() if isinstance(m, nn.Conv2d))
    # a bias for each map instead of a scale and a shift
    maps = sum(m.out_channels for m in net.modules() if isinstance(m, nn.Conv2d))
    assert count_parameters(on_meta("inception_v2")) - count_parameters(net) == maps


def test_sigmoids_can_stand_in_for_relu():
    net = on_meta("inception_v2", activation="sigmoid")
    kinds = {type(m) for m in net.modules()}
    assert nn.Sigmoid in kinds
    assert nn.ReLU not in kinds
    with pytest.raises(ValueError, match="activation: expected"):
        create_model("inception_v2", activation="tanh")


def test_maps_are_normalized_over_the_batch():
    torch.manual_seed(0)
    net = create_model("inception_v2", width=1 / 8).train()
    seen = []
    net.inception.get_submodule("4a").branches["one"].bn.register_forward_hook(
        lambda layer, args, out: seen.append(out.clone())
    )
    net(5 + 3 * torch.randn(8, 3, 64, 64))
    assert seen[0].mean((0, 2, 3)).abs().max() < 1e-4
    assert (seen[0].var((0, 2, 3), correction=0) - 1).abs().max() < 0.01


def test_the_small_network_of_section_4_1():
    net = create_model("bn_mlp")
    layers = [m for m in net.modules() if isinstance(m, nn.Linear)]
    assert [(m.in_features, m.out_features) for m in layers] == [
        (784, 100), (100, 100), (100, 100), (100, 10)
    ]  # fmt: skip
    # weights, a scale and a shift for each of 300 units, and the biases of the output
    assert count_parameters(net) == 784 * 100 + 2 * 100 * 100 + 2 * 300 + 100 * 10 + 10
    plain = create_model("bn_mlp", batch_norm=False)
    assert count_parameters(net) - count_parameters(plain) == 300
    assert not any(isinstance(m, nn.BatchNorm1d) for m in plain.modules())
    assert abs(layers[0].weight.std().item() - 0.1) < 0.002
    relu = create_model("bn_mlp", activation="relu").hidden[0]
    assert isinstance(relu.relu, nn.ReLU)
    assert abs(relu.fc.weight.std().item() - (2 / 784) ** 0.5) < 0.002


def test_noise_stands_between_normalization_and_activation():
    net = create_model("bn_mlp", noise=0.5)
    assert [name for name, _ in net.hidden[1].named_children()] == ["fc", "bn", "shift", "sigmoid"]
    shift = net.hidden[1].shift
    assert (shift.mean, shift.std, shift.spread) == (0.5, 1.25, 0.1)  # the later paper's
    x = torch.rand(8, 1, 28, 28)
    assert not torch.equal(net(x), net(x))
    net.eval()
    assert torch.equal(net(x), net(x))


def test_the_small_network_refuses_what_it_cannot_be():
    for bad in ({"activation": "tanh"}, {"noise": float("nan")}, {"noise": -1.0}):
        with pytest.raises(ValueError, match="expected"):
            create_model("bn_mlp", **bad)
