"""The page of recorded results: any file of the format is shown, broken ones are refused."""

import importlib
import json
import re
import sys
from itertools import pairwise
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
chart = sys.modules["book_benchmark_chart"]
results = sys.modules["book_benchmark_results"]
MACHINE = {"processor": "AMD EPYC 4 Processor", "cores": 2, "threads": 1, "torch": "2.14.1"}


def record(case: str, ratio: float = 1.5) -> Record:
    return Record(case, 10.0, "a peer", 10 * ratio, ratio, (ratio - 0.1, ratio + 0.1))


def run(*cases: str, **settings: object) -> dict[str, object]:
    given = {"repeat": 15, **settings}
    return recording.as_run(given, {**MACHINE, "date": "2026-11-25"}, [record(c) for c in cases])


def text(found: list[Any]) -> str:
    return "\n".join(node.astext() for node in found)


def html(found: list[Any]) -> ElementTree.Element:
    """Return what is drawn, which is sound XML."""
    (drawn,) = (raw for node in found for raw in node.findall(nodes.raw))
    assert drawn["format"] == "html"
    return ElementTree.fromstring(f"<div>{drawn.astext()}</div>")


def of_class(element: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [one for one in element.iter() if name in one.get("class", "").split()]


def rows(table: ElementTree.Element) -> list[list[str]]:
    return [[(cell.text or "").replace("\u2060", "") for cell in row] for row in table.iter("tr")]


def numbers(found: list[Any]) -> list[list[list[str]]]:
    return [rows(table) for table in of_class(html(found), "benchmark-table")]


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


def at(run: dict[str, object], **machine: object) -> dict[str, Any]:
    """Return the same run of another machine."""
    return {**run, "machine": {**run["machine"], **machine}}


OTHER = {"processor": "Intel(R) Xeon(R) Processor", "date": "2026-11-20"}


def test_another_processor_keeps_its_lines(tmp_path: Path):
    recording.keep("x", at(run("a", "b"), **OTHER), tmp_path)
    recording.keep("x", run("a", "b"), tmp_path)
    path = recording.keep("x", at(run("b"), model="family 25, model 17 (Zen 4)"), tmp_path)
    path = recording.keep("x", run("b"), tmp_path)
    assert [
        (results.processor(r), [record["case"] for record in r["records"]]) for r in page.read(path)
    ] == [
        ("Intel Xeon", ["a", "b"]),
        ("AMD EPYC 4", ["a"]),
        ("AMD EPYC 4 (Zen 4)", ["b"]),
        ("AMD EPYC 4", ["b"]),
    ]
    assert list(page.by_processor(page.read(path)))[-1] == "Intel Xeon"


def two_machines() -> list[dict[str, Any]]:
    runs = [
        at(run("a, forward"), **OTHER),
        run("a, forward", "a, train, slow", batch=4),
        run("b, forward", batch=2),
    ]
    runs[1]["records"][0] |= {"ratio": 2.0, "spread": [1.9, 2.1]}
    runs[2]["records"][0] |= {"ratio": 0.5, "spread": [0.4, 0.6]}
    return runs


LINE = ["One & all: forward | train, slow", ""]


def test_a_line_becomes_charts_and_a_table_for_each_processor():
    found = page.content("x", two_machines(), LINE)
    drawn = html(found)
    (figure,) = of_class(drawn, "benchmark")
    assert [caption.text for caption in figure.iter("figcaption")] == ["One & all"]
    assert [kind.text for kind in of_class(figure, "benchmark-kind")] == ["forward", "train, slow"]
    assert numbers(found)[:2] == [
        [
            ["case", "forward", "train, slow"],
            ["a", "2.00 (1.90–2.10)", "1.50 (1.40–1.60)"],
            ["b", "0.50 (0.40–0.60)", ""],
            ["geometric mean", "1.00", "1.50"],
        ],
        [["case", "forward", "train, slow"], ["a", "1.50 (1.40–1.60)", ""]],
    ]
    assert [summary.text for summary in drawn.iter("summary")] == [
        "One & all: ratios and their quartiles",
        "Times of all cases",
    ]
    assert numbers(found)[2] == [
        ["case", "ours, ms", "peer, ms", "peer"],
        ["a, forward", "10.00", "15.00", "a peer"],
        ["a, train, slow", "10.00", "15.00", "a peer"],
        ["b, forward", "10.00", "15.00", "a peer"],
    ]
    assert "Measured on" in text(found)
    assert "a: AMD EPYC 4, 2 cores, 1 thread, torch 2.14.1, batch of 4, medians of" in text(found)
    assert "b: AMD EPYC 4" in text(found)
    assert "a: Intel Xeon, 2 cores" in text(found)


def test_memory_has_a_chart_and_a_table_of_its_own():
    runs = [run("a, forward")]
    less = {"case": "a, peak memory", "ours_mib": 10.0, "peer": "p", "peer_mib": 15.04}
    runs[0]["records"].append({**less, "ratio": 1.504, "spread": (1.504, 1.504)})
    found = page.content("x", runs, ["Memory: peak memory"])
    assert len(of_class(html(found), "benchmark-chart")) == 1
    assert numbers(found)[0][1] == ["a", "1.50 (1.50–1.50)"]
    assert numbers(found)[1][0] == ["case", "ours, ms", "peer, ms", "peer"]
    assert numbers(found)[2] == [
        ["case", "ours, MiB", "peer, MiB", "peer"],
        ["a, peak memory", "10.0", "15.0", "p"],
    ]
    assert [summary.text for summary in html(found).iter("summary")][1:] == [
        "Times of all cases",
        "Peak memory of all cases",
    ]


def test_how_far_outputs_are_apart_stands_beside_the_times():
    runs = [run("a, forward", "b, forward")]
    runs[0]["records"][1]["deviation"] = 0.0123
    assert numbers(page.content("x", runs))[1] == [
        ["case", "ours, ms", "peer, ms", "peer", "outputs differ by"],
        ["a, forward", "10.00", "15.00", "a peer", ""],
        ["b, forward", "10.00", "15.00", "a peer", "1.23\xa0%"],
    ]


def test_answers_are_a_table_that_is_not_folded():
    runs = [run("a, forward")]
    runs[0]["records"].append(
        {"case": "nin_patches, answers in bfloat16", "images": 1000, "same": 993, "deviation": 0.01}
    )
    found = page.content("x", runs)
    drawn = html(found)
    folded = {table for fold in drawn.iter("details") for table in fold.iter("table")}
    (shown,) = (table for table in drawn.iter("table") if table not in folded)
    assert rows(shown) == [
        ["recorded network", "same answer", "largest difference of scores"],
        ["nin_patches", "993\xa0of\xa01,000", "1.00\xa0%"],
    ]
    assert results.mean_ratio(page.all_records(runs)) == 1.5


def test_a_chart_has_a_dot_and_a_bar_for_each_processor():
    drawn = html(page.content("x", two_machines(), LINE))
    forward, slow = of_class(drawn, "benchmark-chart")
    assert forward.get("aria-label") == "Ratios, forward, on AMD EPYC 4: a 2, b 0.5"
    marks = [
        (group.get("class"), float(group[1].get("cx")), group[0].get("d"))
        for group in forward.iter("g")
    ]
    assert [name for name, _, _ in marks] == ["m1", "m0", "m0"]
    (other, fast, slower) = (x for _, x, _ in marks)
    one = float(of_class(forward, "one")[0].get("d").split()[0][1:])
    assert slower < one < other < fast
    assert fast - one == pytest.approx(one - slower, abs=0.3)  # logarithmic
    for _, x, bar in marks:
        low, high = (float(end) for end in re.findall(r"[MH]([\d.]+)", bar))
        assert low < x < high
    assert [number.text for number in of_class(forward, "number")] == ["2.00", "0.50"]
    assert [number.text for number in of_class(slow, "number")] == ["1.50"]


def test_a_legend_names_the_processors_of_its_charts():
    found = page.content("x", two_machines(), ["One: forward", "Other: train, slow"])
    legends = [[span[0].tail for span in one] for one in of_class(html(found), "benchmark-legend")]
    assert legends == [["AMD EPYC 4", "Intel Xeon"], ["AMD EPYC 4"]]


def test_rows_stand_under_the_part_of_their_name_after_on():
    runs = [run("64x8x8 batch 8 on 1 thread, x", "64x8x8 batch 8 on 2 threads, x")]
    (chart,) = of_class(html(page.content("x", runs)), "benchmark-chart")
    words = [one.text for one in chart.iter("text") if one.get("class") not in ("at", "number")]
    assert words == ["1 thread", "64×8×8, batch 8", "2 threads", "64×8×8, batch 8"]


@pytest.mark.parametrize("span", [(0.95, 1.05), (0.4, 0.9), (1.1, 28), (1, 700)])
def test_labels_of_the_axis_do_not_touch(span: tuple[float, float]):
    axis = chart.scale(span)
    places = [axis.x(tick) for tick in axis.ticks()]
    assert 1 in axis.ticks()
    assert len(places) >= 2
    assert all(b - a >= chart.APART for a, b in pairwise(places))
    assert chart.NAMES <= axis.x(span[0]) < axis.x(span[1]) <= chart.WIDTH - chart.NUMBERS


def test_charts_share_their_axis_unless_their_ratios_lie_far_apart():
    runs = [run("a, x", "a, y")]
    near = of_class(html(page.content("x", runs, ["t: x | y"])), "benchmark-chart")
    assert [one.get("d") for one in near[0].iter("path")] == [
        one.get("d") for one in near[1].iter("path")
    ]
    runs[0]["records"][1] |= {"ratio": 90.0, "spread": [80.0, 95.0]}
    far = of_class(html(page.content("x", runs, ["t: x | y"])), "benchmark-chart")
    assert far[0].find("g")[1].get("cx") > far[1].find("path").get("d")[1:4]


def test_names_are_in_natural_order_and_as_people_write_them():
    names = ["vgg16_bn", "resnet101", "vgg16", "resnet18", "alexnet", "inception_resnet_v2"]
    names += ["resnext50_32x4d", "nasnet_a_large", "xception", "wrn_50_2"]
    found = page.content("x", [run(*(f"{name}, forward" for name in names))])
    assert [row[0] for row in numbers(found)[0][1:-1]] == [
        "AlexNet",
        "Inception-ResNet-v2",
        "NASNet-A large",
        "ResNet-18",
        "ResNet-101",
        "ResNeXt-50 32×4d",
        "VGG-16",
        "VGG-16 with BN",
        "WRN-50-2",
        "Xception",
    ]


@pytest.mark.parametrize("line", ["forward", "t: backward", "t: forward | backward"])
def test_a_line_that_names_nothing_is_refused(line: str):
    with pytest.raises(ValueError, match=r"expected 'TITLE: KIND \| KIND' with kinds of forward"):
        page.content("x", [run("a, forward")], [line])


def test_a_range_of_ratios(tmp_path: Path):
    for one in two_machines():
        recording.keep("x", one, tmp_path)
    for text, words in {
        "x | forward | | EPYC": "0.5 to 2",
        "x | forward | a | EPYC": "2",
        "x | forward | a |": "1.5 to 2",
        "x | forward | | Xeon | %": "150 %",
        "x | forward | | EPYC | %": "50 to 200 %",
    }.items():
        assert page.ratio_range(text, tmp_path) == words
    with pytest.raises(ValueError, match=r"no result is 'x \| backward"):
        page.ratio_range("x | backward | | EPYC", tmp_path)
    with pytest.raises(ValueError, match=r"expected 'FILE \| KIND \| NAME \| PROCESSOR'"):
        page.ratio_range("x | forward", tmp_path)


def test_a_processor_is_named_without_trade_marks():
    assert results.processor(at(run("a"), **OTHER)) == "Intel Xeon"
    zen = at(run("a"), processor="AMD EPYC", model="family 25, model 17 (Zen 4)")
    assert results.processor(zen) == "AMD EPYC (Zen 4)"
    assert page.machine_text(zen).startswith("AMD EPYC (Zen 4), family 25, model 17, 2 cores")
    assert page.machine_text(run("a", processor_time=True)).endswith("processor time, 2026-11-25")


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ("{", "expected runs with records"),
        ("{}", "expected runs with records"),
        ("[]", "expected runs with records"),
        ('{"records": [{"case": "a"}]}', "lacks ours_ms, peer, peer_ms, ratio, spread"),
        ('{"records": [{"case": "a", "ours_mib": 1}]}', "lacks peer, peer_mib, ratio, spread"),
        ('{"records": [{"case": "a", "images": 1}]}', "lacks same, deviation"),
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
    machines = page.by_processor(page.read(path))
    for runs in machines.values():
        cases = [r["case"] for r in page.all_records(runs)]
        assert len(set(cases)) == len(cases)
    for r in records:
        unit = "mib" if "ours_mib" in r else "ms"
        assert r["ratio"] == pytest.approx(r[f"peer_{unit}"] / r[f"ours_{unit}"], rel=0.02)
        assert r["spread"][0] <= r["spread"][1]
    text = (ROOT / "book" / "appendix" / "benchmarks.md").read_text(encoding="utf-8")
    assert f"```{{benchmarks}} {path.stem}\n" in text
    for one in page.read(path):
        assert one["machine"]["processor"]
        assert one["machine"]["date"]
