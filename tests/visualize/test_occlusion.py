import pytest
import torch
from torch import nn

from cnnhistory.visualize.occlusion import (
    class_probability,
    map_activation,
    occlusion_map,
    per_pixel,
    starts,
)


def mean_of(top, left, size):
    """A measure that looks at one square of pixels and nowhere else."""
    return lambda x: x[:, :, top : top + size, left : left + size].mean(dim=(1, 2, 3))


def test_an_important_region_that_is_known():
    values = occlusion_map(torch.ones(3, 12, 16), mean_of(4, 8, 4), square=4, stride=4)
    assert values.shape == (3, 4)
    expected = torch.ones(3, 4)
    expected[1, 2] = 0  # rows 4 to 7, columns 8 to 11
    assert torch.equal(values, expected)


def test_squares_that_cover_a_part():
    values = occlusion_map(torch.ones(1, 6, 6), mean_of(2, 2, 2), square=2, stride=1)
    # in the middle the square covers all four pixels, one step aside two, diagonally one
    assert values[1:4, 1:4].tolist() == [[0.75, 0.5, 0.75], [0.5, 0, 0.5], [0.75, 0.5, 0.75]]
    assert values[0].eq(1).all()


def test_every_entry_is_the_measure_of_one_covered_image():
    image = torch.randn(2, 9, 11)
    fill = torch.tensor([0.5, -2.0])

    def total(x):
        return torch.stack([x.sum(dim=(1, 2, 3)), x.square().sum(dim=(1, 2, 3))], dim=1)

    found = occlusion_map(image, total, square=4, stride=3, fill=fill, batch_size=5)
    assert found.shape == (2, 3, 4)
    for i, row in enumerate((0, 3, 5)):
        for j, column in enumerate((0, 3, 6, 7)):
            covered = image.clone()
            covered[:, row : row + 4, column : column + 4] = fill[:, None, None]
            torch.testing.assert_close(found[:, i, j], total(covered[None])[0])


@pytest.mark.parametrize("batch_size", [1, 7, 1000])
def test_batches_do_not_matter(batch_size):
    image = torch.randn(1, 8, 8)
    expected = occlusion_map(image, mean_of(1, 2, 5), 3, 2, batch_size=64)
    found = occlusion_map(image, mean_of(1, 2, 5), 3, 2, batch_size=batch_size)
    assert torch.equal(found, expected)


def test_the_whole_image_covered():
    assert occlusion_map(torch.ones(1, 4, 4), mean_of(0, 0, 4), 4, 2, fill=9.0).tolist() == [[9]]


def test_squares_reach_the_edge():
    assert starts(8, 3, 5).tolist() == [0, 5]
    assert starts(9, 3, 5).tolist() == [0, 5, 6]
    assert starts(3, 3, 5).tolist() == [0]


def test_a_trained_classifier_is_found_out():
    """Class 1 has a bright square of 3 pixels somewhere in noise; the map finds the square."""
    torch.manual_seed(0)

    def examples(n):
        x, y = 0.5 * torch.randn(n, 1, 16, 16), torch.arange(n) % 2
        at = torch.randint(0, 14, (n, 2))
        for k in range(n):
            if y[k]:
                x[k, 0, at[k, 0] : at[k, 0] + 3, at[k, 1] : at[k, 1] + 3] += 2
        return x, y, at

    network = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.ReLU(), nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(4, 2)
    )
    adam = torch.optim.Adam(network.parameters(), lr=0.02)
    for _ in range(150):
        x, y, _ = examples(64)
        loss = nn.functional.cross_entropy(network(x), y)
        adam.zero_grad()
        loss.backward()
        adam.step()
    x, y, at = examples(20)
    for k in y.nonzero().flatten():
        values = occlusion_map(x[k], class_probability(network, 1), square=3)
        lowest = torch.tensor(divmod(int(values.argmin()), 14))
        assert (lowest - at[k]).abs().max() <= 2
        assert values.max() - values.min() > 0.5


def test_per_pixel_by_hand():
    # three squares of two pixels in a row of four
    values = torch.tensor([[1.0, 3.0, 8.0]]).expand(1, 3)
    found = per_pixel(values, (2, 4), square=2, stride=1)
    assert found.tolist() == [[1, 2, 5.5, 8]] * 2


def test_per_pixel_keeps_a_constant():
    values = torch.full((len(starts(11, 4, 3)), len(starts(9, 4, 3))), 0.25)
    torch.testing.assert_close(per_pixel(values, (11, 9), 4, 3), torch.full((11, 9), 0.25))


def test_class_probability_and_map_activation():
    network = nn.Sequential(nn.Conv2d(1, 2, 1, bias=False), nn.Dropout(0.9), nn.Flatten())
    with torch.no_grad():
        network[0].weight.copy_(torch.tensor([1.0, 3.0]).view(2, 1, 1, 1))
    network.train()
    x = torch.ones(4, 1, 1, 1)
    probability = class_probability(network, 1)(x)
    torch.testing.assert_close(probability, torch.full((4,), torch.tensor(2.0).sigmoid().item()))
    assert network.training
    torch.testing.assert_close(class_probability(network)(x).sum(1), torch.ones(4))
    wide = torch.ones(2, 1, 2, 3)
    assert map_activation(network, "0", 1)(wide).tolist() == [18, 18]


def test_bad_input_is_refused():
    image = torch.zeros(1, 5, 6)
    with pytest.raises(ValueError, match=r"image: expected shape \(C, H, W\), got \(5, 6\)"):
        occlusion_map(image[0], mean_of(0, 0, 1), 2)
    with pytest.raises(ValueError, match="square: expected 1 to 5 pixels, got 6"):
        occlusion_map(image, mean_of(0, 0, 1), 6)
    with pytest.raises(ValueError, match="stride, batch_size: expected at least 1, got 0"):
        occlusion_map(image, mean_of(0, 0, 1), 2, stride=0)
    with pytest.raises(ValueError, match=r"values: expected shape \(4, 5\), got \(2, 2\)"):
        per_pixel(torch.zeros(2, 2), (5, 6), 2, 1)
