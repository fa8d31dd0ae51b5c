import functools

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from cnnhistory import create_model, registry, system
from cnnhistory.accounting import count_multiply_adds, count_parameters, summarize
from cnnhistory.models.googlenet import Inception, NaiveInception, Scores
from cnnhistory.nn.losses.multitask_loss import AuxiliaryLoss
from cnnhistory.nn.norm import LocalResponseNorm

# szegedy2015going, Table 1: output size, layers, the six numbers of maps
TABLE_1 = {
    "3a": (28, 192, (64, 96, 128, 16, 32, 32), 256),
    "3b": (28, 256, (128, 128, 192, 32, 96, 64), 480),
    "4a": (14, 480, (192, 96, 208, 16, 48, 64), 512),
    "4b": (14, 512, (160, 112, 224, 24, 64, 64), 512),
    "4c": (14, 512, (128, 128, 256, 24, 64, 64), 512),
    "4d": (14, 512, (112, 144, 288, 32, 64, 64), 528),
    "4e": (14, 528, (256, 160, 320, 32, 128, 128), 832),
    "5a": (7, 832, (256, 160, 320, 32, 128, 128), 832),
    "5b": (7, 832, (384, 192, 384, 48, 128, 128), 1024),
}
# the rounded columns "params" and "ops" of the same table, in thousands and in millions
ROUNDED = {
    "3a": (159, 128),
    "3b": (380, 304),
    "4a": (364, 73),
    "4b": (437, 88),
    "4c": (463, 100),
    "4d": (580, 119),
    "4e": (840, 170),
    "5a": (1072, 54),
    "5b": (1388, 71),
}


on_meta = functools.partial(registry.on_meta, "googlenet")


def weights_of(maps, inputs, five=5):
    """Return the weights of a module's six convolutions, from the table alone."""
    one, three_reduce, three, five_reduce, five_maps, projection = maps
    return (
        inputs * (one + three_reduce + five_reduce + projection)
        + 9 * three_reduce * three
        + five**2 * five_reduce * five_maps
    )


def test_counts():
    weights = multiply_adds = biases = 0
    for side, inputs, maps, _ in TABLE_1.values():
        weights += weights_of(maps, inputs)
        multiply_adds += weights_of(maps, inputs) * side**2
        biases += sum(maps)
    stem = ((49 * 3 * 64, 64, 112), (64 * 64, 64, 56), (9 * 64 * 192, 192, 56))
    for kernels, maps, side in stem:
        weights += kernels
        biases += maps
        multiply_adds += kernels * side**2
    linear = 1024 * 1000
    total = summarize(on_meta(), (3, 224, 224)).total
    assert total.parameters == weights + biases + linear + 1000 == 6_998_552
    assert total.multiply_adds == multiply_adds + linear == 1_582_671_872
    assert total.output_shape == (1000,)


def test_auxiliary_heads():
    net = on_meta(aux_heads=True)
    assert list(net.aux) == ["4a", "4d"]
    heads = [count_parameters(head) for head in net.aux.values()]
    assert heads == [3_188_840, 3_190_888]
    assert count_parameters(net) == 6_998_552 + sum(heads)
    dropout = [layer.p for layer in net.modules() if isinstance(layer, nn.Dropout)]
    assert dropout == [0.7, 0.7, 0.4]


def test_torchvision_s_counts():
    assert count_parameters(on_meta(torchvision_port=True)) == 6_624_904
    assert count_parameters(on_meta(torchvision_port=True, aux_heads=True)) == 13_004_888


def test_sizes_of_table_1():
    table = summarize(on_meta(), (3, 224, 224)).view(depth=2)
    stem = {"conv1": (64, 112, 112), "pool1": (64, 56, 56), "conv2": (192, 56, 56)}
    for name, shape in stem.items():
        assert table[f"stem.{name}"].output_shape == shape
    assert table["stem.pool2"].output_shape == (192, 28, 28)
    for name, (side, _, _, maps) in TABLE_1.items():
        assert table[f"inception.{name}"].output_shape == (maps, side, side)
    for name, side in (("pool3", 14), ("pool4", 7)):
        assert table[f"inception.{name}"].output_shape[1:] == (side, side)


def test_where_the_paper_s_rounded_columns_agree():
    """Most of Table 1 is within 13 % of its layers; the paper's columns hold slips."""
    table = summarize(on_meta(), (3, 224, 224)).view(depth=2)
    for name, (thousands, millions) in ROUNDED.items():
        row = table[f"inception.{name}"]
        assert row.parameters / 1000 == pytest.approx(thousands, rel=0.13)
        assert row.multiply_adds / 1e6 == pytest.approx(millions, rel=0.13)


