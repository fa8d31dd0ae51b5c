"""Who may import whom, read from the source."""

import ast
from pathlib import Path

import pytest

import cnnhistory

PACKAGE = Path(cnnhistory.__file__).parent

# room -> rooms of ours that it may import; every room may import itself and _util
SHARED = {"nn", "optim", "metrics", "data", "training"}
APPLICATION = SHARED | {"models", "accounting", "tasks", "kernels", "registry", "system"}
ALLOWED = {
    "_util": set(),
    "papers": set(),
    "system": {"papers"},
    "registry": {"papers", "system", "survey"},  # the survey only inside a function
    "survey": {"system", "papers"},  # and inside a function anything but cli, see below
    "nn": set(),
    "metrics": {"nn"},
    "data": set(),
    "optim": set(),
    "training": set(),
    "accounting": {"nn"},
    "kernels": {"nn"},
    "models": {"nn", "system"},
    "vision": APPLICATION,
    "graphics": APPLICATION,
    "nlp": APPLICATION,
    "compression": APPLICATION,
    "search": APPLICATION,
    "tasks": {"nn", "metrics", "optim", "training", "data", "registry"},
    "visualize": {"nn", "accounting"},
    "plotting": {"accounting", "papers", "registry", "system", "survey", "visualize", "metrics"},
    "zoo": {"registry"},  # and what is needed to record inside functions, see below
    "export": {"nn", "models", "registry"},
    "claims": {"papers", "registry", "survey", "system"},
    "cli": set(),  # anything
    "__init__": {"registry", "system"},
    "__main__": {"cli"},
}
ALLOWED["cli"] = set(ALLOWED) - {"__main__"}

LIGHTNING = {"data", "tasks", "training", "vision", "graphics", "nlp", "compression", "cli"}
STANDARD_LIBRARY_ONLY = {"papers", "system", "registry", "survey", "__init__"}
HEAVY = {"torch", "torchvision", "pytorch_lightning", "matplotlib", "numpy", "sklearn", "scipy"}


def room_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path):
    """Yield (module, whether at the top level) of every import of a file that runs."""
    tree = ast.parse(path.read_text())
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for inner in ast.walk(node)
    }
    top = {id(node) for node in tree.body}
    for node in ast.walk(tree):
        if id(node) in for_types:
            continue
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, id(node) in top
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            # "from cnnhistory import claims" imports a room; "... import system" a function
            yield node.module, id(node) in top
            if node.module == "cnnhistory":
                for alias in node.names:
                    if (PACKAGE / alias.name).exists() or (PACKAGE / f"{alias.name}.py").exists():
                        yield f"cnnhistory.{alias.name}", id(node) in top


FILES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_rooms(path):
    room = room_of(path)
    assert room in ALLOWED, f"{room}: a new room needs a rule"
    for module, top in imports(path):
        first, *rest = module.split(".")
        if first == "cnnhistory":
            other = rest[0] if rest else "__init__"
            if room in ("survey", "zoo") and not top:  # inside a function anything
                assert other not in ("cli", "__main__"), f"{path} may not import {module}"
                continue
            # the package itself offers the registry: whoever may import that may import it
            allowed = ALLOWED[room] | ({"__init__"} if "registry" in ALLOWED[room] else set())
            assert other in {room, "_util"} | allowed, f"{path}: {room} may not import {module}"
            assert not (room == "registry" and other == "survey" and top)
        elif room in STANDARD_LIBRARY_ONLY and (top or room not in {"survey", "registry"}):
            assert first not in HEAVY, f"{path} may not import {module}"
        elif first in ("pytorch_lightning", "lightning"):
            assert room in LIGHTNING, f"{path}: {room} may not import Lightning"
        elif first == "matplotlib":
            assert room == "plotting", f"{path}: only plotting imports matplotlib"


def test_the_test_sees_imports(tmp_path):
    path = tmp_path / "x.py"
    path.write_text("import torch.nn\ndef f():\n    from cnnhistory import claims\n")
    assert list(imports(path)) == [
        ("torch.nn", True), ("cnnhistory", False), ("cnnhistory.claims", False),
    ]  # fmt: skip


def test_the_package_does_not_import_the_book_or_the_benchmarks():
    for path in FILES:
        assert not {m.split(".")[0] for m, _ in imports(path)} & {"book", "benchmarks", "tests"}
