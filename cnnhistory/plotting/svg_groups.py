"""Groups of matplotlib's SVG: what is drawn alike is said once, or drawn as one path."""

from __future__ import annotations

import itertools
import re
from xml.etree import ElementTree as ET

from cnnhistory.plotting.svg_shapes import NUMBER, short

# What a group may say for all that is in it.
INHERITED = (
    "fill", "fill-opacity", "font-family", "font-size", "font-style", "font-weight", "stroke",
    "stroke-dasharray", "stroke-dashoffset", "stroke-linecap", "stroke-linejoin", "stroke-opacity",
    "stroke-width", "text-anchor",
)  # fmt: skip
# What need not be said.
DEFAULTS = {
    "fill-opacity": "1", "font-style": "normal", "opacity": "1", "stroke": "none",
    "stroke-dasharray": "none", "stroke-dashoffset": "0", "stroke-linecap": "butt",
    "stroke-linejoin": "round", "stroke-opacity": "1", "stroke-width": "1", "text-anchor": "start",
}  # fmt: skip
LONGEST_MARK = 40  # letters of a mark that is drawn again at each spot
MOST_ALIKE = 3  # neighbors that are drawn alike before a group is put around them
GROUPS = ("g", "a")


def hoist(element: ET.Element) -> None:
    """Say once on a group what all in it say, and leave out what need not be said."""
    for child in element:
        if child.tag in GROUPS:
            hoist(child)
    if len(element) > MOST_ALIKE:
        element[:] = _in_runs(list(element))
    _raise(element)
    for child in element:
        for key, default in DEFAULTS.items():
            if child.tag not in GROUPS and child.get(key) == default and key not in element.attrib:
                del child.attrib[key]


def _in_runs(children: list[ET.Element]) -> list[ET.Element]:
    """Put a group around neighbors that are drawn alike."""
    found: list[ET.Element] = []
    for _, run in itertools.groupby(children, key=_look):
        alike = list(run)
        if len(alike) < MOST_ALIKE or len(alike) == len(children):
            found += alike
            continue
        group = ET.Element("g")
        group[:] = alike
        _raise(group)
        found.append(group)
    return found


def _look(element: ET.Element) -> object:
    if "data-panel" in element.attrib:
        return id(element)
    look = tuple((key, element.get(key)) for key in INHERITED if key in element.attrib)
    return (look, element.tag if element.tag != "text" else "") if look else id(element)


def _raise(group: ET.Element) -> None:
    children = [child for child in group if child.tag != "image"]
    for key in INHERITED:
        values = {child.get(key) for child in children}
        if len(children) > 1 and len(values) == 1 and None not in values:
            group.set(key, values.pop() or "")
            for child in children:
                del child.attrib[key]


def join_marks(children: list[ET.Element], named: dict[str, ET.Element]) -> list[ET.Element]:
    """Draw neighboring marks of one kind as one path: discs as dots of a thick round pen."""
    found: list[ET.Element] = []
    for _, run in itertools.groupby(children, key=_kind_of_mark):
        marks = list(run)
        shape = named.get(marks[0].get("href", "#")[1:])
        if marks[0].tag != "use" or len(marks) < 2 or shape is None:
            found += marks
            continue
        start, *steps = re.split(r"(?=[a-z])", shape.get("d", ""), maxsplit=1)
        x0, y0 = (float(n) for n in NUMBER.findall(start))
        one = ET.Element("path", dict(marks[0].attrib))
        for key in ("x", "y", "href"):
            one.attrib.pop(key, None)
        if _is_disc(shape.get("d", ""), one):
            edge = float(one.get("stroke-width", 1)) if one.get("stroke", "none") != "none" else 0
            x0, y0, steps = 0, 0, ["h0"]
            one.set("stroke", one.get("fill", "#000"))
            one.set("stroke-width", short(2 * float(NUMBER.findall(start)[1]) + edge, 2))
            one.set("stroke-linecap", "round")
            if "fill-opacity" in one.attrib:
                one.set("stroke-opacity", one.attrib["fill-opacity"])
            one.set("fill", "none")
        elif len("".join(steps)) > LONGEST_MARK:
            found += marks
            continue
        spots = [(float(mark.get("x", 0)) + x0, float(mark.get("y", 0)) + y0) for mark in marks]
        one.set("d", "".join(f"M{short(x)} {short(y)}{''.join(steps)}" for x, y in spots))
        found.append(one)
    return found


def _kind_of_mark(element: ET.Element) -> object:
    if element.tag != "use" or "transform" in element.attrib:
        return id(element)
    return tuple(sorted((k, v) for k, v in element.attrib.items() if k not in ("x", "y")))


def _is_disc(d: str, mark: ET.Element) -> bool:
    """Whether a mark is a full circle around its spot, in one color."""
    one_color = mark.get("stroke", "none") in ("none", mark.get("fill", "#000"))
    return bool(re.fullmatch(r"M0 [\d.]+c[^a-z]+z", d)) and one_color


def join_axis(group: ET.Element, named: dict[str, ET.Element]) -> None:
    """Draw the lines of an axis as one path, its marks as another, and its texts after them."""
    paths: dict[tuple[tuple[str, str], ...], ET.Element] = {}
    rest = []
    for child in group:
        mark = named.get(child.get("href", "#")[1:])
        if child.tag == "use" and mark is not None and mark.get("d", "").startswith("M0 0"):
            child.tag = "path"
            del child.attrib["href"]
            x, y = child.attrib.pop("x"), child.attrib.pop("y")
            child.set("d", f"M{x} {y}{mark.attrib['d'][4:]}".replace(" -", "-"))
            child.set("fill", "none")
        if child.tag != "path" or child.get("fill") != "none":
            rest.append(child)
            continue
        d = child.attrib.pop("d")
        same = paths.setdefault(tuple(sorted(child.attrib.items())), child)
        same.set("d", same.get("d", "") + d)
    group[:] = [*paths.values(), *rest]