def test_the_checked_claims_of_the_record():
    claims = {claim.quantity: claim for claim in system("googlenet").figures}
    assert {name for name, claim in claims.items() if claim.checked} == {
        "multiply-adds, about",
        "layers with parameters",
    }
    work = claims["multiply-adds, about"]
    assert abs(count_multiply_adds(on_meta(), (3, 224, 224)) - work.value) <= work.tolerance
    # 3 in front, 2 in each module on the longest way, 1 behind
    layers = [m for m in on_meta().stem.modules() if isinstance(m, nn.Conv2d)]
    depths = [
        sum(isinstance(m, nn.Conv2d) for m in module.branch5x5.modules())
        for module in on_meta().inception.values()
        if isinstance(module, Inception)
    ]
    assert len(layers) + sum(depths) + 1 == claims["layers with parameters"].value == 22


def test_a_module_written_out():
    torch.manual_seed(0)
    module = Inception(6, (2, 3, 4, 5, 6, 7)).double()
    x = torch.randn(2, 6, 5, 5, dtype=torch.double)
    w = dict(module.named_parameters())

    def conv(x, name, padding=0):
        weight, bias = w[f"{name}.conv.weight"], w[f"{name}.conv.bias"]
        assert weight.shape[2] == 2 * padding + 1
        return F.conv2d(x, weight, bias, padding=padding).clamp(min=0)

    windows = F.pad(x, (1, 1, 1, 1), value=float("-inf")).unfold(2, 3, 1).unfold(3, 3, 1)
    expected = [
        conv(x, "branch1x1"),
        conv(conv(x, "branch3x3.0"), "branch3x3.1", 1),
        conv(conv(x, "branch5x5.0"), "branch5x5.1", 2),
        conv(windows.amax((4, 5)), "branch_pool.1"),
    ]
    assert [maps.shape[1] for maps in expected] == [2, 4, 6, 7]
    torch.testing.assert_close(module(x), torch.cat(expected, 1))


def test_windows_over_the_edge():
    """Without them 112 would become 55 and the maps at the end 6x6."""
    pools = [m for m in on_meta().modules() if isinstance(m, nn.MaxPool2d) and m.stride == 2]
    assert [(pool.kernel_size, pool.ceil_mode) for pool in pools] == [(3, True)] * 4
    port = on_meta(torchvision_port=True)
    pools = [m for m in port.modules() if isinstance(m, nn.MaxPool2d) and m.stride == 2]
    assert [pool.kernel_size for pool in pools] == [3, 3, 3, 2]


def test_what_differs_from_torchvision():
    ours, port = on_meta(), on_meta(torchvision_port=True)

    def has(net, kind):
        return sum(isinstance(module, kind) for module in net.modules())

    for net, kernel, norms, lrn in ((ours, 5, 0, 2), (port, 3, 57, 0)):
        assert net.inception["3a"].branch5x5[1].conv.kernel_size == (kernel, kernel)
        assert has(net, nn.BatchNorm2d) == norms
        assert has(net, LocalResponseNorm) == lrn
        assert net.inception["3a"].branch1x1.conv.bias is None or norms == 0
    assert (ours.dropout.p, port.dropout.p) == (0.4, 0.2)


def randomize(net):
    """Give normalizations something to do."""
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, 0, 0.1)
        elif isinstance(module, nn.Dropout):
            module.p = 0.0


@pytest.mark.peer
@pytest.mark.parametrize("aux", [False, True])
def test_equals_torchvision_weight_for_weight(aux):
    models = pytest.importorskip("torchvision").models
    torch.manual_seed(0)
    peer = models.googlenet(aux_logits=aux, init_weights=False, transform_input=False).double()
    randomize(peer)
    ours = on_meta(torchvision_port=True, aux_heads=aux)
    values = zip(ours.state_dict(), peer.state_dict().values(), strict=True)
    ours.load_state_dict(dict(values), assign=True)
    randomize(nn.ModuleList(m for m in ours.modules() if isinstance(m, nn.Dropout)))
    x = torch.randn(2, 3, 96, 96, dtype=torch.double)
    torch.testing.assert_close(ours.eval()(x), peer.eval()(x), atol=1e-5, rtol=1e-5)
    found, expected = ours.train()(x), peer.train()(x)
    if aux:
        assert type(found) is Scores
        expected = (expected.logits, expected.aux_logits1, expected.aux_logits2)
        torch.testing.assert_close(tuple(found), expected, atol=1e-5, rtol=1e-5)
    else:
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


