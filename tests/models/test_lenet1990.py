import pytest
import torch
from torch.nn import functional as F

from cnnhistory import create_model, system
from cnnhistory.accounting import summarize
from cnnhistory.models.lenet1990 import H3_READS

LAYERS = ("h1", "h2", "h3", "h4", "output")


def test_every_layer_has_the_papers_size():
    table = summarize(create_model("lenet1990"), (1, 28, 28))
    # 4 (25 + 1); 4 * 2; 20 * 25 + 12; 12 * 2; 10 (192 + 1)
    assert [table[name].parameters for name in LAYERS] == [104, 8, 512, 24, 1_930]
    assert (table.total.parameters, table.total.connections) == (2_578, 98_442)
    assert 28 * 28 + sum(table[name].activations for name in LAYERS) == 4_634
    claims = {c.quantity: c.value for c in system("lenet1990").figures if c.checked}
    assert claims == {"parameters": 2_578, "connections": 98_442}


def test_shapes():
    table = summarize(create_model("lenet1990"), (1, 28, 28))
    assert [table[name].output_shape for name in LAYERS] == [
        (4, 24, 24), (4, 12, 12), (12, 8, 8), (12, 4, 4), (10,),
    ]  # fmt: skip


def test_connection_table():
    links = create_model("lenet1990").h3.links
    assert links.sum() == 20
    # Two groups of maps, which read two maps of H2 each in the same pattern.
    assert torch.equal(links[:6, :2], links[6:, 2:])
    assert not links[:6, 2:].any()
    assert not links[6:, :2].any()
    assert [len(reads) for reads in H3_READS] == 2 * [1, 2, 2, 1, 2, 2]


def test_forward_written_out():
    """The whole network again, in plain functions, on its own weights."""
    torch.manual_seed(0)
    net = create_model("lenet1990").double()
    x = torch.rand(3, 1, 28, 28, dtype=torch.double) * 2 - 1

    def squash(a):
        return 1.7159 * torch.tanh(2 * a / 3)

    def subsample(maps, layer):
        blocks = maps.unfold(2, 2, 2).unfold(3, 2, 2).sum((4, 5))
        return squash(blocks * layer.weight[:, None, None] + layer.bias[:, None, None])

    h = subsample(squash(F.conv2d(x, net.h1.weight, net.h1.bias)), net.h2)
    kernels = iter(net.h3.weight)
    maps = [
        bias + sum(F.conv2d(h[:, [source]], next(kernels)[None, None]) for source in reads)
        for reads, bias in zip(H3_READS, net.h3.bias, strict=True)
    ]
    h = subsample(squash(torch.cat(maps, 1)), net.h4)
    expected = squash(F.linear(h.flatten(1), net.output.weight, net.output.bias))
    torch.testing.assert_close(net(x), expected)


def test_trains_towards_plus_and_minus_one():
    net = create_model("lenet1990")
    assert net.criterion(2 * torch.eye(10) - 1, torch.arange(10)) == 0
    assert net(torch.rand(4, 1, 28, 28)).abs().max() < 1.7159


@pytest.mark.parametrize("shape", [(1, 1, 32, 32), (1, 3, 28, 28), (1, 28, 28)])
def test_wrong_images_are_refused(shape):
    with pytest.raises(ValueError, match=r"x: expected a batch .* \(N, 1, 28, 28\), got"):
        create_model("lenet1990")(torch.zeros(shape))
