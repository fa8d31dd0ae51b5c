"""Puts the figures of the notebooks into the page itself, in the theme's font and colors.

The notebooks hold them as SVG (`cnnhistory.plotting.svg`). In the page their text is text,
black becomes the theme's text color, and what would be hard to see on the dark page gets
another color there. Pictures, and what is drawn on them, keep theirs.
"""

import colorsys
import copy
import re
from dataclasses import dataclass
from html import escape
from pathlib import Path
from xml.etree import ElementTree as ET

import figure_texts
from docutils import nodes
from sphinx.application import Sphinx

SVG = "http://www.w3.org/2000/svg"
MARK = 'class="paper"'  # only figures of ours have it
# The dark theme's colors of page and text; a test of the built book compares them.
DARK, LIGHT_TEXT = (0x12, 0x12, 0x12), (0xCE, 0xD6, 0xDD)
LEAST_CONTRAST = 4.5  # of colors against the dark page
PIXELS = 4 / 3  # for a unit
SMALLEST = (
    10  # pixels of a text; a page that is narrower than that needs scrolls the figure
)
PAGE, PHONE = 672, 342  # pixels of a figure on a screen of 1,280, and on a phone
PICTURE = 0.3  # of its width, to which a panel without text may shrink
WRAPS = 0.85  # of its width that a row has left before its panels wrap
# What a picture says for all that is in it.
KEPT = (
    "fill", "font-size", "font-weight", "stroke", "stroke-linecap", "stroke-linejoin",
    "stroke-width", "text-anchor",
)  # fmt: skip
Color = tuple[int, int, int]
Box = tuple[float, float, float, float]


def inline_figures(app: Sphinx, doctree: nodes.document) -> None:
    """Replace the images that are figures of ours."""
    if app.builder.format != "html":
        return
    count = 0
    for image in list(doctree.findall(nodes.image)):
        if not image["uri"].endswith(".svg"):
            continue
        _, path = app.env.relfn2path(image["uri"], app.env.docname)
        svg = Path(path).read_text(encoding="utf-8") if Path(path).exists() else ""
        if MARK not in svg:
            continue
        count += 1
        html = figure_html(svg, image.get("alt", ""), f"figure-{count}")
        image.replace_self(nodes.raw("", html, format="html"))


def figure_html(svg: str, alt: str, name: str) -> str:
    """Return the HTML of a figure; `name` is its id, that of no other element of the page.

    Its panels are pictures of their own, which wrap where the page is narrow.
    """
    root = ET.fromstring(svg)
    for element in root.iter():
        element.tag = element.tag.removeprefix(f"{{{SVG}}}")
    for paper in root.findall("path[@class='paper']"):
        root.remove(paper)
    rename(root, name)
    style = [
        f"html[data-theme=dark] #{name} {selector}:not(.k){{{rule}}}"
        for selector, rule in dark_rules(root)
    ]
    width = float(root.attrib["width"])
    rows = panel_rows(root)
    if any(panel.names is not None for row in rows for panel in row):
        wraps = WRAPS * min(width, PAGE)
        rule = f"#{name} .names{{display:block}}"
        style.append(f"@container (max-width:{wraps:.0f}px){{{rule}}}")
    for number, panel in enumerate(panel for row in rows for panel in row):
        panel.shrinks = min(1, 0.98 * PAGE / width)  # less, or a rounding would wrap it
        style += growing(panel, f"{name}-p{number}")
    parts = [f"<style>{''.join(style)}</style>"] if style else []
    for row in rows:
        parts.append('<div class="row many">' if len(row) > 3 else '<div class="row">')
        parts += [*map(panel_html, row), "</div>"]
    return (
        f'<div class="book-figure" style="max-width:{width:.0f}px">'
        f'<div class="sheet" id="{name}" role="img" aria-label="{escape(alt)}">'
        f"{''.join(parts)}</div></div>"
    )


