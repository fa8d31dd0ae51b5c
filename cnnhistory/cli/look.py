"""Commands that show what the package knows."""

import argparse
import json

import cnnhistory
from cnnhistory.papers import paper


def systems(options: argparse.Namespace) -> None:
    """List the systems that match a pattern."""
    found = [cnnhistory.system(id) for id in cnnhistory.list_systems(options.glob)]
    if not found:
        raise LookupError(f"no system matches {options.glob!r}; `cnnhistory systems` lists all")
    if options.json:
        fields = ("id", "name", "year", "era", "task", "paper", "chapter", "models", "status")
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
    for claim in s.figures:
        print(f"  {claim.quantity}: {claim.value} {claim.unit} ({claim.where})")
    for deviation in s.deviations:
        print(f"  deviation: {deviation}")
    if s.models:
        print(f"  models: {', '.join(s.models)}")
    if s.chapter:
        print(f"  chapter: book/{s.chapter}.ipynb")


def claims(options: argparse.Namespace) -> None:
    """Show the survey's statements, checked."""
    from cnnhistory import claims as room

    if options.id and "." in options.id:
        ids = [room.statement(options.id).id]
    else:
        ids = room.list_statements(system=options.id)
    if options.wrong:
        ids = [id for id in ids if room.statement(id).verdict == "wrong"]
    if not ids and not options.json:
        raise LookupError(f"no statement about {options.id or 'any system'} to show")
    print(room.to_json(ids) if options.json else room.table(ids))
