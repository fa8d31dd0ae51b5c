"""Reading and writing recorded runs."""

import fnmatch
import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import mean
from typing import Any

from safetensors.torch import load as load_safetensors
from safetensors.torch import save as save_safetensors
from torch import Tensor

from cnnhistory.zoo.recipes import recipe

FOLDER = Path(__file__).parent / "runs"
LARGEST = 2_000_000  # bytes of one file of weights


@dataclass(frozen=True)
class SeedResult:
    """One training of a recorded run.

    Units: `test_error` holds the fraction of wrong test examples after each epoch, `history` the
    logged metrics of each epoch, `seconds` wall time. `accepted_error[i]` is the fraction of
    wrong answers left after rejecting the least confident i / 2 % of the test examples, up to
    30 %; older records lack it. `machine` is what this seed ran on, where that is not what the
    record says.
    """

    seed: int
    test_errors: int
    test_n: int
    test_error: list[float]
    history: list[dict[str, float]]
    seconds: float
    accepted_error: list[float] = field(default_factory=list)
    machine: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Record:
    """A recorded run: settings, results and where they came from."""

    id: str
    recipe: dict[str, Any]
    results: tuple[SeedResult, ...]
    weights_seed: int
    weights_sha256: str
    data: dict[str, Any]
    versions: dict[str, str]
    machine: dict[str, Any]
    command: str

    @property
    def error(self) -> float:
        """Mean test error over the seeds, a fraction."""
        return mean(result.test_errors / result.test_n for result in self.results)

    @property
    def errors(self) -> list[float]:
        """Test error of each seed, fractions."""
        return [result.test_errors / result.test_n for result in self.results]

    @property
    def seconds(self) -> float:
        """Mean wall time of one training."""
        return mean(result.seconds for result in self.results)


def list_records(glob: str = "*") -> list[str]:
    """Return the ids of the recorded runs that match a shell pattern."""
    ids = sorted(path.stem for path in FOLDER.glob("*.json"))
    return fnmatch.filter(ids, glob)


def record(id: str) -> Record:
    """Return a recorded run.

    Raises:
        KeyError: no recipe has that id.
        FileNotFoundError: the recipe exists but was not run; the message has the command.
    """
    path = FOLDER / f"{recipe(id).id}.json"
    if not path.exists():
        raise FileNotFoundError(f"run {id!r} is not recorded yet; make it: {command(id)}")
    fields = json.loads(path.read_text())
    fields["results"] = tuple(SeedResult(**result) for result in fields["results"])
    return Record(**fields)


def load_weights(id: str) -> dict[str, Tensor]:
    """Return the trained weights of a recorded run, for `network.load_state_dict`.

    Raises:
        KeyError, FileNotFoundError: see `record`.
        ValueError: the file is not the one that was recorded.
    """
    expected = record(id).weights_sha256
    content = (FOLDER / f"{id}.safetensors").read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise ValueError(
            f"weights of {id!r}: expected SHA-256 {expected}, the file has {found}; "
            "install cnnhistory again"
        )
    return load_safetensors(content)


def command(id: str) -> str:
    """Return the command that makes a recorded run again."""
    return f"cnnhistory record {id}"


def write(
    id: str,
    results: tuple[SeedResult, ...],
    weights: Mapping[str, Tensor],
    weights_seed: int,
    data: dict[str, Any],
    versions: dict[str, str],
    machine: dict[str, Any],
    folder: Path = FOLDER,
) -> Path:
    """Store a run: weights first, then the record that names their hash.

    Raises:
        ValueError: the weights are larger than 2 MB.
        OSError: the folder cannot be written.
    """
    content = save_safetensors({key: value.contiguous() for key, value in weights.items()})
    if len(content) > LARGEST:
        raise ValueError(f"weights: expected at most {LARGEST:,} bytes, got {len(content):,}")
    result = Record(
        id=id,
        recipe=asdict(recipe(id)),
        results=results,
        weights_seed=weights_seed,
        weights_sha256=hashlib.sha256(content).hexdigest(),
        data=data,
        versions=versions,
        machine=machine,
        command=command(id),
    )
    folder.mkdir(parents=True, exist_ok=True)
    replace_file(folder / f"{id}.safetensors", content)
    path = folder / f"{id}.json"
    replace_file(path, (json.dumps(asdict(result), indent=1) + "\n").encode())
    return path


def replace_file(path: Path, content: bytes) -> None:
    """Write a file at once or not at all.

    Raises:
        OSError: it cannot be written.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
