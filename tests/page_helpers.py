"""Helpers for tests of pages: modules of the book, and what a piece of HTML consists of."""

import importlib
import sys
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType

EXTENSIONS = Path(__file__).resolve().parents[1] / "book" / "_ext"


def load_extension(name: str) -> ModuleType:
    """Return a module of the book's Sphinx extensions."""
    sys.path.insert(0, str(EXTENSIONS))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(EXTENSIONS))


class Elements(HTMLParser):
    """Collects the start tags with their attributes, and the texts; checks the nesting."""

    def __init__(self, source: str):
        super().__init__()
        self.tags, self.texts, self.open = [], [], []
        self.feed(source)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)

    def of(self, tag):
        """Return the attributes of each element of a kind."""
        return [attributes for name, attributes in self.tags if name == tag]
