"""A network on bits gives the scores of the simulation with floats, to the last bit."""

import copy
import pickle
import subprocess
import sys

import pytest
import torch
from torch import nn

from cnnhistory import create_model
from cnnhistory.compression.packed import _map_sizes, compile_binary
from cnnhistory.nn.binary import BinaryConv2d, BinaryLinear, Sign

pytest.importorskip("numba")

NETWORKS = {
    "bnn_cifar": {"width": 1 / 4},
    "bnn_cifar of odd widths": {"width": 0.19, "image_size": 24, "num_classes": 7},
    "bnn_mlp": {"width": 1 / 16},
    "bnn_digits": {},
    "xnor_cifar": {"width": 1 / 4, "input_scale": False},
    "xnor_digits": {"input_scale": False, "image_size": 32, "width": 0.7},
}


class Chain(nn.Module):
    def __init__(self, *layers):
        super().__init__()
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        return self.layers(x)


def settled(network, x):
    """Give normalizations random factors, also negative ones, and statistics of real data."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            module.momentum = 1.0
            nn.init.normal_(module.weight)
            nn.init.normal_(module.bias, std=0.3)
    with torch.no_grad():
        network.train()(x)
    return network.eval()


@pytest.mark.parametrize("name", NETWORKS)
def test_scores_are_equal(name):
    torch.manual_seed(0)
    network = create_model(name.split()[0], **NETWORKS[name])
    x = torch.randn(20, network.in_channels, network.image_size, network.image_size)
    settled(network, x)
    packed = compile_binary(network)
    for form in (x, x.contiguous(memory_format=torch.channels_last), x[:1]):
        with torch.no_grad():
            assert torch.equal(packed(form), network(form))
    # so they are different from image to image, not all the same
    assert len(packed(x).argmax(1).unique()) > 1


def test_a_copy_does_not_lean_on_the_original():
    """What was prepared for the kernels holds addresses, which a copy must not take over."""
    network = create_model("bnn_digits")
    x = torch.randn(4, network.in_channels, network.image_size, network.image_size)
    settled(network, x)
    packed = compile_binary(network)
    expected = packed(x)
    copies = copy.deepcopy(packed), pickle.loads(pickle.dumps(packed))
    bits = [op for op in packed.operations if hasattr(op, "thresholds")]
    assert bits[0].thresholds._jobs
    assert bits[0].weight._prepared
    for other in copies:
        mine = [op for op in other.operations if hasattr(op, "thresholds")]
        assert not any(op.thresholds._jobs or op.weight._prepared for op in mine)
    del packed, bits
    for other in copies:
        assert torch.equal(other(x), expected)


def test_nothing_is_left_of_the_binary_layers_but_bits():
    torch.manual_seed(0)
    network = create_model("bnn_cifar", width=1 / 2)
    before = {key: value.clone() for key, value in network.state_dict().items()}
    packed = compile_binary(network)
    for key, value in network.state_dict().items():
        assert torch.equal(value, before[key])
    weights = sum(
        m.weight.numel() for m in network.modules() if isinstance(m, BinaryConv2d | BinaryLinear)
    )
    # thresholds and the last normalization are all that comes on top
    assert weights / 8 < packed.nbytes < 1.1 * weights / 8


@pytest.mark.parametrize("scale", [False, True])
@pytest.mark.parametrize("pooling", [None, nn.MaxPool2d(2), nn.MaxPool2d(3, 2)])
@pytest.mark.parametrize("norm", [True, False])
def test_every_kind_of_block(scale, pooling, norm):
    torch.manual_seed(0)

    def block(into, out, stride=1):
        layers = [BinaryConv2d(into, out, 3, stride, 1, scale=scale), pooling, nn.BatchNorm2d(out)]
        return [m for m in layers[: 3 if norm else 2] if m is not None] + [Sign()]

    layers = [*block(3, 20), nn.Dropout(), *block(20, 70, 2), *block(70, 9)]
    network = Chain(*layers, BinaryConv2d(9, 5, 1, scale=scale), nn.Flatten())
    x = torch.randn(6, 3, 33, 29)
    settled(network, x)
    packed = compile_binary(network, x)
    with torch.no_grad():
        assert torch.equal(packed(x), network(x))


def test_what_cannot_be_done_on_bits_is_refused():
    with pytest.raises(ValueError, match="Build the network with input_scale=False"):
        compile_binary(create_model("xnor_digits"))
    with pytest.raises(ValueError, match="expected one with its layers in a Sequential"):
        compile_binary(create_model("resnet20"))
    image = torch.zeros(1, 1, 8, 8)
    network = Chain(Sign(), nn.Conv2d(1, 2, 3))
    with pytest.raises(ValueError, match="expected a binary layer after a sign, got Conv2d"):
        compile_binary(network, image)
    network = Chain(Sign(), BinaryConv2d(1, 2, 3), nn.MaxPool2d(3, 2, padding=1), Sign())
    with pytest.raises(ValueError, match="expected a pooling of square windows inside"):
        compile_binary(network, image)


def test_it_is_for_inference():
    packed = compile_binary(create_model("bnn_digits", width=1 / 8))
    with pytest.raises(RuntimeError, match="cannot be trained"):
        packed.train()
    x = torch.rand(1, 1, 28, 28, requires_grad=True)
    assert not packed(x).requires_grad


COLD = """
import copy, threading, torch
from cnnhistory import create_model
from cnnhistory.compression.packed import compile_binary

torch.manual_seed(0)
torch.set_num_threads(2)
network = create_model("xnor_digits", input_scale=False).eval()
x = torch.rand(3, 1, 28, 28)
packed = compile_binary(network)
with torch.no_grad():
    expected = network(x)
assert torch.equal(packed(x), expected)
wrong = []

def call(cold, start):
    start.wait()
    for _ in range(3):
        if not torch.equal(cold(x), expected):
            wrong.append(1)

for _ in range(200):
    cold, start = copy.deepcopy(packed), threading.Barrier(8)
    callers = [threading.Thread(target=call, args=(cold, start)) for _ in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
assert not wrong, len(wrong)
"""


def test_eight_threads_make_the_first_call_together_two_hundred_times():
    """What the first call prepares has one owner, whoever comes first."""
    done = subprocess.run([sys.executable, "-c", COLD], capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, (done.returncode, done.stderr)


def test_a_network_that_raises_leaves_no_hooks_behind():
    network = create_model("bnn_digits", width=1 / 16)
    modules = list(network.layers)
    wrong = torch.zeros(1, 1, 5, 5)
    with pytest.raises(ValueError, match="expected a batch of images"):
        _map_sizes(network, modules, wrong)
    assert not any(module._forward_pre_hooks for module in modules)
