"""Training children, and keeping what they scored in a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from time import process_time
from typing import Any

import torch

from cnnhistory._util.files import replace_file
from cnnhistory._util.lookup import expected
from cnnhistory.data.tensors import LabeledImages
from cnnhistory.search.network import cell_network
from cnnhistory.tasks.classification import evaluate
from cnnhistory.training.loop import Training, train

COLUMNS = ("cell", "errors", "n", "parameters", "seconds")


@dataclass(frozen=True)
class ChildScore:
    """What one child did on the validation images.

    Units: `errors` of `n` images were named wrongly; `seconds` are of the processor.
    """

    errors: int
    n: int
    parameters: int
    seconds: float

    @property
    def reward(self) -> float:
        """The accuracy, a fraction."""
        return 1 - self.errors / self.n


def train_child(
    cell: str,
    train_set: LabeledImages,
    val_set: LabeledImages,
    network: Mapping[str, Any],
    training: Training,
    seed: int,
) -> ChildScore:
    """Train the network of a cell for a short time, and count its errors on the validation images.

    Args:
        cell: its name.
        train_set: images and labels to learn from.
        val_set: images and labels that the score is of.
        network: keywords of `cnnhistory.search.network.cell_network`.
        training: how it is trained.
        seed: of weights and order.
    """
    begin = process_time()
    torch.manual_seed(seed)
    child = cell_network(cell=cell, **network)
    train(child, train_set.images, train_set.labels, training, seed)
    found = evaluate(child, val_set)
    parameters = sum(weight.numel() for weight in child.parameters())
    return ChildScore(found.errors, found.n, parameters, round(process_time() - begin, 2))


def dumps(table: Mapping[str, ChildScore]) -> bytes:
    """Return a table of scores as a CSV file, one line a cell in alphabetical order."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for cell, score in sorted(table.items()):
        writer.writerow((cell, *asdict(score).values()))
    return text.getvalue().encode()


def loads(content: bytes) -> dict[str, ChildScore]:
    """Return the table of scores that `dumps` wrote.

    Raises:
        ValueError: it is no such table.
    """
    header, *rows = list(csv.reader(io.StringIO(content.decode()))) or [[]]
    if tuple(header) != COLUMNS or any(len(row) != len(COLUMNS) for row in rows):
        raise expected("content", f"a table with the columns {', '.join(COLUMNS)}", header)
    return {
        cell: ChildScore(int(errors), int(n), int(parameters), float(seconds))
        for cell, errors, n, parameters, seconds in rows
    }


def fill(
    path: Path, cells: Iterable[str], score: Callable[[str], ChildScore], every: int = 20
) -> dict[str, ChildScore]:
    """Score cells that a table lacks, and write the table down, whole or not at all, as it grows.

    A stopped run goes on where the file is.

    Args:
        path: of the table, which need not be there.
        cells: names of those to score.
        score: trains one child.
        every: after how many children the file is replaced.
    """
    table = loads(path.read_bytes()) if path.exists() else {}
    missing = [cell for cell in cells if cell not in table]
    for n, cell in enumerate(missing, start=1):
        table[cell] = score(cell)
        if n % every == 0 or n == len(missing):
            replace_file(path, dumps(table))
    return table
