"""The shape of the package: no import goes round, rooms and files stay small."""

import ast
from collections import Counter
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import cnnhistory

PACKAGE = Path(cnnhistory.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
LARGEST_FILE = 300  # lines
LARGEST_ROOM = 20  # files


def name_of(path):
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in FILES}


def for_types_only(node):
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)


def top_level(tree):
    """Yield what runs when the module is imported: not functions, not blocks for types."""
    waiting = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or for_types_only(node):
            continue
        yield node
        waiting += list(ast.iter_child_nodes(node))


def imported(tree, modules):
    """Return the modules of ours that importing a module runs, itself aside."""
    found = set()
    for node in top_level(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= inner & set(modules)
            # `from room import module` needs the room's own file only as its door
            if not inner <= set(modules):
                found.add(node.module)
    return found & set(modules)


def round_trip(graph):
    """Return the modules of one cycle of imports, or None."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return None


def graph_of_files():
    return {
        name: imported(ast.parse(path.read_text()), MODULES) - {name}
        for name, path in MODULES.items()
    }


def room(name):
    return name.split(".")[1] if "." in name else "__init__"


def test_no_import_of_a_file_goes_round():
    assert round_trip(graph_of_files()) is None


def test_no_import_of_a_room_goes_round():
    rooms = {}
    for name, others in graph_of_files().items():
        rooms.setdefault(room(name), set()).update(map(room, others))
    assert round_trip({name: others - {name} for name, others in rooms.items()}) is None


def test_the_search_for_cycles_finds_them():
    sources = {"c.a": "from c import b", "c.b": "from c.d import x", "c.d": "import c.a"}
    graph = {name: imported(ast.parse(text), sources) for name, text in sources.items()}
    assert set(round_trip(graph)) == set(sources)
    late = "def f():\n    from c import a\nif TYPE_CHECKING:\n    import c.a\n"
    assert imported(ast.parse(late), sources) == set()
    assert imported(ast.parse("class A:\n    import c.a"), sources) == {"c.a"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_file_is_short_or_a_table(path):
    text = path.read_text()
    lines = len(text.splitlines())
    if lines > LARGEST_FILE:
        # tables of data aside: what is one literal at the top level of the module
        tables = sum(
            node.end_lineno - node.lineno + 1
            for node in ast.parse(text).body
            if isinstance(node, ast.Assign | ast.AnnAssign)
        )
        assert lines - tables <= LARGEST_FILE


def test_a_room_has_few_files():
    many = {"models", "survey"}
    chapters = "plotting/figures"  # a file for each chapter
    count = Counter(path.parent for path in FILES)
    large = {
        str(folder.relative_to(PACKAGE)): number
        for folder, number in count.items()
        if number > LARGEST_ROOM
        and str(folder.relative_to(PACKAGE)) != chapters
        and folder.relative_to(PACKAGE).parts[:1] not in [(name,) for name in many]
    }
    assert large == {}
