"""Every notebook of the book keeps the rules of CONTRIBUTING.md; each rule is shown to bite."""

import ast
import base64
import copy
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

from cnnhistory import list_systems, system

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted(
    path for path in (ROOT / "book").rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts
)

MAX_BYTES = 350_000
MAX_WORDS, MAX_SHOWN = 2_200, 150  # before the exercises
MAX_LINES, MAX_COLUMNS = 15, 88
MAX_PIXELS = 740  # of a figure, at 96 an inch
MAX_IGNORED = 0.7
MIN_ASSERTS = 2
MIN_EXERCISES = 3
FOLDED = {"hide-input", "remove-input", "hide-cell", "remove-cell"}
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
    return [str(v) for mime, v in output.data.items() if not mime.startswith("image/")]


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
        and not node.name.startswith("My")  # a reader's own, in a solution
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


def before_exercises(notebook: Notebook) -> list[Notebook]:
    found = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and re.search(r"^## Exercises", cell.source, re.M):
            break
        found.append(cell)
    return found


def folded(cell: Notebook) -> bool:
    return bool(FOLDED & set(cell.metadata.get("tags", [])))


def is_lean(notebook: Notebook) -> list[str]:
    cells = before_exercises(notebook)
    words = sum(len(cell.source.split()) for cell in cells if cell.cell_type == "markdown")
    shown = sum(
        len(cell.source.splitlines())
        for cell in cells
        if cell.cell_type == "code" and not folded(cell)
    )
    found = []
    if words > MAX_WORDS:
        found.append(f"{words:,} words before the exercises, more than {MAX_WORDS:,}")
    if shown > MAX_SHOWN:
        found.append(f"{shown} lines of code that show, more than {MAX_SHOWN}")
    return found


def begins_with_its_picture(notebook: Notebook) -> list[str]:
    """Set-up and the code of the first picture are removed, so that the picture is what shows."""
    for n, cell in code_cells(notebook):
        if not {"remove-input", "remove-cell"} & set(cell.metadata.get("tags", [])):
            return [f"cell {n} shows code, or a bar that folds it, above the first picture"]
        shown = [entry for out in cell.outputs for entry in out.get("data", {}).items()]
        if any(mime.startswith("image/") or "<svg" in str(data) for mime, data in shown):
            return []
    return ["there is no picture"]


def confirms_show_their_number(notebook: Notebook) -> list[str]:
    return [
        f"cell {n} confirms a comparison: give confirm the number and its bound"
        for n, cell in code_cells(notebook)
        for node in ast.walk(ast.parse(python_source(cell)))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).endswith("confirm")
        and any(
            isinstance(op, ast.Lt | ast.LtE | ast.Gt | ast.GtE)
            for part in node.args[1:]
            for inner in ast.walk(part)
            if isinstance(inner, ast.Compare) and not inside_call(part, inner)
            for op in inner.ops
        )
    ]


def inside_call(part: ast.AST, inner: ast.AST) -> bool:
    """Whether a comparison is what a function counts or reduces, not the answer itself."""
    return any(
        isinstance(node, ast.Call) and node is not inner and inner in ast.walk(node)
        for node in ast.walk(part)
    )


def ends_in_five_lines(notebook: Notebook) -> list[str]:
    for cell in before_exercises(notebook):
        if cell.cell_type == "markdown" and "## In five lines" in cell.source:
            lines = cell.source.partition("## In five lines")[2].partition("\n## ")[0]
            count = len(re.findall(r"^(?:[-*]|\d\.) ", lines, re.M))
            return [] if count == 5 else [f"'In five lines' has {count} items"]
    return ["there is no '## In five lines' before the exercises"]


def has_exercises(notebook: Notebook) -> list[str]:
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    count = len(re.findall(r"\{exercise(?:-start)?\}", text))
    found = [] if count >= MIN_EXERCISES else [f"{count} exercises, fewer than {MIN_EXERCISES}"]
    if not re.search(r"\{exercise(?:-start)?\} Build it yourself", text):
        found.append("no exercise is called 'Build it yourself'")
    return found


