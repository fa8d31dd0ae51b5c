import numpy as np
import pytest
import torch

from cnnhistory.kernels import words
from cnnhistory.kernels.words import pack_last_axis, pack_weight, plan


def test_bits_by_hand():
    is_set = np.zeros((2, 70), np.bool_)
    is_set[0, [0, 2, 65]] = True
    assert pack_last_axis(is_set).tolist() == [[5, 2], [0, 0]]


def test_weights_are_32_times_smaller_to_the_byte():
    """Where channels come in multiples of 64 and 16, else nearly so."""
    for shape in ((256, 256, 3, 3), (16, 64, 5, 5), (1024, 8192)):
        weight = torch.randn(shape)
        assert pack_weight(weight).nbytes * 32 == weight.numel() * 4
    odd = pack_weight(torch.randn(10, 3, 3, 3))
    assert odd.nbytes == 16 * 9 * 8


def test_a_block_has_its_channels_side_by_side():
    weight = -torch.ones(18, 65, 1, 2)
    weight[17, 64, 0, 1] = 1
    packed = pack_weight(weight)
    assert packed.words.shape == (2, 1 * 2 * 2, 16)
    assert [int(i) for i in packed.words.nonzero()[0]] == [1]
    # block 1, last word of the second tap, channel 17 - 16: the first odd one, after eight even
    assert packed.words[1, 3, 8] == 1
    assert packed.ones.sum() == packed.ones[17, 0, 1] == 1


def test_flattened_maps_come_pixel_by_pixel():
    weight = -torch.ones(1, 3 * 4)  # three maps of 2x2
    weight[0, 2 * 4 + 1] = 1  # map 2, pixel 1
    assert pack_weight(weight, 3).words[0, :, 0].tolist() == [0, 0b100, 0, 0]
    assert pack_weight(weight).words[0, :, 0].tolist() == [1 << 9]


def test_other_shapes_are_refused():
    with pytest.raises(ValueError, match="expected 2 or 4 axes, got 3"):
        pack_weight(torch.ones(1, 2, 3))
    with pytest.raises(ValueError, match="expected a divisor of 12, got 5"):
        pack_weight(torch.ones(1, 12), 5)


def test_a_plan_by_hand():
    layout = plan((3, 2), 2, (3, 3), (2, 1), (1, 1), 3)
    assert (layout.height, layout.width, layout.shape) == (2, 2, (5, 4, 2))
    # windows start at rows 0, 2 and columns 0, 1 of the padded image, 8 words a row
    assert layout.windows.tolist() == [0, 2, 16, 18, 18, 18]
    assert layout.offsets[:9].tolist() == [0, 1, 2, 3, 4, 5, 8, 9, 10]
    assert len(layout.offsets) == 3 * 3 * 2
    assert layout.pixels.tolist() == [0, 1, 2, 3, 3, 3]
    assert layout.inside == ((1, 3, 1, 3), (1, 3, 0, 2), (0, 2, 1, 3), (0, 2, 0, 2))
    assert layout.kinds.tolist() == [0, 1, 2, 3, 3, 3]
    assert layout.tiles == 2


def test_pixels_of_one_kind_share_a_row():
    layout = plan((20, 30), 1, (3, 3), (1, 1), (1, 1), 7)
    assert len(layout.inside) == 9
    assert len(plan((20, 30), 1, (3, 3), (1, 1), (0, 0), 7).inside) == 1


def test_the_sums_of_a_border_are_corrected():
    weight = torch.ones(1, 5, 3, 3)
    packed = pack_weight(weight)
    sums = packed.prepare(plan((4, 4), 1, (3, 3), (1, 1), (1, 1), 7)).sums
    # a corner has 4 taps inside, 20 products, and 25 ones outside which differ from zero bits
    assert sums[0, 0] == 20 + 2 * 25
    assert sums[4, 0] == 45
    assert packed.prepare(plan((4, 4), 1, (3, 3), (1, 1), (1, 1), 7)).sums is sums


def test_a_kernel_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="at least 3x3 for kernels of 5x5 and padding"):
        plan((2, 9), 1, (5, 5), (1, 1), (1, 1), 7)


def test_the_tile_is_that_of_the_kernels():
    compiled = pytest.importorskip("cnnhistory.kernels.compiled")
    assert compiled.CHANNELS == words.CHANNELS
