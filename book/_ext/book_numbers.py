"""Numbers figures and exercises within their chapter: "Fig. 5.3" is the third of chapter 5.

Parts of the table of contents with `numbered: 1` number their chapters. Sphinx would take the
number for a figure from its section, which has none there; here it comes from the chapter.
Pages without a number count their figures together: "Fig. 2".
"""

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.environment.collectors.toctree import TocTreeCollector


def number_by_chapter(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Number figures anew, all sections of a page alike; return the pages that change."""
    sections = env.toc_secnumbers
    env.toc_secnumbers = {
        page: {"": numbers[""]} for page, numbers in sections.items() if numbers.get("")
    }
    try:
        return TocTreeCollector().assign_figure_numbers(env)
    finally:
        env.toc_secnumbers = sections


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx, behind the collector that numbers by section."""
    app.connect("env-get-updated", number_by_chapter, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
