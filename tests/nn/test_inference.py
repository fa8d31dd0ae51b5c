import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import parametrizations

import cnnhistory
from cnnhistory.nn.fusion.conv import FusedConv2d
from cnnhistory.nn.inference import InferenceNetwork, optimize_for_inference
from cnnhistory.registry import model_card


def learned(net, shape):
    """Give every normalization statistics, scales and shifts that matter."""
    torch.manual_seed(0)
    norms = [m for m in net.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    for norm in norms:
        norm.momentum = 1.0
        if norm.affine:
            nn.init.uniform_(norm.weight, 0.5, 1.5)
            nn.init.normal_(norm.bias, std=0.2)
    net.train()(torch.rand(4, *shape))
    return net.eval()


def check(net, shape, folded, **settings):
    """Compare both forms, and return the optimized one."""
    learned(net, shape)
    fast = optimize_for_inference(net, **settings)
    assert list(fast.folded) == folded
    x = torch.rand(3, *shape)
    with torch.no_grad():
        torch.testing.assert_close(fast(x), net(x), atol=1e-5, rtol=1e-5)
    return fast


def compare(name, shape, **settings):
    """Check that a model and its optimized form are the same function, but for rounding."""
    torch.manual_seed(0)
    net = learned(cnnhistory.create_model(name, **settings), shape)
    fast = optimize_for_inference(net)
    norms = sum(isinstance(module, nn.BatchNorm2d) for module in net.modules())
    left = sum(isinstance(module, nn.BatchNorm2d) for module in fast.modules())
    assert len(fast.folded) + left == norms
    # In most networks every normalization stands behind a convolution that nothing else reads.
    assert (left > 0) == name.startswith(NORM_FIRST)
    x = torch.rand(2, *shape)
    with torch.no_grad():
        single, fast_single = net(x), fast(x)
        net.double()
        exact, fast_exact = net(x.double()), optimize_for_inference(net)(x.double())
    torch.testing.assert_close(fast_exact, exact, atol=1e-8, rtol=1e-8)
    # Random weights in many layers amplify rounding: allow what the network itself is off.
    rounding = (single - exact).abs().max().item()
    torch.testing.assert_close(fast_single, single, atol=1e-4 + 4 * rounding, rtol=0)


# Before a sign there is nothing to fold into: see cnnhistory.compression.packed for these.
MODELS = [name for name in cnnhistory.list_models() if len(model_card(name).input_shape) == 3]
NORM_FIRST = ("wrn_16", "wrn_28", "wrn_40", "densenet", "nasnet")
BINARY = {name for name in MODELS if name.startswith(("bnn_", "bwn_", "xnor_"))}


@pytest.mark.parametrize("name", sorted(set(MODELS) - BINARY - {"resnet1202"}))  # resnet110's kind
def test_every_model_keeps_its_outputs(name):
    card = model_card(name)
    compare(name, card.tiny_shape or card.input_shape, **card.tiny)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("resnet18", {}),
        ("resnet50", {"stride_in_3x3": True}),
        ("vgg16_bn", {"image_size": 64}),
        ("googlenet", {"torchvision_port": True}),
    ],
)
def test_networks_at_their_width(name, settings):
    compare(name, (3, 64, 64), **settings)


@pytest.mark.peer
def test_folds_a_peer_s_network_as_well():
    peer = pytest.importorskip("torchvision").models.mobilenet_v2()
    learned(peer, (3, 64, 64))
    fast = optimize_for_inference(peer)
    assert len(fast.folded) == 52
    x = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(fast(x), peer(x), atol=1e-4, rtol=1e-4)


def test_folding_by_hand():
    net = nn.Sequential(nn.Conv2d(1, 1, 1), nn.BatchNorm2d(1, eps=0.0)).eval()
    conv, norm = net
    with torch.no_grad():
        conv.weight.fill_(3.0)
        conv.bias.fill_(5.0)
        norm.running_mean.fill_(1.0)
        norm.running_var.fill_(4.0)
        norm.weight.fill_(6.0)
        norm.bias.fill_(7.0)
    fast = optimize_for_inference(net)
    # 6 (3 x + 5 - 1) / 2 + 7 = 9 x + 19
    assert fast.network[0].weight.item() == 9
    assert fast.network[0].bias.item() == 19
    assert type(fast.network[1]) is nn.Identity


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("affine", [False, True])
@pytest.mark.parametrize("groups", [1, 4])
def test_kinds_of_convolutions_and_normalizations(bias, affine, groups):
    conv = nn.Conv2d(4, 8, 3, stride=2, padding=1, groups=groups, bias=bias)
    fast = check(nn.Sequential(conv, nn.BatchNorm2d(8, affine=affine)), (4, 9, 9), ["1"])
    assert fast.network[0].bias is not None


