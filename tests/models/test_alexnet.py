import pytest
import torch
from torch import nn
from torch.nn import functional as F

from cnnhistory import create_model, system
from cnnhistory.accounting import summarize
from cnnhistory.models.alexnet import PAPER_UNITS, AlexNetSettings

SMALL = {"image_size": 67, "width": 1 / 8}
LAYERS = [*(f"features.conv{n}" for n in range(1, 6)), *(f"classifier.fc{n}" for n in (6, 7, 8))]


def count(size=227, **settings):
    with torch.device("meta"):
        model = create_model("alexnet", **settings)
    return summarize(model, (settings.get("in_channels", 3), size, size))


def test_every_layer_has_the_papers_size():
    table = count()
    assert [table[name].parameters for name in LAYERS] == [
        34_944, 307_456, 885_120, 663_936, 442_624, 37_752_832, 16_781_312, 4_097_000,
    ]  # fmt: skip
    assert [table[name].output_shape for name in LAYERS] == [
        (96, 55, 55), (256, 27, 27), (384, 13, 13), (384, 13, 13), (256, 13, 13),
        (4096,), (4096,), (1000,),
    ]  # fmt: skip
    assert [table[f"features.pool{n}"].output_shape[1] for n in (1, 2, 5)] == [27, 13, 6]
    assert (table.total.parameters, table.total.multiply_adds) == (60_965_224, 724_406_816)
    assert table["features.pool5"].receptive_field == 195
    assert table["classifier.fc6"].receptive_field == 355


def test_units_and_the_papers_round_figures():
    table = count()
    units = {name.split(".")[1]: table[name].activations for name in LAYERS}
    assert sum(units.values()) == 659_272
    # The paper's own list has 55x48 instead of 55x55 units a map in its first layer.
    differ = {name for name in units if units[name] != PAPER_UNITS[name]}
    assert differ == {"conv1"}
    assert (units["conv1"], PAPER_UNITS["conv1"]) == (96 * 55 * 55, 96 * 55 * 48)
    claims = {c.quantity: c for c in system("alexnet").figures if c.checked}
    assert claims.keys() == {"parameters", "units"}
    found = {"parameters": table.total.parameters, "units": sum(units.values())}
    for name, claim in claims.items():
        assert abs(found[name] - claim.value) <= claim.tolerance


def test_one_group_reads_all_maps():
    table = count(groups=1)
    assert (table.total.parameters, table.total.multiply_adds) == (62_378_344, 1_135_256_096)


def test_dense_layers_hold_most_parameters():
    table = count()
    dense = sum(table[name].parameters for name in LAYERS[5:])
    assert dense == 58_631_144
    assert round(100 * dense / table.total.parameters, 2) == 96.17


def test_forward_written_out():
    """The network again, in plain functions with torch's own normalization."""
    torch.manual_seed(0)
    net = create_model("alexnet", **SMALL).eval().double()
    x = torch.rand(2, 3, 67, 67, dtype=torch.double)
    f, c = net.features, net.classifier

    def norm(a):
        return F.local_response_norm(a, 5, alpha=5 * 1e-4, beta=0.75, k=2.0)

    h = F.conv2d(x, f.conv1.weight, f.conv1.bias, stride=4).relu()
    h = F.max_pool2d(norm(h), 3, 2)
    halves = [
        F.conv2d(part, weight, bias, padding=2)
        for part, weight, bias in zip(
            h.chunk(2, 1), f.conv2.weight.chunk(2), f.conv2.bias.chunk(2), strict=True
        )
    ]
    h = F.max_pool2d(norm(torch.cat(halves, 1).relu()), 3, 2)
    h = F.conv2d(h, f.conv3.weight, f.conv3.bias, padding=1).relu()
    for layer in (f.conv4, f.conv5):
        h = F.conv2d(h, layer.weight, layer.bias, padding=1, groups=2).relu()
    h = F.max_pool2d(h, 3, 2).flatten(1)
    for layer in (c.fc6, c.fc7):
        h = F.linear(h, layer.weight, layer.bias).relu()
    torch.testing.assert_close(net(x), F.linear(h, c.fc8.weight, c.fc8.bias))


def test_dropout_silences_outputs_of_the_hidden_dense_layers():
    names = list(create_model("alexnet", **SMALL).classifier._modules)
    assert names == ["fc6", "relu6", "drop6", "fc7", "relu7", "drop7", "fc8"]
    torch.manual_seed(0)
    net = create_model("alexnet", dropout=0.25, **SMALL).train()
    kept = []
    net.classifier.drop7.register_forward_hook(lambda module, args, out: kept.append(out != 0))
    with torch.no_grad():
        nn.init.ones_(net.classifier.fc7.bias)
        net.classifier.fc7.weight.zero_()
        net(torch.rand(8, 3, 67, 67))
    assert abs(kept[0].float().mean() - 0.75) < 0.03


