import math

import pytest
import torch
from torchvision.ops import roi_pool

from cnnhistory.nn.regions.roi import RoIPool2d


def test_hand_worked():
    maps = torch.arange(16.0).view(1, 1, 4, 4)
    # places 0 to 2 both ways: cells of two rows and columns that share the one in the middle
    box = torch.tensor([[0.0, 0, 0, 2, 2]])
    assert RoIPool2d(2, 1.0)(maps, box).tolist() == [[[[5, 6], [9, 10]]]]
    # a single place fills every cell
    assert RoIPool2d(2, 1.0)(maps, torch.tensor([[0.0, 3, 1, 3, 1]])).unique().tolist() == [7]


def test_boxes_of_whole_numbers():
    maps, box = torch.randn(1, 2, 8, 8), torch.tensor([[0, 2, 1, 6, 7]])
    assert torch.equal(RoIPool2d(2, 1.0)(maps, box), RoIPool2d(2, 1.0)(maps, box.float()))


def boxes_on(side, count, batch):
    generator = torch.Generator().manual_seed(count)
    corners = torch.rand(count, 2, 2, generator=generator).sort(1)[0] * (side - 1)
    image = torch.randint(batch, (count, 1), generator=generator)
    return torch.cat([image, corners.flatten(1)], 1)


@pytest.mark.parametrize(("size", "scale"), [(7, 1 / 16), (3, 1 / 4), (2, 1.0)])
def test_it_is_torchvisions_with_its_gradient(size, scale):
    torch.manual_seed(0)
    side = int(20 / scale)
    maps = torch.randn(3, 4, 20, 20, dtype=torch.double, requires_grad=True)
    boxes = boxes_on(side, 40, 3).double()
    ours = RoIPool2d(size, scale)(maps, boxes)
    theirs = roi_pool(maps, boxes, size, scale)
    torch.testing.assert_close(ours, theirs, rtol=0, atol=0)
    weight = torch.randn_like(ours)
    grads = [torch.autograd.grad((y * weight).sum(), maps)[0] for y in (ours, theirs)]
    torch.testing.assert_close(*grads)


def test_boxes_over_the_edge_are_torchvisions():
    maps = torch.randn(1, 2, 8, 8)
    boxes = torch.tensor([[0.0, 4, 4, 15, 15], [0.0, 0, 0, 30, 3], [0.0, 7, 7, 40, 40]])
    ours = RoIPool2d(3, 1.0)(maps, boxes)
    assert torch.equal(ours, roi_pool(maps, boxes, 3, 1.0))
    assert not ours[2, :, 1:].any()  # cells without any place


def test_no_box_is_no_result():
    assert RoIPool2d(7)(torch.zeros(1, 3, 5, 5), torch.zeros(0, 5)).shape == (0, 3, 7, 7)
    assert "size=7" in repr(RoIPool2d())


@pytest.mark.parametrize(
    ("box", "message"),
    [
        ((1, 0, 0, 4, 4), "an image from 0 to 0"),
        ((0.5, 0, 0, 4, 4), "an image from 0 to 0"),
        ((0, 5, 0, 4, 4), "x1 <= x2"),
        ((0, 0, 5, 4, 4), "x1 <= x2 and y1 <= y2"),
        ((0, 0, math.nan, 4, 4), "x1 <= x2 and y1 <= y2"),
        ((0, 0, 0, math.nan, 4), "x1 <= x2 and y1 <= y2"),
        ((0, 0, 0, math.inf, 4), "finite"),
        ((0, 90, 0, 99, 4), "boxes on maps of 8x8"),
        ((0, -3, 0, 4, 4), "boxes on maps of 8x8"),
    ],
)
def test_bad_boxes_are_refused(box, message):
    with pytest.raises(ValueError, match=f"^boxes: expected .*{message}"):
        RoIPool2d(2, 1.0)(torch.zeros(1, 1, 8, 8), torch.tensor([box], dtype=torch.float))


def test_bad_settings_and_shapes_are_refused():
    with pytest.raises(ValueError, match=r"^size: expected"):
        RoIPool2d(0)
    with pytest.raises(ValueError, match=r"^scale: expected"):
        RoIPool2d(2, math.nan)
    with pytest.raises(ValueError, match=r"^maps: expected"):
        RoIPool2d(2)(torch.zeros(3, 8, 8), torch.zeros(1, 5))
    with pytest.raises(ValueError, match=r"^boxes: expected"):
        RoIPool2d(2)(torch.zeros(1, 3, 8, 8), torch.zeros(1, 4))
