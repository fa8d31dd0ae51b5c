import copy
import functools

import pytest
import torch
from peer_helpers import assert_equals_peer
from torch import nn

from cnnhistory import create_model, registry
from cnnhistory.accounting import count_multiply_adds, count_parameters, summarize
from cnnhistory.models.densenet import STAGES
from cnnhistory.nn.dense_block import DenseBlock, DenseLayer

on_meta = functools.cache(registry.on_meta)


@pytest.mark.parametrize(
    ("name", "settings", "parameters"),
    [
        ("densenet121", {}, 7_978_856),
        ("densenet169", {}, 14_149_480),
        ("densenet201", {}, 20_013_928),
        ("densenet264", {}, 33_337_704),
        ("densenet161", {}, 28_681_000),
        ("densenet40_12", {}, 1_019_722),
        ("densenet40_12", {"depth": 100}, 6_979_642),
        ("densenet40_12", {"depth": 100, "growth": 24}, 27_249_082),
        ("densenet_bc_100_12", {}, 769_162),
        ("densenet_bc_100_12", {"depth": 250, "growth": 24}, 15_324_406),
        ("densenet_bc_190_40", {}, 25_624_430),
    ],
)
def test_parameters(name, settings, parameters):
    assert count_parameters(on_meta(name, **settings)) == parameters


def test_multiply_adds():
    assert count_multiply_adds(on_meta("densenet169"), (3, 224, 224)) == 3_359_843_328


@pytest.mark.parametrize("depth", STAGES)
def test_the_number_in_the_name_counts_layers_with_weights(depth):
    net = on_meta(f"densenet{depth}")
    # 130 layers of two convolutions, four others and the linear one are 265; the paper says 264
    layers = 265 if depth == 264 else depth
    assert sum(isinstance(m, nn.Conv2d | nn.Linear) for m in net.modules()) == layers


def test_stages_of_table_1():
    rows = {r.name: r for r in summarize(on_meta("densenet121"), (3, 224, 224)).view(depth=2)}
    shapes = [row.output_shape for name, row in rows.items() if name.startswith("stages.")]
    assert shapes == [
        (256, 56, 56), (128, 28, 28), (512, 28, 28), (256, 14, 14), (1024, 14, 14), (512, 7, 7),
        (1024, 7, 7),
    ]  # fmt: skip


def test_every_layer_reads_all_before_it():
    torch.manual_seed(0)
    block = DenseBlock(5, 3, 2).double().eval()
    x = torch.randn(2, 5, 4, 4, dtype=torch.double)
    x1 = block.layers[0](x)
    x2 = block.layers[1](torch.cat([x, x1], 1))
    x3 = block.layers[2](torch.cat([x, x1, x2], 1))
    torch.testing.assert_close(block(x), torch.cat([x, x1, x2, x3], 1))
    # L (L + 1) / 2 links between L layers, the input's among them
    assert sum(layer.layers.conv1.in_channels for layer in block.layers) == 3 * 5 + 3 * 2


def test_a_layer_without_bottleneck_has_one_convolution():
    layers = [m for m in DenseLayer(5, 2, bottleneck=False).modules() if isinstance(m, nn.Conv2d)]
    assert [(m.in_channels, m.out_channels, m.kernel_size) for m in layers] == [(5, 2, (3, 3))]


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_less_memory_the_same_gradients(dropout):
    torch.manual_seed(0)
    plain = create_model("densenet_bc_100_12", depth=22, growth=4, dropout=dropout).double()
    saving = create_model(
        "densenet_bc_100_12", depth=22, growth=4, dropout=dropout, save_memory=True
    ).double()
    saving.load_state_dict(plain.state_dict())
    x = torch.randn(3, 3, 16, 16, dtype=torch.double)
    results = []
    for net in (plain, saving):
        torch.manual_seed(1)
        loss = net.train()(x).square().sum()
        loss.backward()
        results.append((loss.detach(), [p.grad for p in net.parameters()]))
    torch.testing.assert_close(results[0], results[1])
    # the second computation of a batch does not count it again
    torch.testing.assert_close(plain.state_dict(), saving.state_dict())
    torch.testing.assert_close(plain.eval()(x), saving.eval()(x))


def test_memory_kept_for_the_backward_pass():
    torch.manual_seed(0)
    kept = {}
    for save in (False, True):
        net = create_model("densenet_bc_100_12", depth=40, growth=4, save_memory=save).train()
        sizes = {}

        def pack(tensor, sizes=sizes):
            sizes[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            out = net(torch.randn(4, 3, 32, 32))
        kept[save] = sum(sizes.values())
        del out
    assert kept[True] < kept[False] / 2


@pytest.mark.peer
@pytest.mark.parametrize("name", ["densenet121", "densenet161"])
@pytest.mark.parametrize("library", ["torchvision", "timm"])
def test_equals_the_peer_weight_for_weight(library, name):
    if library == "torchvision":
        peer = pytest.importorskip("torchvision").models.get_model(name)
    else:
        peer = pytest.importorskip("timm").create_model(name)
    ours = copy.deepcopy(on_meta(name))
    x = torch.randn(4, 3, 64, 64, dtype=torch.double, generator=torch.Generator().manual_seed(1))
    assert_equals_peer(ours, peer, x)