def test_the_original_is_untouched():
    net = learned(cnnhistory.create_model("resnet20"), (3, 32, 32)).train()
    before = copy.deepcopy(net.state_dict())
    optimize_for_inference(net)
    assert net.training
    assert all(parameter.requires_grad for parameter in net.parameters())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in net.modules())
    after = net.state_dict()
    assert list(after) == list(before)
    for name, value in before.items():
        assert torch.equal(after[name], value), name
        assert after[name].stride() == value.stride()
        assert after[name].device.type == "cpu"


def test_it_cannot_be_trained():
    net = cnnhistory.create_model("resnet20", num_classes=4)
    fast = optimize_for_inference(net)
    assert type(fast) is InferenceNetwork
    assert not any(module.training for module in fast.modules())
    assert not any(parameter.requires_grad for parameter in fast.parameters())
    assert fast.eval() is fast
    with pytest.raises(RuntimeError, match="a network for inference cannot be trained"):
        fast.train()
    assert not fast.network.training
    assert "folded=19" in repr(fast)


def test_gradients_of_the_input_still_work():
    net = learned(cnnhistory.create_model("resnet20"), (3, 32, 32))
    fast = optimize_for_inference(net)
    gradients = []
    for either in (net, fast):
        x = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
        either(x.requires_grad_())[0, 3].backward()
        gradients.append(x.grad)
    torch.testing.assert_close(*gradients, atol=1e-4, rtol=1e-3)


def test_dropout_is_off_and_kernels_have_channels_last():
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Dropout(0.9))
    fast = optimize_for_inference(net)
    x = torch.rand(1, 3, 8, 8)
    torch.testing.assert_close(fast(x), net.eval()(x))
    assert fast.network[0].weight.is_contiguous(memory_format=torch.channels_last)


def test_exports_and_copies():
    net = learned(cnnhistory.create_model("resnet20"), (3, 32, 32))
    fast = optimize_for_inference(net)
    x = torch.rand(2, 3, 32, 32)
    with torch.no_grad():
        expected = fast(x)
        assert torch.equal(copy.deepcopy(fast)(x), expected)
        exported = torch.export.export(fast, (x,)).module()
        torch.testing.assert_close(exported(x), expected)
    assert torch.equal(optimize_for_inference(fast)(x), expected)


