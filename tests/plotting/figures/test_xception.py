import pytest

from cnnhistory.plotting.figures.xception import tower_links


@pytest.mark.parametrize(("towers", "links"), [(1, 36), (3, 3 * 4), (6, 6)])
@pytest.mark.parametrize("mix_first", [True, False])
def test_every_map_and_every_link(drawn, towers, links, mix_first):
    ax = tower_links(6, towers, mix_first)
    assert len(drawn(ax).boxes) == 3 * 6
    assert len(ax.lines) == 36 + links
    texts = [text.get_text() for text in ax.texts]
    assert texts == (["1×1", "3×3"] if mix_first else ["3×3", "1×1"])


@pytest.mark.parametrize(("maps", "towers"), [(6, 4), (6, 0), (0, 1)])
def test_towers_share_the_maps(maps, towers):
    with pytest.raises(ValueError, match="towers: expected a divisor"):
        tower_links(maps, towers)
