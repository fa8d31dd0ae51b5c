import pytest
import torch
from torch import nn

from cnnhistory import create_model
from cnnhistory.accounting import summarize
from cnnhistory.visualize.deconvnet import chain
from cnnhistory.visualize.strongest import Box, cut, field_box, pair, strongest, top_patches


def spot(row, column, value):
    image = torch.zeros(1, 6, 6)
    image[0, row, column] = value
    return image


def identity():
    network = nn.Sequential(nn.Conv2d(1, 2, 1, bias=False), nn.ReLU())
    with torch.no_grad():
        network[0].weight.copy_(torch.tensor([1.0, -1.0]).view(2, 1, 1, 1))
    return network


def test_strongest_by_hand():
    images = torch.stack([spot(1, 2, 5.0), spot(4, 3, 9.0), spot(0, 5, -7.0), spot(2, 2, 6.0)])
    found = strongest(identity(), images, "1", k=2, batch_size=3)
    assert found.values.tolist() == [[9, 6], [7, 0]]
    assert found.images[0].tolist() == [1, 3]
    assert found.rows[0].tolist() == [4, 2]
    assert found.columns[0].tolist() == [3, 2]
    assert (found.images[1, 0], found.rows[1, 0], found.columns[1, 0]) == (2, 0, 5)
    chosen = strongest(identity(), images, "1", torch.tensor([1]), k=1)
    assert chosen.values.tolist() == [[7]]


def test_one_place_an_image():
    image = torch.full((1, 6, 6), 3.0)
    found = strongest(identity(), torch.stack([image, image / 3]), "0", torch.tensor([0]), k=2)
    assert found.values.tolist() == [[3, 1]]
    assert found.images.tolist() == [[0, 1]]


NETWORK = nn.Sequential(
    nn.Conv2d(1, 2, 5, stride=2, padding=1),
    nn.ReLU(),
    nn.MaxPool2d(3, 2, padding=1),
    nn.Sequential(nn.Conv2d(2, 2, (3, 1), padding=(1, 0)), nn.Conv2d(2, 1, 3, dilation=2)),
).double()


@pytest.mark.parametrize("layer", [name for name, _ in chain(NETWORK)])
def test_the_box_is_what_the_gradient_reaches(layer):
    """Ones for weights and mean for maximum: the gradient is not zero exactly inside the box."""
    linear = nn.Sequential()
    for name, module in chain(NETWORK):
        if isinstance(module, nn.MaxPool2d):
            module = nn.AvgPool2d(module.kernel_size, module.stride, module.padding)
        elif isinstance(module, nn.Conv2d):
            module = nn.Conv2d(
                module.in_channels, module.out_channels, module.kernel_size, module.stride,
                module.padding, module.dilation, bias=False,
            ).double()  # fmt: skip
            nn.init.ones_(module.weight)
        linear.append(module)
        if name == layer:
            break
    x = torch.ones(1, 1, 41, 37, dtype=torch.double, requires_grad=True)
    output = linear(x)
    for row, column in ((0, 0), (3, 2), (output.shape[2] - 1, output.shape[3] - 1)):
        (gradient,) = torch.autograd.grad(output[0, 0, row, column], x, retain_graph=True)
        rows, columns = gradient[0, 0].nonzero().unbind(1)
        box = field_box(NETWORK, (1, 41, 37), layer, row, column)
        assert rows.min() == max(box.top, 0)
        assert columns.min() == max(box.left, 0)
        assert rows.max() == min(box.top + box.height, 41) - 1
        assert columns.max() == min(box.left + box.width, 37) - 1


def test_boxes_of_zfnet():
    features = create_model("zfnet", image_size=224, width=1 / 16).features
    shape = (3, 224, 224)
    table = summarize(features, shape)
    for layer, field, stride in (("conv1", 7, 2), ("conv2", 27, 8), ("conv5", 139, 16)):
        first, second = (field_box(features, shape, layer, 0, column) for column in (0, 1))
        assert (table[layer].receptive_field, table[layer].stride) == (field, stride)
        assert (first.height, first.width) == (field, field)
        assert second.left - first.left == stride
    assert field_box(features, shape, "conv5", 6, 6) == Box(-1 - 48 + 96, -1 - 48 + 96, 139, 139)


def test_a_patch_is_cut_and_padded():
    image = torch.arange(12.0).view(1, 3, 4)
    assert cut(image, Box(1, 1, 2, 2)).tolist() == [[[5, 6], [9, 10]]]
    assert cut(image, Box(-1, 3, 2, 3), fill=-1).tolist() == [[[-1, -1, -1], [3, -1, -1]]]
    assert cut(image, Box(7, 0, 1, 2), fill=5).tolist() == [[[5, 5]]]


def test_top_patches_by_hand():
    """A filter of 2x2 ones with stride 2: the patch is what it read, the projection all ones."""
    network = nn.Sequential(nn.Conv2d(1, 1, 2, stride=2, bias=False), nn.ReLU())
    with torch.no_grad():
        network[0].weight.fill_(1)
    images = torch.stack([spot(3, 2, 4.0), spot(0, 5, 9.0)])
    found = top_patches(network, images, "1", torch.tensor([0]), k=2)
    assert found.patches[0, :, 0].tolist() == [[[0, 9], [0, 0]], [[0, 0], [4, 0]]]
    assert found.projections[0, :, 0].tolist() == [[[9, 9], [9, 9]], [[4, 4], [4, 4]]]
    shown = torch.zeros(2, 3, 6, 6, dtype=torch.uint8)
    found = top_patches(network, images, "1", torch.tensor([0]), k=1, shown=shown)
    assert found.patches.shape == (1, 1, 3, 2, 2)
    assert found.patches.dtype == torch.uint8


def test_top_patches_of_a_layer_that_sees_more_than_the_image():
    network = nn.Sequential(nn.Conv2d(1, 2, 9, padding=4), nn.ReLU())
    images = torch.randn(3, 1, 6, 6)
    found = top_patches(network, images, "0", torch.tensor([1, 0]), k=2, rule="gradient")
    assert found.patches.shape == found.projections.shape == (2, 2, 1, 6, 6)
    best = strongest(network, images, "0", torch.tensor([1, 0]), k=2)
    assert torch.equal(found.patches, images[best.images])


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="k: expected 1 to 2, the number of images, got 3"):
        strongest(identity(), torch.zeros(2, 1, 6, 6), "1", k=3)
    with pytest.raises(KeyError, match="unknown layer 'conv1'; there are 0, 1"):
        field_box(identity(), (1, 6, 6), "conv1", 0, 0)
    assert pair(3) == (3, 3)
    assert pair((1, 2)) == (1, 2)
