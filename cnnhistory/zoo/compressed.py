"""Recorded runs of Deep Compression: recipes, records, and the compressed networks themselves.

A run lies in `runs/compressed`: a log with all seeds, and the `.cnnz` file of the first. It is made
again by ``cnnhistory record ID``, like the others.
"""

import difflib
import fnmatch
import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import mean
from typing import Any

from cnnhistory.zoo.store import FOLDER as _FOLDER
from cnnhistory.zoo.store import command, replace_file

FOLDER = _FOLDER / "compressed"


@dataclass(frozen=True)
class CompressionRecipe:
    """The settings of a recorded run.

    Those of both LeNets were chosen by the error of the compressed network on 10,000 digits held
    out of the training data, with other initial weights than the recorded ones. They replace two
    earlier recordings, which had lost more against their twins on the test digits.

    `schedule` has the settings of `cnnhistory.compression.schedule.Schedule`, `index_bits` those of
    the gaps between weights. `data` is "digits" or "cifar10", `data_args` the keywords of its data
    module.

    Units: `tolerance` is the largest distance, in percentage points of test error, between the
    recorded mean and one run repeated from this recipe; `least_ratio` how many times smaller than
    its float32 numbers each file is at least.
    """

    id: str
    schedule: dict[str, Any]
    index_bits: dict[str, Any]
    data: str = "digits"
    data_args: dict[str, Any] = field(
        default_factory=lambda: {"scale": "full", "pad_to": 28, "val_size": 0}
    )
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    tolerance: float = 0.2
    least_ratio: float = 60.0


def _stretch(epochs: int, lr: float, weight_decay: float, **others: Any) -> dict[str, Any]:
    """Return the settings of a stretch of training, with images moved by up to one pixel."""
    return {"epochs": epochs, "lr": lr, "weight_decay": weight_decay, "shift": 1, **others}


def _photographs(
    epochs: int, lr: float, weight_decay: float = 0.05, **others: Any
) -> dict[str, Any]:
    """Return the same for photographs, moved by up to two pixels, half of them mirrored."""
    return {
        "epochs": epochs, "lr": lr, "weight_decay": weight_decay, "batch_size": 128,
        "shift": 2, "mirror": True, "bfloat16": True, **others,
    }  # fmt: skip


@dataclass(frozen=True)
class CompressedSeed:
    """One network of a recorded run, and its twin that was trained as long and not compressed.

    Units: `*_errors` count wrong test examples of `test_n`; `bytes` is the size of the `.cnnz`
    file, `sections` what it is spent on, `float_bytes` four times the number of parameters;
    `layers` has name, weights and weights left of each layer; `curve` and `twin_curve` the stage
    and the test error (a fraction) after each pass; `others` bytes and wrong test examples of other
    ways to store the two networks; `seconds` wall time of both trainings.
    """

    seed: int
    base_errors: int
    twin_errors: int
    compressed_errors: int
    test_n: int
    bytes: int
    float_bytes: int
    sections: dict[str, int]
    layers: list[list[Any]]
    curve: list[list[Any]]
    twin_curve: list[list[Any]]
    others: dict[str, dict[str, int]]
    seconds: float

    @property
    def ratio(self) -> float:
        """How many times smaller the file is than the float32 numbers."""
        return self.float_bytes / self.bytes


@dataclass(frozen=True)
class CompressionRecord:
    """A recorded run: settings, results and where they came from."""

    id: str
    recipe: dict[str, Any]
    results: tuple[CompressedSeed, ...]
    file_seed: int
    file_sha256: str
    data: dict[str, Any]
    versions: dict[str, str]
    machine: dict[str, Any]
    command: str

    @property
    def error(self) -> float:
        """Mean test error of the compressed networks, a fraction."""
        return mean(result.compressed_errors / result.test_n for result in self.results)

    @property
    def twin_error(self) -> float:
        """Mean test error of the twins, a fraction."""
        return mean(result.twin_errors / result.test_n for result in self.results)

    @property
    def ratio(self) -> float:
        """Mean of how many times smaller the files are."""
        return mean(result.ratio for result in self.results)


