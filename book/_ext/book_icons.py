"""Writes _static/icons.css: the icons that the pages show, cut out of the theme's fonts.

The theme loads a script of 1.5 MB that draws its icons, and fonts of 270 kB where the script is
missing. The book leaves the script out (see _templates/layout.html). The style sheet written
here declares the fonts again with the few characters that are used; for any other character the
browser still loads the theme's. The fonts are Font Awesome Free, under the SIL OFL 1.1.
"""

import base64
import io
import re
from pathlib import Path

import pydata_sphinx_theme
from fontTools import subset
from sphinx.application import Sphinx

STATIC = Path(pydata_sphinx_theme.__file__).parent.joinpath(
    "theme", "pydata_sphinx_theme", "static"
)
FONTS = (  # family, weight, file
    (r"Font Awesome\ 6 Free", 900, "fa-solid-900.ttf"),
    (r"Font Awesome\ 6 Brands", 400, "fa-brands-400.ttf"),
)
NAME = re.compile(r"\bfa-([a-z0-9-]+)")
RULE = re.compile(r'((?:\.fa-[a-z0-9-]+:before,?)+)\{content:"\\?([^"]+)"\}')
# characters that style sheets write themselves, such as the icon of a note
WRITTEN = re.compile(
    r'--pst-(?:icon|breadcrumb)[a-z-]*:"([^"]+)"|content:\s*"\\(f[0-9a-f]{3})"'
)


def codes(style: str) -> dict[str, int]:
    """Return the character of each icon by name, as the theme's style sheet has it."""
    found = {}
    for names, content in RULE.findall(style):
        code = int(content, 16) if len(content) > 1 else ord(content)
        found |= dict.fromkeys(NAME.findall(names), code)
    return found


def used(pages: list[str], styles: list[str]) -> set[int]:
    """Return the characters of the icons in pages and in style sheets."""
    known = codes("".join(styles))
    names = {name for page in pages for name in NAME.findall(page)}
    own = {
        ord(character) if character else int(code, 16)
        for style in styles
        for character, code in WRITTEN.findall(RULE.sub("", style))
        if code or len(character) == 1
    }
    return {known[name] for name in names & known.keys()} | own


def cut(font: Path, characters: set[int]) -> bytes:
    """Return a font in WOFF with these characters only."""
    options = subset.Options(layout_features=[], hinting=False, flavor="woff")
    whole = subset.load_font(font, options)
    part = subset.Subsetter(options)
    part.populate(unicodes=characters)
    part.subset(whole)
    written = io.BytesIO()
    subset.save_font(whole, written, options)
    return written.getvalue()


def write_icons(app: Sphinx, error: Exception | None) -> None:
    """Write the style sheet from the pages that were built."""
    if error is not None or app.builder.format != "html":
        return
    static = Path(app.outdir, "_static")
    pages = [
        path.read_text(encoding="utf-8") for path in Path(app.outdir).rglob("*.html")
    ]
    styles = [path.read_text(encoding="utf-8") for path in static.rglob("*.css")]
    characters = used(pages, styles)
    rules = []
    for family, weight, name in FONTS:
        data = cut(STATIC / "vendor" / "fontawesome" / "webfonts" / name, characters)
        rules.append(
            f"@font-face {{ font-family: {family}; font-style: normal; font-weight: {weight}; "
            "font-display: block; src: url(data:font/woff;base64,"
            f'{base64.b64encode(data).decode()}) format("woff"); }}\n'
        )
    head = "/* From Font Awesome Free, SIL OFL 1.1; written by book/_ext/book_icons.py */\n"
    (static / "icons.css").write_text(head + "".join(rules), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx."""
    app.add_css_file("icons.css", priority=900)
    app.connect("build-finished", write_icons)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
