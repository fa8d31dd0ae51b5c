"""Recorded studies: measurements on networks of the zoo that need data or time a chapter has not.

A study trains nothing. It loads the weights of recorded runs, measures, and stores the numbers
with the hashes of those weights and data. ``cnnhistory study ID`` makes it again.
"""

from __future__ import annotations

import difflib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from cnnhistory.zoo.store import replace_file

FOLDER = Path(__file__).parent / "studies"


@dataclass(frozen=True)
class Study:
    """What is measured on which recorded runs.

    `settings` go to the function of the same id that measures one network.
    """

    id: str
    runs: tuple[str, ...]
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class StudyRecord:
    """A finished study: what was measured, on what, and where.

    `results` and `weights` (SHA-256) have one entry for each run, `data` describes the data of
    each. Units: `seconds` is the wall time of all measurements.
    """

    id: str
    settings: dict[str, Any]
    results: dict[str, dict[str, Any]]
    weights: dict[str, str]
    data: dict[str, dict[str, Any]]
    versions: dict[str, str]
    machine: dict[str, Any]
    seconds: float
    command: str


STUDIES = {
    study.id: study
    for study in (
        Study(
            # veit2016residual, Sections 4 and 5, on networks of half the width
            id="lesions_cifar10",
            runs=("resnet20_cifar10", "resnet56_cifar10", "plain20_cifar10", "vgg16_bn_cifar10"),
            settings={
                "single_images": 2500,
                "images": 1000,
                "counts": [1, 2, 3, 4, 6, 8, 10, 12, 16, 20],
                "swaps": [1, 2, 4, 8, 12, 16, 24],
                "draws": 8,
                "path_images": 32,
                "path_draws": 10,
            },
        ),
    )
}


def study(id: str) -> Study:
    """Return the settings of a study.

    Raises:
        KeyError: there is none of that id; the message suggests the nearest.
    """
    if id not in STUDIES:
        near = difflib.get_close_matches(id, STUDIES, 3, 0.4) or list(STUDIES)
        raise KeyError(f"no study {id!r}; did you mean {', '.join(near)}?")
    return STUDIES[id]


def study_record(id: str) -> StudyRecord:
    """Return a finished study.

    Raises:
        KeyError: there is no study of that id.
        FileNotFoundError: it was not made yet; the message has the command.
    """
    path = FOLDER / f"{study(id).id}.json"
    if not path.exists():
        raise FileNotFoundError(f"study {id!r} is not recorded yet; make it: {command(id)}")
    return StudyRecord(**json.loads(path.read_text()))


def command(id: str) -> str:
    """Return the command that makes a study again."""
    return f"cnnhistory study {id}"


def write_study(record: StudyRecord, folder: Path = FOLDER) -> Path:
    """Store a study, at once or not at all.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{record.id}.json"
    replace_file(path, (json.dumps(asdict(record), indent=1) + "\n").encode())
    return path