RECIPES: dict[str, CompressionRecipe] = {
    recipe.id: recipe
    for recipe in (
        CompressionRecipe(
            id="lenet300_100_deep_compression",
            schedule={
                "model": "lenet300_100",
                "densities": {"1": 0.047, "3": 0.122, "5": 0.5},
                "base": _stretch(15, 2e-3, 0.1, batch_size=128),
                "rounds": 12,
                "prune": _stretch(1, 4e-3, 0.02, batch_size=128),
                "retrain": _stretch(45, 4e-3, 0.02, batch_size=128),
                "share": _stretch(3, 5e-4, 0.0, batch_size=128),
                "bits": {"dense": 4},
            },
            index_bits={"dense": 8},
        ),
        CompressionRecipe(
            id="lenet5_deep_compression",
            schedule={
                "model": "lenet5_caffe",
                "densities": {"conv1": 1.0, "conv2": 0.28, "ip1": 0.033, "ip2": 0.28},
                "base": _stretch(5, 2e-3, 0.02, bfloat16=True),
                "rounds": 4,
                "prune": _stretch(1, 3e-3, 0.02, floor=1.0, bfloat16=True),
                "retrain": _stretch(12, 3e-3, 0.02, bfloat16=True),
                "share": _stretch(2, 5e-4, 0.0, bfloat16=True),
                "bits": {"convolution": 5, "dense": 4},
            },
            index_bits={"dense": 8},
        ),
        # A VGG-style network on photographs, at the width that two cores train. Nothing was tried
        # out: densities like those of the paper's VGG-16, bits of its AlexNet.
        CompressionRecipe(
            id="vgg11_deep_compression",
            schedule={
                "model": "vgg11_bn",
                "network_args": {"num_classes": 10, "image_size": 32, "width": 0.25},
                "densities": {
                    "features.conv1_1": 0.6,
                    "features.conv2_1": 0.35,
                    "features.conv3_1": 0.25,
                    "features.conv3_2": 0.2,
                    "features.conv4_1": 0.15,
                    "features.conv4_2": 0.1,
                    "features.conv5_1": 0.1,
                    "features.conv5_2": 0.1,
                    "classifier.fc6": 0.03,
                    "classifier.fc7": 0.03,
                    "classifier.fc8": 0.15,
                },
                "base": _photographs(6, 3e-3),
                "rounds": 2,
                "prune": _photographs(1, 1e-3, floor=1.0),
                "retrain": _photographs(5, 2e-3),
                "share": _photographs(1, 3e-4, weight_decay=0.0),
            },
            index_bits={"convolution": 8, "dense": 8},
            data="cifar10",
            data_args={"val_size": 0},
            seeds=(0, 1),
            tolerance=2.0,
            least_ratio=15.0,
        ),
    )
}


def recipe(id: str) -> CompressionRecipe:
    """Return the recipe of a recorded run.

    Raises:
        KeyError: there is none of that id; the message suggests the nearest.
    """
    if id not in RECIPES:
        near = difflib.get_close_matches(id, RECIPES, 3, 0.4) or list(RECIPES)
        raise KeyError(f"no recorded run {id!r}; did you mean {', '.join(near)}?")
    return RECIPES[id]


def list_records(glob: str = "*") -> list[str]:
    """Return the ids of the recorded runs that match a shell pattern."""
    return fnmatch.filter(sorted(path.stem for path in FOLDER.glob("*.json")), glob)


def record(id: str) -> CompressionRecord:
    """Return a recorded run.

    Raises:
        KeyError: no recipe has that id.
        FileNotFoundError: the recipe exists but was not run; the message has the command.
    """
    path = FOLDER / f"{recipe(id).id}.json"
    if not path.exists():
        raise FileNotFoundError(f"run {id!r} is not recorded yet; make it: {command(id)}")
    fields = json.loads(path.read_text())
    fields["results"] = tuple(CompressedSeed(**result) for result in fields["results"])
    return CompressionRecord(**fields)


def file(id: str) -> Path:
    """Return the path of the compressed network of a recorded run, a `.cnnz` file.

    Raises:
        KeyError, FileNotFoundError: see `record`.
        ValueError: the file is not the one that was recorded.
    """
    expected = record(id).file_sha256
    path = FOLDER / f"{id}.cnnz"
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != expected:
        raise ValueError(
            f"{id}.cnnz: expected SHA-256 {expected}, the file has {found}; "
            "install cnnhistory again"
        )
    return path


def write(
    id: str,
    results: tuple[CompressedSeed, ...],
    content: bytes,
    file_seed: int,
    data: dict[str, Any],
    versions: dict[str, str],
    machine: dict[str, Any],
    folder: Path = FOLDER,
) -> Path:
    """Store a run: the compressed network first, then the record that names its hash.

    Raises:
        OSError: the folder cannot be written.
    """
    result = CompressionRecord(
        id=id,
        recipe=asdict(recipe(id)),
        results=results,
        file_seed=file_seed,
        file_sha256=hashlib.sha256(content).hexdigest(),
        data=data,
        versions=versions,
        machine=machine,
        command=command(id),
    )
    folder.mkdir(parents=True, exist_ok=True)
    replace_file(folder / f"{id}.cnnz", content)
    path = folder / f"{id}.json"
    replace_file(path, (json.dumps(asdict(result), indent=1) + "\n").encode())
    return path
