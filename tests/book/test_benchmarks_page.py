"""The page of recorded results: any file of the format is shown, broken ones are refused."""

import importlib
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.etree import ElementTree

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks import recording
from benchmarks.timing import Record

pytest.importorskip("sphinx", reason="the extra `book` is not installed")
nodes = pytest.importorskip("docutils.nodes")
ROOT = Path(__file__).resolve().parents[2]


def load() -> ModuleType:
    sys.path.insert(0, str(ROOT / "book" / "_ext"))
    try:
        return importlib.import_module("book_benchmarks")
    finally:
        sys.path.remove(str(ROOT / "book" / "_ext"))


page = load()
MACHINE = {"processor": "AMD EPYC 4 Processor", "cores": 2, "threads": 1, "torch": "2.14.1"}


def record(case: str, ratio: float = 1.5) -> Record:
    return Record(case, 10.0, "a peer", 10 * ratio, ratio, (ratio - 0.1, ratio + 0.1))


def run(*cases: str, **settings: object) -> dict[str, object]:
    given = {"repeat": 15, **settings}
    return recording.as_run(given, {**MACHINE, "date": "2026-11-25"}, [record(c) for c in cases])


def text(found: list[Any]) -> str:
    return "\n".join(node.astext() for node in found)


def rows(found: list[Any]) -> list[list[str]]:
    first = next(table for node in found for table in node.findall(nodes.raw))
    assert first["format"] == "html"
    page = ElementTree.fromstring(first.astext())
    assert page.attrib["class"] == "benchmark-table"
    return [[(cell.text or "").replace("\u2060", "") for cell in row] for row in page.iter("tr")]


def test_recorded_case_by_case(tmp_path: Path):
    recording.keep("networks", run("a, forward", "a, train", batch=4), tmp_path)
    recording.keep("networks", run("b, forward", batch=2), tmp_path)
    path = recording.keep("networks", run("a, forward", batch=8), tmp_path)
    runs = page.read(path)
    assert [(r["settings"]["batch"], [x["case"] for x in r["records"]]) for r in runs] == [
        (4, ["a, train"]),
        (2, ["b, forward"]),
        (8, ["a, forward"]),
    ]


def test_a_run_replaces_an_older_one_wholly(tmp_path: Path):
    recording.keep("x", run("a", "b"), tmp_path)
    path = recording.keep("x", run("b", "a"), tmp_path)
    assert len(json.loads(path.read_text())["runs"]) == 1


def test_the_form_of_json_on_the_command_line_is_read_too(tmp_path: Path):
    path = tmp_path / "xnor.json"
    path.write_text(json.dumps({"benchmark": "xnor", **run("one", "two")}))
    assert [r["case"] for r in page.all_records(page.read(path))] == ["one", "two"]
    merged = json.loads(recording.keep("xnor", run("two"), tmp_path).read_text())
    assert [list(r) for r in merged["runs"]] == [["settings", "machine", "records"]] * 2


def test_names_and_kinds_become_a_table():
    runs = [run("a, forward", "a, train, slow", batch=4), run("b, forward", batch=2)]
    runs[0]["records"][0] |= {"ratio": 2.0, "spread": [1.9, 2.1]}
    runs[1]["records"][0] |= {"ratio": 0.5, "spread": [0.4, 0.6]}
    found = page.content(runs)
    assert rows(found) == [
        ["", "forward", "train, slow"],
        ["a", "2.00 (1.90–2.10)", "1.50 (1.40–1.60)"],
        ["b", "0.50 (0.40–0.60)", ""],
        ["geometric mean", "1.00", "1.50"],
    ]
    assert "Times of all cases" in text(found)
    assert "10.00" in text(found)
    assert "a: AMD EPYC 4, 2 cores, 1 thread, torch 2.14.1, batch 4, medians of 15" in text(found)
    assert "b: AMD EPYC 4" in text(found)


def test_names_are_in_natural_order():
    names = ["vgg16_bn", "resnet101", "vgg16", "resnet18", "alexnet"]
    _, rows = page.pivot(run(*(f"{name}, forward" for name in names))["records"])
    assert list(rows) == ["alexnet", "resnet18", "resnet101", "vgg16", "vgg16_bn"]


@pytest.mark.parametrize(
    "cases",
    [
        ("3×3", "5×5"),
        ("a, forward", "a, train"),
        ("a", "b, c"),
        ("a, forward", "b, forward", "a, forward"),  # against two peers
    ],
)
def test_other_cases_are_listed(cases: tuple[str, ...]):
    found = page.content([run(*cases)])
    assert rows(found)[0] == ["case", "ours, ms", "peer, ms", "ratio (quartiles)", "peer"]
    assert [row[0] for row in rows(found)[1:]] == list(cases)
    assert "Times of all cases" not in text(found)
    assert page.machine_text(run("a", processor_time=True)).endswith("processor time, 2026-11-25")
    # one machine: no need to say which cases
    assert page.machines([run(*cases)]).astext().startswith("AMD EPYC 4, 2 cores, 1 thread")


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ("{", "expected runs with records"),
        ("{}", "expected runs with records"),
        ("[]", "expected runs with records"),
        ('{"records": [{"case": "a"}]}', "lacks ours_ms, peer, peer_ms, ratio, spread"),
    ],
)
def test_broken_files_are_refused(tmp_path: Path, broken: str, message: str):
    path = tmp_path / "x.json"
    path.write_text(broken)
    with pytest.raises(ValueError, match=message):
        page.read(path)


@pytest.mark.parametrize("path", sorted(recording.FOLDER.glob("*.json")), ids=lambda p: p.stem)
def test_recorded_results_are_sound_and_on_the_page(path: Path):
    records = page.all_records(page.read(path))
    assert records
    assert len({r["case"] for r in records}) == len(records)
    for r in records:
        assert r["ratio"] == pytest.approx(r["peer_ms"] / r["ours_ms"], rel=0.02)
        assert r["spread"][0] <= r["spread"][1]
    text = (ROOT / "book" / "appendix" / "benchmarks.md").read_text(encoding="utf-8")
    assert f"```{{benchmarks}} {path.stem}\n" in text
    for one in page.read(path):
        assert one["machine"]["processor"]
        assert one["machine"]["date"]
