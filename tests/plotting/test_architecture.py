from itertools import pairwise

import matplotlib as mpl
import pytest
import torch
from torch import nn

from cnnhistory import create_model
from cnnhistory.accounting import summarize
from cnnhistory.plotting.architecture import MOST_SHEETS, TALL, architecture
from cnnhistory.plotting.style import SETTINGS


def test_shows_every_layer_with_its_size():
    ax = architecture(summarize(create_model("lenet5"), (1, 32, 32)), image=torch.eye(32))
    texts = {text.get_text() for text in ax.texts}
    assert {"C1", "6@28×28", "C3", "16@10×10", "F6", "84", "partial\nconvolution"} <= texts
    assert len(ax.images) == 1
    sheets = 1 + 6 + 6 + MOST_SHEETS + MOST_SHEETS + 3  # stacks, and three bars
    patches = 5  # what one unit of C1, S2, C3, S4 and C5 reads
    frame = 1  # around the image
    assert len(ax.patches) == sheets + patches + frame


def test_the_patch_is_the_field_of_one_unit(drawn):
    ax = architecture(summarize(create_model("lenet5"), (1, 32, 32)))
    fields = [b for b in drawn(ax).boxes if b.get_zorder() == 3]
    # C1 reads 5 of 32 rows of the input, whose side is 0.15 + TALL; S2 reads 2 of C1's 28
    assert fields[0].get_width() == pytest.approx((0.15 + TALL) * 5 / 32)
    assert fields[1].get_width() == pytest.approx((0.15 + TALL * 28 / 32) * 2 / 28)
    # C5 reads all of S4
    assert fields[4].get_width() == pytest.approx(0.15 + TALL * 5 / 32)


def long_chain():
    """A chain of VGG's sizes: nine layers that are drawn."""
    widths = (3, 64, 128, 256, 512, 512)
    layers = []
    for source, maps in pairwise(widths):
        layers += [nn.Conv2d(source, maps, 3, padding=1), nn.MaxPool2d(2)]
    layers += [nn.Flatten(), *(nn.Linear(n, m) for n, m in pairwise((25_088, 4096, 4096, 1000)))]
    return nn.Sequential(*layers)


@pytest.mark.parametrize(
    ("network", "shape"),
    [
        ("lenet1989", (1, 16, 16)), ("lenet1990", (1, 28, 28)), ("lenet5", (1, 32, 32)),
        (long_chain, (3, 224, 224)),
    ],
)  # fmt: skip
def test_texts_do_not_cover_each_other(network, shape):
    with torch.device("meta"):
        built = network() if callable(network) else create_model(network)
    with mpl.rc_context(SETTINGS):
        table = summarize(built, shape)
        layers = None if network != long_chain else ["0", "2", "4", "6", "8", "9", "11", "12", "13"]
        ax = architecture(table, layers)
        ax.figure.draw_without_rendering()
        boxes = [text.get_window_extent() for text in ax.texts]
    for n, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:n]), ax.texts[n].get_text()


def test_a_wrong_input_is_refused():
    table = summarize(nn.Linear(3, 2), (3,))
    with pytest.raises(ValueError, match=r"table: expected an input \(C, H, W\), got \(3,\)"):
        architecture(table)


def test_chosen_layers_only():
    table = summarize(create_model("lenet5_modern"), (1, 32, 32))
    texts = {text.get_text() for text in architecture(table, layers=["c1", "c3"]).texts}
    assert "F6" not in texts
    with pytest.raises(KeyError, match="unknown layer 'c9'"):
        architecture(table, layers=["c9"])


def test_nothing_to_draw():
    table = summarize(nn.Sequential(nn.ReLU()), (1, 4, 4))
    with pytest.raises(ValueError, match="table: expected a layer of type"):
        architecture(table)
