import copy
import functools

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from cnnhistory import create_model, list_models, registry, system
from cnnhistory.accounting import count_multiply_adds, count_parameters, summarize
from cnnhistory.models.resnet import cifar_resnet, imagenet_resnet

MODELS = system("resnet").models
IMAGENET = ["resnet18", "resnet34", "resnet50", "resnet101", "resnet152"]

# number of layers -> parameters of the residual network, of the plain one
CIFAR = {
    20: (269_722, 269_722),
    32: (464_154, 464_154),
    44: (658_586, 658_586),
    56: (853_018, 853_018),
    110: (1_727_962, None),
    1202: (19_421_274, None),
}


# Networks without values; tests that change one copy it first.
on_meta = functools.cache(registry.on_meta)


def depth_of(name):
    return int(name.removeprefix("resnet").removeprefix("plain"))


def size_of(name):
    return 32 if depth_of(name) in CIFAR else 224


def settle(net, x):
    """Set the statistics of all normalizations to those of a batch."""
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0
    net.train()(x)
    return net.eval()


def copy_weights(source, target):
    """Load a peer's tensors in the order in which they are listed, without copying them."""
    values = source.state_dict().values()
    state = zip(target.state_dict().items(), values, strict=True)
    target.load_state_dict({name: value for (name, _), value in state}, assign=True)


@pytest.mark.parametrize(
    ("name", "parameters", "multiply_adds"),
    [
        ("resnet18", 11_689_512, 1_814_073_344),
        ("resnet34", 21_797_672, 3_663_761_408),
        ("resnet50", 25_557_032, 3_857_973_248),
        ("resnet101", 44_549_160, 7_570_194_432),
        ("resnet152", 60_192_808, 11_282_415_616),
        # without the projections of conv3_1, conv4_1 and conv5_1, which cost as much in each
        ("plain18", 11_689_512 - 173_824, 1_814_073_344 - 3 * 64 * 128 * 28**2),
        ("plain34", 21_797_672 - 173_824, 3_663_761_408 - 3 * 64 * 128 * 28**2),
    ],
)
def test_counts_for_imagenet(name, parameters, multiply_adds):
    table = summarize(on_meta(name), (3, 224, 224))
    assert (table.total.parameters, table.total.multiply_adds) == (parameters, multiply_adds)
    assert table.total.output_shape == (1000,)


def test_the_projections_have_the_parameters_that_plain_networks_lack():
    assert sum(i * 2 * i + 2 * 2 * i for i in (64, 128, 256)) == 173_824


@pytest.mark.parametrize("depth", CIFAR)
def test_counts_for_cifar(depth):
    residual, plain = CIFAR[depth]
    # the first convolution, three stages, the linear layer
    n = (depth - 2) // 6
    stages = [
        9 * maps * before + 9 * maps * maps * (2 * n - 1) + 2 * maps * 2 * n
        for before, maps in ((16, 16), (16, 32), (32, 64))
    ]
    assert 9 * 3 * 16 + 2 * 16 + sum(stages) + 64 * 10 + 10 == residual
    assert count_parameters(on_meta(f"resnet{depth}")) == residual
    if plain:
        assert count_parameters(on_meta(f"plain{depth}")) == plain
    assert (plain is None) == (f"plain{depth}" not in list_models())


def test_the_work_of_cifar_networks():
    # each of 6n convolutions after the first costs 9 * 16 * 16 * 32 * 32 but for two that read
    # half as many maps
    unit, first, last = 9 * 16**2 * 32**2, 9 * 3 * 16 * 32**2, 64 * 10
    for depth in (20, 56):
        expected = first + unit * (depth - 2) - 2 * unit // 2 + last
        for name in (f"resnet{depth}", f"plain{depth}"):
            assert count_multiply_adds(on_meta(name), (3, 32, 32)) == expected


def test_the_stride_in_the_3x3_costs_more():
    net = on_meta("resnet50", stride_in_3x3=True)
    assert count_parameters(net) == 25_557_032
    assert count_multiply_adds(net, (3, 224, 224)) == 4_089_184_256


@pytest.mark.parametrize("name", ["resnet18", "plain34", "resnet50", "resnet152"])
def test_stages_have_the_sizes_of_table_1(name):
    table = summarize(on_meta(name), (3, 224, 224)).view(depth=2)
    times = 4 if depth_of(name) >= 50 else 1
    assert table["stem.conv1"].output_shape == (64, 112, 112)
    for row in table:
        if row.name.startswith("blocks."):
            stage = int(row.name.removeprefix("blocks.conv")[0])
            maps, side = 64 * 2 ** (stage - 2), 56 // 2 ** (stage - 2)
            assert row.output_shape == (times * maps, side, side)


