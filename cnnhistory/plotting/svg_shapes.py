"""What shapes, texts and pictures of matplotlib's SVG become: the same in fewer bytes."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterable
from xml.etree import ElementTree as ET

import numpy as np
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path
from PIL import Image

from cnnhistory.plotting.pixels import encoded

NUMBER = re.compile(r"-?\d*\.?\d+(?:e[-+]?\d+)?")
_STEP = re.compile(r"([MLQCzZ])([^MLQCzZ]*)")
_CALL = re.compile(r"(\w+)\(([^)]*)\)")

Spot = tuple[float, float]


def short(value: float, digits: int = 1) -> str:
    """Return a number with at most so many decimals, and no zero that need not be.

    >>> short(-0.50), short(12.04), short(-0.04)
    ('-.5', '12', '0')
    """
    text = f"{value:.{digits}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else re.sub(r"^(-?)0\.", r"\1.", text)


def small_path(d: str, digits: int) -> tuple[str, list[Spot]]:
    """Return a path in steps from spot to spot, and the spots."""
    unit = 10**digits
    out: list[str] = []
    spots: list[Spot] = []
    at = start = (0, 0)
    last = ""
    for command, arguments in _STEP.findall(d):
        numbers = [round(float(n) * unit) for n in NUMBER.findall(arguments)]
        pairs = [*zip(numbers[::2], numbers[1::2], strict=True)]
        spots += [(x / unit, y / unit) for x, y in pairs]
        if command in "zZ":
            out.append("z")
            at, last = start, "z"
            continue
        if command == "M":
            text, at = _joined(pairs[0], unit), pairs[0]
            out.append("M" + text)
            start, last = at, "M"
            continue
        steps = [value for x, y in pairs for value in (x - at[0], y - at[1])]
        at = pairs[-1]
        if command == "L" and steps == [0, 0]:
            if last == "M":  # a dot is a line without length
                out.append("h0")
            continue
        name, told = command.lower(), steps
        if command == "L" and 0 in steps:
            name, told = ("h", steps[:1]) if steps[1] == 0 else ("v", steps[1:])
        text = _joined(told, unit)
        out.append(text if name == last and text[0] == "-" else
                   f" {text}" if name == last else name + text)  # fmt: skip
        last = name
    return "".join(out), spots


def _joined(values: Iterable[int], unit: int) -> str:
    return re.sub(r" (?=-)", "", " ".join(short(value / unit, 2) for value in values))


def shorten_transform(element: ET.Element) -> bool:
    """Shorten what moves an element, and return whether anything does."""
    moves = [
        f"{name}({' '.join(short(float(n), 2) for n in NUMBER.findall(numbers))})"
        for name, numbers in _CALL.findall(element.attrib.pop("transform", ""))
    ]
    if moves := [move for move in moves if not re.match(r"rotate\(0\b|translate\(0 0\)", move)]:
        element.set("transform", "".join(moves))
    return bool(moves)


def align_lines(group: ET.Element, side: str) -> None:
    """Anchor the lines of a text where they are aligned: the page's font has other widths."""
    for line in group.iter("text"):
        if (spot := _spot(line)) is not None:
            _anchor(line, spot, side, float(line.get("font-size", 10)))


def plain_formula(group: ET.Element) -> None:
    """Make a formula without raised or lowered letters a text, anchored in its middle."""
    texts = [child for child in group if isinstance(child.tag, str)]
    if len(texts) != 1 or texts[0].tag != "text" or not len(texts[0]):
        return
    spot, letters = _spot(group), list(texts[0])
    sets = {(letter.get("y"), letter.get("font-size")) for letter in letters}
    if spot is None or len(sets) > 1:
        return
    text = ET.Element("text", {"font-size": letters[0].get("font-size", "10")})
    text.text = "".join(letter.text or "" for letter in letters)
    spot = spot[0] + float(letters[0].get("x", 0)), spot[1] + float(letters[0].get("y", 0))
    _anchor(text, spot, "center", float(text.get("font-size", 10)))
    del group.attrib["transform"]
    group[:] = [text]


def _spot(element: ET.Element) -> Spot | None:
    """Return where an element is moved, None if it is turned too or not moved."""
    moved = re.sub(r"\s*rotate\(-?0(\.0*)?\)", "", element.get("transform", ""))
    where = re.fullmatch(r"translate\(([-\d.e]+)[ ,]+([-\d.e]+)\)", moved)
    return (float(where[1]), float(where[2])) if where else None


def _anchor(text: ET.Element, left: Spot, side: str, size: float) -> None:
    anchor, share = {"center": ("middle", 0.5), "right": ("end", 1.0)}.get(side, ("start", 0.0))
    weight = int(text.get("font-weight", 400))
    font = FontProperties(family="DejaVu Sans", size=size, weight=weight)
    width, _, _ = text_to_path.get_text_width_height_descent(text.text or "", font, False)
    text.attrib.pop("transform", None)
    text.set("x", str(left[0] + share * width))
    text.set("y", str(left[1]))
    text.set("text-anchor", anchor)


def place_picture(element: ET.Element) -> None:
    """Store a picture upright, in few bytes, where it stands."""
    x, y, width, height = (float(element.get(k, 0)) for k in ("x", "y", "width", "height"))
    corners = np.array([[x, y, 1], [x + width, y + height, 1]]).T
    for name, numbers in reversed(_CALL.findall(element.attrib.pop("transform", ""))):
        n = [float(number) for number in NUMBER.findall(numbers)]
        move = np.eye(3)
        if name == "matrix":
            move[:2] = np.array(n).reshape(3, 2).T
        elif name == "translate":
            move[:2, 2] = n if len(n) == 2 else (n[0], 0)
        elif name == "scale":
            move[0, 0], move[1, 1] = n if len(n) == 2 else (n[0], n[0])
        corners = move @ corners
    (left, right), (top, bottom), _ = corners
    data = element.attrib.pop("href").partition(",")[2]
    picture: Image.Image = Image.open(io.BytesIO(base64.b64decode(data)))
    if right < left:
        picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if bottom < top:
        picture = picture.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    shown = abs(right - left), abs(bottom - top)
    kind, stored = encoded(picture, shown)
    element.attrib.clear()
    element.set("x", str(min(left, right)))
    element.set("y", str(min(top, bottom)))
    element.set("width", str(shown[0]))
    element.set("height", str(shown[1]))
    element.set("preserveAspectRatio", "none")
    if shown[0] * 4 / 3 >= 1.5 * picture.width:
        element.set("image-rendering", "pixelated")
    element.set("href", f"data:image/{kind};base64," + base64.b64encode(stored).decode())
