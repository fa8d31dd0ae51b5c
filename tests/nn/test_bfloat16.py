"""Networks that compute in numbers of 16 bits."""

import copy
import sys
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

import cnnhistory
from cnnhistory._util import bfloat16
from cnnhistory.nn import inference
from cnnhistory.nn.inference import optimize_for_inference
from cnnhistory.registry import model_card

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks.agreement import RUNS, agreement, patches

# where a processor has no arithmetic for it
pytestmark = pytest.mark.filterwarnings("ignore:dtype. .* has no arithmetic in bfloat16")
HALF = torch.bfloat16
NAMES = (
    "lenet5", "alexnet", "zfnet", "nin", "vgg11", "vgg16_bn", "googlenet", "resnet18", "resnet20",
    "highway", "wrn_16_8", "resnext29_8x64d", "densenet_bc_100_12", "inception_v3",
    "inception_resnet_v1", "xception", "nasnet_a_cifar", "mobilenet_v1", "mobilenet_v2",
)  # fmt: skip


def settled(net, shape):
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0
    with torch.no_grad():
        net.train()(torch.rand(8, *shape))
    return net.eval()


def distance(found, expected):
    return ((found - expected).abs().max() / expected.abs().max()).item()


@pytest.mark.parametrize("name", NAMES)
def test_outputs_are_near_those_of_float32(name):
    torch.manual_seed(0)
    card = model_card(name)
    shape = card.tiny_shape or card.input_shape
    net = settled(cnnhistory.create_model(name, **card.tiny), shape)
    fast = optimize_for_inference(net, shape, dtype=HALF)
    x = torch.rand(4, *shape)
    with torch.no_grad():
        expected, found = net(x), fast(x)
        plain = copy.deepcopy(net).to(HALF)(x.to(HALF)).float()
    assert found.dtype == torch.float32
    # Folding takes no precision away beside what the type takes from the network as it is.
    assert distance(found, expected) <= max(0.02, 2 * distance(plain, expected))
    assert {m.weight.dtype for m in fast.modules() if isinstance(m, nn.Conv2d)} <= {HALF}


def test_folding_comes_before_rounding():
    torch.manual_seed(0)
    net = settled(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU()), (3, 8, 8))
    conv, norm, _ = net
    weight, bias = fuse_conv_bn_weights(
        conv.weight, conv.bias, norm.running_mean, norm.running_var, norm.eps, norm.weight,
        norm.bias,
    )  # fmt: skip
    fast = optimize_for_inference(net, dtype=HALF)
    assert fast.folded == ("1",)
    assert torch.equal(fast.network[0].weight, weight.to(HALF))
    assert torch.equal(fast.network[0].bias, bias.to(HALF))
    assert conv.weight.dtype == torch.float32


class Scoring(nn.Module):
    def __init__(self):
        super().__init__()
        self.bn = nn.BatchNorm2d(3)
        self.conv = nn.Conv2d(3, 4, 1)
        self.hidden, self.fc = nn.Linear(4, 5), nn.Linear(5, 6)

    def forward(self, x):
        return self.fc(self.hidden(self.conv(self.bn(x)).mean((2, 3))))


def test_normalizations_that_stay_and_the_last_layer_keep_their_precision():
    net = settled(Scoring(), (3, 6, 6))
    fast = optimize_for_inference(net, (3, 6, 6), HALF).network
    assert fast.conv.weight.dtype == fast.hidden.weight.dtype == HALF
    assert torch.equal(fast.bn.running_var, net.bn.running_var)
    assert torch.equal(fast.fc.layer.weight, net.fc.weight)


def test_a_last_layer_that_others_read_is_converted():
    class Tied(Scoring):
        def forward(self, x):
            return self.fc(self.hidden(self.conv(self.bn(x)).mean((2, 3))) @ self.fc.weight[:5])

    net = settled(Tied(), (3, 6, 6))
    assert optimize_for_inference(net, (3, 6, 6), HALF).network.fc.weight.dtype == HALF


def test_a_layer_that_is_the_whole_network_is_converted():
    fast = optimize_for_inference(nn.Linear(4, 2), (4,), HALF)
    assert fast.network.weight.dtype == HALF
    assert fast(torch.rand(3, 4)).dtype == torch.float32


def test_outputs_of_any_form_come_back_in_the_type_of_the_model():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 1)

        def forward(self, x, index):
            y = self.conv(x)
            return {"maps": [y], "best": y.argmax(1), "index": index}

    for dtype in (torch.float32, torch.float64):
        net = Two().to(dtype)
        fast = inference.InferenceNetwork(copy.deepcopy(net).to(HALF), (), HALF, dtype)
        out = fast(torch.rand(2, 3, 4, 4, dtype=dtype), torch.tensor([7, 2**20 + 1]))
        assert out["maps"][0].dtype == dtype
        assert out["best"].dtype == torch.int64
        assert out["index"].tolist() == [7, 2**20 + 1]
    double = optimize_for_inference(Scoring().double(), (3, 6, 6), HALF)
    assert double(torch.rand(2, 3, 6, 6)).dtype == torch.float64
    assert "dtype=torch.bfloat16" in repr(double)


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.int8, "bfloat16", True])
def test_other_types_are_refused(dtype):
    with pytest.raises(ValueError, match=r"^dtype: expected None or torch\.bfloat16, got "):
        optimize_for_inference(nn.Conv2d(3, 4, 1), dtype=dtype)


def test_a_processor_without_its_arithmetic_is_told_of(monkeypatch):
    net, x = nn.Sequential(nn.Conv2d(3, 4, 1)), torch.rand(2, 3, 5, 5)
    monkeypatch.setattr(inference, "has_bfloat16", lambda device: False)
    with pytest.warns(UserWarning, match="cpu has no arithmetic in bfloat16; .* may be slower"):
        fast = optimize_for_inference(net, dtype=HALF)
    torch.testing.assert_close(fast(x), net(x), atol=0.02, rtol=0.02)
    optimize_for_inference(net)  # nothing to tell


def test_who_has_the_arithmetic(monkeypatch):
    for found, expected in (
        ({"avx512_bf16": True}, True),
        ({"amx_bf16": True, "avx512_bf16": False}, True),
        ({"bf16": True}, True),
        ({"avx512_f": True, "avx512_bf16": False}, False),
    ):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda found=found: found, raising=False)
        assert bfloat16.has_bfloat16() is expected


@pytest.mark.parametrize("run", ["alexnet_patches", "nin_patches", "resnet20_cifar10"])
def test_trained_networks_give_the_same_answers(run):
    found = agreement(run, patches(RUNS[run]))
    assert found.images == 1000
    assert found.same >= 990
    assert found.deviation < 0.02
