import itertools

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from cnnhistory import create_model, system
from cnnhistory.accounting import summarize
from cnnhistory.models.vgg import CONFIGURATIONS, PAPER_PARAMETERS, SHALLOW_B, VGG, start_from
from cnnhistory.registry import on_meta

PLAIN = {"vgg11": "A", "vgg13": "B", "vgg16": "D", "vgg19": "E"}
FORMS = [*PLAIN, *(f"{name}_bn" for name in PLAIN)]


def copy_weights(source, target):
    """Load a peer's tensors in the order in which they are listed, without copying them."""
    values = source.state_dict().values()
    state = zip(target.state_dict().items(), values, strict=True)
    state = {name: value.reshape(ours.shape) for (name, ours), value in state}
    target.load_state_dict(state, assign=True)


@pytest.mark.parametrize(
    ("name", "parameters", "multiply_adds"),
    [
        ("vgg11", 132_863_336, 7_609_090_048),
        ("vgg13", 133_047_848, 11_308_466_176),
        ("vgg16", 138_357_544, 15_470_264_320),
        ("vgg19", 143_667_240, 19_632_062_464),
        # a scale and a shift for each map
        ("vgg11_bn", 132_863_336 + 2 * 2_752, 7_609_090_048),
        ("vgg13_bn", 133_047_848 + 2 * 2_944, 11_308_466_176),
        ("vgg16_bn", 138_357_544 + 2 * 4_224, 15_470_264_320),
        ("vgg19_bn", 143_667_240 + 2 * 5_504, 19_632_062_464),
    ],
)
def test_counts(name, parameters, multiply_adds):
    total = summarize(on_meta(name), (3, 224, 224)).total
    assert (total.parameters, total.multiply_adds) == (parameters, multiply_adds)
    assert total.output_shape == (1000,)


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_parameters_are_those_of_table_2(configuration):
    with torch.device("meta"):
        net = VGG(configuration)
    millions = sum(p.numel() for p in net.parameters()) / 1e6
    assert round(millions) == PAPER_PARAMETERS[configuration]
    for claim in system("vgg").figures:
        if claim.checked and claim.quantity.endswith(f" {configuration}"):
            assert PLAIN[claim.model] == configuration
            assert claim.value == 1e6 * PAPER_PARAMETERS[configuration]


def test_the_number_in_the_name_counts_layers_with_weights():
    for name in FORMS:
        kinds = [type(layer) for layer in on_meta(name).modules()]
        assert kinds.count(nn.Conv2d) + kinds.count(nn.Linear) == int(name[3:5])
        assert kinds.count(nn.BatchNorm2d) == (kinds.count(nn.Conv2d) if "bn" in name else 0)


def test_stages_of_vgg16():
    table = summarize(on_meta("vgg16"), (3, 224, 224))
    pools = [table[f"features.pool{n}"] for n in range(1, 6)]
    assert [row.output_shape for row in pools] == [
        (64, 112, 112), (128, 56, 56), (256, 28, 28), (512, 14, 14), (512, 7, 7),
    ]  # fmt: skip
    last = ["conv1_2", "conv2_2", "conv3_3", "conv4_3", "conv5_3"]
    fields = [table[f"features.{name}"].receptive_field for name in last]
    assert fields == [5, 14, 40, 92, 196]
    assert pools[-1].receptive_field == 212
    assert table["classifier.fc6"].receptive_field == 404
    dense = sum(table[f"classifier.fc{n}"].parameters for n in (6, 7, 8))
    assert dense == 123_642_856
    assert round(100 * dense / table.total.parameters, 1) == 89.4


def test_configuration_c_has_1x1_layers_and_a_lrn_one_normalization():
    with torch.device("meta"):
        c, lrn = VGG("C"), VGG("A-LRN")
    small = [
        name
        for name, layer in c.features.named_children()
        if isinstance(layer, nn.Conv2d) and layer.kernel_size == (1, 1)
    ]
    assert small == ["conv3_3", "conv4_3", "conv5_3"]
    assert list(lrn.features._modules)[:4] == ["conv1_1", "relu1_1", "norm1", "pool1"]