def pictures_are_small(notebook: Notebook) -> list[str]:
    found = []
    for n, cell in code_cells(notebook):
        for output in cell.outputs:
            data = output.get("data", {})
            if "image/png" not in data or "image/svg+xml" in data:
                continue
            kind = base64.b64decode(data["image/png"])[25:26]
            if kind in (b"\x02", b"\x06"):
                found.append(f"cell {n} stores a picture in true color: SVG or a palette")
    return found


def figures_fit_the_page(notebook: Notebook) -> list[str]:
    """Return figures that the page would have to make smaller, with their texts."""
    found = []
    for n, cell in code_cells(notebook):
        for output in cell.outputs:
            svg = str(output.get("data", {}).get("image/svg+xml", ""))
            width = re.match(r'<svg [^>]*?\bwidth="(\d+)"', svg)
            if width and int(width[1]) > MAX_PIXELS:
                found.append(f"cell {n} draws {width[1]} pixels, more than {MAX_PIXELS}")
    return found


def says_what_is_missing(notebook: Notebook) -> list[str]:
    """Run the first cell as on a machine without the package."""
    first = next((cell for _, cell in code_cells(notebook)), None)
    hidden = {name: sys.modules[name] for name in sys.modules if is_ours(name)}
    for name in hidden:
        del sys.modules[name]
    sys.modules["cnnhistory"] = None  # type: ignore[assignment]
    try:
        exec(python_source(first) if first else "", {"get_ipython": lambda: None})
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
    is_lean,
    begins_with_its_picture,
    confirms_show_their_number,
    ends_in_five_lines,
    has_exercises,
    pictures_are_small,
    figures_fit_the_page,
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


@pytest.mark.parametrize(
    "chapter",
    sorted({record.chapter for record in map(system, list_systems()) if record.models} - {None}),
)
def test_a_chapter_about_a_network_shows_its_source(chapter: str):
    notebook = nbformat.read(ROOT / "book" / f"{chapter}.ipynb", as_version=4)
    shown = [
        cell
        for _, cell in code_cells(notebook)
        if "shown-source" in cell.metadata.get("tags", [])
        and any("```python" in out.get("data", {}).get("text/markdown", "") for out in cell.outputs)
    ]
    assert shown, "no cell shows the package's source with show_source"
    assert any("def forward" in cell.outputs[0].data["text/markdown"] for cell in shown)


# The rules on an example: it passes, and each slip put into it is found.

GUARD = (
    "try:\n    import cnnhistory\nexcept ModuleNotFoundError as error:\n"
    '    raise SystemExit("cnnhistory is missing. Run: %pip install it") from error'
)


KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


FIVE = "## In five lines\n\n" + "- A line.\n" * 5
THREE = "## Exercises\n\n```{exercise} Build it yourself\n```\n" + "```{exercise} One\n```\n" * 2


