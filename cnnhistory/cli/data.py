"""`cnnhistory data`: fetch data sets ahead of time, and list them."""

import argparse


def fetch(options: argparse.Namespace) -> None:
    """Fetch and verify data sets by name, or all that small mode needs."""
    from cnnhistory.data import sources

    if not options.name and not options.all:
        known = ", ".join(source.name for source in sources.list_sources())
        raise ValueError(f"name: expected --all or some of {known}")
    fetched = [*(sources.fetch_all() if options.all else []), *map(sources.fetch, options.name)]
    for item in fetched:
        print(f"{item.name}: {item.size:,} bytes, {item.path}")


def list_data(options: argparse.Namespace) -> None:
    """List what can be fetched."""
    from cnnhistory.data import sources

    for source in sources.list_sources():
        mode = "small" if source.small else "full"
        print(f"{source.name:24} {mode:6} {source.license:40} {source.title}")