def test_the_shallow_counterpart_of_b():
    with torch.device("meta"):
        b, shallow = VGG("B"), VGG(SHALLOW_B)
    assert [(layer.kernel_size[0], layer.padding[0]) for layer in convolutions(shallow)] == [
        (5, 2)
    ] * 5
    weights = [sum(layer.weight.numel() for layer in convolutions(net)) for net in (b, shallow)]
    maps = [3, 64, 128, 256, 512, 512]
    pairs = list(itertools.pairwise(maps))
    assert weights[0] == sum(9 * i * o + 9 * o * o for i, o in pairs)
    assert weights[1] == sum(25 * i * o for i, o in pairs)
    tables = [summarize(net, (3, 224, 224)) for net in (b, shallow)]
    for n in range(1, 6):
        rows = [table[f"features.pool{n}"] for table in tables]
        assert rows[0].receptive_field == rows[1].receptive_field
        assert rows[0].output_shape == rows[1].output_shape


def convolutions(net):
    return [layer for layer in net.modules() if isinstance(layer, nn.Conv2d)]


def test_start_from_a_trained_a():
    torch.manual_seed(0)
    settings = {"image_size": 32, "width": 1 / 8, "num_classes": 5}
    a, e = VGG("A", **settings), VGG("E", **settings)
    with torch.no_grad():
        for parameter in a.parameters():
            parameter.fill_(7)
    start_from(e, a, std=0.1)
    copied = [
        name
        for name, layer in e.named_modules()
        if isinstance(layer, nn.Conv2d | nn.Linear) and bool((layer.weight == 7).all())
    ]
    assert [name.split(".")[1] for name in copied] == [
        "conv1_1", "conv2_1", "conv3_1", "conv3_2", "fc6", "fc7", "fc8",
    ]  # fmt: skip
    assert (e.classifier.fc8.bias == 7).all()
    assert e.features.conv5_4.weight.std().item() == pytest.approx(0.1, rel=0.03)
    assert not e.features.conv5_4.bias.any()
    with torch.no_grad():
        a.features.conv1_1.weight.zero_()
    assert e.features.conv1_1.weight.all()  # a copy
    with pytest.raises(ValueError, match=r"trained: expected features.conv1_1 of shape \(16"):
        start_from(VGG("B", image_size=32, width=1 / 4, num_classes=5), a)


@pytest.mark.peer
@pytest.mark.parametrize("name", FORMS)
def test_same_tensors_as_torchvision(name):
    models = pytest.importorskip("torchvision.models")
    with torch.device("meta"):
        theirs = getattr(models, name)(weights=None).state_dict()
    ours = on_meta(name).state_dict()
    assert [v.shape for v in ours.values()] == [v.shape for v in theirs.values()]
    assert [k.split(".")[-1] for k in ours] == [k.split(".")[-1] for k in theirs]


