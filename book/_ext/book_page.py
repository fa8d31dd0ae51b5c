"""What a page loads and how its controls are called.

Extensions and theme load everything on every page. Here a page loads only what it uses: MathJax
where there is a formula, the timeline's script where there is a timeline, and nothing of thebe
and sphinx-togglebutton, which the book does not use. The templates in _templates leave out the
search index, which the search page loads, and the scripts of all icons (see icons.css).
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

BOOK = Path(__file__).resolve().parents[1]
UNUSED = ("sphinx_thebe", "sphinx_togglebutton")  # modules
NEVER = re.compile(r"thebe|togglebutton|toggleHint|toggleOpenOnPrint")
ONLY_WITH = {  # what the file is called: what the page has when it needs the file
    "sphinx-design": 'class="sd-',
    "design-tabs": "sd-tab-",
    "timeline": 'id="timeline"',
    "live/": "data-live=",
    "exercise.css": "exercise",
    "clipboard": "highlight",
    "copybutton": "highlight",
}


def needed(asset: str, body: str, formula: bool) -> bool:
    """Return whether a page loads a script or style, given by its file name and its text."""
    if NEVER.search(asset):
        return False
    if "mathjax" in asset.lower():
        return formula
    return all(sign in body for name, sign in ONLY_WITH.items() if name in asset)


def choose_assets(
    app: Sphinx,
    page: str,
    template: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Leave out of a page what it does not need."""
    body = context.get("body", "")
    formula = app.env.get_domain("math").data["has_equations"].get(page, False)
    for kind in ("script_files", "css_files"):
        context[kind] = [
            asset for asset in context[kind] if needed(text_of(asset), body, formula)
        ]


def text_of(asset: Any) -> str:
    """Return the name of an asset's file and the text that stands in the page."""
    name = getattr(asset, "filename", None) or (
        "" if hasattr(asset, "attributes") else asset
    )
    return f"{name} {getattr(asset, 'attributes', {}).get('body', '')}"


SUMMARY = re.compile(
    r'(<a class="[^"]*" href="[^"]*">)([^<]*)(</a><details[^>]*><summary)>'
)
LIST = re.compile(r'(<div) role="list"( class="citation-list">)')


def name_controls(
    app: Sphinx,
    page: str,
    template: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Give a name to what has none, and take a role away that does not fit."""
    tree: Callable[..., Any] | None = context.get("generate_toctree_html")
    if tree is not None:

        def named(*args: Any, **settings: Any) -> Any:
            return SUMMARY.sub(
                r'\1\2\3 aria-label="Pages below \2">', str(tree(*args, **settings))
            )

        context["generate_toctree_html"] = named
    if "body" in context:
        context["body"] = LIST.sub(r"\1\2", context["body"])


def drop_doubled_ids(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Keep the first of equal ids that docutils counted, one count for each part in RST."""
    seen: set[str] = set()
    for node in doctree.findall(nodes.Element):
        ids = [id for id in node.get("ids", ()) if re.fullmatch(r"id\d+", id)]
        for id in ids:
            if id in seen:
                node["ids"].remove(id)
        seen.update(ids)


def disconnect(app: Sphinx) -> None:
    """Take out what modules that the book does not use would do."""
    for listeners in app.events.listeners.values():
        for listener in list(listeners):
            if getattr(listener.handler, "__module__", "").split(".")[0] in UNUSED:
                app.disconnect(listener.id)


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx, behind theme and extensions."""
    disconnect(app)
    app.config.html_search_scorer = str(BOOK / "_search" / "scorer.js")
    app.connect("doctree-resolved", drop_doubled_ids, priority=900)
    app.connect("html-page-context", choose_assets, priority=900)
    app.connect("html-page-context", name_controls, priority=901)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
