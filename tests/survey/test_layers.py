"""The verdicts about parts of networks, and that each follows from what is computed."""

import pytest
import torch
from torch import nn

from cnnhistory.claims import list_statements, statement, verify
from cnnhistory.nn import dense, unit
from cnnhistory.nn.spatial import atrous, matrix, transposed, unpool

SYSTEMS = [
    "conv_as_matrix",
    "conv_1x1",
    "small_kernels",
    "grouped_conv",
    "deconvolution",
    "multi_scale",
    "atrous_conv",
    "max_unpooling",
    "fcn_topology",
    "global_average_pooling",
]
IDS = [id for system in SYSTEMS for id in list_statements(system=system)]


def test_verdicts_of_the_literature():
    imprecise = {"conv_1x1.c1", "multi_scale.c2"}
    assert len(IDS) == 15
    assert {id for id in IDS if statement(id).verdict == "imprecise"} == imprecise
    assert {statement(id).verdict for id in IDS} == {"correct", "imprecise"}
    assert [id for id in IDS if statement(id).decide is None] == ["multi_scale.c2"]


@pytest.mark.parametrize(
    ("id", "facts"),
    [
        ("conv_as_matrix.c1", ["676×784 entries, 6,084 not 0"]),
        ("conv_1x1.c1", ["sides [8, 11, 16]", "a dense layer: [8]", "of 3 rewritten layers 2"]),
        ("conv_1x1.c2", ["256 maps to 64; 64 maps to 256"]),
        ("small_kernels.c1", ["18 weights", "27 weights", "in place of 49"]),
        ("grouped_conv.c1", ["32 groups: 32 times fewer weights, 32 operations"]),
        ("deconvolution.c1", ["forward equals", "backward equals"]),
        ("multi_scale.c1", ["5, 14, 40, 92 and 196"]),
        ("atrous_conv.c1", ["nine weights in 5×5, 7×7, 9×9"]),
        ("max_unpooling.c1", ["0 parameters; 16 maxima of 64 values at their places"]),
        ("fcn_topology.c1", ["over 10×10 places 16 windows, all equal"]),
        ("fcn_topology.c2", ["alexnet: 6×6, 1×1, 1×1; vgg16: 7×7, 1×1, 1×1"]),
        ("global_average_pooling.c1", ["NIN has 0 parameters", "123,642,856"]),
    ],
)
def test_computed_facts(id, facts):
    computed = verify(id).computed
    for fact in facts:
        assert fact in computed


def test_a_matrix_that_leaves_weights_out_would_be_no_convolution(monkeypatch):
    build = matrix.convolution_matrix

    def thinned(weight, *args, **settings):
        return build(torch.where(weight > 2, weight, 0), *args, **settings)

    monkeypatch.setattr(matrix, "convolution_matrix", thinned)
    assert verify("conv_as_matrix.c1").verdict == "wrong"
    assert verify("deconvolution.c1").verdict == "wrong"


def test_dense_layers_could_become_something_else(monkeypatch):
    def wide(classifier, maps, side):
        layers = [layer for layer in classifier if isinstance(layer, nn.Linear)]
        return nn.Sequential(*(nn.Conv2d(maps, layer.out_features, side) for layer in layers))

    monkeypatch.setattr(dense, "as_convolutions", wide)
    assert verify("conv_1x1.c1").verdict == "wrong"
    assert verify("fcn_topology.c1").verdict == "wrong"
    assert verify("fcn_topology.c2").verdict == "wrong"


def test_without_pooling_over_the_map_no_network_would_take_any_size(monkeypatch):
    monkeypatch.setattr(nn, "AdaptiveAvgPool2d", lambda size: nn.Identity())
    assert verify("conv_1x1.c1").verdict == "correct"


def test_a_block_that_never_narrows_would_be_wrong(renamed):
    renamed(resnet50="resnext50_32x4d")  # 256 to 128: narrows, too
    assert verify("conv_1x1.c2").verdict == "correct"


def test_a_wide_block_would_not_narrow(changed):
    def widen(net):
        net.get_submodule("blocks.conv2_2").conv1 = nn.Conv2d(256, 512, 1)

    changed("resnet50", widen)
    assert verify("conv_1x1.c2").verdict == "wrong"


def test_a_stack_of_large_kernels_would_not_save(changed):
    def enlarge(net):
        for name in ("conv1_1", "conv1_2", "conv1_3"):
            if hasattr(net.features, name) and net.features.conv1_1.kernel_size == (3, 3):
                setattr(net.features, name, nn.Conv2d(1, 1, 5, padding=2))

    changed("kernel_stacks", enlarge)
    assert verify("small_kernels.c1").verdict == "wrong"


def test_groups_that_do_nothing_would_be_wrong(monkeypatch):
    make = unit.conv_norm
    monkeypatch.setattr(unit, "conv_norm", lambda *args, groups, **kw: make(*args, **kw))
    finding = verify("grouped_conv.c1")
    assert finding.verdict == "wrong"
    assert not finding.facts


class Inverse(transposed.TransposedConv2d):
    """Give back what was convolved, or something of another size."""

    size = 0

    def forward(self, x):
        if self.size:
            return nn.functional.interpolate(super().forward(x), size=self.size)
        return torch.randn(1, 1, 9, 9, generator=torch.Generator().manual_seed(0))


def test_an_inverse_and_another_size_would_be_wrong(monkeypatch):
    monkeypatch.setattr(transposed, "TransposedConv2d", Inverse)
    assert verify("deconvolution.c2").verdict == "wrong"
    monkeypatch.setattr(Inverse, "size", 7)
    assert verify("deconvolution.c2").verdict == "wrong"


def test_a_flat_stamp_would_not_interpolate(monkeypatch):
    monkeypatch.setattr(transposed, "bilinear_kernel", lambda stride: torch.ones(4, 4) / 4)
    finding = verify("deconvolution.c3")
    assert finding.verdict == "wrong"
    assert "With fixed weights it enlarges by linear interpolation" not in finding.facts


def test_fields_that_do_not_grow_would_be_wrong(changed):
    def flatten(net):
        for layer in net.modules():
            if isinstance(layer, nn.Conv2d) and layer.in_channels == 512:
                layer.kernel_size, layer.padding = (1, 1), (0, 0)
                layer.weight = nn.Parameter(layer.weight[..., :1, :1])

    changed("vgg16", flatten)
    assert verify("multi_scale.c1").verdict == "wrong"


def test_other_zeros_would_be_another_convolution(monkeypatch):
    monkeypatch.setattr(
        atrous, "stuffed_kernel", lambda weight, rate: nn.functional.pad(weight, (rate - 1,) * 4)
    )
    finding = verify("atrous_conv.c1")
    assert finding.verdict == "wrong"


def test_unpooling_to_other_places_or_with_weights_would_be_wrong(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(unpool, "unpool", lambda x, places, shape: x.repeat(1, 1, 2, 2))
        assert verify("max_unpooling.c1").verdict == "wrong"

    class Learned(unpool.MaxUnpool2d):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(1))

    monkeypatch.setattr(unpool, "MaxUnpool2d", Learned)
    assert verify("max_unpooling.c1").verdict == "wrong"


def test_a_large_dense_layer_behind_nin_would_be_wrong(changed):
    def end(net):
        net.global_pool = nn.Linear(20_000, 10_000)

    changed("nin_cifar", end)
    finding = verify("global_average_pooling.c1")
    assert finding.verdict == "wrong"
    assert "it has no parameter" not in finding.facts