def test_initial_weights_are_the_papers():
    torch.manual_seed(0)
    net = create_model("alexnet")
    for name in LAYERS:
        layer = net.get_submodule(name)
        assert abs(layer.weight.std() / 0.01 - 1) < 0.02, name
    ones = {name.split(".")[1] for name in LAYERS if net.get_submodule(name).bias[0] == 1}
    assert ones == {"conv2", "conv4", "conv5", "fc6", "fc7"}
    assert {b for name in LAYERS for b in net.get_submodule(name).bias.tolist()} == {0.0, 1.0}


def test_smaller_networks_keep_the_size_of_their_signals():
    torch.manual_seed(0)
    net = create_model("alexnet", image_size=67, width=1 / 4)
    # N(0, 0.01^2 * 4); fc6 has 6 * 6 times fewer inputs as well
    for name, std in (("conv1", 0.01), ("conv2", 0.02), ("conv5", 0.02)):
        assert abs(net.features.get_submodule(name).weight.std() / std - 1) < 0.03
    for name, std in (("fc6", 0.12), ("fc7", 0.02), ("fc8", 0.02)):
        assert abs(net.classifier.get_submodule(name).weight.std() / std - 1) < 0.03


@pytest.mark.peer
@pytest.mark.parametrize("training", [False, True])
def test_one_tower_equals_torchvision(training):
    models = pytest.importorskip("torchvision.models")
    torch.manual_seed(0)
    peer = models.alexnet(weights=None).train(training)
    with torch.device("meta"):
        net = create_model("alexnet", one_tower=True).train(training)
    state = dict(zip(net.state_dict(), peer.state_dict().values(), strict=True))
    net.load_state_dict(state, assign=True)
    x = torch.randn(2, 3, 224, 224)
    outputs = []
    for model in (net, peer):
        torch.manual_seed(1)  # the same units are silenced
        with torch.no_grad():
            outputs.append(model(x))
    torch.testing.assert_close(*outputs, atol=1e-5, rtol=1e-5)
    assert outputs[0].std() > 1e-3
    assert sum(p.numel() for p in net.parameters()) == 61_100_840


def test_one_tower_can_have_the_papers_layers():
    with torch.device("meta"):
        net = create_model("alexnet", one_tower=True, lrn=True, groups=2)
    assert net.features.conv2.groups == 2
    assert "norm1" in dict(net.features.named_children())
    assert net.settings.image_size == 224


@pytest.mark.parametrize("name", ["lrn", "overlapping_pooling"])
def test_parts_can_be_left_out(name):
    with_it, without = count(), count(**{name: False})
    assert without.total.parameters == with_it.total.parameters
    assert without["features.pool5"].output_shape == with_it["features.pool5"].output_shape
    assert without.total.other_ops < with_it.total.other_ops
    types = [row.type for row in without]
    assert types.count("LocalResponseNorm") == (0 if name == "lrn" else 2)


def test_tanh_replaces_every_relu():
    net = create_model("alexnet", activation="tanh", **SMALL)
    kinds = [type(module) for module in net.modules()]
    assert (kinds.count(nn.Tanh), kinds.count(nn.ReLU)) == (7, 0)


@pytest.mark.parametrize("one_tower", [False, True])
@pytest.mark.parametrize("overlapping", [False, True])
def test_the_smallest_image(one_tower, overlapping):
    settings = {"width": 1 / 16, "one_tower": one_tower, "overlapping_pooling": overlapping}
    with pytest.raises(ValueError, match="image_size: expected at least") as error:
        create_model("alexnet", image_size=20, **settings)
    smallest = int(str(error.value).split("at least ")[1].split(",")[0])
    assert smallest == (63 if one_tower else 67) - (0 if overlapping else 28)
    net = create_model("alexnet", image_size=smallest, num_classes=5, **settings).eval()
    assert net(torch.zeros(1, 3, smallest, smallest)).shape == (1, 5)
    with pytest.raises(ValueError, match=f"expected at least {smallest}, got {smallest - 1}"):
        create_model("alexnet", image_size=smallest - 1, **settings)


@pytest.mark.parametrize("size", [68, 100, 131])
def test_other_sizes_of_images_and_classes(size):
    net = create_model("alexnet", num_classes=7, in_channels=1, image_size=size, width=1 / 16)
    assert net(torch.zeros(2, 1, size, size)).shape == (2, 7)


def test_padding_surrounds_the_image_with_zeros():
    nets = []
    for size, padding in ((64, 2), (68, 0)):
        torch.manual_seed(0)
        nets.append(create_model("alexnet", image_size=size, padding=padding, width=1 / 16).eval())
    x = torch.randn(2, 3, 64, 64)
    padded, plain = nets[0](x), nets[1](F.pad(x, (2, 2, 2, 2)))
    torch.testing.assert_close(padded, plain)
    # With 2 zeros around them the paper's 224 pixels give its maps of 55x55 as well.
    assert count(224, image_size=224, padding=2)["features.conv1"].output_shape[1] == 55


