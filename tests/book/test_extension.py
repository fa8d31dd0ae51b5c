"""The book's own Sphinx extension: timeline, badge, reference."""

import re
from pathlib import Path

import pytest
from page_helpers import load_extension

import cnnhistory
from cnnhistory.system import System

pytest.importorskip("sphinx", reason="the extra `book` is not installed")
timeline = load_extension("book_timeline")
badge = load_extension("book_badge")
api = load_extension("book_api")
live = load_extension("book_live")
BOOK = Path(__file__).resolve().parents[2] / "book"


def record(id: str, year: int, **settings: object) -> System:
    given = {"era": "early", "task": "classification", "paper": "lecun1998gradient", **settings}
    return System(id=id, name=f"The <{id}>", year=year, **given)  # type: ignore[arg-type]


def test_axis_widens_at_the_turn():
    axis = timeline.Axis(1950, 2018)
    assert axis.x(1951) - axis.x(1950) == pytest.approx(timeline.EARLY_STEP)
    assert axis.x(2012) - axis.x(2011) == pytest.approx(timeline.LATE_STEP)
    assert axis.x(2010) - axis.x(2009) == pytest.approx(timeline.EARLY_STEP)
    assert axis.ticks() == [1950, 1960, 1970, 1980, 1990, 2000, *range(2010, 2019)]


LANES = {
    "one year": ([2015] * 16, [""] * 16),
    "early": ([1989, 1989, 1990, 1990, 1998], ["", "A network", "", "", "LeNet-5"]),
    "at the turn": ([2009, 2010], ["Before it", ""]),
    "at the end": ([2018, 2018, 2018], ["A name that is too long for the right", "", "B"]),
    "names": ([2014, 2014, 2014, 2015], ["GoogLeNet", "VGG", "", "ResNet"]),
}


@pytest.mark.parametrize("lane", LANES)
def test_marks_and_names_do_not_overlap(lane: str):
    axis = timeline.Axis(1980, 2018)
    years, names = LANES[lane]
    spots = timeline.places(years, names, axis)
    half = timeline.PITCH / 2
    taken: list[tuple[int, float, float]] = []
    for year, name, spot in zip(years, names, spots, strict=True):
        assert bool(name) == bool(spot.side)
        wide = len(name) * timeline.LETTER
        start = spot.x - half - (wide if spot.side < 0 else 0)
        end = spot.x + half + (wide if spot.side > 0 else 0)
        assert start >= 0
        assert end <= axis.width
        assert not [row for row, a, b in taken if row == spot.row and a < end and start < b]
        taken.append((spot.row, start, end))
        if year >= timeline.TURN:  # a year's marks stay inside the year
            assert axis.x(year) < spot.x < axis.x(year + 1)


def test_built_and_planned_differ_in_shape_and_text():
    records = [record("new", 2012, chapter="part/new"), record("old", 1990)]
    html = timeline.timeline_html(records, lambda r: f"{r.chapter}.html" if r.chapter else None)
    assert "1 of 2 systems runs today." in html
    built = re.search(r'<a class="mark built"[^>]*href="part/new.html">.*?</a>', html)
    planned = re.search(r'<g class="mark planned"[^>]*>.*?</g>', html)
    assert built is not None
    assert "<circle" in built[0]
    assert ">The &lt;new&gt;</text>" in built[0]
    assert "The &lt;new&gt;, 2012, runs today" in built[0]
    assert planned is not None
    assert "<path" in planned[0]
    assert "<text" not in planned[0]
    assert "The &lt;old&gt;, 1990, planned" in planned[0]
    assert html.count('<li id="system-') == 2
    assert "Gradient-Based Learning Applied to Document Recognition" in html
    assert '<option value="early">' in html
    assert '<option value="theory">' not in html


@pytest.mark.parametrize(
    ("built", "sentence"),
    [
        (0, "0 of 3 systems run today."),
        (1, "1 of 3 systems runs today."),
        (2, "2 of 3 systems run"),
    ],
)
def test_count(built: int, sentence: str):
    records = [record(f"s{n}", 1990, models=("m",) if n < built else ()) for n in range(3)]
    assert timeline.count(records).startswith(sentence)


def test_every_system_is_drawn_and_listed():
    records = [cnnhistory.system(id) for id in cnnhistory.list_systems()]
    html = timeline.timeline_html(records, lambda record: None)
    for id in cnnhistory.list_systems():
        assert html.count(f'data-system="{id}"') == 2


def test_badge_line():
    facts = {"data": ["digits", "faces"], "download_mb": 11.5}
    with pytest.raises(ValueError, match="lacks runtime_s, cores, machine"):
        badge.badge_items(facts)
    facts |= {"runtime_s": 41.7, "cores": 2, "machine": "AMD EPYC"}
    assert badge.badge_items(facts) == [
        ("Runs in", "42 s (2 cores, AMD EPYC)"),
        ("Data", "digits, faces"),
        ("Download", "11.5 MB"),
    ]
    facts |= {"data": "digits", "download_mb": 0, "cores": 1, "runtime_s": 150}
    assert badge.badge_items(facts) == [
        ("Runs in", "2 min (1 core, AMD EPYC)"),
        ("Data", "digits"),
        ("Download", "none"),
    ]


def mark_up(*lines: str) -> list[str]:
    changed = list(lines)
    api.mark_up(None, "function", "name", None, None, changed)
    return changed


def test_docstrings_become_markup():
    assert mark_up("Source: lecun1998gradient, Table I.") == [
        "**Source:** :cite:t:`lecun1998gradient`, Table I."
    ]
    assert mark_up("a*b and y_ but not `x*y_` or y_o") == [r"a\*b and y\_ but not `x*y_` or y_o"]
    assert mark_up("see unknown1999paper") == ["see unknown1999paper"]
    example = (">>> f('lecun1998gradient') * 2", "'lecun1998gradient'")
    assert mark_up(*example, "", "a * b") == [*example, "", r"a \* b"]


def test_reference_finds_modules_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    assert {"cnnhistory.papers", "cnnhistory.nn"} <= set(api.rooms())
    page = api.room_page("cnnhistory.registry")
    assert ".. autofunction:: cnnhistory.registry.create_model\n" in page
    assert ".. autoclass:: cnnhistory.system.System\n   :members:" in api.room_page(
        "cnnhistory.system"
    )
    assert "cnnhistory.registry._" not in page
    monkeypatch.setattr(api, "rooms", lambda: ["cnnhistory.papers"])
    (tmp_path / "gone.md").write_text("left over")
    api.write_pages(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["papers.md"]
    text = (tmp_path / "papers.md").read_text(encoding="utf-8")
    assert ".. autoclass:: cnnhistory.papers.Paper" in text
    page = api.room_page("cnnhistory.data.files.cache")
    assert ".. autoexception:: cnnhistory.data.files.cache.FetchError" in page
    page = api.room_page("cnnhistory.survey")
    assert "## survey.compression.xnor_net" in page  # it has a function that chapters use
    assert "## survey.compression.bwn" not in page


def test_every_live_figure_stands_on_a_page():
    pages = [*BOOK.rglob("*.md"), *BOOK.rglob("*.ipynb")]
    texts = [page.read_text(encoding="utf-8") for page in pages]
    for name in live.FIGURES:
        shown = [text for text in texts if re.search(rf"```{{live}} {name}\b", text)]
        assert len(shown) == 1, name
