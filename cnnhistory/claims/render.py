"""Checked statements as cards in a notebook and as text in a terminal."""

from __future__ import annotations

import ast
import functools
import inspect
import re
import textwrap
from collections import Counter
from collections.abc import Sequence
from html import escape
from importlib.resources import files

from cnnhistory.papers import paper
from cnnhistory.system import Finding, Statement

# In the order in which a summary counts them; each with its icon, on a grid of 16.
_ICONS = {
    "wrong": "M4 4l8 8M12 4l-8 8",
    "imprecise": "M2 7q3-4 6-1t6-1M2 12q3-4 6-1t6-1",
    "correct": "M3 8.5l3.5 4L13 4",
    "unverified": "M5 5.5a3 3 0 1 1 4.5 2.6Q8 9 8 10.5M8 13.5v.1",
    "opinion": "M3 3h10v7H8l-3 3v-3H3z",
}
# Fixed, so that stored outputs are the same on every machine.
_WIDTH = 88


def shown_verdict(statement: Statement, finding: Finding | None) -> str:
    """Return what the computation says where there is one, else what the literature says."""
    return finding.verdict if finding else statement.verdict


def source_text(source: str) -> str:
    """Return a source as a reader knows it.

    >>> source_text("he2016deep, Section 1")
    'He et al. (2016), Section 1'
    """
    key, _, place = source.partition(", ")
    record = paper(key)
    # "K. He" without initials; the bibliography shortens long lists to "et al."
    names = [
        re.sub(r"^(\S+\.[ -]?)+ ?", "", name)
        for name in record.authors.removesuffix(" et al.").split(", ")
    ]
    if len(names) > 2 or record.authors.endswith(" et al."):
        who = f"{names[0]} et al."
    else:
        who = " and ".join(names)
    return f"{who} ({record.year}), {place}"


def deciding_code(statement: Statement) -> tuple[str, str, str] | None:
    """Return the function that decides a statement: its file, what it does, its source.

    The decorator and the docstring are left out of the source. None for a citation, and where
    Python does not find the source.
    """
    decide = statement.decide
    if decide is None:
        return None
    try:
        source = textwrap.dedent(inspect.getsource(decide)).rstrip()
    except (OSError, TypeError):
        return None
    said = inspect.getdoc(decide) or ""
    lines = source.splitlines()
    node = ast.parse(source).body[0]
    if isinstance(node, ast.FunctionDef):
        start = node.lineno - 1
        if said and len(node.body) > 1:
            first = node.body[0]
            del lines[first.lineno - 1 : first.end_lineno]
        lines = lines[start:]
    file = decide.__module__.replace(".", "/") + ".py"
    return file, " ".join(said.split()), "\n".join(lines)


class Cards:
    """Statements with verdict, truth and how they were checked.

    Prints as plain text, 88 columns wide, and shows as cards in a notebook: the verdict, what the
    survey says, what is true, and the evidence with the code that computed it.
    """

    def __init__(self, rows: Sequence[tuple[Statement, Finding | None]], caption: str = "") -> None:
        self.rows = tuple(rows)
        self.caption = caption

    @property
    def summary(self) -> str:
        """How many statements have which verdict, and how they were checked."""
        verdicts = Counter(shown_verdict(*row) for row in self.rows)
        counts = [f"{verdicts[verdict]} {verdict}" for verdict in _ICONS if verdicts[verdict]]
        computed = sum(finding is not None for _, finding in self.rows)
        cited = len(self.rows) - computed
        how = [f"{computed} computed in this run"] if computed else []
        how += [f"{cited} cited from the literature"] if cited else []
        noun = "statement" if len(self.rows) == 1 else "statements"
        return f"{len(self.rows)} {noun}: {', '.join(counts)}; {', '.join(how)}."

    def __str__(self) -> str:
        lines = [self.caption] if self.caption else []
        lines += textwrap.wrap(self.summary, _WIDTH)
        for statement, finding in self.rows:
            lines += ["", f"{statement.id}: {shown_verdict(statement, finding)}"]
            for label, text in _parts(statement, finding):
                lines += textwrap.wrap(
                    text,
                    _WIDTH,
                    initial_indent=f"  {label:<16} ",
                    subsequent_indent=" " * 19,
                    break_on_hyphens=False,
                )
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        label = escape(self.caption or self.summary)
        title = f'<p class="claims-title">{label}</p>\n' if self.caption else ""
        strip = "".join(_chip(*row) for row in self.rows)
        return (
            f'<section class="claims" aria-label="{label}"><style>{_style()}</style>\n{title}'
            f'<p class="claims-sum">{escape(self.summary)}</p>\n'
            f'<p class="claims-strip">{strip}</p>\n'
            + "\n".join(_card(*row) for row in self.rows)
            + "\n</section>"
        )


def _parts(statement: Statement, finding: Finding | None) -> list[tuple[str, str]]:
    """Return label and text of each part of a statement's card."""
    source = source_text(statement.source)
    found = [("Computed", finding.computed), ("Source", source)] if finding else [("Cited", source)]
    return [("The survey says", statement.text), ("What is true", statement.truth), *found]


@functools.cache
def _style() -> str:
    text = files("cnnhistory.claims").joinpath("cards.css").read_text(encoding="utf-8")
    return re.sub(r" ?([{};]) ?|([:,]) ", r"\1\2", re.sub(r"\s+", " ", text)).strip()


def _icon(verdict: str) -> str:
    return (
        '<svg viewBox="0 0 16 16" width="16" height="16" fill="none" stroke="currentColor" '
        f'aria-hidden="true"><path d="{_ICONS[verdict]}"/></svg>'
    )


def _chip(statement: Statement, finding: Finding | None) -> str:
    verdict = shown_verdict(statement, finding)
    number = statement.id.rpartition(".")[2]
    return (
        f'<a class="{verdict}" href="#{statement.id}" aria-label="{number}, {verdict}">'
        f"{_icon(verdict)}{number}</a>"
    )


def _card(statement: Statement, finding: Finding | None) -> str:
    verdict = shown_verdict(statement, finding)
    parts = [
        f"<div><dt>{label}</dt><dd>{escape(text)}</dd></div>"
        for label, text in _parts(statement, finding)
    ]
    return (
        f'<article class="claim {verdict}" id="{statement.id}">'
        f'<p class="claim-head"><b>{_icon(verdict)}{verdict}</b> '
        f'<a href="#{statement.id}">{statement.id}</a></p>\n'
        f"<dl>{''.join(parts[:2])}</dl>"
        f"<dl>{''.join(parts[2:])}</dl>{_fold(statement)}</article>"
    )


def _fold(statement: Statement) -> str:
    found = deciding_code(statement)
    if found is None:
        return ""
    file, said, code = found
    text = f"<p>{escape(said)}</p>" if said else ""
    return (
        f"<details><summary>The code that decides {statement.id}</summary>{text}"
        f'<pre tabindex="0"><code class="language-python">{escape(code, quote=False)}</code></pre>'
        f"<p>From <code>{file}</code></p></details>"
    )
