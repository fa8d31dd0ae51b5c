"""matplotlib's SVG, made small.

It is written for printing: every group has a name, numbers have six decimals, photographs are raw
pixels. Nothing of that is seen on a page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape, quoteattr

from cnnhistory.plotting.svg_groups import GROUPS, INHERITED, hoist, join_axis, join_marks
from cnnhistory.plotting.svg_shapes import (
    NUMBER,
    Spot,
    align_lines,
    place_picture,
    plain_formula,
    short,
    shorten_transform,
    small_path,
)

SVG = "http://www.w3.org/2000/svg"
LINK = "{http://www.w3.org/1999/xlink}href"


class Cleaner:
    """Makes a tree of matplotlib's small, in place: `Cleaner(root).clean()`.

    It leaves groups with something to say, shapes, texts and pictures, with attributes instead of
    styles; names only where something refers to them, `n0`, `n1`, ...; `data-panel` on axes; the
    classes `xl` and `yl` on the names of axes.
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
        hoist(self.root)
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
                    for key in INHERITED:  # who refers to it says how it is drawn
                        child.attrib.pop(key, None)
                    self._shape(child, digits=2)
                    self.named[name] = child
            return []
        name = element.attrib.pop("id", "")
        if element.tag in GROUPS:
            if name.startswith("lines-"):
                align_lines(element, name.removeprefix("lines-"))
            elif name in ("name_x", "name_y"):
                for text in element:
                    text.set("class", f"{name[-1]}l")
            plain_formula(element)
            self._clean_children(element)
            shorten_transform(element)
            self._unclip(element)
            if name.startswith("matplotlib.axis_"):
                join_axis(element, self.named)
            else:
                element[:] = join_marks(list(element), self.named)
            if name.startswith("panel_"):
                element.set("data-panel", name.removeprefix("panel_"))
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
            if part.tag in GROUPS:
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
        if key.strip() == "font-family" and "Mono" in value:
            element.set("font-family", "monospace")
        elif value and key.strip() not in ("font-family", "font-stretch", "font-variant"):
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