def example() -> Notebook:
    v4 = nbformat.v4
    figure = v4.new_code_cell(
        "1 + 1",
        execution_count=2,
        outputs=[v4.new_output("display_data", {"image/png": "aGVsbG8="})],
        metadata={"mystnb": {"image": {"alt": "A line that rises"}}, "tags": ["remove-input"]},
    )
    cells = [
        v4.new_markdown_cell("# Title"),
        v4.new_code_cell(GUARD, execution_count=1, metadata={"tags": ["remove-input"]}),
        figure,
        v4.new_code_cell(
            '%time x = 1\nassert x\nassert x == 1\nconfirm("x is {bound}", x, equals=1)\nprint(x)',
            execution_count=3,
            outputs=[v4.new_output("stream", text="1\n")],
        ),
        v4.new_markdown_cell(FIVE),
        v4.new_markdown_cell(THREE),
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
        lambda nb: nb.cells.append(nbformat.v4.new_markdown_cell("x" * 350_001)),
        "bytes",
    ),
    "order": (lambda nb: nb.cells[1].update(execution_count=7), "counts are [7, 2, 3]"),
    "not run": (lambda nb: nb.cells[2].update(execution_count=None), "counts are [1, None, 3]"),
    "error": (
        lambda nb: nb.cells[3].outputs.append(
            nbformat.v4.new_output("error", ename="ValueError", evalue="bad", traceback=[])
        ),
        "stores an error: ValueError: bad",
    ),
    "noise": (lambda nb: nb.cells[3].outputs.append(stderr("Warning")), "stderr"),
    "path in output": (
        lambda nb: nb.cells[3].outputs[0].update(text="saved to /home/me/x"),
        "one machine: '/home/m'",
    ),
    "path in source": (
        lambda nb: nb.cells[0].update(source="see C:\\Users\\me"),
        "one machine",
    ),
    "address in HTML": (
        lambda nb: nb.cells[2].outputs[0].data.update({"text/html": "<A at 0x7f00aa11bb>"}),
        "one machine: 'at 0x",
    ),
    "no alt": (lambda nb: nb.cells[2].metadata.pop("mystnb"), "without alt text ('')"),
    "file as alt": (
        lambda nb: nb.cells[2].metadata.mystnb.image.update(alt="output_3.png"),
        "without alt text ('output_3.png')",
    ),
    "two images": (
        lambda nb: nb.cells[2].outputs.append(copy.deepcopy(nb.cells[2].outputs[0])),
        "shows 2 images",
    ),
    "kernel": (lambda nb: nb.metadata.kernelspec.update(name="my-env"), "kernel is 'my-env'"),
    "asserts": (lambda nb: nb.cells[3].update(source="assert True"), "1 asserts"),
    "long cell": (lambda nb: nb.cells[2].update(source="1\n" * 16), "16 lines"),
    "wide cell": (lambda nb: nb.cells[2].update(source="x = " + "1" * 85), "89 columns"),
    "network": (
        lambda nb: nb.cells[2].update(source="class Net(torch.nn.Module):\n    pass"),
        "defines the network Net",
    ),
    "ignored": (
        lambda nb: [
            cell.metadata.update(tags=["nbval-ignore-output", "remove-input"])
            for cell in nb.cells
            if cell.cell_type == "code"
        ],
        "3 of 3 cells are tagged",
    ),
    "skipped": (lambda nb: nb.cells[3].metadata.update(tags=["nbval-skip"]), "nbval-skip"),
    "traceback": (lambda nb: nb.cells[1].update(source="import cnnhistory"), "traceback"),
    "vague": (
        lambda nb: nb.cells[1].update(source=GUARD.replace("pip", "go")),
        "says 'cnnhistory is missing",
    ),
    "wordy": (
        lambda nb: nb.cells[0].update(source="# Title\n\n" + "word " * 2_300),
        "2,3",
    ),
    "much code": (
        lambda nb: [
            nb.cells.insert(4, nbformat.v4.new_code_cell("x\n" * 15, execution_count=n))
            for n in range(14, 3, -1)
        ],
        "lines of code that show",
    ),
    "set-up shows": (
        lambda nb: nb.cells[1].metadata.update(tags=["hide-input"]),
        "above the first picture",
    ),
    "code above the picture": (
        lambda nb: nb.cells[2].metadata.update(tags=[]),
        "above the first picture",
    ),
    "no picture": (lambda nb: nb.cells[2].update(outputs=[]), "above the first picture"),
    "hidden number": (
        lambda nb: nb.cells[3].update(
            source='assert x\nassert x\nconfirm("few", all(x > 0) and sum(x < 1) < 3)'
        ),
        "confirms a comparison",
    ),
    "four lines": (
        lambda nb: nb.cells[4].update(source=FIVE.removesuffix("- A line.\n")),
        "has 4 items",
    ),
    "no lines": (lambda nb: nb.cells[4].update(source="## Summary"), "no '## In five lines'"),
    "few exercises": (
        lambda nb: nb.cells[5].update(source=THREE.removesuffix("```{exercise} One\n```\n")),
        "2 exercises",
    ),
    "nothing to build": (
        lambda nb: nb.cells[5].update(source=THREE.replace("Build it yourself", "Two")),
        "Build it yourself",
    ),
    "true color": (
        lambda nb: (
            nb.cells[2]
            .outputs[0]
            .data.update({"image/png": base64.b64encode(b"\0" * 25 + b"\2").decode()})
        ),
        "true color",
    ),
    "wide figure": (
        lambda nb: nb.cells[2].outputs[0].update(data={"image/svg+xml": '<svg width="864"/>'}),
        "draws 864 pixels, more than 740",
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
