"""Results that are kept: one file for each benchmark, which the book shows."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "results"


def as_run(
    settings: dict[str, object], machine: dict[str, object], records: Sequence[Any]
) -> dict[str, Any]:
    """Return what one call of a benchmark found, ready for JSON."""
    return {
        "settings": settings,
        "machine": machine,
        "records": [
            {key: value for key, value in asdict(record).items() if value is not None}
            for record in records
        ],
    }


def merged(old: dict[str, Any] | None, name: str, run: dict[str, Any]) -> dict[str, Any]:
    """Return a document with the new run, in which no processor has a case twice.

    The newest counts. A long benchmark can thus be recorded case by case, and what other
    processors gave stays. A document with a single run may have its parts at the top, as `--json`
    prints them.
    """
    runs = [] if old is None else old.get("runs", [old])
    new = {record["case"] for record in run["records"]}
    kept = []
    for before in runs:
        same = _processor(before) == _processor(run)
        records = [record for record in before["records"] if not (same and record["case"] in new)]
        if records:
            kept.append({**before, "records": records})
    for before in kept:
        before.pop("benchmark", None)
    return {"benchmark": name, "runs": [*kept, run]}


def _processor(run: dict[str, Any]) -> tuple[str, str]:
    """Return what tells processors apart; runs from before 2026-11-29 have no model."""
    machine = run["machine"]
    return machine["processor"], machine.get("model", "")


def keep(name: str, run: dict[str, Any], folder: Path = FOLDER) -> Path:
    """Write the run into the benchmark's file and return its path."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.json"
    old = json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
    text = json.dumps(merged(old, name, run), indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")
    return path
