"""Commands that show what the package knows."""

import argparse
import json

import cnnhistory
from cnnhistory.claims import cards, list_statements, statement, to_json
from cnnhistory.papers import paper

_FIELDS = ("id", "name", "year", "era", "task", "paper", "chapter", "models", "code", "status")


def systems(options: argparse.Namespace) -> None:
    """List the systems that match a pattern."""
    found = [cnnhistory.system(id) for id in cnnhistory.list_systems(options.glob)]
    if not found:
        raise LookupError(f"no system matches {options.glob!r}; `cnnhistory systems` lists all")
    if options.json:
        fields = [
            "id",
            "name",
            "year",
            "era",
            "task",
            "paper",
            "chapter",
            "models",
            "status",
            "code",
        ]
        print(json.dumps([{f: getattr(s, f) for f in fields} for s in found], indent=1))
        return
    width = max(len(s.id) for s in found)
    for s in found:
        print(f"{s.id:{width}}  {s.year}  {s.status:7}  {s.name}")


def show(options: argparse.Namespace) -> None:
    """Show one system."""
    s = cnnhistory.system(options.id)
    source = paper(s.paper)
    print(f"{s.name} ({s.id}), {s.year}, {s.era}, {s.task}, {s.status}")
    print(f"  {source.authors}: {source.title}. {source.venue}, {source.year} [{source.key}]")
    for figure in s.figures:
        # "resnet50: 3.8 billion multiply-adds", where the unit says what is counted
        of = [] if figure.quantity == figure.unit else [figure.quantity]
        what = ", ".join([*of, *([figure.model] if figure.model else [])]) or figure.quantity
        print(f"  {what}: {readable(figure.value, figure.unit)} ({figure.where})")
    for deviation in s.deviations:
        print(f"  deviation: {deviation}")
    if s.models:
        print(f"  models: {', '.join(s.models)}")
    if s.code:
        print(f"  code: cnnhistory.{s.code}")
    if count := len(list_statements(system=s.id)):
        print(f"  statements: {count}, see `cnnhistory claims {s.id}`")
    if s.chapter:
        print(f"  chapter: book/{s.chapter}.ipynb")


def readable(value: float, unit: str) -> str:
    """Return a number with its unit, from a million on with three digits.

    >>> readable(1_800_000_000, "multiply-adds"), readable(9760, "parameters"), readable(5.0, "%")
    ('1.8 billion multiply-adds', '9,760 parameters', '5.0 %')
    """
    for size, word in ((1e9, "billion"), (1e6, "million")):
        if value >= size:
            return f"{value / size:.3g} {word} {unit}"
    return f"{value:,} {unit}"


def claims(options: argparse.Namespace) -> None:
    """Show the survey's statements, checked."""
    if options.id and "." in options.id:
        ids = [statement(options.id).id]
    else:
        ids = list_statements(system=options.id)
    if options.wrong:
        ids = [id for id in ids if statement(id).verdict == "wrong"]
    if not ids and not options.json:
        raise LookupError(f"no statement about {options.id or 'any system'} to show")
    print(to_json(ids) if options.json else cards(ids))
