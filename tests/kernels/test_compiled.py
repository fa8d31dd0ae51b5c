"""Where the compiled kernels are kept, and that a change of any of their files is noticed."""

import ast
import shutil
from pathlib import Path

import pytest

pytest.importorskip("numba")

from cnnhistory.kernels import compiled

FOLDER = Path(compiled.__file__).parent


def test_the_sum_is_of_all_files_that_the_kernels_are_made_of(tmp_path):
    tree = ast.parse((FOLDER / "compiled.py").read_text())
    used = {"compiled.py"}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module.startswith("cnnhistory.kernels"):
            rest = node.module.split(".")[2:]
            used |= {f"{name}.py" for name in rest or [alias.name for alias in node.names]}
    assert used == set(compiled.SOURCES)
    for name in compiled.SOURCES:
        shutil.copy(FOLDER / name, tmp_path)
    before = compiled.sum_of_sources(tmp_path)
    for name in compiled.SOURCES:
        with (tmp_path / name).open("a") as file:
            file.write("# changed\n")
        after = compiled.sum_of_sources(tmp_path)
        assert after != before
        before = after


def test_the_sum_is_in_the_name_under_which_numba_keeps_a_function():
    total = compiled.sum_of_sources(FOLDER)
    for function in (compiled.work, compiled.serve, compiled.post, compiled.is_free):
        assert function.py_func.__qualname__.endswith(f"_{total}")
        assert total in Path(function.stats.cache_path or "").name or total in str(
            function._cache._impl.filename_base
        )
