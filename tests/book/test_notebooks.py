"""Every notebook of the book keeps the rules of CONTRIBUTING.md; each rule is shown to bite."""

import ast
import copy
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted(
    path for path in (ROOT / "book").rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts
)

MAX_BYTES = 600_000
MAX_LINES, MAX_COLUMNS = 15, 88
MAX_IGNORED = 0.7
MIN_ASSERTS = 2
MACHINE = re.compile(
    r"/home/\w|/root/|/tmp/|/work/|/Users/\w|[A-Z]:\\+Users|site-packages|\bat 0x[0-9a-f]{6,}"
)
FILE_NAME = re.compile(r"\S+\.(png|jpe?g|svg|gif)", re.IGNORECASE)
Notebook = nbformat.NotebookNode
Check = Callable[[Notebook], list[str]]


def code_cells(notebook: Notebook) -> list[tuple[int, Notebook]]:
    return [(n, cell) for n, cell in enumerate(notebook.cells) if cell.cell_type == "code"]


def python_source(cell: Notebook) -> str:
    """Return the code without magics, which Python cannot parse."""
    lines = cell.source.splitlines()
    return "\n".join("pass" if line.lstrip()[:1] in ("%", "!") else line for line in lines)


def output_texts(output: Notebook) -> list[str]:
    """Return what a reader sees as text in an output; pictures are left out."""
    if output.output_type == "stream":
        return [output.text]
    if output.output_type == "error":
        return [output.evalue, *output.traceback]
    return [str(v) for mime, v in output.data.items() if not mime.startswith("image/p")]


def counts_in_order(notebook: Notebook) -> list[str]:
    cells = [cell for _, cell in code_cells(notebook) if cell.source.strip()]
    counts = [cell.execution_count for cell in cells]
    if counts == list(range(1, len(counts) + 1)):
        return []
    return [f"execution counts are {counts}, not 1 to {len(counts)}: run `make execute`"]


def no_errors_and_no_noise(notebook: Notebook) -> list[str]:
    found = []
    for n, cell in code_cells(notebook):
        for output in cell.outputs:
            if output.output_type == "error":
                found.append(f"cell {n} stores an error: {output.ename}: {output.evalue}")
            if output.output_type == "stream" and output.name == "stderr":
                found.append(f"cell {n} stores messages on stderr: {output.text[:60]!r}")
    return found


def no_machine_paths(notebook: Notebook) -> list[str]:
    found = []
    for n, cell in enumerate(notebook.cells):
        texts = [cell.source]
        for output in cell.get("outputs", []):
            texts += output_texts(output)
        found += [
            f"cell {n} names something of one machine: {match[0]!r}"
            for text in texts
            if (match := MACHINE.search(text))
        ]
    return found


