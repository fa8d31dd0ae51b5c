import pytest
from matplotlib.colors import to_rgba

from cnnhistory.plotting.figures.batch_norm import over_the_batch
from cnnhistory.plotting.style import COLORS


def test_one_channel_of_all_images_is_followed(drawn):
    ax = over_the_batch(4, 3, chosen=2)
    shown = drawn(ax)
    assert len(shown.boxes) == 4 * 3 + 3
    assert len(shown.arrows) == 3
    colored = [patch for patch in ax.patches if patch.get_facecolor() == to_rgba(COLORS[4])]
    assert len(colored) == 4
    texts = [text.get_text() for text in ax.texts]
    assert {"map 1", "map 2", "map 3"} <= set(texts)
    assert sum(text.startswith("image") for text in texts) == 4
    assert "γ x̂ + β" in texts


@pytest.mark.parametrize(
    ("counts", "named"), [((0, 2), "images, maps"), ((2, 0), "images, maps"), ((2, 2, 2), "chosen")]
)
def test_what_cannot_be_drawn_is_refused(counts, named):
    with pytest.raises(ValueError, match=f"{named}: expected"):
        over_the_batch(*counts)
