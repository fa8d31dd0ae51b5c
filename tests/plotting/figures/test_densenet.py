import numpy as np
import pytest

from cnnhistory.plotting.figures.densenet import GRAY, SOURCES, dense_block, link_map


@pytest.mark.parametrize("layers", [1, 2, 4, 6])
def test_every_layer_has_links_to_all_later_ones(ax, drawn, layers):
    assert dense_block(layers, inputs=3, growth=2, ax=ax) is ax
    found = drawn(ax)
    assert len(found.arrows) == (layers + 1) * (layers + 2) / 2  # those to what follows, too
    read = [3 + 2 * n for n in range(layers + 1)]
    assert len(found.boxes) == layers + 2 + sum(read)
    assert [text for text in found.texts if "reads" in text] == [f"reads {n}" for n in read]


def test_maps_have_the_color_of_their_layer(ax, drawn):
    dense_block(2, inputs=1, growth=1, ax=ax)
    faces = [box.get_facecolor() for box in drawn(ax).boxes][4:]  # behind input, layers and next
    import matplotlib as mpl

    colors = [mpl.colors.to_hex(face).upper() for face in faces]
    first, second = SOURCES[1:3]
    assert colors == [GRAY, GRAY, first, GRAY, first, second]


def test_numbers_out_of_range_are_refused(ax):
    with pytest.raises(ValueError, match="layers, inputs, growth: expected at least 1 each"):
        dense_block(2, growth=0, ax=ax)
    with pytest.raises(ValueError, match="layers: expected at most 6, got 7"):
        dense_block(7, ax=ax)


def test_links_as_colors(ax):
    assert link_map({(0, 1): 1.0, (0, 2): 0.5, (1, 2): 1.5}, "transition", ax=ax) is ax
    table = ax.images[0].get_array()
    np.testing.assert_array_equal(np.ma.filled(table, np.nan), [[1, 0.5], [np.nan, 1.5]])
    assert ax.images[0].get_clim() == (0, 2)
    assert [text.get_text() for text in ax.get_xticklabels()] == ["1", "transition"]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["input", "1"]


def test_no_link_is_refused(ax):
    with pytest.raises(ValueError, match="strengths: expected at least one link"):
        link_map({}, ax=ax)
