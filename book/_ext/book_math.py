"""Serves MathJax from the book itself, so that formulas need no network.

The files come from the package sphinx-mathjax-offline. It would copy all 24 MB of them; a page
needs one script and the fonts.
"""

import importlib.util
import shutil
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

SCRIPT = Path("tex-chtml-full.js")
FONTS = Path("output", "chtml", "fonts", "woff-v2")


def copy_mathjax(app: Sphinx, error: Exception | None) -> None:
    """Copy script and fonts beside the book's static files."""
    if error is not None or app.builder.format != "html":
        return
    spec = importlib.util.find_spec("sphinx-mathjax-offline")
    if spec is None or spec.origin is None:
        raise ExtensionError("sphinx-mathjax-offline is not installed")
    source = Path(spec.origin).parent / "static" / "mathjax"
    target = Path(app.outdir) / "_static" / "mathjax"
    (target / FONTS).mkdir(parents=True, exist_ok=True)
    for file in (
        SCRIPT,
        *(FONTS / font.name for font in (source / FONTS).glob("*.woff")),
    ):
        shutil.copyfile(source / file, target / file)


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx."""
    app.connect("build-finished", copy_mathjax)
    app.config.mathjax_path = f"mathjax/{SCRIPT}"
    return {"parallel_read_safe": True, "parallel_write_safe": True}