@dataclass
class Panel:
    """A part of a figure as a picture of its own, and the names of ticks it shares with others.

    Units: `box` in those of the picture: left, top, width, height.
    """

    box: Box
    svg: ET.Element
    names: ET.Element | None = None
    shrinks: float = 1.0  # to what share, where the figure is wider than a page
    name: str = ""

    def __post_init__(self) -> None:
        sizes = [
            float(e.attrib["font-size"])
            for e in self.svg.iter()
            if "font-size" in e.attrib
        ]
        self.width = PIXELS * self.box[2]
        self.smallest = PIXELS * min(sizes, default=0)  # of its texts

    def least(self, grows: float = 1.0) -> float:
        """Return the width in pixels at which its smallest text, grown, is legible."""
        legible = SMALLEST / (self.smallest * grows) if self.smallest else PICTURE
        return self.width * min(self.shrinks, legible)


def panel_rows(root: ET.Element) -> list[list[Panel]]:
    """Take a figure apart into its panels, or into one if it is in one piece."""
    where = root.attrib.pop("data-panels", "")
    said = {k: v for k, v in root.attrib.items() if k in KEPT}
    if not where:
        box = tuple(map(float, root.attrib["viewBox"].split()))
        return [[Panel(box, picture(box, list(root), said))]]  # type: ignore[arg-type]
    definitions = root.findall("defs")
    groups: dict[str, list[ET.Element]] = {}
    for child in root:
        if child.tag != "defs":
            groups.setdefault(child.attrib.pop("data-panel", "0"), []).append(child)
    rows, number = [], 0
    for line in where.split("|"):
        row: list[Panel] = []
        for entry in line.split(";"):
            *numbers, names = map(float, entry.split())
            box = (numbers[0], numbers[1], numbers[2], numbers[3])
            content = groups.get(str(number), [])
            # what is referred to stands once, in the first picture
            svg = picture(box, content if number else [*definitions, *content], said)
            row.append(Panel(box, svg))
            if names:
                strip = (0.0, box[1], names, box[3])
                texts = [
                    text
                    for group in groups.get(str(number - len(row) + 1), [])
                    for text in names_in(group, names, said)
                ]
                row[-1].names = picture(strip, texts, said)
            number += 1
        rows.append(row)
    return rows


def names_in(group: ET.Element, right: float, said: dict[str, str]) -> list[ET.Element]:
    """Return copies of the texts of a group that stand left of where its axes begin."""
    said = {**said, **{k: v for k, v in group.attrib.items() if k in KEPT}}
    found = []
    for child in group:
        if child.tag == "g":
            found += names_in(child, right, said)
        elif child.tag == "text" and float(child.get("x", right)) < right - 2:
            found.append(copy.deepcopy(child))
            for key, value in said.items():
                found[-1].attrib.setdefault(key, value)
    return found


def picture(box: Box, content: list[ET.Element], said: dict[str, str]) -> ET.Element:
    """Return one of the pictures that a figure is shown as."""
    left, top, width, height = (f"{value:g}" for value in box)
    svg = ET.Element("svg", {"viewBox": f"{left} {top} {width} {height}", **said})
    svg.set("aria-hidden", "true")
    svg.extend(content)
    return svg


def growing(panel: Panel, name: str) -> list[str]:
    """Return the rules by which the texts of a panel grow where a phone shows it small."""
    threshold = panel.least()
    if not panel.smallest or threshold <= PHONE or panel.names is not None:
        return []
    found = figure_texts.fit(panel.svg, panel.box, threshold / PHONE)
    if found is None:
        return []
    panel.name = name
    for element in panel.svg.iter():
        if "font-size" in element.attrib:
            size = element.attrib.pop("font-size")
            element.set("style", f"font-size:calc({size}px*var(--t,1))")
    left, top, right, bottom = (100 * side / panel.box[2] for side in found.around)
    inside = (
        f"#{name}{{--t:{found.factor:g};min-width:{panel.least(found.factor):.0f}px!important;"
        f"padding:{top:.1f}% {right:.1f}% {bottom:.1f}% {left:.1f}%}}"
    )
    if found.down:
        inside += f"#{name} .xl{{translate:0 {found.down:g}px}}"
    if found.left:
        inside += f"#{name} .yl{{translate:-{found.left:g}px}}"
    return [f"@container (max-width:{threshold:.0f}px){{{inside}}}"]


