"""The one form of a recorded run, whatever its task: classification, compression, ablation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from statistics import mean
from typing import Any


@dataclass(frozen=True)
class Artifact:
    """A file that a run left, beside its record.

    Units: `bytes` is its size, `dtype` says how numbers are stored, "float16" (and with how many
    bits of the fraction) unless `reason` says why not. `trained_sha256` is the hash of the weights
    as they were trained, in float32, where the file holds them rounded.
    """

    file: str
    sha256: str
    bytes: int
    dtype: str = ""
    reason: str = ""
    trained_sha256: str = ""


@dataclass(frozen=True)
class SeedResult:
    """What one seed of a recorded run gave.

    `metrics` are numbers by name, such as test_error; those that are proportions have in `counts`
    how many of how many test items they are. `history` has one row an epoch, `curves` what is
    measured along something else, `details` what is no curve. A seed without `artifacts` has
    lost its weights: ``cnnhistory record ID --resume`` trains it again.

    `inputs` holds the SHA-256 of each file that was measured, by the run it belongs to;
    `provenance` is the place in the record's list of provenances.

    Units: errors are fractions; `seconds` is wall time, None where it is not known.
    """

    seed: int
    metrics: dict[str, float]
    counts: dict[str, tuple[int, int]] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    curves: dict[str, list[float]] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)
    artifacts: dict[str, Artifact] = field(default_factory=dict)
    inputs: dict[str, str] = field(default_factory=dict)
    seconds: float | None = None
    provenance: int = 0

    @property
    def errors(self) -> int:
        """How many test items were wrong."""
        return self.counts["test_error"][0]

    @property
    def n(self) -> int:
        """Number of test items."""
        return self.counts["test_error"][1]

    def rows(self, *columns: str) -> list[list[Any]]:
        """Return some columns of `history`, row by row, such as stage and error.

        Raises:
            ValueError: a row has no such column.
        """
        for column in columns:
            if not all(column in row for row in self.history):
                known = ", ".join(dict.fromkeys(key for row in self.history for key in row))
                raise ValueError(f"columns: expected some of {known or 'none'}, got {column!r}")
        return [[row[column] for column in columns] for row in self.history]

    def curve(self, name: str) -> list[Any]:
        """Return a column of `history`, or one of `curves`.

        Raises:
            ValueError: there is none of that name; the message lists what there is.
        """
        if name in self.curves:
            return self.curves[name]
        columns = dict.fromkeys(key for row in self.history for key in row)
        if name not in columns:
            known = ", ".join([*columns, *self.curves]) or "none"
            raise ValueError(f"curve: expected one of {known}, got {name!r}")
        return [row[name] for row in self.history if name in row]


@dataclass(frozen=True)
class Provenance:
    """Where numbers come from: the code, the libraries, the machine and the command.

    `commit` is the revision of the code, `dirty` whether it had changes that were not in it,
    `date` when the run began (UTC); None is "not known". Runs that are older than this form do
    not know them: `recorded_by` then has the commit and date that brought the record into the
    repository; the code that ran is of that commit or an earlier one. `libraries` are the installed
    versions of what the package requires. `note` says what else there is to say.
    """

    libraries: dict[str, str]
    machine: dict[str, Any]
    command: str
    commit: str | None = None
    dirty: bool | None = None
    date: str | None = None
    recorded_by: dict[str, str] | None = None
    note: str = ""


@dataclass(frozen=True)
class Record:
    """A recorded run: settings, data, results of every seed and where they came from."""

    id: str
    recipe: dict[str, Any]
    data: dict[str, Any]
    results: tuple[SeedResult, ...]
    provenance: tuple[Provenance, ...]

    def values(self, metric: str = "test_error") -> list[float]:
        """Return a metric of every seed.

        Raises:
            ValueError: there is none of that name; the message lists what there is.
        """
        known = self.results[0].metrics
        if metric not in known:
            raise ValueError(f"metric: expected one of {', '.join(known)}, got {metric!r}")
        return [result.metrics[metric] for result in self.results]

    def mean(self, metric: str = "test_error") -> float:
        """Return the mean of a metric over the seeds.

        Raises:
            ValueError: there is none of that name; the message lists what there is.
        """
        return mean(self.values(metric))

    @property
    def errors(self) -> list[float]:
        """Test error of each seed, fractions."""
        return self.values()

    @property
    def error(self) -> float:
        """Mean test error over the seeds, a fraction."""
        return self.mean()

    @property
    def seconds(self) -> float | None:
        """Mean wall time of a seed; None where that of one is not known."""
        times = [result.seconds for result in self.results if result.seconds is not None]
        return mean(times) if len(times) == len(self.results) else None

    @property
    def processors(self) -> str:
        """Names of the processors on which its seeds ran, each once, joined by "and"."""
        names = (self.provenance[r.provenance].machine["processor"] for r in self.results)
        return " and ".join(dict.fromkeys(names))

    def kept(self, artifact: str = "weights") -> tuple[SeedResult, ...]:
        """Return the seeds that have an artifact of that name."""
        return tuple(result for result in self.results if artifact in result.artifacts)

    def result(self, seed: int) -> SeedResult:
        """Return what one seed gave.

        Raises:
            ValueError: the record has no such seed; the message lists those that it has.
        """
        for result in self.results:
            if result.seed == seed:
                return result
        known = ", ".join(str(result.seed) for result in self.results)
        raise ValueError(f"seed: expected one of {known}, got {seed!r}")


def check_record(record: Record) -> None:
    """Refuse a record that contradicts itself.

    Raises:
        ValueError: no seed, one seed twice, a proportion that is not its counts, a provenance that
            is not there, metrics that only some seeds have, or a file outside the record's folder.
    """
    _expect(bool(record.results), "results", "at least one seed", [])
    seeds = [result.seed for result in record.results]
    _expect(len(set(seeds)) == len(seeds), "results", "each seed once", seeds)
    for result in record.results:
        name = f"seed {result.seed}"
        first = record.results[0].metrics
        _expect(set(result.metrics) == set(first), name, f"metrics {list(first)}", result.metrics)
        for key, (count, n) in result.counts.items():
            right = 0 <= count <= n and n > 0 and result.metrics.get(key) == count / n
            _expect(right, f"{name}.{key}", "count / n", (count, n))
        place = result.provenance
        _expect(0 <= place < len(record.provenance), name, "a provenance of the record", place)
        for artifact in result.artifacts.values():
            _expect(_is_file_name(artifact.file), name, "a file name", artifact.file)


def _is_file_name(name: str) -> bool:
    # No separator of any system, no drive, nothing hidden, nothing a terminal would act on.
    return name.isprintable() and not name.startswith(".") and not set(name) & set('/\\:*?"<>|')


def _expect(right: bool, name: str, wanted: str, got: object) -> None:
    if not right:
        raise ValueError(f"{name}: expected {wanted}, got {got!r}")


def renumbered(
    results: Sequence[tuple[SeedResult, Provenance]],
) -> tuple[tuple[SeedResult, ...], tuple[Provenance, ...]]:
    """Return results in the order of their seeds, and each provenance once."""
    found: list[Provenance] = []
    numbered = []
    for result, provenance in sorted(results, key=lambda pair: pair[0].seed):
        if provenance not in found:
            found.append(provenance)
        numbered.append(replace(result, provenance=found.index(provenance)))
    return tuple(numbered), tuple(found)