def test_stages_for_cifar():
    rows = {row.name: row for row in summarize(on_meta("resnet20"), (3, 32, 32)).view(depth=2)}
    shapes = [row.output_shape for name, row in rows.items() if name.startswith("blocks.")]
    assert shapes == [(16, 32, 32)] * 3 + [(32, 16, 16)] * 3 + [(64, 8, 8)] * 3


@pytest.mark.parametrize("name", MODELS)
def test_the_number_in_the_name_counts_layers_with_weights(name):
    net = on_meta(name)
    weighted = [
        module
        for key, module in net.named_modules()
        if isinstance(module, nn.Conv2d | nn.Linear) and ".shortcut." not in key
    ]
    assert len(weighted) == depth_of(name)
    shortcuts = [key for key, _ in net.named_parameters() if ".shortcut." in key]
    projects = depth_of(name) not in CIFAR and not name.startswith("plain")
    assert bool(shortcuts) == projects


def test_the_checked_claims_of_the_record():
    checked = [claim for claim in system("resnet").figures if claim.checked]
    assert len(checked) == 11
    for claim in checked:
        net = on_meta(claim.model)
        side = size_of(claim.model)
        if claim.quantity == "parameters":
            found = count_parameters(net)
        else:
            assert claim.quantity == "multiply-adds"
            found = count_multiply_adds(net, (3, side, side))
        assert abs(found - claim.value) <= claim.tolerance


def test_options_for_shortcuts():
    plain = count_parameters(on_meta("plain34"))
    a, b, c = (count_parameters(on_meta("resnet34", shortcut=option)) for option in "ABC")
    assert a == plain
    assert b == plain + 173_824
    # the other 13 blocks project as well: 3, 3, 5 and 2 of them
    more = zip((3, 3, 5, 2), (64, 128, 256, 512), strict=True)
    assert c == b + sum(blocks * (maps**2 + 2 * maps) for blocks, maps in more)


def test_forward_written_out():
    """A network of 14 layers again, in plain functions, on its own weights."""
    torch.manual_seed(0)
    net = cifar_resnet(14, width=0.25).double()
    x = torch.randn(5, 3, 9, 9, dtype=torch.double)
    weights = {name: p for name, p in net.named_parameters() if p.dim() == 4}

    def conv_bn(x, name, stride):
        w = weights[f"{name}.weight"]
        x = F.conv2d(x, w, stride=stride, padding=1)
        mean = x.mean((0, 2, 3), keepdim=True)
        return (x - mean) / (x.var((0, 2, 3), correction=0, keepdim=True) + 1e-5).sqrt()

    h = conv_bn(x, "stem.conv1", 1).clamp(min=0)
    for stage, maps in ((2, 4), (3, 8), (4, 16)):
        for block in (1, 2):
            name = f"blocks.conv{stage}_{block}"
            stride = 2 if stage > 2 and block == 1 else 1
            f = conv_bn(conv_bn(h, f"{name}.conv1", stride).clamp(min=0), f"{name}.conv2", 1)
            if stride == 2:
                thin = h[:, :, ::2, ::2]
                h = torch.cat([thin, torch.zeros_like(thin)], 1)
            h = (f + h).clamp(min=0)
            assert h.shape[1] == maps
    expected = h.mean((2, 3)) @ net.fc.weight.T + net.fc.bias
    torch.testing.assert_close(net.train()(x), expected)


@pytest.mark.peer
@pytest.mark.parametrize("name", IMAGENET)
@pytest.mark.parametrize("library", ["torchvision", "timm"])
def test_equals_the_peer_weight_for_weight(library, name):
    torch.manual_seed(0)
    if library == "torchvision":
        peer = pytest.importorskip("torchvision").models.get_model(name)
    else:
        peer = pytest.importorskip("timm").create_model(name)
    peer = peer.double()
    settle(peer, torch.randn(8, 3, 32, 32, dtype=torch.double))
    settings = {} if name in ("resnet18", "resnet34") else {"stride_in_3x3": True}
    ours = copy.deepcopy(on_meta(name, **settings))
    copy_weights(peer, ours)
    x = torch.randn(3, 3, 32, 32, dtype=torch.double)
    for training in (False, True):
        torch.testing.assert_close(
            ours.train(training)(x), peer.train(training)(x), atol=1e-5, rtol=1e-5
        )


