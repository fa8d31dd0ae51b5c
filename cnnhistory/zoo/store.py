"""Reading and writing recorded runs: a record, and beside it the files that it names."""

from __future__ import annotations

import fnmatch
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from cnnhistory._util.files import replace_file
from cnnhistory.zoo.format import Record, SeedResult, check_record
from cnnhistory.zoo.plain import as_plain, from_plain, to_json
from cnnhistory.zoo.recipes import recipe

if TYPE_CHECKING:
    from torch import Tensor

FOLDER = Path(__file__).parent / "runs"


def list_records(glob: str = "*") -> list[str]:
    """Return the ids of the recorded runs that match a shell pattern."""
    ids = sorted(path.stem for path in FOLDER.glob("*.json"))
    return fnmatch.filter(ids, glob)


def record(id: str) -> Record:
    """Return a recorded run.

    Raises:
        UnknownIdError: no recipe has that id; a KeyError whose message suggests the nearest.
        FileNotFoundError: the recipe exists but was not run; the message has the command.
        ValueError: the file is damaged.
    """
    path = FOLDER / f"{recipe(id).id}.json"
    if not path.exists():
        raise FileNotFoundError(f"run {id!r} is not recorded yet; make it: {command(id)}")
    return read_record(path)


def read_record(path: Path) -> Record:
    """Read a record from a file.

    Raises:
        ValueError: it is no record, or one that contradicts itself.
        OSError: it cannot be read.
    """
    try:
        fields = json.loads(path.read_bytes())
        found: Record = from_plain(Record, fields, path.name)
        check_record(found)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path.name}: expected a record of the zoo, got {error}") from error
    return found


def artifact(id: str, name: str, seed: int | None = None) -> Path:
    """Return the path of a file that a recorded run left, after checking its hash.

    Args:
        id: of the run.
        name: such as "weights" or "network" (of a compressed network).
        seed: default: the first that has such a file.

    Raises:
        UnknownIdError, FileNotFoundError: see `record`.
        ValueError: the seed has no such file, or it is not the one that was recorded.
    """
    made = record(id)
    kept = made.kept(name)
    if seed is None:
        if not kept:
            raise ValueError(f"name: expected a file that {id!r} left, got {name!r}")
        result: SeedResult = kept[0]
    else:
        result = made.result(seed)
    if name not in result.artifacts:
        seeds = ", ".join(str(other.seed) for other in kept) or "none"
        raise ValueError(f"seed: expected one whose {name} are kept ({seeds}), got {result.seed}")
    entry = result.artifacts[name]
    path = FOLDER / entry.file
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != entry.sha256:
        raise ValueError(
            f"{entry.file}: expected SHA-256 {entry.sha256}, got {found}; install cnnhistory again"
        )
    return path


def load_weights(id: str, seed: int | None = None) -> dict[str, Tensor]:
    """Return the trained weights of a recorded run, for `network.load_state_dict`.

    They come in float32, also where the file has them in float16.

    Raises:
        UnknownIdError, FileNotFoundError, ValueError: see `artifact`.
    """
    from safetensors.torch import load

    from cnnhistory.zoo.rounding import widened

    return widened(load(artifact(id, "weights", seed).read_bytes()))


def command(id: str) -> str:
    """Return the command that makes a recorded run again."""
    return f"cnnhistory record {id}"


def write(made: Record, files: Mapping[str, bytes], folder: Path | None = None) -> Path:
    """Store a run: its files first, then the record that names their hashes.

    Files that an earlier record of this run named and this one does not are removed.

    Raises:
        ValueError: the record contradicts itself, or a file is not what it says.
        OSError: the folder cannot be written.
    """
    check_record(made)
    folder = FOLDER if folder is None else folder
    named = {entry.file: entry for result in made.results for entry in result.artifacts.values()}
    for name, content in files.items():
        if name not in named or hashlib.sha256(content).hexdigest() != named[name].sha256:
            raise ValueError(f"files: expected what the record names, got {name!r}")
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        replace_file(folder / name, content)
    path = folder / f"{made.id}.json"
    replace_file(path, (to_json(as_plain(made)) + "\n").encode())
    for old in folder.glob(f"{made.id}-seed*"):
        if old.name not in named:
            old.unlink()
    return path
