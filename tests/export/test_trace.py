"""Graphs of networks: every step, its values, and what cannot be exported."""

import pytest
import torch
from torch import nn

from cnnhistory import create_model
from cnnhistory.compression.xnor import XNORNet
from cnnhistory.export.operations import MODULES, known
from cnnhistory.export.trace import trace, trace_shape


def steps(graph):
    return [(node.name, node.operation.name, node.inputs) for node in graph.nodes]


def test_lenet5_is_what_the_paper_draws():
    graph = trace_shape(create_model("lenet5"), (1, 32, 32))
    names = ["c1", "c1.tanh", "s2", "s2.tanh", "c3", "c3.tanh", "s4", "s4.tanh", "c5", "c5.tanh"]
    names += ["c5.tanh.flatten", "f6", "f6.tanh", "output", "output.negative"]
    assert [node.name for node in graph.nodes] == names
    assert graph.output == "output.negative"
    shapes = {node.name: node.shape for node in graph.nodes}
    assert (shapes["c1"], shapes["s2"], shapes["c3"]) == ((6, 28, 28), (6, 14, 14), (16, 10, 10))
    assert (shapes["c5"], shapes["f6"], shapes["output"]) == ((120, 1, 1), (84,), (10,))
    reads = graph.nodes[4].operation.settings["reads"]
    assert reads[0] == [0, 1, 2]
    assert len(reads) == 16
    assert sum(map(len, reads)) == 60


def test_a_residual_block_reads_its_input_twice():
    graph = trace_shape(create_model("resnet20", width=0.25), (3, 16, 16))
    found = steps(graph)
    sums = [(name, inputs) for name, op, inputs in found if op == "add"]
    assert len(sums) == 9
    assert sums[0][1] == ("blocks.conv2_1.bn2", "stem.bn1.relu")
    thin = [(name, inputs) for name, op, inputs in found if op == "thin"]
    assert len(thin) == 2
    assert found[-1][1] == "linear"


@pytest.mark.parametrize(
    ("model", "settings", "shape"),
    [
        ("lenet1989", {}, (1, 16, 16)),
        ("lenet1989", {"unit_biases": False}, (1, 16, 16)),
        ("lenet1990", {}, (1, 28, 28)),
        ("lenet5_modern", {}, (1, 32, 32)),
        ("lenet300_100", {}, (1, 28, 28)),
        ("resnet20", {"width": 0.25}, (3, 16, 16)),
        ("plain20", {"width": 0.25}, (3, 16, 16)),
        ("xnor_digits", {"width": 0.25}, (1, 28, 28)),
        ("xnor_digits", {"width": 0.25, "input_scale": False}, (1, 28, 28)),
        ("bwn_digits", {"width": 0.25}, (1, 28, 28)),
    ],
)
def test_values_are_those_of_the_network(model, settings, shape):
    torch.manual_seed(0)
    network = create_model(model, **settings).eval()
    images = torch.randn(3, *shape)
    graph = trace(network, images, keep=True)
    with torch.no_grad():
        assert torch.equal(graph.values[graph.output], network(images))
    assert list(graph.values) == [node.name for node in graph.nodes]
    for node in graph.nodes:
        assert graph.values[node.name].shape == (3, *node.shape)


def test_a_value_is_kept_from_before_the_next_step_works_in_place():
    network = nn.Sequential(nn.Conv2d(1, 2, 1), nn.ReLU(inplace=True))
    graph = trace(network, torch.randn(4, 1, 5, 5), keep=True)
    assert (graph.values["0"] < 0).any()
    assert torch.equal(graph.values["0"].relu(), graph.values["0.relu"])


def test_the_network_is_left_as_it_was():
    network = create_model("xnor_digits", width=0.25).train()
    network.layers.norm1.eval()
    before = [(m.training, len(m._forward_hooks)) for m in network.modules()]
    state = {key: value.clone() for key, value in network.state_dict().items()}
    trace_shape(network, (1, 28, 28))
    assert [(m.training, len(m._forward_hooks)) for m in network.modules()] == before
    assert all(torch.equal(state[key], value) for key, value in network.state_dict().items())


