"""matplotlib's SVG, made small.

It is written for printing: every group has a name, numbers have six decimals, photographs are raw
pixels. Nothing of that is seen on a page.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape, quoteattr

from cnnhistory.plotting.svg_shapes import (
    NUMBER,
    Spot,
    align_lines,
    place_picture,
    short,
    shorten_transform,
    small_path,
)

SVG = "http://www.w3.org/2000/svg"
LINK = "{http://www.w3.org/1999/xlink}href"
# What a group may say for all that is in it.
INHERITED = (
    "fill", "fill-opacity", "font-size", "font-style", "font-weight", "stroke", "stroke-dasharray",
    "stroke-dashoffset", "stroke-linecap", "stroke-linejoin", "stroke-opacity", "stroke-width",
    "text-anchor",
)  # fmt: skip
# What need not be said.
DEFAULTS = {
    "fill-opacity": "1", "font-style": "normal", "opacity": "1", "stroke": "none",
    "stroke-dasharray": "none", "stroke-dashoffset": "0", "stroke-linecap": "butt",
    "stroke-linejoin": "round", "stroke-opacity": "1", "stroke-width": "1", "text-anchor": "start",
}  # fmt: skip
MOST_ALIKE = 3  # neighbors that are drawn alike before a group is put around them
_GROUPS = ("g", "a")


class Cleaner:
    """Makes a tree of matplotlib's small, in place: `Cleaner(root).clean()`.

    It leaves groups with something to say, shapes, texts and pictures, with attributes instead of
    styles; names only where something refers to them, `n0`, `n1`, ...; `class="axes"` on axes.
    """

    def __init__(self, root: ET.Element) -> None:
        self.root = root
        for element in root.iter():
            if isinstance(element.tag, str):
                element.tag = element.tag.removeprefix(f"{{{SVG}}}")
        self.clips = {
            clip.attrib["id"]: [float(rect.get(key, 0)) for key in ("x", "y", "width", "height")]
            for clip in root.iter("clipPath")
            if (rect := clip.find("rect")) is not None
        }
        self.named: dict[str, ET.Element] = {}
        self.spots: dict[ET.Element, list[Spot]] = {}  # where shapes reach

    def clean(self) -> None:
        """Make the tree small."""
        for element in self.root.iter():
            _attributes(element)
        self._clean_children(self.root)
        _hoist(self.root)
        names: dict[str, str] = {}
        waiting = [*self.root.iter()]
        for element in waiting:
            for key in ("href", "clip-path"):
                found = re.search(r"#([^)]+)", element.get(key, ""))
                if found and found[1] in self.named:
                    if found[1] not in names:
                        names[found[1]] = f"n{len(names)}"
                        waiting += self.named[found[1]].iter()
                    new = names[found[1]]
                    element.set(key, f"#{new}" if key == "href" else f"url(#{new})")
        definitions = ET.Element("defs")
        for old, new in names.items():
            self.named[old].set("id", new)
            definitions.append(self.named[old])
        if names:
            self.root.insert(0, definitions)

    def _clean_children(self, parent: ET.Element) -> None:
        parent[:] = [kept for child in parent for kept in self._cleaned(child)]
        parent.text = parent.tail = None

    def _cleaned(self, element: ET.Element) -> Iterable[ET.Element]:
        """Return what becomes of an element: nothing, itself, or what is in it."""
        if not isinstance(element.tag, str) or element.tag in ("metadata", "style"):
            return []
        if element.tag == "defs":
            for child in element:
                if name := child.get("id"):
                    self._shape(child, digits=2)
                    self.named[name] = child
            return []
        name = element.attrib.pop("id", "")
        if element.tag in _GROUPS:
            if name.startswith("lines-"):
                align_lines(element, name.removeprefix("lines-"))
            self._clean_children(element)
            shorten_transform(element)
            self._unclip(element)
            if name.startswith("matplotlib.axis_"):
                _axis(element, self.named)
            if name.startswith("axes_"):
                element.set("class", "axes")
            if not len(element):
                return []
            return [element] if element.attrib else list(element)
        if element.tag == "path" and not _is_seen(element):
            return []
        if element.tag == "image":
            place_picture(element)
        self._shape(element, digits=1)
        self._unclip(element)
        return [element]

    def _shape(self, element: ET.Element, digits: int) -> None:
        element.tail = None
        if element.tag not in ("text", "tspan") or len(element):
            element.text = None
        for child in element:
            self._shape(child, digits)
        for key in ("x", "y", "width", "height"):
            if key in element.attrib:
                element.set(key, short(float(element.attrib[key]), digits))
        if "d" in element.attrib:
            path, self.spots[element] = small_path(element.attrib["d"], digits)
            element.set("d", path)
        elif element.tag == "use":
            self.spots[element] = [(float(element.get("x", 0)), float(element.get("y", 0)))]
        elif element.tag in ("image", "rect"):
            x, y, width, height = (float(element.get(k, 0)) for k in ("x", "y", "width", "height"))
            self.spots[element] = [(x, y), (x + width, y + height)]
        if shorten_transform(element):
            self.spots.pop(element, None)

    def _unclip(self, element: ET.Element) -> None:
        """Drop a clip that cuts nothing off."""
        clip = re.fullmatch(r"url\(#(.+)\)", element.get("clip-path", ""))
        if not clip or clip[1] not in self.clips:
            return
        left, top, width, height = self.clips[clip[1]]
        for part in element.iter():
            if part.tag in _GROUPS:
                continue
            for x, y in self.spots.get(part, [(-1e9, 0)]):
                if not (left - 1 <= x <= left + width + 1 and top - 1 <= y <= top + height + 1):
                    return
        del element.attrib["clip-path"]


def written(element: ET.Element) -> str:
    """Return an element as text, without what XML allows to leave out."""
    attributes = "".join(f" {key}={quoteattr(value)}" for key, value in element.attrib.items())
    inside = escape(element.text or "") + "".join(written(child) for child in element)
    if not inside:
        return f"<{element.tag}{attributes}/>"
    return f"<{element.tag}{attributes}>{inside}</{element.tag}>"


def _attributes(element: ET.Element) -> None:
    """Turn styles into attributes, which the style sheet of a page may overrule."""
    style = element.attrib.pop("style", "")
    for entry in style.split(";"):
        key, _, value = entry.partition(":")
        if value and key.strip() not in ("font-family", "font-stretch", "font-variant"):
            element.set(key.strip(), value.strip())
    for key in ("fill", "stroke"):
        element_color = element.get(key, "")
        if re.fullmatch(r"#(.)\1(.)\2(.)\3", element_color):
            element.set(key, "#" + element_color[1::2])
    for key in ("font-size", "stroke-width", "opacity", "fill-opacity", "stroke-opacity",
                "stroke-dasharray", "stroke-dashoffset"):  # fmt: skip
        if key in element.attrib and element.attrib[key] != "none":
            numbers = NUMBER.findall(element.attrib[key])
            element.set(key, " ".join(short(float(number), 2) for number in numbers))
    if LINK in element.attrib:
        element.set("href", element.attrib.pop(LINK))


def _is_seen(path: ET.Element) -> bool:
    paints = path.get("fill") != "none" and path.get("fill-opacity") != "0"
    draws = path.get("stroke", "none") != "none" and path.get("stroke-opacity") != "0"
    return (paints or draws) and path.get("opacity") != "0"


def _hoist(element: ET.Element) -> None:
    """Say once on a group what all in it say, and leave out what need not be said."""
    for child in element:
        if child.tag in _GROUPS:
            _hoist(child)
    if len(element) > MOST_ALIKE:
        element[:] = _in_runs(list(element))
    _raise(element)
    for child in element:
        for key, default in DEFAULTS.items():
            if child.tag not in _GROUPS and child.get(key) == default and key not in element.attrib:
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


def _axis(group: ET.Element, named: dict[str, ET.Element]) -> None:
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
