"""Runs notebooks and stores their outputs: `make execute`, `make execute SCALE=full`.

Small mode writes in place; full mode writes below _build/full and leaves the book's notebooks
alone. A notebook is replaced only after all of its cells have run, in one step; one that fails
stays as it was. What would differ from run to run without a reason is left out: times of cells,
version of the interpreter, how printed text was cut into pieces.
"""

import argparse
import os
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from cnnhistory._util.files import replace_file
from cnnhistory.zoo.provenance import processor

ROOT = Path(__file__).resolve().parents[2]
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def notebooks(paths: list[Path]) -> list[Path]:
    """Return the notebooks among the paths and below the folders.

    Raises:
        FileNotFoundError: a path does not exist, or there is no notebook at all.
    """
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise FileNotFoundError(f"{path}: no such notebook or folder")
        below = sorted(path.rglob("*.ipynb")) if path.is_dir() else [path]
        found += [file for file in below if ".ipynb_checkpoints" not in file.parts]
    if not found:
        raise FileNotFoundError(f"no notebook in {', '.join(map(str, paths))}")
    return found


def machine() -> str:
    """Return the processor's name, and the accelerator's if torch finds one."""
    name = processor()
    try:
        import torch
    except ModuleNotFoundError:
        return name
    return (
        f"{name}, {torch.cuda.get_device_name()}" if torch.cuda.is_available() else name
    )


def cores() -> int:
    """Return how many processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run(source: Path, timeout: int, scale: str) -> nbformat.NotebookNode:
    """Run all cells in a fresh kernel, in the notebook's folder, and return the notebook.

    Raises:
        CellExecutionError: a cell failed.
        CellTimeoutError: a cell took longer than `timeout` seconds.
    """
    notebook = nbformat.read(source, as_version=4)
    notebook.metadata["kernelspec"] = KERNEL
    client = NotebookClient(
        notebook,
        timeout=timeout,
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(source.parent)}},
    )
    begin = time.perf_counter()
    client.execute()
    seconds = time.perf_counter() - begin
    notebook.metadata["language_info"] = {"name": "python"}
    facts = notebook.metadata.setdefault("cnnhistory", {})
    facts.update(
        runtime_s=round(seconds, 1), cores=cores(), machine=machine(), scale=scale
    )
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    nbformat.validate(notebook)
    return notebook


def store(notebook: nbformat.NotebookNode, target: Path) -> None:
    """Write the notebook in one step: the old file or the new one, never a part."""
    target.parent.mkdir(parents=True, exist_ok=True)
    # as nbformat.write does: one line break at the end
    text = nbformat.writes(notebook).rstrip("\n") + "\n"
    replace_file(target, text.encode())


def main(argv: list[str] | None = None) -> int:
    """Run the notebooks one after the other; return 1 if any failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("paths", nargs="*", type=Path, default=[ROOT / "book"])
    parser.add_argument("--scale", choices=["small", "full"], default="small")
    parser.add_argument("--timeout", type=int, help="seconds a cell may take")
    parser.add_argument("--output", type=Path, default=ROOT / "_build" / "full")
    options = parser.parse_args(argv)
    os.environ["CNNHISTORY_SCALE"] = options.scale
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    # a full run may take days; a small one that takes this long is broken
    timeout = options.timeout or (600 if options.scale == "small" else -1)
    try:
        sources = notebooks(options.paths)
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 2
    failed = 0
    for source in sources:
        target = source
        if options.scale == "full":
            inside = source.resolve().is_relative_to(ROOT / "book")
            name = (
                source.resolve().relative_to(ROOT / "book")
                if inside
                else Path(source.name)
            )
            target = options.output / name
        print(f"{source} ...", end=" ", flush=True)
        try:
            notebook = run(source, timeout, options.scale)
            store(notebook, target)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            failed += 1
            print(f"failed; {target} is unchanged\n{error}", flush=True)
            continue
        print(f"{notebook.metadata.cnnhistory.runtime_s} s -> {target}", flush=True)
    print(f"{len(sources) - failed} of {len(sources)} notebooks ran")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