def test_hooks_are_gone_after_an_error():
    network = create_model("lenet5")
    with pytest.raises(ValueError, match="expected"):
        trace_shape(network, (1, 28, 28))
    assert not any(module._forward_hooks for module in network.modules())


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (nn.Softmax(1), "softmax"),
        (nn.Conv2d(1, 1, 3, padding_mode="circular", padding=1), "padding_mode: expected zeros"),
        (nn.Conv2d(1, 1, 3, padding="same"), "padding: expected a whole number"),
        (nn.MaxPool2d(3, ceil_mode=True), "expected whole windows"),
        (nn.AvgPool2d(3, padding=1), "padding: expected 0 of a mean"),
        (nn.AdaptiveAvgPool2d(2), "output_size: expected 1"),
        (nn.Upsample(scale_factor=2), "interpolate: expected twice the size, bilinear"),
        (nn.Upsample(scale_factor=4, mode="bilinear"), "interpolate: expected twice the size"),
        (nn.BatchNorm2d(1, track_running_stats=False), "track_running_stats"),
        (nn.Identity(), "at least one operation"),
        (nn.Sequential(nn.Conv2d(1, 1, 3), nn.Softmax(1)), "expected operations among"),
    ],
)
def test_what_the_runtime_lacks_is_refused(network, message):
    with pytest.raises(ValueError, match=message):
        trace_shape(network, (1, 8, 8))


@pytest.mark.parametrize("shape", [(), (0, 4), (1, -3, 3), (1.5,), (True, 3)])
def test_a_wrong_shape_is_refused(shape):
    with pytest.raises(ValueError, match="shape: expected whole numbers"):
        trace_shape(nn.Linear(3, 3), shape)


def test_what_is_no_network_or_no_batch_is_refused():
    with pytest.raises(ValueError, match="network: expected a torch module, got 'str'"):
        trace_shape("lenet5", (1, 32, 32))
    with pytest.raises(ValueError, match="images: expected a batch"):
        trace(nn.ReLU(), torch.zeros(3))


def test_sums_of_unlike_shapes_and_other_borders_are_refused():
    class Broadcast(nn.Module):
        def forward(self, x):
            return x + x[:, :1]

    class Reflect(nn.Module):
        def forward(self, x):
            return nn.functional.pad(x, (1, 1, 1, 1), mode="reflect")

    class Constant(nn.Module):
        def forward(self, x):
            return torch.zeros(1, 10)

    for network in (Broadcast(), Reflect(), Constant()):
        with pytest.raises(ValueError, match="expected"):
            trace_shape(network, (2, 4, 4))


def test_every_known_module_is_named():
    assert {kind.__name__ for kind in MODULES} <= set(known())


def test_a_network_of_another_layout_can_be_exported():
    graph = trace_shape(XNORNet("digits", in_channels=1, image_size=28, width=0.125), (1, 28, 28))
    assert "xnor_conv" in {node.operation.name for node in graph.nodes}


def test_functions_stand_for_what_modules_do():
    class Halved(nn.Module):
        def forward(self, x):
            half = nn.functional.avg_pool2d(x, 2)
            return nn.functional.interpolate(half, scale_factor=2, mode="bilinear")

    graph = trace(Halved(), torch.arange(16.0).reshape(1, 1, 4, 4), keep=True)
    pooled, enlarged = graph.nodes
    assert (pooled.operation.name, enlarged.operation.name) == ("avgpool", "upsample")
    assert pooled.operation.settings == {"size": [2, 2], "stride": [2, 2], "padding": [0, 0]}
    assert (pooled.shape, enlarged.shape) == ((1, 2, 2), (1, 4, 4))
    assert graph.values[enlarged.name][0, 0, 0].tolist() == [2.5, 3.0, 4.0, 4.5]


def test_numbers_of_words_become_vectors():
    class Reader(nn.Module):
        def __init__(self):
            super().__init__()
            self.words = nn.Embedding(5, 3)

        def forward(self, tokens):
            return self.words(tokens.long())

    graph = trace_shape(Reader(), (1, 4))
    assert [(n.name, n.operation.name, n.shape) for n in graph.nodes] == [
        ("words", "embed", (1, 4, 3))
    ]