@pytest.mark.peer
def test_the_paper_s_stride_differs_from_the_peer_s():
    torch.manual_seed(0)
    peer = pytest.importorskip("torchvision").models.resnet50()
    settle(peer, torch.randn(4, 3, 64, 64))
    ours = copy.deepcopy(on_meta("resnet50")).eval()
    copy_weights(peer, ours)
    x = torch.randn(2, 3, 64, 64)
    assert (ours(x) - peer(x)).abs().max() > 1e-2


def test_weights_start_with_variance_2_over_fan_in():
    torch.manual_seed(0)
    net = create_model("resnet20")
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d) and layer.weight.numel() > 5_000:
            fan_in = layer.weight[0].numel()
            assert layer.weight.std().item() == pytest.approx((2 / fan_in) ** 0.5, rel=0.05)
            assert layer.weight.mean().abs() < 0.01
    assert not net.fc.bias.any()


def test_a_deleted_block_passes_its_input_on():
    """Deleting blocks equals silencing their branches."""
    torch.manual_seed(0)
    net = cifar_resnet(20, width=0.5)
    x = torch.randn(4, 3, 16, 16)
    whole = net(x)
    keep = [i for i, block in enumerate(net.blocks) if isinstance(block.shortcut, nn.Identity)]
    assert keep == [0, 1, 2, 4, 5, 7, 8]
    for i in keep:
        nn.init.zeros_(net.blocks[i].bn2.weight)
    silenced = net(x)
    assert not torch.allclose(whole, silenced)
    for i in keep:
        net.blocks[i] = nn.Identity()
    torch.testing.assert_close(net(x), silenced)


def test_blocks_can_change_places():
    torch.manual_seed(0)
    net = cifar_resnet(20, width=0.5)
    x = torch.randn(4, 3, 16, 16)
    settle(net, x)
    before = net(x)
    net.blocks[1], net.blocks[2] = net.blocks[2], net.blocks[1]
    swapped = net(x)
    assert not torch.allclose(before, swapped, atol=1e-3)
    net.blocks[1], net.blocks[2] = net.blocks[2], net.blocks[1]
    assert torch.equal(net(x), before)
    assert len(net.blocks) == 9


def test_learns():
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    x = torch.tensor(images, dtype=torch.float32).reshape(-1, 1, 8, 8) / 16
    y = torch.tensor(labels)
    torch.manual_seed(0)
    net = cifar_resnet(8, in_channels=1)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.9)
    for _ in range(3):
        for batch in torch.randperm(1500).split(50):
            optimizer.zero_grad()
            F.cross_entropy(net(x[batch]), y[batch]).backward()
            optimizer.step()
    with torch.no_grad():
        accuracy = (net.eval()(x[1500:]).argmax(1) == y[1500:]).float().mean()
    assert accuracy > 0.9


def test_other_sizes_and_channels():
    assert cifar_resnet(8, num_classes=7, in_channels=1)(torch.zeros(2, 1, 5, 9)).shape == (2, 7)
    assert create_model("resnet18", num_classes=3)(torch.zeros(2, 3, 33, 50)).shape == (2, 3)
    widths = [block.out_channels for block in create_model("resnet50", width=0.25).blocks]
    assert sorted(set(widths)) == [64, 128, 256, 512]
    assert create_model("plain20", width=0.5).fc.in_features == 32


@pytest.mark.parametrize("shape", [(1, 1, 32, 32), (3, 32, 32)])
def test_wrong_images_are_refused(shape):
    with pytest.raises(ValueError, match=r"x: expected a batch .* \(N, 3, H, W\)"):
        create_model("resnet20")(torch.zeros(shape))


def test_wrong_settings_are_refused():
    with pytest.raises(ValueError, match="depth: expected one of 18, 34, 50, 101, 152, got 20"):
        imagenet_resnet(20)
    for depth in (2, 18, 21):
        with pytest.raises(ValueError, match=r"depth: expected 6n \+ 2"):
            cifar_resnet(depth)
    with pytest.raises(ValueError, match="shortcut: expected"):
        create_model("resnet20", shortcut="b")
    with pytest.raises(ValueError, match="width: expected a positive number, got"):
        create_model("resnet20", width=0)
    with pytest.raises(TypeError, match="unknown setting stride_in_3x3; expected num_classes"):
        create_model("resnet18", stride_in_3x3=True)
