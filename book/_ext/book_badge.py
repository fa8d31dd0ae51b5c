"""Puts a line under the title of every chapter: how long it runs, on what data, what it loads.

The line comes from the notebook's metadata, where `make execute` writes the measured time:

    "cnnhistory": {"data": "5,000 MNIST digits", "download_mb": 0,
                   "runtime_s": 41.2, "cores": 2, "machine": "AMD EPYC"}

`data` may be a list. `data` and `download_mb` are written by the chapter's author.
"""

import json
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

NEEDED = ("data", "download_mb", "runtime_s", "cores", "machine")
log = logging.getLogger(__name__)


def badge_items(facts: dict) -> list[tuple[str, str]]:
    """Return label and text of each part of the line.

    Raises:
        ValueError: a fact is missing.
    """
    missing = [name for name in NEEDED if name not in facts]
    if missing:
        raise ValueError(
            f"notebook metadata 'cnnhistory' lacks {', '.join(missing)}: set data and "
            "download_mb by hand, then run `make execute`"
        )
    cores = facts["cores"]
    data = facts["data"] if isinstance(facts["data"], list) else [facts["data"]]
    size = facts["download_mb"]
    return [
        (
            "Runs in",
            f"{duration(facts['runtime_s'])} "
            f"({cores} core{'s' if cores != 1 else ''}, {facts['machine']})",
        ),
        ("Data", ", ".join(data)),
        ("Download", f"{size:g} MB" if size else "none"),
    ]


def duration(seconds: float) -> str:
    """Return a time the way a reader says it."""
    if seconds < 1:
        return "under 1 s"
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min"


def add_badge(app: Sphinx, doctree: nodes.document) -> None:
    """Insert the line under the title of a notebook."""
    source = Path(app.env.doc2path(app.env.docname))
    if source.suffix != ".ipynb":
        return
    facts = json.loads(source.read_text(encoding="utf-8"))["metadata"].get(
        "cnnhistory", {}
    )
    title = next(iter(doctree.findall(nodes.title)), None)
    try:
        items = badge_items(facts)
        if title is None:
            raise ValueError("the notebook has no title")
    except ValueError as error:
        log.warning("%s", error, location=app.env.docname)
        return
    line = nodes.paragraph(classes=["chapter-badge"])
    for label, text in items:
        part = nodes.inline(classes=["chapter-badge-item"])
        part += nodes.strong(text=label)
        part += nodes.Text(f" {text}")
        line += part
        line += nodes.Text(" ")
    title.parent.insert(title.parent.index(title) + 1, line)


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx."""
    app.connect("doctree-read", add_badge)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
