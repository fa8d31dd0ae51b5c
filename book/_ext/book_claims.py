"""Finishes the cards of checked statements: colors in their code, a link to its file.

The cards stand in the stored output of `cnnhistory.claims.show`, as HTML that needs nothing.
What is stored stays small: the colors of the code would take more room than the code.
"""

import re
from html import unescape

from docutils import nodes
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer
from sphinx.application import Sphinx

CARDS = '<section class="claims"'
CODE = re.compile(
    r'<pre tabindex="0"><code class="language-python">(.*?)</code></pre>', re.DOTALL
)
FILE = re.compile(r"From <code>(cnnhistory/[\w/]+\.py)</code>")


def colored(code: re.Match[str]) -> str:
    """Return the code with the classes of the theme's colors."""
    text = highlight(unescape(code[1]), PythonLexer(), HtmlFormatter(nowrap=True))
    return f'<div class="highlight"><pre tabindex="0">{text}</pre></div>'


def finished(page: str, repository: str) -> str:
    """Return the HTML of cards with colored code and links into the repository."""
    page = CODE.sub(colored, page)
    return FILE.sub(rf'From <a href="{repository}/\1"><code>\1</code></a>', page)


def finish_cards(app: Sphinx, doctree: nodes.document) -> None:
    """Replace the cards of a page."""
    theme = app.config.html_theme_options
    branch = theme.get("repository_branch", "main")
    repository = f"{theme['repository_url'].rstrip('/')}/blob/{branch}"
    for node in list(doctree.findall(nodes.raw)):
        if CARDS in node.astext():
            text = finished(node.astext(), repository)
            node.replace_self(nodes.raw("", text, format="html"))


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx."""
    app.connect("doctree-read", finish_cards)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