def panel_html(panel: Panel) -> str:
    """Return a panel as an item that grows and shrinks with its row, down to legible text."""
    names = ""
    panel.svg.set("style", f"flex:{panel.box[2]:g} 1 0;{panel.svg.get('style', '')}")
    if panel.names is not None:
        panel.names.set("class", "names")
        panel.names.set("style", f"flex:{panel.names.attrib['viewBox'].split()[2]} 1 0")
        names = ET.tostring(panel.names, encoding="unicode")
    said = f' id="{panel.name}"' if panel.name else ""
    width, least = panel.width, panel.least()
    basis = WRAPS * panel.shrinks * width
    return (
        f'<div class="panel"{said} style="flex:{width:.0f} 1 {basis:.0f}px;'
        f'min-width:{least:.0f}px;max-width:{width:.0f}px">'
        f"{names}{ET.tostring(panel.svg, encoding='unicode')}</div>"
    )


def rename(root: ET.Element, name: str) -> None:
    """Give what is referred to names that no other figure of the page has."""
    for element in root.iter():
        if "id" in element.attrib:
            element.set("id", f"{name}-{element.attrib['id']}")
        for key in ("href", "clip-path"):
            if re.match(r"#|url\(#", element.get(key, "")):
                element.set(key, element.attrib[key].replace("#", f"#{name}-"))


def dark_rules(root: ET.Element) -> list[tuple[str, str]]:
    """Return selectors and rules for the dark page; mark with class k what keeps its color."""
    areas: list[tuple[Box, Color | None]] = []
    found: dict[tuple[str, str], str] = {}
    visit(root, {}, areas, found)
    return [
        (f'[{key}="{value}"]', f"{key}:{new}") for (key, value), new in found.items()
    ]


def visit(
    element: ET.Element,
    inherited: dict[str, str],
    areas: list[tuple[Box, Color | None]],
    found: dict[tuple[str, str], str],
) -> None:
    """Follow the tree in the order of drawing: what lies below is in `areas`."""
    said = {**inherited, **element.attrib}
    for key in ("fill", "stroke"):
        color = parsed(element.get(key, ""))
        new = on_dark(color, area=key == "fill") if color else None
        if new:
            found[key, element.attrib[key]] = new
    if element.tag == "image":
        areas.append((box_of(element), None))
    elif element.tag in ("path", "use", "text"):
        where = box_of(element)
        below = next((a for a in reversed(areas) if inside(where, a[0])), None)
        if below is not None and below[1] is None:
            keep(element, said)
        elif below is not None and element.tag == "text":
            read_on(element, said, below[1])
        one = (
            element.tag == "path" and element.get("d", "").count("M") == 1
        )  # not marks
        if one and (face := face_of(said)) is not None:
            areas.append((where, face))
    handed = {k: v for k, v in said.items() if k in ("fill", "stroke", "fill-opacity")}
    for child in element:
        visit(child, handed, areas, found)


def keep(element: ET.Element, said: dict[str, str]) -> None:
    """Have an element keep its colors on the dark page, those of its groups included."""
    element.set("class", f"{element.get('class', '')} k".strip())
    for key in ("fill", "stroke"):
        if key in said:
            element.set(key, said[key])
    if element.tag == "text" and "fill" not in said:
        element.set("fill", "#000")


def read_on(element: ET.Element, said: dict[str, str], face: Color) -> None:
    """Have a text on an area keep its color on the dark page if it is read better so."""
    now = parsed(said.get("fill", "#000"))
    if now is None or not neutral(now):
        return
    new = mixed(DARK, LIGHT_TEXT, sum(now) / (3 * 255))
    if contrast(now, face) >= contrast(new, face):
        keep(element, said)


def face_of(said: dict[str, str]) -> Color | None:
    """Return the color that an area has on the dark page, None if it is the page's own."""
    color = parsed(said.get("fill", "#000"))
    opacity = float(said.get("fill-opacity", 1)) * float(said.get("opacity", 1))
    if color is None or neutral(color) or opacity < 0.15:
        return None
    new = on_dark(color, area=True)
    shown = parsed(new) if new and new.startswith("#") else color
    return mixed(shown or color, DARK, opacity)