def images_have_alt_text(notebook: Notebook) -> list[str]:
    found = []
    for n, cell in code_cells(notebook):
        images = [
            mime
            for output in cell.outputs
            for mime in output.get("data", {})
            if mime.startswith("image/")
        ]
        if not images:
            continue
        if len(images) > 1:
            found.append(f"cell {n} shows {len(images)} images: one a cell, they share alt text")
        alt = str(cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")).strip()
        if len(alt) < 10 or FILE_NAME.fullmatch(alt):
            found.append(
                f"cell {n} shows an image without alt text ({alt!r}): "
                'set its metadata {"mystnb": {"image": {"alt": "..."}}}'
            )
    return found


def python3_kernel(notebook: Notebook) -> list[str]:
    name = notebook.metadata.get("kernelspec", {}).get("name")
    return [] if name == "python3" else [f"kernel is {name!r}, not 'python3'"]


def has_asserts(notebook: Notebook) -> list[str]:
    count = sum(
        isinstance(node, ast.Assert)
        for _, cell in code_cells(notebook)
        for node in ast.walk(ast.parse(python_source(cell)))
    )
    return [] if count >= MIN_ASSERTS else [f"{count} asserts, expected {MIN_ASSERTS} or more"]


def cells_are_small(notebook: Notebook) -> list[str]:
    found = []
    for n, cell in code_cells(notebook):
        lines = cell.source.splitlines()
        if len(lines) > MAX_LINES:
            found.append(f"cell {n} has {len(lines)} lines, more than {MAX_LINES}")
        if any(len(line) > MAX_COLUMNS for line in lines):
            widest = max(map(len, lines))
            found.append(f"cell {n} is {widest} columns wide, more than {MAX_COLUMNS}")
    return found


def no_model_definitions(notebook: Notebook) -> list[str]:
    return [
        f"cell {n} defines the network {node.name}: import it from the package"
        for n, cell in code_cells(notebook)
        for node in ast.walk(ast.parse(python_source(cell)))
        if isinstance(node, ast.ClassDef)
        and any(ast.unparse(base).endswith("Module") for base in node.bases)
    ]


def most_outputs_are_compared(notebook: Notebook) -> list[str]:
    cells = [cell for _, cell in code_cells(notebook)]
    ignored = sum("nbval-ignore-output" in cell.metadata.get("tags", []) for cell in cells)
    if ignored <= MAX_IGNORED * len(cells):
        return []
    return [f"{ignored} of {len(cells)} cells are tagged nbval-ignore-output"]


def no_cell_is_skipped(notebook: Notebook) -> list[str]:
    tags = {"nbval-skip", "nbval-raises-exception"}
    return [
        f"cell {n} is tagged {tag}: it would not be tested"
        for n, cell in code_cells(notebook)
        for tag in sorted(tags & set(cell.metadata.get("tags", [])))
    ]


def says_what_is_missing(notebook: Notebook) -> list[str]:
    """Run the first cell as on a machine without the package."""
    first = next((cell for _, cell in code_cells(notebook)), None)
    hidden = {name: sys.modules[name] for name in sys.modules if is_ours(name)}
    for name in hidden:
        del sys.modules[name]
    sys.modules["cnnhistory"] = None  # type: ignore[assignment]
    try:
        exec(python_source(first) if first else "", {})
    except SystemExit as error:
        if "pip install" in str(error.code):
            return []
        return [f"the first cell ends without the package, but says {error.code!r}"]
    except ModuleNotFoundError:
        return ["the first cell shows a traceback without the package: see CONTRIBUTING.md"]
    finally:
        for name in [name for name in sys.modules if is_ours(name)]:
            del sys.modules[name]
        sys.modules.update(hidden)
    return ["the first cell runs without the package: import cnnhistory in it"]


def is_ours(name: str) -> bool:
    return name.partition(".")[0] == "cnnhistory"


CHECKS: tuple[Check, ...] = (
    counts_in_order,
    no_errors_and_no_noise,
    no_machine_paths,
    images_have_alt_text,
    python3_kernel,
    has_asserts,
    cells_are_small,
    no_model_definitions,
    most_outputs_are_compared,
    no_cell_is_skipped,
    says_what_is_missing,
)


def problems(path: Path) -> list[str]:
    """Return everything that is wrong with a notebook."""
    size = path.stat().st_size
    found = [f"{size:,} bytes, more than {MAX_BYTES:,}"] if size > MAX_BYTES else []
    notebook = nbformat.read(path, as_version=4)
    for check in CHECKS:
        found += check(notebook)
    return found


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_keeps_the_rules(path: Path):
    assert problems(path) == []


def test_there_is_a_notebook():
    assert NOTEBOOKS


# The rules on an example: it passes, and each slip put into it is found.

GUARD = (
    "try:\n    import cnnhistory\nexcept ModuleNotFoundError as error:\n"
    '    raise SystemExit("cnnhistory is missing. Run: %pip install it") from error'
)


KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


def example() -> Notebook:
    v4 = nbformat.v4
    figure = v4.new_code_cell(
        "1 + 1",
        execution_count=3,
        outputs=[v4.new_output("display_data", {"image/png": "aGVsbG8="})],
        metadata={"mystnb": {"image": {"alt": "A line that rises"}}, "tags": ["hide-input"]},
    )
    cells = [
        v4.new_markdown_cell("# Title"),
        v4.new_code_cell(GUARD, execution_count=1),
        v4.new_code_cell(
            "%time x = 1\nassert x\nassert x == 1\nprint(x)",
            execution_count=2,
            outputs=[v4.new_output("stream", text="1\n")],
        ),
        figure,
    ]
    return v4.new_notebook(cells=cells, metadata={"kernelspec": dict(KERNEL)})


def write(notebook: Notebook, folder: Path) -> Path:
    path = folder / "example.ipynb"
    nbformat.write(notebook, path)
    return path


def test_the_example_keeps_the_rules(tmp_path: Path):
    assert problems(write(example(), tmp_path)) == []


def stderr(text: str) -> Notebook:
    return nbformat.v4.new_output("stream", name="stderr", text=text)


SLIPS: dict[str, tuple[Callable[[Notebook], object], str]] = {
    "too big": (
        lambda nb: nb.cells.append(nbformat.v4.new_markdown_cell("x" * 600_001)),
        "bytes",
    ),
    "order": (lambda nb: nb.cells[1].update(execution_count=7), "counts are [7, 2, 3]"),
    "not run": (lambda nb: nb.cells[3].update(execution_count=None), "counts are [1, 2, None]"),
    "error": (
        lambda nb: nb.cells[2].outputs.append(
            nbformat.v4.new_output("error", ename="ValueError", evalue="bad", traceback=[])
        ),
        "stores an error: ValueError: bad",
    ),
    "noise": (lambda nb: nb.cells[2].outputs.append(stderr("Warning")), "stderr"),
    "path in output": (
        lambda nb: nb.cells[2].outputs[0].update(text="saved to /home/me/x"),
        "one machine: '/home/m'",
    ),
    "path in source": (
        lambda nb: nb.cells[0].update(source="see C:\\Users\\me"),
        "one machine",
    ),
    "address in HTML": (
        lambda nb: nb.cells[3].outputs[0].data.update({"text/html": "<A at 0x7f00aa11bb>"}),
        "one machine: 'at 0x",
    ),
    "no alt": (lambda nb: nb.cells[3].metadata.pop("mystnb"), "without alt text ('')"),
    "file as alt": (
        lambda nb: nb.cells[3].metadata.mystnb.image.update(alt="output_3.png"),
        "without alt text ('output_3.png')",
    ),
    "two images": (
        lambda nb: nb.cells[3].outputs.append(copy.deepcopy(nb.cells[3].outputs[0])),
        "shows 2 images",
    ),
    "kernel": (lambda nb: nb.metadata.kernelspec.update(name="my-env"), "kernel is 'my-env'"),
    "asserts": (lambda nb: nb.cells[2].update(source="assert True"), "1 asserts"),
    "long cell": (lambda nb: nb.cells[3].update(source="1\n" * 16), "16 lines"),
    "wide cell": (lambda nb: nb.cells[3].update(source="x = " + "1" * 85), "89 columns"),
    "network": (
        lambda nb: nb.cells[3].update(source="class Net(torch.nn.Module):\n    pass"),
        "defines the network Net",
    ),
    "ignored": (
        lambda nb: [
            cell.metadata.update(tags=["nbval-ignore-output"])
            for cell in nb.cells
            if cell.cell_type == "code"
        ],
        "3 of 3 cells are tagged",
    ),
    "skipped": (lambda nb: nb.cells[2].metadata.update(tags=["nbval-skip"]), "nbval-skip"),
    "traceback": (lambda nb: nb.cells[1].update(source="import cnnhistory"), "traceback"),
    "vague": (
        lambda nb: nb.cells[1].update(source=GUARD.replace("pip", "go")),
        "says 'cnnhistory is missing",
    ),
    "no import": (lambda nb: nb.cells[1].update(source="x = 0"), "runs without the package"),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_is_found(slip: str, tmp_path: Path):
    spoil, message = SLIPS[slip]
    notebook = example()
    spoil(notebook)
    found = problems(write(notebook, tmp_path))
    assert len(found) == 1
    assert message in found[0]


@pytest.mark.parametrize(("stored", "status"), [("3", 0), ("4", 1)])
def test_nbval_compares_with_the_stored_output(stored: str, status: int, tmp_path: Path):
    v4 = nbformat.v4
    output = v4.new_output("execute_result", {"text/plain": stored}, execution_count=1)
    cell = v4.new_code_cell("1 + 2", execution_count=1, outputs=[output])
    path = write(v4.new_notebook(cells=[cell], metadata={"kernelspec": KERNEL}), tmp_path)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--nbval",
        "--nbval-current-env",
        "-q",
        str(path),
    ]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTEST_ADDOPTS": ""},
    )
    assert done.returncode == status, done.stdout + done.stderr
    assert ("1 passed" if status == 0 else "1 failed") in done.stdout
