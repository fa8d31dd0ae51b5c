"""The landscape in a page: its scenes, its controls, its dots by pointer and by keyboard."""

import json

import pytest
from browser_helpers import BROWSER, MISSING, looking
from figure_helpers import BOOK, START

from cnnhistory.plotting.figures import landscape
from cnnhistory.plotting.figures.landscape_chart import LandscapeChart

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(BROWSER is None, reason=MISSING),
]

FEW = ("alexnet", "vgg16", "resnet18", "resnet50", "lenet5")


@pytest.fixture(scope="module")
def chart():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(landscape, "list_models", lambda: FEW)
        return LandscapeChart(landscape.points())


@pytest.fixture(scope="module")
def page(chart):
    def made(html):
        return {
            "/landscape.html": (
                '<!doctype html><meta charset="utf-8"><html lang="en">'
                f'<link rel="stylesheet" href="/_static/live/live.css">{html}'
                '<script type="module" src="/_static/live/start.mjs"></script>'
            ).encode()
        }

    return made(chart._repr_html_()), made(chart._repr_html_().replace('"scenes"', '"other"'))


LOOKS = (
    START % ("landscape", "")
    + """
  const form = page.querySelector("form");
  const all = (selector) => [...page.querySelectorAll(".live-stage " + selector)];
  const card = () => page.querySelector(".landscape-card").textContent;
  const choose = (name, value) => {
    form.elements[name].value = value;
    form.elements[name].dispatchEvent(new Event("change", { bubbles: true }));
  };
  const key = (key) => page.activeElement.dispatchEvent(
    new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
"""
)


def test_every_choice_shows_its_scene(chart, page):
    seen = looking(
        BOOK,
        LOOKS
        + """
  const found = { state: figure.dataset.state, failed, warned, stored: part("stored").hidden };
  for (const data of ["ImageNet", "digits"]) for (const metric of ["top1", "top5"])
    for (const against of ["macs", "params", "year"]) for (const views of ["", "ten", "many"]) {
      for (const [name, value] of Object.entries({ metric, against, views, data }))
        choose(name, value);
      found[[data, form.elements.metric.value, against, views].join("|")] =
        [all(".dot").length, all(".front").length, all(".name").map((e) => e.textContent),
         page.querySelectorAll(".landscape-legend span:not([hidden]) i").length];
    }
  return found;""",
        page[0],
    )
    assert [seen.pop(name) for name in ("state", "failed", "warned", "stored")] == [
        "live", [], [], True,
    ]  # fmt: skip
    contents = chart.contents()
    assert len(seen) == 27  # digits have no top-5 accuracy: the control goes back to top-1
    for choice, (dots, fronts, names, eras) in seen.items():
        scene = contents["scenes"].get(choice, [{"dots": [], "names": []}])[0]
        assert dots == len(scene["dots"]), choice
        assert fronts == ("front" in scene), choice
        assert names == [contents["points"][n][0] for n, _, _ in scene["names"]], choice
        if scene["dots"]:
            assert eras == len({contents["points"][n][2] for n, *_ in scene["dots"]}), choice
    assert seen["digits|top1|macs|many"] == [0, 0, [], seen["digits|top1|macs|"][3]]


def test_dots_by_keyboard_and_pointer(chart, page):
    seen = looking(
        BOOK,
        LOOKS
        + """
  const start = card();
  all('.dot[tabindex="0"]')[0].focus();
  const way = [card()];
  for (const name of ["ArrowRight", "ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown"]) {
    key(name);
    way.push(card());
  }
  key("Enter");
  const kept = [card(), all(".kept.dot").length, all('[aria-pressed="true"]').length,
    all("svg")[0].classList.contains("keeps")];
  key("Escape");
  const freed = [all(".kept").length, all("svg")[0].classList.contains("keeps")];
  const other = all(".dot").at(-1);
  other.dispatchEvent(new MouseEvent("mouseover", { bubbles: true }));
  const pointed = card() === other.getAttribute("aria-label");
  other.dispatchEvent(new MouseEvent("click", { bubbles: true }));
  return { start, way, kept, freed, pointed, model: other.dataset.model,
    clicked: all(".kept.dot").map((e) => e.dataset.model),
    focus: page.activeElement === other };""",
        page[0],
    )
    contents = chart.contents()
    points = contents["points"]
    dots = contents["scenes"]["ImageNet|top1|macs|"][0]["dots"]
    order = sorted(dots, key=lambda dot: (dot[1], dot[2]))
    sentences = [points[dot[0]][3] for dot in order]
    assert seen["start"].startswith(f"{len(dots)} figures. Point at a dot")
    assert seen["way"][:4] == [sentences[0], sentences[1], sentences[2], sentences[1]]
    upward = [points[dot[0]][3] for dot in sorted(dots, key=lambda dot: (dot[2], dot[1]))]
    assert seen["way"][4] == upward[upward.index(sentences[1]) - 1]
    assert seen["way"][5] == sentences[1]
    model = points[order[1][0]][1]
    count = sum(points[dot[0]][1] == model for dot in dots)
    assert seen["kept"] == [
        f"{sentences[1]} Kept in sight: Enter or Escape lets it go.", count, count, True,
    ]  # fmt: skip
    assert seen["freed"] == [0, False]
    assert seen["pointed"]
    assert set(seen["clicked"]) == {seen["model"]}
    assert seen["focus"]


def test_a_narrow_page_gets_the_narrow_scene(chart, page):
    seen = looking(
        BOOK,
        LOOKS
        + """
  const box = () => all("svg")[0].getAttribute("viewBox");
  const found = [box()];
  frame.style.width = "390px";
  await until(() => box() !== found[0]);
  return [...found, box(), page.scrollingElement.scrollWidth];""",
        page[0],
    )
    assert seen[:2] == ["0 0 760 460", "0 0 380 400"]
    assert seen[2] <= 390


def test_damaged_scenes_leave_the_stored_drawing(page):
    seen = looking(
        BOOK,
        START % ("landscape", "")
        + """
  return { state: figure.dataset.state, stored: part("stored").hidden, stage: part("stage").hidden,
    warned: warned.length, failed, said: part("said").textContent,
    dots: page.querySelectorAll(".live-stored .dot").length };""",
        page[1],
    )
    assert (seen["state"], seen["stored"], seen["stage"]) == ("stored", False, True)
    assert (seen["warned"], seen["failed"]) == (1, [])
    assert seen["said"].endswith("Here is a stored picture.")
    assert seen["dots"] > 3


def test_contents_are_json(chart):
    assert json.loads(json.dumps(chart.contents()))["frames"] == [[760, 460], [380, 400]]
