import pytest
import torch

from cnnhistory.plotting.figures.deconvnet_visualization import MIRROR, NETWORK, beside, mirror


def test_every_layer_has_its_mirror(drawn):
    ax = mirror(["convolution", "ReLU", "max-pooling", "normalization"])
    assert len(drawn(ax).boxes) == 2 * 6
    assert len(drawn(ax).arrows) == 2 * 5 + 2  # up and down, the switches, the one that is kept
    assert [box.get_linestyle() for box in drawn(ax).boxes].count("--") == 1
    texts = " ".join(text.get_text() for text in ax.texts).split()
    assert texts.count("convolution") == 2  # and one of them is transposed
    assert texts.count("ReLU") == 2
    for word in ("image", "picture", "activations", "switches", "unpooling", "normalization"):
        assert texts.count(word) == 1, word
    heights = {text.get_text(): text.get_position()[1] for text in ax.texts}
    assert heights["convolution"] == heights["transposed convolution"]
    assert heights["image"] < heights["convolution"] < heights["max-pooling"]


def test_the_network_leads_up_and_the_mirror_down(drawn):
    ax = mirror(["convolution", "max-pooling"])
    ax.figure.draw_without_rendering()
    ends = [arrow.get_path().vertices[[0, 2]] for arrow in drawn(ax).arrows]
    upward = {round(begin[0], 1): end[1] > begin[1] for begin, end in ends if begin[0] == end[0]}
    assert upward == {NETWORK: True, MIRROR: False}
    across = [end[0] < begin[0] for begin, end in ends if begin[1] == end[1]]
    assert across == [True, True]  # the switches, and the one activation that is kept


def test_switches_for_each_pooling_layer():
    ax = mirror(["convolution", "max-pooling", "convolution", "max-pooling"])
    assert [text.get_text() for text in ax.texts].count("switches") == 2


def test_unknown_layers_are_refused():
    with pytest.raises(ValueError, match=r"layers: expected some of convolution, .*, got 'tanh'"):
        mirror(["convolution", "tanh"])
    with pytest.raises(ValueError, match="got 'none'"):
        mirror([])


def test_patches_beside_projections():
    patches = torch.tensor([0, 255], dtype=torch.uint8).view(2, 1, 1, 1, 1).expand(2, 1, 3, 1, 1)
    projections = torch.tensor([2.0, -4.0]).view(2, 1, 1, 1, 1).expand(2, 1, 3, 1, 1)
    assert beside(patches, projections)[:, 0, 0, 0].tolist() == [0, 1, 1, 0]
    with pytest.raises(ValueError, match="projections: expected shape"):
        beside(patches, projections[:1])
