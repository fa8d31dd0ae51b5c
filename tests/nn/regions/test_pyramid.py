import pytest
import torch

from cnnhistory.nn.regions.pyramid import SpatialPyramidPool2d


def test_hand_worked():
    x = torch.arange(9.0).view(1, 1, 3, 3)
    # one cell; four cells of 2x2 that share the middle row and column
    assert SpatialPyramidPool2d((1, 2))(x).tolist() == [[8, 4, 5, 7, 8]]


@pytest.mark.parametrize("size", [(13, 13), (6, 9), (1, 4), (40, 3)])
def test_as_many_numbers_for_any_size(size):
    layer = SpatialPyramidPool2d()
    assert layer.cells == 50  # he2014spatial, Section 3.1.1
    y = layer(torch.randn(2, 3, *size))
    assert y.shape == (2, 150)
    assert "6, 3, 2, 1" in repr(layer)


def test_where_cells_do_not_overlap_it_is_max_pooling():
    x = torch.randn(2, 5, 12, 12)
    y = SpatialPyramidPool2d((3,))(x)
    assert torch.equal(y.view(2, 5, 3, 3), torch.nn.functional.max_pool2d(x, 4))


@pytest.mark.parametrize("levels", [(), (0,), (2, -1), (1.5,)])
def test_bad_levels_are_refused(levels):
    with pytest.raises(ValueError, match=r"^levels: expected"):
        SpatialPyramidPool2d(levels)


@pytest.mark.parametrize("shape", [(3, 4, 4), (1, 3, 0, 4)])
def test_what_is_no_map_is_refused(shape):
    with pytest.raises(ValueError, match=r"^input: expected maps"):
        SpatialPyramidPool2d()(torch.zeros(shape))
