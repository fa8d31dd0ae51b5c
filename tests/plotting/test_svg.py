import base64
import io
import re
import subprocess
import sys
from xml.etree import ElementTree as ET

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from cnnhistory.plotting.pixels import encoded
from cnnhistory.plotting.style import SETTINGS
from cnnhistory.plotting.svg import MOST_VERTICES, WIDEST, figure_svg
from cnnhistory.plotting.svg_shapes import short

NS = "{http://www.w3.org/2000/svg}"
DRAW = """
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from cnnhistory.plotting.style import use_book_style
from cnnhistory.plotting.svg import figure_svg
use_book_style()
fig, (left, right) = plt.subplots(1, 2, figsize=(6, 3))
left.plot([0, 1, 2], [3, 1, 2], "o-", label="LeNet-5")
left.set(xlabel="epoch", ylabel="error, %", yscale="log")
left.legend()
right.imshow(np.arange(12).reshape(3, 4))
print(figure_svg(fig))
"""


@pytest.fixture(autouse=True)
def _style():
    with mpl.rc_context(SETTINGS):
        yield


def drawn(figure):
    return ET.fromstring(figure_svg(figure))


def test_two_processes_write_the_same_bytes():
    first, second = (
        subprocess.run([sys.executable, "-c", DRAW], capture_output=True, check=True).stdout
        for _ in range(2)
    )
    assert first == second
    assert 2000 < len(first) < 6000
    assert b"metadata" not in first


def test_text_stays_text_and_stands_where_it_is_aligned(ax):
    ax.set(xlabel="epoch", title="two & more", yticks=[])
    ax.text(0.5, 0.5, "above\nbelow", ha="center")
    root = drawn(ax.figure)
    texts = {text.text: text for text in root.iter(f"{NS}text")}
    assert {"epoch", "two & more", "above", "below", "0.4"} <= set(texts)
    middle = float(texts["above"].get("x"))
    assert middle == pytest.approx(float(texts["below"].get("x")), abs=0.11)
    left, right = (float(texts[name].get("x")) for name in ("0.4", "0.6"))
    assert left < middle < right


def test_one_inch_is_96_pixels(ax):
    ax.figure.set_size_inches(5, 3)
    ax.set_axis_off()
    ax.figure.add_artist(plt.Rectangle((0, 0), 1, 1, fill=False, transform=ax.figure.transFigure))
    root = drawn(ax.figure)
    assert float(root.get("width")) == pytest.approx(96 * 5.08, abs=2)
    _, _, width, height = map(float, root.get("viewBox").split())
    assert (width, height) == (pytest.approx(72 * 5.08, abs=1.5), pytest.approx(72 * 3.08, abs=1.5))


def test_no_name_that_another_figure_could_have():
    texts = []
    for end in (1, 2):
        _, ax = plt.subplots()
        ax.plot([0, 1, 5], [0, 1, end], "o-")
        ax.set_xlim(0, 2)  # so that the line is cut off
        texts.append(figure_svg(ax.figure))
    names = [set(re.findall(r' id="([^"]+)"', text)) for text in texts]
    assert all(names)
    assert not names[0] & names[1]
    for text, known in zip(texts, names, strict=True):
        assert set(re.findall(r'#(f\w+n\d+)[")]', text)) == known
        assert "<style" not in text


def test_a_clip_stays_only_where_it_cuts(ax):
    ax.plot([0, 1], [0, 1])
    assert "clip-path" not in figure_svg(ax.figure)
    ax.set_xlim(0, 0.5)
    assert "clip-path" in figure_svg(ax.figure)


def pictures(root):
    for image in root.iter(f"{NS}image"):
        kind, data = re.fullmatch(r"data:image/(\w+);base64,(.+)", image.get("href")).groups()
        yield image, kind, np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB"))


@pytest.mark.parametrize("origin", ["upper", "lower"])
def test_pictures_keep_their_pixels(ax, origin):
    levels = np.arange(12).reshape(3, 4)
    ax.imshow(levels, cmap="gray", vmin=0, vmax=255, origin=origin)
    ((image, _, pixels),) = pictures(drawn(ax.figure))
    assert image.get("image-rendering") == "pixelated"
    expected = levels if origin == "upper" else levels[::-1]
    assert pixels[..., 0].tolist() == expected.tolist()
    assert float(image.get("width")) / float(image.get("height")) == pytest.approx(4 / 3, abs=0.02)


def test_large_pictures_are_stored_as_large_as_they_are_seen():
    photo = np.random.default_rng(0).random((400, 600, 3))
    figure, ax = plt.subplots(figsize=(2, 2))
    ax.imshow(photo)
    ((image, kind, pixels),) = pictures(drawn(figure))
    assert kind == "webp"
    assert pixels.shape[1] == pytest.approx(float(image.get("width")) * 8 / 3, abs=1)
    assert image.get("image-rendering") is None


def test_few_colors_are_exact_and_transparency_stays():
    pixels = np.zeros((5, 5, 4), np.uint8)
    pixels[2:, :, :] = (10, 200, 30, 128)
    _, data = encoded(Image.fromarray(pixels), (50, 50))
    stored = np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"))
    assert (stored[2:] == pixels[2:]).all()
    assert (stored[:2, :, 3] == 0).all()


def test_dense_artists_become_pixels_and_stay_as_they_were(ax):
    (line,) = ax.plot(np.random.default_rng(0).random(MOST_VERTICES + 1), "o")
    text = figure_svg(ax.figure)
    assert "<image" in text
    assert "<use" not in text
    assert not line.get_rasterized()


def test_numbers_are_short():
    assert [short(n) for n in (1, 1.25, -0.25, 0.04, 100)] == ["1", "1.2", "-.2", "0", "100"]
    assert short(1.256, 2) == "1.26"


def test_wide_axes_are_laid_out_in_the_width_of_a_page():
    figure, axes = plt.subplots(1, 2, figsize=(10, 3))
    axes[0].set_xlabel("epoch")
    assert float(drawn(figure).get("width")) <= 96 * (WIDEST + 0.1)
    assert figure.get_size_inches().tolist() == [10, 3]
    for ax in axes:
        ax.set_axis_off()
        ax.add_patch(plt.Rectangle((0, 0), 1, 1))
    assert float(drawn(figure).get("width")) > 96 * (WIDEST + 0.1)
