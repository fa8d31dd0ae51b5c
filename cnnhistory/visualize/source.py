"""The package's own source, shown in a chapter."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Sequence
from types import FunctionType
from typing import Any

from cnnhistory._util.lookup import expected

# Where readers find the files; _config.yml says it for the book.
REPOSITORY = "https://github.com/cnnhistory/cnnhistory"


class Source:
    """Source of classes and functions, which a notebook shows highlighted.

    Attributes:
        code: what is shown.
        links: of each file, its path in the repository and the address of the object there.
    """

    def __init__(self, code: str, links: Sequence[tuple[str, str]]) -> None:
        self.code = code
        self.links = tuple(links)

    def __repr__(self) -> str:
        return self.code

    def _repr_markdown_(self) -> str:
        where = ", ".join(f"[`{path}`]({address})" for path, address in self.links)
        return f"```python\n{self.code}\n```\n\n{where}"


def show_source(*things: Any, methods: Sequence[str] | None = None) -> Source:
    """Return the source of classes, functions or methods of the package, for a chapter.

    Of a docstring the first line stays; the reference has the rest. A page of the book links each
    object with its file and its place in the reference.

    Args:
        things: classes, functions, or methods (`Network.forward`), in the order of the page.
        methods: of a class only these, such as `["forward"]`; `...` stands for what is left out.

    Raises:
        TypeError: a thing has no source of its own, such as an instance.
        ValueError: nothing to show, or a method that a class does not have.
    """
    if not things:
        raise expected("things", "at least one class or function", things)
    parts: list[str] = []
    links: list[tuple[str, str]] = []
    for thing in things:
        if not isinstance(thing, type | FunctionType):
            raise TypeError(f"things: expected classes and functions, got {thing!r}")
        parts.append(_shown(thing, methods if isinstance(thing, type) else None))
        path = thing.__module__.replace(".", "/") + ".py"
        link = (path, f"{REPOSITORY}/blob/main/{path}#{thing.__qualname__}")
        if path not in [known for known, _ in links]:
            links.append(link)
    return Source("\n\n\n".join(parts), links)


def _shown(thing: type | FunctionType, methods: Sequence[str] | None) -> str:
    text = textwrap.dedent(inspect.getsource(thing)).rstrip()
    lines = text.splitlines()
    (top,) = ast.parse(text).body
    drop: set[int] = set()  # line numbers, from 1
    replace: dict[int, str] = {}
    for node in ast.walk(top):
        if not isinstance(node, ast.ClassDef | ast.FunctionDef):
            continue
        first = node.body[0]
        if not (
            isinstance(first, ast.Expr)
            and isinstance(first.value, ast.Constant)
            and isinstance(first.value.value, str)
        ):
            continue
        said = first.value.value.strip().splitlines()[0]
        replace[first.lineno] = " " * first.col_offset + f'"""{said}"""'
        drop.update(range(first.lineno + 1, (first.end_lineno or first.lineno) + 1))
    if methods is not None and isinstance(top, ast.ClassDef):
        _keep_only(top, methods, drop, replace, lines)
    kept = [replace.get(n, line) for n, line in enumerate(lines, 1) if n not in drop]
    return "\n".join(_without_double_blanks(kept))


def _keep_only(
    top: ast.ClassDef,
    methods: Sequence[str],
    drop: set[int],
    replace: dict[int, str],
    lines: list[str],
) -> None:
    """Mark what stands in the class beside its docstring and these methods as left out."""
    found = {node.name for node in top.body if isinstance(node, ast.FunctionDef)}
    for name in methods:
        if name not in found:
            raise expected("methods", f"methods that {top.name} defines: {sorted(found)}", name)
    previous_left_out = False
    body = top.body[1:] if ast.get_docstring(top) is not None else top.body
    for node in body:
        keep = isinstance(node, ast.FunctionDef) and node.name in methods
        if not keep:
            decorators = getattr(node, "decorator_list", [])
            start = min([node.lineno, *(d.lineno for d in decorators)])
            drop.update(range(start, (node.end_lineno or start) + 1))
            if not previous_left_out:
                replace[start] = " " * node.col_offset + "..."
                drop.discard(start)
        previous_left_out = not keep


def _without_double_blanks(lines: Sequence[str]) -> list[str]:
    kept: list[str] = []
    for line in lines:
        if line.strip() or (kept and kept[-1].strip()):
            kept.append(line)
    return kept
