"""One digit on its way through LeNet-5: the front page's picture where its figure does not run.

Every map is computed when the book is built, with the weights of a recorded run. Values become
two colors, one below and one above zero, that fade towards zero, so that the picture stands on
a light page and on a dark one.
"""

import base64
import io
from functools import cache
from html import escape

import torch
from PIL import Image

from cnnhistory import create_model, zoo
from cnnhistory.data.digits import DigitsDataModule
from cnnhistory.visualize.activations import activations

RUN, DIGIT = "lenet5_mnist", 4
BELOW, ABOVE = (0x00, 0x72, 0xB2), (0xD5, 0x5E, 0x00)  # Okabe-Ito: blue, vermilion
LEVELS = 15  # of each color
SIZE = 104  # height of a stage in pixels, about
STAGES = (  # layer, tiles in a row, what it is called, what stands below
    ("c1", 2, "C1", "6 maps\n28×28"),
    ("s2", 2, "S2", "6 maps\n14×14"),
    ("c3", 4, "C3", "16 maps\n10×10"),
    ("s4", 4, "S4", "16 maps\n5×5"),
    ("c5", 6, "C5", "120\nvalues"),
)


def mosaic(maps: torch.Tensor, columns: int, gap: int) -> torch.Tensor:
    """Return maps (N, H, W) as one sheet, `columns` in a row, with a gap of zeros between."""
    n, height, width = maps.shape
    rows = -(-n // columns)
    sheet = torch.zeros(rows * (height + gap) - gap, columns * (width + gap) - gap)
    for k, one in enumerate(maps):
        top, left = k // columns * (height + gap), k % columns * (width + gap)
        sheet[top : top + height, left : left + width] = one
    return sheet


def png(sheet: torch.Tensor) -> str:
    """Return values as a PNG with a palette, in the form of an address."""
    levels = (sheet / sheet.abs().max() * LEVELS).round().int() + LEVELS
    image = Image.fromarray(levels.byte().numpy(), "P")
    steps = range(-LEVELS, LEVELS + 1)
    image.putpalette(
        [part for step in steps for part in (BELOW if step < 0 else ABOVE)]
    )
    alpha = bytes(round(255 * abs(step) / LEVELS) for step in steps)
    written = io.BytesIO()
    image.save(written, "PNG", transparency=alpha, optimize=True)
    return f"data:image/png;base64,{base64.b64encode(written.getvalue()).decode()}"


def stage(sheet: torch.Tensor, alt: str, name: str, below: str) -> str:
    """Return one picture with its name and a second and third line."""
    height, width = sheet.shape
    scale = max(1.0, SIZE / height)
    lines = "".join(f"<i>{escape(line)}</i>" for line in below.split("\n"))
    return (
        f'<div class="opening-stage"><img class="dark-light" src="{png(sheet)}" '
        f'alt="{escape(alt)}" width="{width * scale:.0f}" height="{height * scale:.0f}">'
        f"<span><b>{escape(name)}</b>{lines}</span></div>"
    )


@cache
def stages_html() -> str:
    """Return the picture: input, the maps of each layer, the drawing that is nearest."""
    network = create_model("lenet5").eval()
    network.load_state_dict(zoo.load_weights(RUN))
    digits = DigitsDataModule(levels="paper").test_set
    image = digits.images[int((digits.labels == DIGIT).nonzero()[0])][None]
    names = [name for name, *_ in STAGES]
    with torch.no_grad():
        found = activations(network, image, [*names, "f6"])
        maps = {name: network.activation(value)[0] for name, value in found.items()}
        answer = int(network(image).argmax())
    code = network.output.codes[answer].view(12, 7)
    ink = mosaic(image[0] - image.min(), 1, 0)
    parts = [stage(ink, f"A handwritten {DIGIT}", "input", "1 image\n32×32")]
    for name, columns, title, below in STAGES:
        values = maps[name]
        gap = 0 if values.shape[-1] == 1 else max(1, values.shape[-1] // 10)
        sheet = mosaic(values, columns, gap)
        parts.append(stage(sheet, f"What {title} makes of it", title, below))
    f6 = maps["f6"].view(12, 7)
    looks = f"The values of F6, laid out as a picture that looks like a {answer}"
    parts.append(stage(f6, looks, "F6", "84 values\nas 7×12"))
    drawn = f"The drawing of the {answer}"
    parts.append(stage(code, drawn, f"answer: {answer}", "its drawing\n7×12"))
    return f'<div class="opening-stages">{"".join(parts)}</div>'
