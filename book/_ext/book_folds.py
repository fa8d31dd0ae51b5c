"""Folds as the browser has them, <details>: code that is put away, solutions, long tables.

A page needs no script for them, they open when a search finds something inside, and what is
written on one is its name. A cell of code that is put away shows one small word at the right.
"""

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.writers.html5 import HTML5Translator
from sphinx_exercise.nodes import exercise_enumerable_node, exercise_node, solution_node

WORDS = {
    "source": "code",
    "content": "code and result",
    "output": "result",
    "outputs": "result",
}


class Fold(nodes.General, nodes.Element):
    """A part of the page that is closed at first; `summary` stands on it."""


def visit_fold(translator: HTML5Translator, node: Fold) -> None:
    """Open the fold."""
    start = translator.starttag(node, "details", CLASS="fold")
    summary = translator.encode(node["summary"])
    translator.body.append(f"{start}<summary>{summary}</summary>\n<div>\n")


def depart_fold(translator: HTML5Translator, node: Fold) -> None:
    """Close the fold."""
    translator.body.append("</div>\n</details>\n")


class NativeFolds(SphinxPostTransform):
    """Put a fold where extensions would fold by a script or with a name of their own."""

    default_priority = 210  # behind myst-nb's (199) and sphinx-exercise's (20 to 22)
    formats = ("html",)

    def run(self, **kwargs: object) -> None:
        """Replace hidden code, folded solutions and folded admonitions."""
        for node in list(self.document.findall(HideCodeCellNode)):
            word = WORDS[node["prompt_show"].rpartition(" ")[2]]
            node[
                "classes"
            ] = []  # docutils would hand them on, and the theme would draw a bar
            node.replace_self(Fold("", *node.children, summary=word, classes=["code"]))
        for node in list(self.document.findall(solution_node)):
            unwrap(node)
            if "dropdown" in node["classes"]:
                node.replace_self(folded(node, "solution"))
        for node in list(self.document.findall(nodes.admonition)):
            if "dropdown" in node["classes"]:
                node.replace_self(folded(node, "admonition"))
        for kind in (exercise_node, exercise_enumerable_node):
            for node in self.document.findall(kind):
                unwrap(node)


def folded(node: nodes.Element, kind: str) -> Fold:
    """Return a box with a title as a fold that shows the title."""
    title, *rest = node.children
    # a link on a fold could not be told from the fold: only its words
    return Fold("", *rest, summary=title.astext(), ids=node["ids"], classes=[kind])


def unwrap(node: nodes.Element) -> None:
    """Put the parts of a section without heading, whose id every exercise has, in its place."""
    for section in list(node.findall(nodes.section)):
        if section["ids"] in (["exercise-content"], ["solution-content"]):
            section["ids"] = []  # docutils would give it to the first of the parts
            section.replace_self(section.children)


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx."""
    app.add_node(Fold, html=(visit_fold, depart_fold))
    app.add_post_transform(NativeFolds)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
