import pytest
import torch

from cnnhistory.plotting.figures.pooling import box_in_cells, windows

MAP = torch.tensor([[0.0, 1, 5, 0], [2, 2, 0, 0]])


def test_every_value_and_every_window_is_drawn(drawn):
    ax = windows(
        MAP, {"maximum": torch.tensor([[2.0, 5]]), "average": torch.tensor([[1.25, 1.25]])}
    )
    shown = drawn(ax)
    assert len(shown.boxes) == 8 + 2 + 2 * 2
    texts = [text.get_text() for text in ax.texts]
    assert {"a map", "maximum", "average", "1.25", "5"} <= set(texts)


def test_the_places_of_a_box_are_colored(drawn):
    ax = box_in_cells(6, (0.6, 1.2, 3.4, 4.4), (1, 1, 3, 4), 2)
    assert len(drawn(ax).boxes) == 36
    assert len({patch.get_facecolor() for patch in ax.patches}) == 2
    first = ax.patches[0].get_facecolor()
    assert sum(patch.get_facecolor() != first for patch in ax.patches) == 3 * 4
    assert len(ax.lines) == 1 + 2 * 3


@pytest.mark.parametrize(
    ("draw", "named"),
    [
        (lambda: windows(MAP, {}, 3), "values"),
        (lambda: windows(-MAP, {}), "values"),
        (lambda: windows(MAP, {"a": MAP}), "pooled"),
        (lambda: box_in_cells(0, (0, 0, 1, 1), (0, 0, 1, 1), 2), "side, cells"),
        (lambda: box_in_cells(4, (2, 0, 1, 1), (0, 0, 1, 1), 2), "wanted"),
        (lambda: box_in_cells(4, (0, 0, 1, 1), (0, 3, 1, 1), 2), "taken"),
    ],
)
def test_what_cannot_be_drawn_is_refused(draw, named):
    with pytest.raises(ValueError, match=f"^{named}: expected"):
        draw()
