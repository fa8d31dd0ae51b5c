import matplotlib as mpl
import pytest

mpl.use("Agg")
import matplotlib.pyplot as plt

from cnnhistory.plotting.mirror import mirror


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def test_every_layer_has_its_mirror():
    ax = mirror(["convolution", "ReLU", "max-pooling", "normalization"])
    texts = " ".join(text.get_text() for text in ax.texts).split()
    assert texts.count("convolution") == 2  # and one of them is transposed
    assert texts.count("ReLU") == 2
    for word in ("image", "picture", "activations", "switches", "unpooling", "normalization"):
        assert texts.count(word) == 1, word
    heights = {text.get_text(): text.get_position()[1] for text in ax.texts}
    assert heights["convolution"] == heights["transposed convolution"]
    assert heights["image"] < heights["convolution"] < heights["max-pooling"]


def test_switches_for_each_pooling_layer():
    ax = mirror(["convolution", "max-pooling", "convolution", "max-pooling"])
    assert [text.get_text() for text in ax.texts].count("switches") == 2


def test_unknown_layers_are_refused():
    with pytest.raises(ValueError, match=r"layers: expected some of convolution, .*, got tanh"):
        mirror(["convolution", "tanh"])
    with pytest.raises(ValueError, match="got none"):
        mirror([])