def test_wrong_images_are_refused():
    with torch.device("meta"):
        net = create_model("alexnet")
        for shape in [(1, 3, 224, 224), (1, 1, 227, 227), (3, 227, 227), (1, 3, 227, 228)]:
            with pytest.raises(ValueError, match=r"\(N, 3, 227, 227\), got .*the paper's 224"):
                net(torch.empty(shape))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"activation": "sigmoid"}, "activation: expected one of relu, tanh, got 'sigmoid'"),
        ({"groups": 3}, "groups: expected one of 1, 2, got 3"),
        ({"groups": 0}, "groups: expected one of 1, 2, got 0"),
        ({"image_size": 0}, "image_size: expected at least 67, got 0"),
        ({"image_size": 62, "padding": 2}, "image_size: expected at least 63, got 62"),
        ({"padding": -1}, "padding: expected a whole number, at least 0, got -1"),
        ({"width": 0.0}, "width: expected a positive number, got 0.0"),
        ({"dropout": 1.5}, "dropout: expected at least 0 and below 1, got 1.5"),
    ],
)
def test_wrong_settings_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        create_model("alexnet", **settings)


def test_the_default_settings_are_the_builders():
    with torch.device("meta"):
        assert create_model("alexnet").settings == AlexNetSettings()


def four_layers(**settings):
    torch.manual_seed(0)
    return create_model("alexnet_cifar4", **settings)


def test_four_layers_by_hand():
    # (3 * 25 + 1) * 32, (32 * 25 + 1) * 32, (32 * 25 + 1) * 64, (64 * 3 * 3 + 1) * 10
    table = summarize(four_layers(), (3, 32, 32))
    layers = [*(f"features.conv{n}" for n in (1, 2, 3)), "fc4"]
    assert [table[name].parameters for name in layers] == [2_432, 25_632, 51_264, 5_770]
    shapes = [table[f"features.pool{n}"].output_shape for n in (1, 2, 3)]
    assert shapes == [(32, 15, 15), (32, 7, 7), (64, 3, 3)]
    assert table.total.parameters == 85_098
    assert summarize(four_layers(image_size=24), (3, 24, 24)).total.parameters == 81_898


@pytest.mark.parametrize(("activation", "function"), [("relu", torch.relu), ("tanh", torch.tanh)])
def test_four_layers_written_out(activation, function):
    net = four_layers(activation=activation, image_size=24).double()
    h = x = torch.randn(2, 3, 24, 24, dtype=torch.double)
    for n in (1, 2, 3):
        conv = net.features.get_submodule(f"conv{n}")
        h = F.max_pool2d(function(F.conv2d(h, conv.weight, conv.bias, padding=2)), 3, 2)
    torch.testing.assert_close(net(x), F.linear(h.flatten(1), net.fc4.weight, net.fc4.bias))


def test_four_layers_differ_in_nothing_but_the_activation():
    relu, tanh = four_layers(), four_layers(activation="tanh")
    weights = zip(relu.state_dict().values(), tanh.state_dict().values(), strict=True)
    assert all(torch.equal(a, b) for a, b in weights)
    counts = [[type(m) for m in net.modules()].count(nn.ReLU) for net in (relu, tanh)]
    assert counts == [3, 0]
    assert not any(isinstance(m, nn.Dropout) for m in relu.modules())


def test_a_unit_of_four_layers_starts_with_sums_of_size_one():
    net = four_layers()
    for layer in (net.features.conv2, net.features.conv3, net.fc4):
        spread = float(layer.weight.detach().std()) * layer.weight[0].numel() ** 0.5
        assert spread == pytest.approx(1, abs=0.05)
        assert layer.bias.abs().max() == 0
    sums = net.features.conv1(torch.randn(8, 3, 32, 32))[..., 2:-2, 2:-2]
    assert float(sums.detach().std()) == pytest.approx(1, abs=0.1)


def test_four_layers_refuse_wrong_settings_and_images():
    with pytest.raises(ValueError, match="activation: expected one of relu, tanh, got 'gelu'"):
        four_layers(activation="gelu")
    with pytest.raises(ValueError, match="expected a whole number, at least 15, got 14"):
        four_layers(image_size=14)
    assert four_layers(image_size=15)(torch.zeros(1, 3, 15, 15)).shape == (1, 10)
    with pytest.raises(ValueError, match=r"\(N, 3, 32, 32\), got \(1, 3, 24, 24\)"):
        four_layers()(torch.zeros(1, 3, 24, 24))