def test_heads_run_in_training_only():
    torch.manual_seed(0)
    net = create_model("googlenet", aux_heads=True, num_classes=5, width=0.125)
    x = torch.rand(2, 3, 224, 224)
    scores = net(x)
    assert [head.shape for head in scores] == [(2, 5)] * 3
    assert scores._fields == ("main", "aux_4a", "aux_4d")
    calls = []
    for head in net.aux.values():
        head.register_forward_hook(lambda *_: calls.append(1))
    assert net.eval()(x).shape == (2, 5)
    assert not calls


def test_every_parameter_of_the_heads_gets_a_gradient():
    torch.manual_seed(0)
    net = create_model("googlenet", aux_heads=True, num_classes=5, width=0.125)
    target = torch.tensor([0, 1, 2, 3])
    net.criterion(net(torch.rand(4, 3, 224, 224)), target).backward()
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


def test_the_loss_weighs_the_heads():
    # a uniform head costs log 2, one that is certain and right nothing
    uniform, right = torch.zeros(3, 2), torch.tensor([[99.0, -99.0]] * 3)
    target = torch.zeros(3, dtype=torch.long)
    loss = AuxiliaryLoss()
    log2 = torch.tensor(2.0).log()
    for scores, expected in (
        (Scores(uniform, right, right), log2),
        (Scores(right, uniform, right), 0.3 * log2),
        (Scores(right, right, uniform), 0.3 * log2),
        (Scores(uniform, uniform, uniform), 1.6 * log2),
        (uniform, log2),
    ):
        torch.testing.assert_close(loss(scores, target), expected)
    assert not hasattr(on_meta(), "criterion")


def test_weights_start_with_variance_2_over_fan_in():
    torch.manual_seed(0)
    for layer in create_model("googlenet").modules():
        if isinstance(layer, nn.Conv2d) and layer.weight.numel() > 50_000:
            expected = (2 / layer.weight[0].numel()) ** 0.5
            assert layer.weight.std().item() == pytest.approx(expected, rel=0.03)


def test_sizes_that_it_takes():
    for port, smallest in ((False, 31), (True, 15)):
        net = on_meta(torchvision_port=port)
        for size in (smallest, 100):
            assert net(torch.empty(2, 3, size, size, device="meta")).shape == (2, 1000)
        too_small = torch.empty(2, 3, smallest - 1, smallest - 1, device="meta")
        with pytest.raises(ValueError, match=f"at least {smallest}"):
            net(too_small)
        net.smallest = 1
        with pytest.raises(RuntimeError, match="too small"):
            net(too_small)
    net = on_meta(in_channels=1, num_classes=10, width=0.5)
    assert net(torch.empty(2, 1, 64, 40, device="meta")).shape == (2, 10)
    assert net.fc.in_features == 512


@pytest.mark.parametrize("shape", [(1, 1, 224, 224), (3, 224, 224), (1, 3, 30, 224)])
def test_wrong_images_are_refused(shape):
    with pytest.raises(ValueError, match=r"x: expected a batch .* at least 31"):
        on_meta()(torch.empty(shape, device="meta"))


def test_the_paper_s_heads_take_one_size():
    net = on_meta(aux_heads=True)
    x = torch.empty(1, 3, 192, 192, device="meta")
    with pytest.raises(ValueError, match=r"\(N, 3, 224, 224\), got \(1, 3, 192, 192\)"):
        net(x)
    assert net.eval()(x).shape == (1, 1000)
    assert len(on_meta(aux_heads=True, torchvision_port=True)(torch.cat([x, x]))) == 3


def test_naive_counts_of_3a_from_the_table_alone():
    module = NaiveInception(192, (64, 128, 32))
    total = summarize(module, (192, 28, 28)).total
    weights = 192 * (64 + 9 * 128 + 25 * 32)
    assert total.parameters == weights + 64 + 128 + 32
    assert total.multiply_adds == weights * 28 * 28
    assert total.output_shape == (64 + 128 + 32 + 192, 28, 28)
    assert module.out_channels == 416


def test_the_naive_module_written_out():
    torch.manual_seed(0)
    module = NaiveInception(3, (2, 4, 5)).double()
    x = torch.randn(2, 3, 6, 7, dtype=torch.double)
    expected = [
        F.conv2d(x, branch.conv.weight, branch.conv.bias, padding=padding).relu()
        for branch, padding in zip(module.branches, (0, 1, 2), strict=True)
    ]
    windows = F.pad(x, (1, 1, 1, 1), value=float("-inf")).unfold(2, 3, 1).unfold(3, 3, 1)
    torch.testing.assert_close(module(x), torch.cat([*expected, windows.amax((4, 5))], 1))