@pytest.mark.peer
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("name", FORMS)
def test_computes_what_torchvision_does(name, training):
    """At an eighth of the width: torchvision builds its features from a list of maps."""
    vgg = pytest.importorskip("torchvision.models.vgg")
    cfg = [n if n == "M" else n // 8 for n in vgg.cfgs[PLAIN[name.removesuffix("_bn")]]]
    torch.manual_seed(0)
    with torch.device("meta"):  # of its full width only the layout of the dense layers is used
        peer = vgg.VGG(vgg.make_layers(cfg, name.endswith("bn")), init_weights=False)
    dense = iter([nn.Linear(64 * 49, 512), nn.Linear(512, 512), nn.Linear(512, 1000)])
    for index, layer in enumerate(peer.classifier):
        if isinstance(layer, nn.Linear):
            peer.classifier[index] = next(dense)
    peer.features = vgg.make_layers(cfg, name.endswith("bn"))
    peer.train(training)
    net = on_meta(name, width=1 / 8).train(training)
    copy_weights(peer, net)
    x = torch.randn(2, 3, 224, 224)
    outputs = []
    for model in (net, peer):
        torch.manual_seed(1)  # the same units are silenced
        with torch.no_grad():
            outputs.append(model(x))
    torch.testing.assert_close(*outputs, atol=1e-5, rtol=1e-5)
    assert outputs[0].std() > 1e-3


@pytest.mark.peer
@pytest.mark.parametrize(
    ("library", "dtype"),
    # timm's dense layers are convolutions, which sum 25,088 products in another order
    [("torchvision.models", torch.float), ("timm.models", torch.double)],
)
def test_the_full_network_computes_what_its_peers_do(library, dtype):
    create = pytest.importorskip(library).vgg11
    with torch.device("meta"):
        peer = create().eval()
    peer.to(dtype).to_empty(device="cpu")
    torch.manual_seed(0)
    for parameter in peer.parameters():
        bound = (6 / parameter[0].numel()) ** 0.5 if parameter.dim() > 1 else 0.1
        nn.init.uniform_(parameter, -bound, bound)
    net = on_meta("vgg11").eval()
    copy_weights(peer, net)
    x = torch.randn(1, 3, 224, 224, dtype=dtype)
    with torch.no_grad():
        ours, theirs = net(x), peer(x)
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)
    assert ours.std() > 0.1


def test_forward_written_out():
    torch.manual_seed(0)
    net = create_model("vgg11", image_size=64, width=1 / 16).eval().double()
    h = x = torch.rand(2, 3, 64, 64, dtype=torch.double)
    for stage, convolutions in enumerate((1, 1, 2, 2, 2), start=1):
        for n in range(1, convolutions + 1):
            layer = net.features.get_submodule(f"conv{stage}_{n}")
            h = F.conv2d(h, layer.weight, layer.bias, padding=1).relu()
        h = F.max_pool2d(h, 2)
    h = h.flatten(1)
    for n in (6, 7):
        layer = net.classifier.get_submodule(f"fc{n}")
        h = F.linear(h, layer.weight, layer.bias).relu()
    last = net.classifier.fc8
    torch.testing.assert_close(net(x), F.linear(h, last.weight, last.bias))


def test_initial_weights_are_those_of_glorot_and_bengio():
    torch.manual_seed(0)
    net = create_model("vgg11", width=1 / 4)
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            window = layer.weight[0, 0].numel()
            bound = (6 / (window * sum(layer.weight.shape[:2]))) ** 0.5
            assert 0.95 * bound < layer.weight.abs().max() <= bound
            assert not layer.bias.any()


@pytest.mark.parametrize("size", [32, 63, 64])
def test_other_sizes_of_images_and_classes(size):
    net = create_model("vgg13_bn", num_classes=5, in_channels=1, image_size=size, width=1 / 16)
    assert net(torch.rand(2, 1, size, size)).shape == (2, 5)


def test_wrong_settings_are_refused():
    with pytest.raises(ValueError, match="expected a whole number, at least 32, got 31"):
        create_model("vgg11", image_size=31)
    with pytest.raises(ValueError, match=r"configuration: expected one of A, A-LRN, B.*got 'F'"):
        VGG("F")
    with pytest.raises(ValueError, match="or a tuple of five rows, got"):
        VGG(("64", "128"))


def test_wrong_images_are_refused():
    with torch.device("meta"):
        net = create_model("vgg11")
        for shape in [(1, 3, 227, 227), (1, 1, 224, 224), (3, 224, 224)]:
            with pytest.raises(ValueError, match=r"x: expected .* \(N, 3, 224, 224\), got"):
                net(torch.empty(shape))
