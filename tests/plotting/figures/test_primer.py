import pytest
import torch

from cnnhistory.plotting.figures.primer import (
    DERIVATIVE,
    VALUE,
    answer,
    chain,
    interval_columns,
    valley,
)


def test_an_answer_shows_scores_and_probabilities(ax, drawn):
    assert answer(torch.rand(28, 28), torch.tensor([0.0, 2.0, -1.5]), ax=ax) is ax
    found = drawn(ax)
    assert [text for text in found.texts if text in ["0.0", "2.0", "−1.5"]] == [
        "0.0",
        "2.0",
        "−1.5",
    ]
    chances = torch.tensor([0.0, 2.0, -1.5]).softmax(0).tolist()
    assert [text for text in found.texts if len(text) == 5 and text[1] == "."] == [
        f"{chance:.3f}" for chance in chances
    ]
    widths = [box.get_width() for box in found.boxes]
    assert widths == pytest.approx([8 * chance + 0.04 for chance in chances])
    assert len(found.arrows) == 2
    assert "784 pixels" in found.texts
    (image,) = ax.images
    assert image.get_array().shape == (28, 28)


def test_the_answer_is_the_longest_bar(ax, drawn):
    boxes = drawn(answer(torch.rand(4, 4), torch.tensor([0.0, 2.0]), ax=ax)).boxes
    assert boxes[0].get_facecolor() != boxes[1].get_facecolor()


@pytest.mark.parametrize(
    ("image", "scores", "message"),
    [
        (torch.rand(1, 4, 4), torch.rand(3), r"image: expected shape \(H, W\), got \(1, 4, 4\)"),
        (torch.rand(4, 4), torch.rand(1, 3), r"scores: expected shape \(classes,\), got \(1, 3\)"),
        (torch.rand(4, 4), torch.rand(1), r"scores: expected shape \(classes,\), got \(1,\)"),
    ],
)
def test_an_answer_needs_one_image_and_its_scores(image, scores, message):
    with pytest.raises(ValueError, match=message):
        answer(image, scores)


def test_a_chain_has_its_values_and_derivatives(ax, drawn):
    row = [("x", "2", ""), ("h", "1.5", "1.9"), ("L", "3", "1")]
    assert chain(row, {1: ("w", "0.75", "3.8")}, ax=ax) is ax
    found = drawn(ax)
    assert len(found.boxes) == 4
    assert len(found.arrows) == 3  # between the three, and from the weight
    colors = {text.get_text(): text.get_color() for text in ax.texts if text.get_text()}
    assert {text for text, color in colors.items() if color == VALUE} == {"2", "1.5", "3", "0.75"}
    assert {text for text, color in colors.items() if color == DERIVATIVE} == {"1.9", "1", "3.8"}
    x, h, end, w = (found.at[name][0] for name in ("x", "h", "L", "w"))
    assert x < w < h < end
    assert found.at["w"][1] > found.at["h"][1]


@pytest.mark.parametrize(
    ("row", "weights", "message"),
    [
        ([("x", "1", "")], {}, "row: expected at least two quantities, got 1"),
        ([("x", "1", "")] * 2, {0: ("w", "1", "")}, "weights: expected places from 1 to 1, got 0"),
    ],
)
def test_a_chain_must_hang_together(row, weights, message):
    with pytest.raises(ValueError, match=message):
        chain(row, weights)


def test_paths_lie_in_their_valley(ax, drawn):
    paths = {"a": [(4, 1), (2, -1), (0, 0)], "b": [(4, 1), (1, 0)]}
    assert valley(paths, (1, 25), ax=ax) is ax
    assert [line.get_xydata().tolist() for line in ax.lines] == [
        [list(place) for place in path] for path in paths.values()
    ]
    named = {text.get_text(): text.get_color() for text in ax.texts}
    assert list(named) == ["a", "b"]
    assert [line.get_color() for line in ax.lines] == list(named.values())
    assert len(set(named.values())) == 2


@pytest.mark.parametrize(
    ("paths", "curvatures", "message"),
    [
        ({"a": [(1, 1), (0, 0)]}, (1, 0), r"curvatures: expected two positive numbers"),
        ({"a": [(1, 1)]}, (1, 2), "paths: expected at least two places of a, got 1"),
        ({}, (1, 2), "paths: expected 1 to 7 different names"),
    ],
)
def test_a_valley_needs_walls_and_paths(paths, curvatures, message):
    with pytest.raises(ValueError, match=message):
        valley(paths, curvatures)


def test_intervals_that_miss_have_another_color(ax):
    assert interval_columns([(0.1, 0.2, 0.3), (0.3, 0.4, 0.5)], 0.25, ax=ax) is ax
    upright = [line for line in ax.lines if line.get_linewidth() == 2]
    assert [line.get_color() for line in upright] == [VALUE, DERIVATIVE]
    assert [list(line.get_ydata()) for line in upright] == [[10, 30], [30, 50]]


@pytest.mark.parametrize(
    ("intervals", "message"),
    [
        ([], "intervals: expected at least one, got 0"),
        ([(0.3, 0.2, 0.4)], "intervals: expected lower end, value, upper end"),
    ],
)
def test_intervals_are_in_order(intervals, message):
    with pytest.raises(ValueError, match=message):
        interval_columns(intervals, 0.1)