def on_dark(color: Color, area: bool) -> str | None:
    """Return what a color becomes on the dark page, None if it stays."""
    if neutral(color):
        share = 100 - 100 * sum(color) / (3 * 255)
        if share > 99:
            return "var(--pst-color-text-base)"
        if share < 1:
            return "var(--pst-color-background)"
        return (
            f"color-mix(in srgb,var(--pst-color-text-base) {share:.0f}%,"
            "var(--pst-color-background))"
        )
    hue, light, strength = colorsys.rgb_to_hls(*(part / 255 for part in color))
    if area and light > 0.8:
        light = 1.05 - light
    else:
        while (
            light < 0.95
            and contrast(of_hls(hue, light, strength), DARK) < LEAST_CONTRAST
        ):
            light += 0.02
    new = of_hls(hue, light, strength)
    return (
        None
        if max(abs(a - b) for a, b in zip(new, color, strict=True)) < 3
        else ("#" + "".join(f"{part:02x}" for part in new))
    )


def of_hls(hue: float, light: float, strength: float) -> Color:
    red, green, blue = colorsys.hls_to_rgb(hue, light, strength)
    return round(red * 255), round(green * 255), round(blue * 255)


def neutral(color: Color) -> bool:
    return max(color) - min(color) < 16


def mixed(color: Color, under: Color, share: float) -> Color:
    red, green, blue = (
        round(share * a + (1 - share) * b) for a, b in zip(color, under, strict=True)
    )
    return red, green, blue


def parsed(text: str) -> Color | None:
    """Return the parts of #rgb or #rrggbb, None for anything else."""
    if not re.fullmatch(r"#([0-9a-fA-F]{3}){1,2}", text):
        return None
    digits = text[1:] if len(text) == 7 else "".join(2 * c for c in text[1:])
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)


def luminance(color: Color) -> float:
    """Return the relative luminance, as WCAG defines it."""
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (part / 255 for part in color)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(a: Color, b: Color) -> float:
    """Return the contrast of two colors, 1 to 21, as WCAG defines it."""
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def box_of(element: ET.Element) -> Box:
    """Return the left, top, right and lower end of a shape; of a text, where it is anchored."""
    if element.tag == "path":
        return path_box(element.get("d", ""))
    x, y = float(element.get("x", 0)), float(element.get("y", 0))
    if element.tag == "text":
        y -= 3  # the middle of small letters
    return x, y, x + float(element.get("width", 0)), y + float(element.get("height", 0))


def path_box(d: str) -> Box:
    """Return the box of all spots of a path as `cnnhistory.plotting.svg_tree` writes it."""
    xs, ys = [], []
    x = y = start_x = start_y = 0.0
    for command, arguments in re.findall(r"([MlhvqcZz])([^MlhvqcZz]*)", d):
        values = [float(n) for n in re.findall(r"-?\d*\.?\d+", arguments)]
        if command == "z":
            x, y = start_x, start_y
        size = {"M": 2, "l": 2, "h": 1, "v": 1, "q": 4, "c": 6}.get(command, 1)
        for n in range(0, len(values), size):
            step = values[n : n + size]
            if command == "M":
                x, y = start_x, start_y = step
            elif command == "h":
                x += step[0]
            elif command == "v":
                y += step[0]
            else:
                xs += [x + step[0]]
                ys += [y + step[1]]
                x, y = x + step[-2], y + step[-1]
            xs.append(x)
            ys.append(y)
    return (min(xs), min(ys), max(xs), max(ys)) if xs else (0.0, 0.0, 0.0, 0.0)


def inside(box: Box, other: Box) -> bool:
    """Return whether a box lies in another, which may be half a unit larger."""
    return (
        box[0] >= other[0] - 0.5
        and box[1] >= other[1] - 0.5
        and box[2] <= other[2] + 0.5
        and box[3] <= other[3] + 0.5
    )


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx, before it collects the images of a page."""
    app.connect("doctree-read", inline_figures, priority=400)
    app.add_css_file("figures.css")
    app.add_js_file("figures.js", loading_method="defer")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
