import pytest
import torch
from torch import nn

from cnnhistory import create_model
from cnnhistory.accounting.memory import kept_bytes, peak_bytes
from cnnhistory.nn.dense_block import DenseBlock

KILO = 4000  # bytes of 1,000 numbers


@pytest.mark.parametrize(
    ("compute", "most"),
    [
        (lambda x: x + 1, 1),
        (lambda x: (x + 1) + 1, 2),  # the first sum is there until the second is made
        (lambda x: ((x + 1) + 1) + 1, 2),  # not the first and the third
        (lambda x: (x + 1).add_(1).mul_(2), 1),
        (lambda x: x.view(10, 100).t()[:5], 0),  # the same numbers in another shape
        (lambda x: [x + n for n in range(5)], 5),
        (lambda x: (x + 1).split(100), 1),  # ten parts of one storage
        (lambda x: x.mul_(2), 0),
    ],
)
def test_peak_by_hand(compute, most):
    x = torch.zeros(1000)
    assert peak_bytes(lambda: compute(x)) == most * KILO


def test_gradients_and_what_is_kept_for_them_count():
    x = torch.ones(1000, requires_grad=True)
    # exp keeps its result until the gradient of x is made of it and of the ones that come back
    assert peak_bytes(lambda: x.exp().backward(torch.ones(1000))) == 3 * KILO
    assert x.grad is not None


def test_the_state_of_the_watch_ends_with_it():
    x = torch.zeros(1000)
    with pytest.raises(ZeroDivisionError):
        peak_bytes(lambda: 1 / 0)
    assert peak_bytes(lambda: x + 1) == KILO


def test_kept_by_hand():
    x = torch.ones(1000, requires_grad=True)
    layer = nn.Linear(1000, 10, bias=False)
    assert kept_bytes(lambda: x * 2) == 0
    assert kept_bytes(lambda: x.exp()) == KILO
    assert kept_bytes(lambda: x.exp().relu_().exp()) == 2 * KILO  # one storage is kept once
    assert kept_bytes(lambda: layer(x)) == 11 * KILO
    assert kept_bytes(lambda: layer(x), without=layer.parameters()) == KILO


@pytest.mark.parametrize("layers", [3, 6])
def test_what_a_dense_block_keeps(layers):
    inputs, growth, places = 5, 2, 2 * 8 * 8
    x = torch.randn(2, inputs, 8, 8, requires_grad=True)
    naive, saving = (
        DenseBlock(inputs, layers, growth, save_memory=save).train() for save in (False, True)
    )
    read = [inputs + growth * n for n in range(layers)]
    # of each layer: what it reads, that normalized, and the same of the bottleneck's maps
    maps = sum(2 * count + 2 * 4 * growth for count in read)
    scales = sum(2 * count + 2 * 4 * growth for count in read)  # means and deviations
    there = (*naive.parameters(), *naive.buffers())
    found = kept_bytes(lambda: naive(x), without=there)
    assert found == 4 * (maps * places + scales)
    # each source once, but for the last layer's maps, which no layer reads
    assert kept_bytes(lambda: saving(x), without=saving.parameters()) == 4 * places * read[-1]


def test_saving_memory_lowers_the_peak():
    x = torch.randn(4, 3, 32, 32)
    peaks = {}
    for save in (False, True):
        torch.manual_seed(0)
        net = create_model("densenet_bc_100_12", depth=40, save_memory=save).train()
        peaks[save] = peak_bytes(lambda net=net: net(x).square().sum().backward())
    assert peaks[True] < peaks[False] / 3
