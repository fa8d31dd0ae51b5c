"""Writes the pages of the API reference, one per room of the package, from what is there.

The pages stand in appendix/api/ while the book builds and are no part of the repository.
Docstrings are plain text with code in backticks; `mark_up` makes them readable for Sphinx.
"""

import importlib
import inspect
import pkgutil
import re
from pathlib import Path
from types import ModuleType

from sphinx.application import Sphinx

import cnnhistory
from cnnhistory.papers import list_papers

FOLDER = Path("appendix", "api")
LABEL = re.compile(r"^(\s*)(Shape|Units|Source|Deviations): ")
# an asterisk or bar anywhere but at the start of an item, an underscore at the end of a word
MARKUP = re.compile(r"(?<!^)(?<!^ )[*|]|(?<=\w)_(?!\w)")
KEY = re.compile(r"(?<![\w`])[a-z]+(?:19|20)\d\d[a-z0-9]+(?![\w`])")


def modules(room: str) -> list[ModuleType]:
    """Import a module and, if it is a package, the public modules inside it."""
    first = importlib.import_module(room)
    found = [first]
    for info in pkgutil.walk_packages(
        getattr(first, "__path__", ()), prefix=f"{room}."
    ):
        if not any(part.startswith("_") for part in info.name.split(".")):
            found.append(importlib.import_module(info.name))
    return found


def rooms() -> list[str]:
    """Return the modules and packages that stand directly inside cnnhistory."""
    names = (
        info.name for info in pkgutil.iter_modules(cnnhistory.__path__, "cnnhistory.")
    )
    return [name for name in names if not name.rpartition(".")[2].startswith("_")]


def public(module: ModuleType) -> list[str]:
    """Return the public functions and classes that are defined in this very module."""
    return [
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and (inspect.isclass(value) or inspect.isfunction(value))
        and value.__module__ == module.__name__
    ]


def exported(module: ModuleType) -> list[str]:
    """Return the full names of what a package passes on from its modules."""
    values = [getattr(module, name) for name in getattr(module, "__all__", ())]
    return [
        f"{value.__module__}.{value.__qualname__}"
        for value in values
        if (inspect.isclass(value) or inspect.isfunction(value))
        and value.__module__ != module.__name__
    ]


def room_page(room: str) -> str:
    """Return the page of one room: each module with its functions and classes."""
    lines = [f"# {room}", ""]
    for module in modules(room):
        if module.__name__ != room:
            if not public(module) and not exported(module):
                continue  # an entry of the survey, with nothing to call
            lines += [f"## {module.__name__.removeprefix('cnnhistory.')}", ""]
        lines += ["```{eval-rst}", f".. automodule:: {module.__name__}", ""]
        if exported(module):
            # a summary leaves out names of the current module, so there must be none
            lines += [".. py:currentmodule:: None", "", ".. autosummary::", ""]
            lines += [f"   ~{name}" for name in exported(module)] + [""]
        for name in public(module):
            value = getattr(module, name)
            kind = "function"
            if inspect.isclass(value):
                kind = "exception" if issubclass(value, BaseException) else "class"
            lines.append(f".. auto{kind}:: {module.__name__}.{name}")
            lines += ["   :members:", ""] if kind == "class" else [""]
        lines += ["```", ""]
    return "\n".join(lines)


def write_pages(folder: Path) -> None:
    """Write a page per room; leave pages alone that did not change; remove those left over."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = {
        f"{room.removeprefix('cnnhistory.')}.md": room_page(room) for room in rooms()
    }
    for old in folder.glob("*.md"):
        if old.name not in pages:
            old.unlink()
    for name, text in pages.items():
        page = folder / name
        if not page.exists() or page.read_text(encoding="utf-8") != text:
            page.write_text(text, encoding="utf-8")


def mark_up(
    app: Sphinx, what: str, name: str, value: object, options: object, lines: list[str]
) -> None:
    """Turn a docstring, plain text with code in backticks, into what Sphinx reads.

    Characters that would be markup are escaped, labels become bold, keys of the bibliography
    become citations. Examples and code stay as they are.
    """
    papers = set(list_papers())

    def cite(match: re.Match[str]) -> str:
        return f":cite:t:`{match[0]}`" if match[0] in papers else match[0]

    example = False
    for number, line in enumerate(lines):
        example = bool(line.strip()) and (example or line.lstrip().startswith(">>>"))
        if example:
            continue
        parts = re.split(r"(`[^`]*`)", line)
        parts[::2] = [
            KEY.sub(cite, MARKUP.sub(r"\\\g<0>", part)) for part in parts[::2]
        ]
        lines[number] = LABEL.sub(r"\1**\2:** ", "".join(parts))


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx; the pages must exist before it looks for sources."""
    app.connect("builder-inited", lambda app: write_pages(Path(app.srcdir) / FOLDER))
    app.connect(
        "autodoc-process-docstring", mark_up, priority=400
    )  # before napoleon's sections
    return {"parallel_read_safe": True, "parallel_write_safe": True}
