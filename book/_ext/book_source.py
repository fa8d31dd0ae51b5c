"""Shown sources: the package's own code in a chapter, framed, with links to file and reference.

A cell tagged `shown-source` ends with `show_source(...)` of cnnhistory.visualize.source, whose
output is a block of code and a line of links to the repository. In the page the line stands as
a caption below the code. Each link gets the numbers of the lines where the object stands, and
behind it comes a link to the object's entry of the reference.
"""

import importlib
import inspect
from functools import reduce
from urllib.parse import urlsplit

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

TAG = "tag_shown-source"
log = logging.getLogger(__name__)


def target(address: str) -> tuple[str, str] | None:
    """Return module and name of the object that an address names, or None.

    >>> target("https://github.com/o/r/blob/main/cnnhistory/models/lenet5.py#LeNet5")
    ('cnnhistory.models.lenet5', 'LeNet5')
    """
    parts = urlsplit(address)
    _, found, path = parts.path.partition("/blob/")
    if not (found and parts.fragment and path.endswith(".py")):
        return None
    _, _, file = path.partition("/")
    return file.removesuffix(".py").replace("/", "."), parts.fragment


def lines(module: str, name: str) -> tuple[int, int]:
    """Return the first and the last line of an object in its file."""
    thing = reduce(getattr, name.split("."), importlib.import_module(module))
    source, first = inspect.getsourcelines(thing)
    return first, first + len(source) - 1


class ShowSources(SphinxPostTransform):
    """Frame shown sources and complete their links."""

    default_priority = (
        7  # behind myst-nb's choice of outputs, before links are resolved
    )
    formats = ("html",)

    def run(self, **kwargs: object) -> None:
        """Go through the cells that show source."""
        for cell in list(self.document.findall(nodes.container)):
            if TAG not in cell["classes"]:
                continue
            for block in list(cell.findall(nodes.literal_block)):
                self.frame(block)

    def frame(self, block: nodes.literal_block) -> None:
        """Put a block of code and the line of links behind it into one box."""
        parent, place = block.parent, block.parent.index(block)
        box = nodes.container(classes=["shown-source"])
        caption = parent[place + 1] if place + 1 < len(parent) else None
        parent.remove(block)
        box += block
        if isinstance(caption, nodes.paragraph):
            parent.remove(caption)
            caption["classes"].append("shown-source-links")
            for link in list(caption.findall(nodes.reference)):
                self.complete(link)
            box += caption
        parent.insert(place, box)

    def complete(self, link: nodes.reference) -> None:
        """Add lines to the address of a file, and behind it the link to the reference."""
        found = target(link.get("refuri", ""))
        if found is None:
            return
        module, name = found
        first, last = lines(module, name)
        link["refuri"] = f"{link['refuri'].partition('#')[0]}#L{first}-L{last}"
        known = self.env.get_domain("py").objects  # type: ignore[attr-defined]
        entry, called = f"{module}.{name}", name
        if any(part.startswith("_") for part in name.split(".")):
            entry, called = (
                module,
                module.rpartition(".")[2],
            )  # the reference has no private names
        if entry not in known:
            log.warning("%s is not in the reference", entry, location=link)
            return
        reference = addnodes.pending_xref(
            "",
            nodes.inline(text=f"reference of {called}"),
            refdomain="py",
            reftype="obj",
            reftarget=entry,
            refexplicit=True,
            refwarn=True,
            refdoc=self.env.docname,
        )
        at = link.parent.index(link) + 1
        link.parent.insert(at, [nodes.Text(" · "), reference])


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx."""
    app.add_post_transform(ShowSources)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
