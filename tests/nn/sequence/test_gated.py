import math

import pytest
import torch

from cnnhistory.nn.sequence.gated import HALF, ConvBlock, DecoderBlock, Row
from cnnhistory.nn.sequence.states import Encoded


def set_weights(layer, weight, bias):
    with torch.no_grad():
        layer.direction.copy_(torch.tensor(weight))
        layer.length.copy_(layer.direction.norm(dim=1))
        layer.bias.copy_(torch.tensor(bias))


def by_hand(before):
    """One map, kernel 3: a is the sum of the window, and the gate is always half open."""
    block = ConvBlock(1, Row(1, 3), 0.0) if before == 1 else DecoderBlock(1, Row(1, 3), 1, 0.0)
    with torch.no_grad():
        block.conv.direction.copy_(torch.tensor([[1.0, 1, 1], [1, 1, 1]]))
        block.conv.length.copy_(torch.tensor([3**0.5, 0]))
    return block


def test_an_encoder_block_by_hand():
    x = torch.tensor([[[1.0], [2], [3]]])
    mask = torch.ones(1, 3, 1, dtype=torch.bool)
    # windows 0 1 2, 1 2 3, 2 3 0: sums 3, 6, 5, halved by the gate, plus the input
    wanted = torch.tensor([2.5, 5, 5.5]) * math.sqrt(0.5)
    torch.testing.assert_close(by_hand(1)(x, mask)[0, :, 0], wanted)
    # what lies behind the end of a source counts as 0
    mask[0, 2] = False
    torch.testing.assert_close(by_hand(1)(x, mask)[0, :2, 0], torch.tensor([2.5, 3.5]) * HALF)


def test_a_decoder_block_by_hand():
    block = by_hand(2)
    set_weights(block.query, [[1.0]], [0.0])
    set_weights(block.context, [[2.0]], [0.0])
    x = torch.tensor([[[1.0], [2]]])
    embedded = torch.tensor([[[0.5], [-3.0]]])
    keys, values = torch.tensor([[[1.0], [-1], [9]]]), torch.tensor([[[4.0], [2], [7]]])
    encoded = Encoded(keys, values, torch.tensor([[True, True, False]]))
    found, weights = block(x, embedded, encoded)
    # windows 0 0 1 and 0 1 2; units 0.5 and 1.5; queries (0.5 + 0.5) sqrt(.5), (1.5 - 3) sqrt(.5)
    for i, (unit, query) in enumerate([(0.5, HALF), (1.5, -1.5 * HALF)]):
        first = 1 / (1 + math.exp(-2 * query))  # of the softmax of query and -query
        torch.testing.assert_close(weights[0, i], torch.tensor([first, 1 - first, 0]))
        context = (4 * first + 2 * (1 - first)) * math.sqrt(2)  # two tokens of the source
        wanted = ((2 * context + unit) * HALF + x[0, i, 0].item()) * HALF
        assert found[0, i, 0].item() == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize("kernel", [1, 2, 3, 5])
def test_steps_equal_the_whole(kernel):
    torch.manual_seed(0)
    block = DecoderBlock(6, Row(4, kernel), 5, 0.3).eval().double()
    x, embedded = torch.randn(2, 7, 6).double(), torch.randn(2, 7, 5).double()
    encoded = Encoded(
        torch.randn(2, 3, 5).double(), torch.randn(2, 3, 5).double(), torch.ones(2, 3) > 0
    )
    whole, _ = block(x, embedded, encoded)
    past = x.new_zeros(2, 1, kernel - 1, 6)
    for t in range(7):
        found, past = block.step(x[:, t : t + 1], embedded[:, t : t + 1], encoded, past)
        torch.testing.assert_close(found, whole[:, t : t + 1], atol=1e-12, rtol=0)
        assert past.shape == (2, 1, kernel - 1, 6)
