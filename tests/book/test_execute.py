"""`make execute` stores what ran, and leaves a notebook alone that did not."""

import importlib.util
import os
from pathlib import Path
from types import ModuleType

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
V4 = nbformat.v4


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "book_execute", ROOT / "book" / "_tools" / "execute.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    # the tool sets them for the kernels; the test must not leave them behind
    monkeypatch.setenv("CNNHISTORY_SCALE", "small")
    monkeypatch.setenv("OMP_WAIT_POLICY", "passive")


def write(path: Path, *sources: str) -> Path:
    cells = [V4.new_code_cell(source, id=f"cell-{n}") for n, source in enumerate(sources)]
    cells[0].metadata["execution"] = {"iopub.execute_input": "2026-01-01T00:00:00Z"}
    metadata = {"cnnhistory": {"data": "none", "download_mb": 0}}
    nbformat.write(V4.new_notebook(cells=cells, metadata=metadata), path)
    return path


PRINTS = "import os\nprint(os.environ['CNNHISTORY_SCALE'])\nprint('more', flush=True)"


def test_in_place_and_normalized(tool: ModuleType, tmp_path: Path):
    path = write(tmp_path / "a.ipynb", PRINTS, "1 + 1")
    path.chmod(0o640)
    assert tool.main([str(path), "--timeout", "60"]) == 0
    notebook = nbformat.read(path, as_version=4)
    first, second = notebook.cells
    assert [cell.id for cell in notebook.cells] == ["cell-0", "cell-1"]
    assert [cell.execution_count for cell in notebook.cells] == [1, 2]
    assert [output.text for output in first.outputs] == ["small\nmore\n"]
    assert second.outputs[0].data["text/plain"] == "2"
    assert "execution" not in first.metadata
    assert notebook.metadata.language_info == {"name": "python"}
    facts = notebook.metadata.cnnhistory
    assert (facts.data, facts.download_mb, facts.scale) == ("none", 0, "small")
    assert 0 < facts.runtime_s < 60
    assert facts.cores >= 1
    assert facts.machine
    assert path.stat().st_mode & 0o777 == 0o640
    assert [p.name for p in tmp_path.iterdir()] == ["a.ipynb"]


def test_full_mode_writes_elsewhere(tool: ModuleType, tmp_path: Path):
    path = write(tmp_path / "a.ipynb", PRINTS)
    before = path.read_bytes()
    output = tmp_path / "full"
    assert tool.main([str(path), "--scale", "full", "--output", str(output)]) == 0
    assert path.read_bytes() == before
    notebook = nbformat.read(output / "a.ipynb", as_version=4)
    assert notebook.cells[0].outputs[0].text == "full\nmore\n"
    assert notebook.metadata.cnnhistory.scale == "full"


def test_a_failure_changes_nothing(tool: ModuleType, tmp_path: Path, capsys):
    path = write(tmp_path / "a.ipynb", "print('begins')", "1 / 0")
    before = path.read_bytes()
    assert tool.main([str(path)]) == 1
    assert path.read_bytes() == before
    printed = capsys.readouterr().out
    assert "ZeroDivisionError" in printed
    assert "0 of 1 notebooks ran" in printed


def test_a_full_disk_changes_nothing(tool: ModuleType, tmp_path: Path, monkeypatch):
    path = write(tmp_path / "a.ipynb", "1")
    before = path.read_bytes()

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        tool.store(V4.new_notebook(), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_wrong_path_is_said(tool: ModuleType, tmp_path: Path, capsys):
    assert tool.main([str(tmp_path / "no.ipynb")]) == 2
    assert "no such notebook" in capsys.readouterr().err
    assert tool.main([str(tmp_path)]) == 2
    assert "no notebook in" in capsys.readouterr().err