class Net(nn.Module):
    """A convolution and a normalization, put together by the test."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.bn = nn.BatchNorm2d(4)
        self.more = nn.Conv2d(4, 4, 1)


class Straight(Net):
    def forward(self, x):
        return self.bn(self.conv(x))


class OutputReadAgain(Net):
    def forward(self, x):
        y = self.conv(x)
        return self.bn(y) + y


class OutputReadBefore(Net):
    def forward(self, x):
        y = self.conv(x)
        z = y * 2
        return self.bn(y) + z


class OutputReadThroughAView(Net):
    def forward(self, x):
        y = self.conv(x)
        z = self.bn(y)
        return z + y.flatten().detach().view_as(z)


class OutputReturned(Net):
    def forward(self, x):
        y = self.conv(x)
        return self.bn(y), [y]


class ConvolutionTwice(Net):
    def forward(self, x):
        return self.bn(self.conv(x)), self.conv(x)


class NormalizationTwice(Net):
    def forward(self, x):
        return self.bn(self.more(self.bn(self.conv(x))))


class ActivationBetween(Net):
    def forward(self, x):
        return self.bn(self.conv(x).relu())


class InPlaceBetween(Net):
    def forward(self, x):
        return self.bn(self.conv(x).mul_(2))


class WeightReadElsewhere(Net):
    def forward(self, x):
        return self.bn(self.conv(x)) + self.conv.weight.mean()


class ScaleReadElsewhere(Net):
    def forward(self, x):
        return self.bn(self.conv(x)) + self.bn.weight.mean()


class MeanReadElsewhere(Net):
    def forward(self, x):
        return self.bn(self.conv(x)) + self.bn.running_mean.mean()


@pytest.mark.parametrize(
    "kind",
    [
        OutputReadAgain, OutputReadBefore, OutputReadThroughAView, ConvolutionTwice,
        NormalizationTwice, ActivationBetween, InPlaceBetween, WeightReadElsewhere,
        ScaleReadElsewhere, MeanReadElsewhere, OutputReturned,
    ],
)  # fmt: skip
def test_what_is_not_sure_to_be_a_pair_is_left_alone(kind):
    check(kind(), (3, 8, 8), [])
    check(Straight(), (3, 8, 8), ["bn"])


class Rectified(Net):
    def __init__(self, inplace=False):
        super().__init__()
        self.relu = nn.ReLU(inplace)

    def forward(self, x):
        return self.more(self.relu(self.bn(self.conv(x))))


class RectifiedAlone(Rectified):
    def forward(self, x):
        return self.relu(self.conv(x)) + self.bn(self.more(self.relu(x.repeat(1, 2, 1, 1)[:, :4])))


class RectifiedReadBefore(Rectified):
    def forward(self, x):
        y = self.bn(self.conv(x))
        z = y * 2
        return self.relu(y) + z


class RectifiedReadAfter(Rectified):
    def forward(self, x):
        y = self.bn(self.conv(x))
        return self.relu(y) - y


class RectifiedBehindTheNormalization(Rectified):
    def forward(self, x):
        y = self.conv(x)
        z = self.bn(y)
        return z + self.relu(y)


def fused(net):
    fused = (module for module in net.modules() if isinstance(module, FusedConv2d))
    return sum(module.name != "none" for module in fused)


@pytest.mark.parametrize("inplace", [False, True])
def test_an_activation_is_joined_where_it_alone_reads(inplace):
    assert fused(check(Rectified(inplace), (3, 8, 8), ["bn"])) == 1
    assert fused(check(RectifiedAlone(inplace), (3, 8, 8), ["bn"])) == 0  # it runs twice
    assert fused(check(RectifiedReadBefore(inplace), (3, 8, 8), ["bn"])) == 0
    assert fused(check(RectifiedBehindTheNormalization(inplace), (3, 8, 8), [])) == 0
    # in place, what is read afterwards is what the activation left
    assert fused(check(RectifiedReadAfter(inplace), (3, 8, 8), ["bn"])) == inplace


def test_activations_without_normalization():
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3), nn.ReLU6(), nn.ReLU())
    fast = check(net, (3, 9, 9), [])
    assert [type(layer).__name__ for layer in fast.network] == [
        "FusedConv2d", "Identity", "FusedConv2d", "Identity", "ReLU",
    ]  # fmt: skip
    hooked = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())
    hooked[1].register_forward_hook(lambda module, args, output: output + 1)
    assert fused(check(hooked, (3, 9, 9), [])) == 0


def test_only_the_plain_half_of_a_network_is_folded():
    class Half(Net):
        def forward(self, x):
            return self.tail(OutputReadAgain.forward(self, x))

    net = Half()
    net.tail = nn.Sequential(nn.Conv2d(4, 5, 3, bias=False), nn.BatchNorm2d(5), nn.ReLU())
    check(net, (3, 8, 8), ["tail.1"])


def test_shared_weights_are_left_alone():
    class Shared(Net):
        def __init__(self):
            super().__init__()
            self.other = nn.Conv2d(3, 4, 3, padding=1)
            self.other.weight = self.conv.weight

        def forward(self, x):
            return self.bn(self.conv(x)), self.other(x)

    check(Shared(), (3, 8, 8), [])


def test_hooks_and_computed_weights_are_left_alone():
    hooked = Straight()
    hooked.conv.register_forward_hook(lambda module, args, output: output * 2)
    check(hooked, (3, 8, 8), [])
    watched = Straight()
    watched.bn.register_forward_pre_hook(lambda module, args: None)
    check(watched, (3, 8, 8), [])
    normalized = Straight()
    parametrizations.weight_norm(normalized.conv)
    check(normalized, (3, 8, 8), [])


def test_statistics_of_the_batch_are_left_alone():
    net = Straight()
    net.bn = nn.BatchNorm2d(4, track_running_stats=False)
    check(net, (3, 8, 8), [])


def test_kinds_that_are_not_known_are_left_alone():
    class Doubled(nn.BatchNorm2d):
        def forward(self, x):
            return 2 * super().forward(x)

    net = Straight()
    net.bn = Doubled(4)
    check(net, (3, 8, 8), [])


def test_a_module_with_two_names():
    class Aliased(Net):
        def __init__(self):
            super().__init__()
            self.alias = self.bn

        def forward(self, x):
            return self.alias(self.conv(x))

    check(Aliased(), (3, 8, 8), ["bn", "alias"])


def test_inputs_that_cannot_be_guessed():
    class Odd(Straight):
        def forward(self, x):
            if x.shape[2] != 17:
                raise ValueError("seventeen, please")
            return super().forward(x)

    with pytest.raises(ValueError, match=r"cannot be followed.*seventeen.*give the input_shape"):
        optimize_for_inference(Odd())
    check(Odd(), (3, 17, 17), ["bn"], input_shape=(3, 17, 17))
    with pytest.raises(ValueError, match=r"shape \(3, 5, 5\): seventeen, please$"):
        optimize_for_inference(Odd(), input_shape=(3, 5, 5))


def test_networks_without_convolutions():
    net = nn.Sequential(nn.Flatten(), nn.Linear(4, 2))
    x = torch.rand(3, 4)
    assert torch.equal(optimize_for_inference(net)(x), net(x))
    lost = nn.Sequential(nn.BatchNorm2d(3))
    with pytest.raises(ValueError, match="it has no convolution; give the input_shape"):
        optimize_for_inference(lost)
    check(lost, (3, 4, 4), [], input_shape=(3, 4, 4))


def test_other_types_are_refused():
    with pytest.raises(TypeError, match=r"model: expected a torch.nn.Module, got function"):
        optimize_for_inference(F.relu)
