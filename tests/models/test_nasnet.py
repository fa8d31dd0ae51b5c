import copy
import functools
import math

import pytest
import torch
from peer_helpers import settle
from torch import nn
from torch.nn import functional as F

from cnnhistory import create_model, registry
from cnnhistory.accounting import count_multiply_adds, count_parameters, summarize
from cnnhistory.models.nasnet import NORMAL, REDUCTION
from cnnhistory.nn.cell import OPERATIONS, Cell, DropPath, operation
from cnnhistory.nn.same import SamePool2d, pad_same

on_meta = functools.cache(registry.on_meta)


@pytest.mark.parametrize(
    ("name", "side", "parameters", "multiply_adds"),
    [
        ("nasnet_a_large", 331, 88_753_150, 23_783_414_658),
        ("nasnet_a_mobile", 224, 5_289_978, 563_638_816),
        ("nasnet_a_cifar", 32, 3_328_234, 525_786_624),
    ],
)
def test_counts(name, side, parameters, multiply_adds):
    net = on_meta(name)
    assert count_parameters(net) == parameters
    assert count_multiply_adds(net, (3, side, side)) == multiply_adds


@pytest.mark.parametrize(
    ("name", "side", "last"), [("nasnet_a_large", 331, 4032), ("nasnet_a_mobile", 224, 1056),
                               ("nasnet_a_cifar", 32, 768)]
)  # fmt: skip
def test_the_name_gives_the_last_maps(name, side, last):
    net = on_meta(name)
    assert net.fc.in_features == last
    rows = summarize(net, (3, side, side)).view(depth=2)
    shapes = [row.output_shape for row in rows if row.name.startswith("cells.normal")]
    cells = 4 if name == "nasnet_a_mobile" else 6
    first = shapes[0][1]
    sides = [first, -(-first // 2), -(-first // 4)]
    assert shapes == [(last // 4 * 2**n, s, s) for n, s in enumerate(sides) for _ in range(cells)]


def test_states_are_read_before_they_are_made():
    for genotype in (NORMAL, REDUCTION):
        assert len(genotype.pairs) == 5
        for n, pair in enumerate(genotype.pairs):
            for name, state in pair:
                assert name in OPERATIONS
                assert state < n + 2


def test_the_normal_cell_written_out():
    torch.manual_seed(0)
    cell = Cell(NORMAL, 6, 5, 4).double().eval()
    # as the outputs of cells are
    x, before = torch.rand(2, 5, 7, 7).double(), torch.rand(2, 6, 7, 7).double()
    h0, h1 = cell.previous(before), cell.current(x)
    ops = cell.operations
    r0, r1 = h0.relu(), h1.relu()

    def average(h):
        return F.avg_pool2d(h, 3, 1, padding=1, count_include_pad=False)

    expected = [
        h0,
        ops[0](r1) + ops[1](r0),
        ops[2](r0) + ops[3](r0),
        average(h1) + h0,
        2 * average(h0),
        ops[8](r1) + h1,
    ]
    torch.testing.assert_close(cell(x, before), torch.cat(expected, 1).relu())


def test_a_state_is_rectified_once_for_all_that_read_it():
    torch.manual_seed(0)
    cell = Cell(NORMAL, 6, 5, 4).train()
    kept = []

    def note(tensor):
        kept.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        cell(torch.rand(2, 5, 7, 7), torch.rand(2, 6, 7, 7)).sum()
    maps = [tensor for tensor in kept if tensor.shape == (2, 4, 7, 7)]
    # The two states and what five separable operations make: five sums of maps that are not kept,
    # and for each operation the outputs of two depthwise and two pointwise layers and a ReLU.
    # Beside them the inputs of the two normalizations that fit the inputs, and r0 and r1.
    assert len({tensor.untyped_storage().data_ptr() for tensor in maps}) == 2 + 5 * 5 + 2 + 2


@pytest.mark.parametrize("side", [4, 5, 7, 8])
@pytest.mark.parametrize("kernel", [3, 5, 7])
def test_windows_cover_the_image(side, kernel):
    x = torch.rand(1, 2, side, side + 3)
    padded = pad_same(x, kernel, 2)
    assert F.max_pool2d(padded, kernel, 2).shape[2:] == (-(-side // 2), -(-(side + 3) // 2))
    top = (padded.shape[2] - side) // 2
    torch.testing.assert_close(padded[..., top : top + side, :].sum(), x.sum())


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("kernel", [1, 3, 5])
def test_pooling_covers_every_place_of_any_size(kernel, stride):
    for side in range(kernel, 12):
        x = torch.randn(2, 3, side, side + 1, dtype=torch.double)
        highest = F.max_pool2d(pad_same(x, kernel, stride, -math.inf), kernel, stride)
        assert torch.equal(SamePool2d("max", kernel, stride)(x), highest)
        total, inside = (
            F.avg_pool2d(pad_same(t, kernel, stride), kernel, stride)
            for t in (x, torch.ones_like(x))
        )
        torch.testing.assert_close(SamePool2d("avg", kernel, stride)(x), total / inside)
    with pytest.raises(ValueError, match="kernel: expected an odd number where the stride is 1"):
        SamePool2d("avg", 2, 1)


def test_what_is_beyond_the_edge_does_not_count():
    ones = -torch.ones(1, 1, 4, 5)
    for kind in ("max", "avg"):
        for stride in (1, 2):
            torch.testing.assert_close(
                SamePool2d(kind, 3, stride)(ones),
                -torch.ones(1, 1, -(-4 // stride), -(-5 // stride)),
            )


def test_operations_by_name():
    for name in OPERATIONS:
        for stride in (1, 2):
            out = operation(name, 4, 4, stride)(torch.rand(2, 4, 6, 6))
            assert out.shape == (2, 4, 6 // stride, 6 // stride)
    with pytest.raises(ValueError, match="name: expected one of"):
        operation("sep9", 4, 4, 1)


def test_dropped_paths():
    torch.manual_seed(0)
    layer, x = DropPath(0.25), torch.ones(4000, 1, 1, 1)
    out = layer.train()(x)
    assert sorted(set(out.flatten().tolist())) == [0.0, pytest.approx(4 / 3)]
    assert (out == 0).float().mean().item() == pytest.approx(0.25, abs=0.03)
    assert out.mean().item() == pytest.approx(1, abs=0.04)
    assert torch.equal(layer.eval()(x), x)


def test_the_schedule_raises_the_rates():
    net = on_meta("nasnet_a_large")
    net.schedule(0.5)
    rates = [cell.drop_path.rate for cell in net.cells.values()]
    assert rates == sorted(rates)
    assert rates[-1] == pytest.approx(0.15)
    assert rates[0] == pytest.approx(0.15 / len(rates))
    net.schedule(0)
    assert {cell.drop_path.rate for cell in net.cells.values()} == {0}
    with pytest.raises(ValueError, match="share: expected"):
        net.schedule(1.5)


def test_paths_are_dropped_in_training_only():
    torch.manual_seed(0)
    net = create_model("nasnet_a_cifar", cells=1, maps=4, drop_path=0.5)
    x = torch.rand(8, 3, 16, 16)
    settle(net, x)
    net.schedule(1)
    assert torch.equal(net(x), net(x))
    net.train()
    assert not torch.equal(net(x), net(x))


@pytest.mark.peer
def test_equals_timm_weight_for_weight():
    torch.manual_seed(0)
    peer = pytest.importorskip("timm").create_model("nasnetalarge").double()
    from timm.layers.pool2d_same import AvgPool2dSame

    # timm counts the zeros beyond the edge where a pooling has a stride; the release does not
    for name, module in list(peer.named_modules()):
        if isinstance(module, AvgPool2dSame):
            peer.set_submodule(name, SamePool2d("avg", 3, 2))
    x = torch.randn(2, 3, 68, 68, dtype=torch.double)
    settle(peer, x)
    state, ours = peer.state_dict(), copy.deepcopy(on_meta("nasnet_a_large"))
    keys = []
    for child, _ in peer.named_children():
        own = [key for key in state if key.startswith(f"{child}.")]
        # where it halves the older input, timm lists the newer one first
        newer = [key for key in own if key.startswith(f"{child}.conv_1x1.")]
        halving = any(".path_1." in key for key in own)
        older = [key for key in own if key not in newer]
        if halving:
            count = next(n for n, key in enumerate(older) if "comb_iter" in key)
            own = older[:count] + newer + older[count:]
        keys += own
    pairs = zip(ours.state_dict(), keys, strict=True)
    ours.load_state_dict({mine: state[key] for mine, key in pairs}, assign=True)
    with torch.no_grad():
        torch.testing.assert_close(ours.eval()(x), peer(x), atol=1e-5, rtol=1e-5)
    assert not any(isinstance(m, nn.Dropout) and m.training for m in ours.modules())
