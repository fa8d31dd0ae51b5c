import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cnnhistory.graphics.octree.keys import cells_of, morton


def test_a_key_has_the_bits_of_x_y_and_z_in_turn():
    # x = 0b10, y = 0b01, z = 0b11: first the high bits 1 0 1, then the low ones 0 1 1
    assert morton(torch.tensor([2, 1, 3]), 2).item() == 0b101_011
    assert morton(torch.tensor([[0, 0, 1], [0, 1, 0], [1, 0, 0]]), 1).tolist() == [1, 2, 4]


@given(st.integers(0, 10), st.data())
def test_cells_come_back(depth, data):
    side = st.integers(0, 2**depth - 1)
    cells = torch.tensor(data.draw(st.lists(st.tuples(side, side, side), min_size=1, max_size=9)))
    keys = morton(cells, depth)
    assert torch.equal(cells_of(keys, depth), cells)
    assert torch.equal(cells_of(keys + (5 << 3 * depth), depth), cells)  # a shape is not seen
    assert int(keys.max()) < 8**depth
    if depth:
        assert torch.equal(morton(cells // 2, depth - 1), keys >> 3)


def test_all_keys_of_a_depth_are_different():
    axis = torch.arange(8)
    keys = morton(torch.cartesian_prod(axis, axis, axis), 3)
    assert keys.sort().values.tolist() == list(range(512))


@pytest.mark.parametrize("depth", [-1, 11, 2.0, True])
@pytest.mark.parametrize("function", [morton, cells_of])
def test_a_wrong_depth_is_refused(function, depth):
    with pytest.raises(ValueError, match="depth: expected an integer from 0 to 10, got"):
        function(torch.zeros(3, dtype=torch.long), depth)
