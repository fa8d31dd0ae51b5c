"""Live figures: they start, answer as PyTorch does, take every kind of input, and fail well."""

import base64
import copy
import gzip
import json

import pytest
import torch
from browser_helpers import BROWSER, MISSING, looking
from figure_helpers import BOOK, HAND, LIVE, START, book_live, data_files, live_data, served

from cnnhistory import create_model, zoo
from cnnhistory.data.mnist import read_small
from cnnhistory.optim.adagrad import AdaGrad
from cnnhistory.optim.adam import Adam
from cnnhistory.optim.momentum import Momentum
from cnnhistory.optim.nag import NAG
from cnnhistory.optim.rmsprop import RMSProp
from cnnhistory.optim.sgd import SGD
from cnnhistory.optim.surfaces import Bowl, descend, rosenbrock, saddle

LARGEST = 300_000  # bytes, compressed, of what a page loads for one figure
LENETS = ("front", "lenet5", "lenet1989")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(BROWSER is None, reason=MISSING),
]


STARTS = (
    START
    + """
  await wait(200);
  const hosts = new Set(frame.contentWindow.performance.getEntriesByType("resource")
    .map((entry) => new URL(entry.name).host));
  return { state: figure.dataset.state, said: part("said").textContent, failed, warned,
    stored: part("stored").hidden, stage: !part("stage").hidden,
    others: [...hosts].filter((host) => host !== location.host),
    wide: page.scrollingElement.scrollWidth <= 1000 };
"""
)


@pytest.mark.parametrize("name", book_live.FIGURES)
def test_a_figure_starts(name):
    seen = looking(BOOK, STARTS % (name, ""), served())
    assert seen == {
        "state": "live", "said": "", "failed": [], "warned": [], "stored": True, "stage": True,
        "others": [], "wide": True,
    }  # fmt: skip


CLICKS = (
    START
    + """
  const found = [];
  for (const row of page.querySelectorAll(".live-digits")) for (const digit of row.children) {
    digit.click();
    await drawn(frame.contentWindow);
    const values = [...page.querySelectorAll(".live-value")].map((e) => e.textContent);
    found.push([told(), values.map((v) => Number(v.replace("−", "-")))]);
  }
  return found;
"""
)


def test_every_digit_gets_the_answer_and_distances_of_pytorch():
    seen = looking(BOOK, CLICKS % ("lenet5", ""), served())
    network = create_model("lenet5").eval()
    network.load_state_dict(zoo.load_weights("lenet5_mnist"))
    images, labels = read_small()
    inputs = torch.nn.functional.pad(torch.from_numpy(images).float() / 255, (2, 2, 2, 2))
    inputs = inputs[:, None] * 1.275 - 0.1
    with torch.no_grad():
        found = -network(inputs)
    right = found.argmin(1).numpy() == labels
    places = live_data.one_of_each(right, labels) + (~right).nonzero()[0].tolist()
    assert len(seen) == len(places) == 20
    for (said, distances), place in zip(seen, places, strict=True):
        answer = int(found[place].argmin())
        assert said == f"Answer: {answer}; a person wrote {labels[place]}"
        assert distances == pytest.approx(found[place].tolist(), abs=0.51)  # written as integers
    assert sum(int(said.split()[1].strip(";")) != int(said[-1]) for said, _ in seen) == 10


DRAWS = (
    START
    + """
  const surface = part("surface");
  surface.setPointerCapture = () => {};
  const View = frame.contentWindow;
"""
    + HAND
    + """
  const clear = async () => {
    page.querySelector(".live-draw .live-button").click();
    await drawn(frame.contentWindow);
    return told();
  };
  const found = { empty: await clear() };
  for (const kind of ["mouse", "touch", "pen"]) {
    send("pointerdown", 0.5, 0.15, kind);
    send("pointermove", 0.5, 0.85, kind);
    send("pointerup", 0.5, 0.85, kind);
    send("pointermove", 0.1, 0.1, kind);
    await drawn(frame.contentWindow);
    found[kind] = told();
    await clear();
  }
  key("ArrowUp", 10); key(" "); key("ArrowDown", 20); key(" "); key("ArrowLeft", 5);
  await drawn(frame.contentWindow);
  found.keys = told();
  key("Delete");
  await drawn(frame.contentWindow);
  found.deleted = told();
  page.querySelector(".live-digits .live-button").click();
  await drawn(frame.contentWindow);
  const values = () => [...page.querySelectorAll(".live-value")].map((e) => e.textContent).join();
  const before = values();
  const turn = page.querySelectorAll(".live-slider input")[2];
  turn.value = 40;
  turn.dispatchEvent(new View.Event("input"));
  await drawn(frame.contentWindow);
  found.turned = before !== values();
  found.action = View.getComputedStyle(surface).touchAction;
  return found;
"""
)


@pytest.mark.parametrize("name", LENETS)
def test_mouse_finger_pen_and_keys_draw(name):
    seen = looking(BOOK, DRAWS % (name, ""), served())
    nothing = "No digit yet: draw one, or choose one below."
    assert seen["empty"] == seen["deleted"] == nothing
    one = {"Answer: 1"}
    assert {seen[kind] for kind in ("mouse", "touch", "pen", "keys")} == one
    assert seen["turned"] is True
    assert seen["action"] == "none"


UNIT = (
    START
    + """
  page.querySelector(".live-digits .live-button").click();
  await drawn(frame.contentWindow);
  const View = frame.contentWindow;
  const maps = [...page.querySelectorAll(".live-frame canvas[role=application]")];
  const found = {};
  for (const canvas of maps) {
    const name = canvas.getAttribute("aria-label").split(",")[0];
    for (const key of ["PageDown", "ArrowDown", "ArrowRight"]) {
      canvas.dispatchEvent(new View.KeyboardEvent("keydown", { key, bubbles: true }));
    }
    const [field] = page.querySelectorAll(".live-mark");
    const share = field && [field.style.left, field.style.top, field.style.width];
    const pixels = share && share.map((s) => Math.round(parseFloat(s) * 0.32));
    found[name] = [part("unit").textContent, pixels];
  }
  const row = page.querySelector("tr");
  row.dispatchEvent(new View.Event("focus"));
  const lit = [...page.querySelectorAll(".live-lit b")].map((e) => e.textContent);
  row.dispatchEvent(new View.Event("blur"));
  return { found, lit, dark: page.querySelectorAll(".live-lit").length };
"""
)


def test_a_unit_shows_its_field_and_its_sum():
    seen = looking(BOOK, UNIT % ("lenet5", ""), served())
    assert (seen["lit"], seen["dark"]) == (["C3"], 0)
    found = seen["found"]
    # map 1, row 1, column 1: fields begin 1, 2, 2 and 4 pixels from the edge
    fields = {name: field for name, (_, field) in found.items() if name in ("C1", "S2", "C3", "S4")}
    assert fields == {"C1": [1, 1, 5], "S2": [2, 2, 6], "C3": [2, 2, 14], "S4": [4, 4, 16]}
    assert found["C5"][1] == [0, 0, 32]
    network = create_model("lenet5").eval()
    network.load_state_dict(zoo.load_weights("lenet5_mnist"))
    images, labels = read_small()
    first = images[int((labels == 0).nonzero()[0][0])]
    image = torch.nn.functional.pad(torch.from_numpy(first).float() / 255, (2, 2, 2, 2))
    with torch.no_grad():
        x = network.c1(image[None, None] * 1.275 - 0.1)
        value = x[0, 1, 1, 1]
        squashed = network.activation(value)
    text = found["C1"][0].replace("−", "-")
    assert f"in all {value:.2f}; squashed {squashed:.2f}" in text
    assert "C1, map 1, row 1, column 1: 25 inputs" in text
    assert "75 inputs" in found["C3"][0]  # map 1 reads three maps
    assert "400 inputs" in found["C5"][0]


BLOCKS = (
    START
    + """
  const found = [];
  for (const group of page.querySelectorAll(".live-stage [role=group]")) {
    const said = () => group.querySelector(".live-answer-text").textContent;
    const wrong = () => Number(said().match(/: (\\d+) of 200/)[1]);
    const click = (name) => {
      const buttons = [...group.querySelectorAll(".live-blocks button")];
      buttons.find((b) => b.textContent === name).click();
    };
    const off = [...group.querySelectorAll(".live-blocks button:disabled")];
    const here = { fixed: off.map((b) => b.textContent), none: wrong() };
    let out = null;
    for (const name of ["2.2", "3.3", "4.3"]) {
      if (out) click(out); // back in; nobody waits until all digits are read so
      click(out = name);
      await until(() => /wrong/.test(said()));
      here[name] = wrong();
    }
    found.push(here);
  }
  return found;
"""
)


def test_deleted_blocks_cost_what_they_cost_in_pytorch():
    seen = looking(BOOK, BLOCKS % ("blocks", ""), served())
    digits = json.loads(data_files()["resnet_digits.json"])
    ink = torch.frombuffer(bytearray(base64.b64decode(digits["ink"])), dtype=torch.uint8)
    images = ink.reshape(200, 1, 12, 12).float() / 127.5 - 1
    labels = torch.tensor(digits["labels"])
    wanted = []
    for run in ("resnet20_6_digits500", "plain20_6_digits500"):
        network, found = live_data.trained(run), {"fixed": ["3.1", "4.1"]}
        for name in ("none", "2.2", "3.3", "4.3"):
            other = copy.deepcopy(network)
            if name != "none":
                setattr(other.blocks, "conv" + name.replace(".", "_"), torch.nn.Identity())
            with torch.no_grad():
                found[name] = int((other(images).argmax(1) != labels).sum())
        wanted.append(found)
    assert seen == wanted
    assert wanted[0]["none"] < 20
    deleted = [[found[name] for name in ("2.2", "3.3", "4.3")] for found in wanted]
    # residual blocks can be missed, those of a plain network cannot
    assert max(deleted[0]) < 40 < max(deleted[1])


PRUNES = (
    START
    + """
  const slide = page.querySelector(".live-slider input");
  const found = [];
  for (const value of [0, 1, 2.5]) {
    const before = told();
    slide.value = value;
    slide.dispatchEvent(new frame.contentWindow.Event("input"));
    await until(() => told() !== before || value === 0);
    found.push(told());
  }
  return found;
"""
)


def test_pruned_networks_err_as_in_pytorch():
    seen = looking(BOOK, PRUNES % ("pruning", ""), served())
    digits = json.loads(data_files()["pruning_digits.json"])
    ink = torch.frombuffer(bytearray(base64.b64decode(digits["ink"])), dtype=torch.uint8)
    images = ink.reshape(500, 1, 16, 16).float() / 127.5 - 1
    labels = torch.tensor(digits["labels"])
    for said, quality in zip(seen, (0, 1, 2.5), strict=True):
        network = copy.deepcopy(live_data.trained("lenet1989_online"))
        left = 0
        for layer in (network.h1, network.h2, network.h3, network.output):
            weight = layer.weight.data
            kept = weight.abs() > quality * weight.std(correction=0)
            weight.mul_(kept)
            left += int(kept.sum())
        with torch.no_grad():
            wrong = int((network(images).argmax(1) != labels).sum())
        assert said.startswith(
            f"{left:,} of 8,760 weights left, {3 * left:,} bytes; {wrong} of 500"
        )


MEASURES = (
    START
    + """
  const rows = [...page.querySelectorAll("tbody tr")].slice(-3);
  const cells = (k) => rows.map((row) => row.children[k].textContent);
  await until(() => cells(3).every((text) => text));
  const found = { wrong: cells(3).map(Number), bytes: cells(2), answers: [] };
  for (const button of page.querySelectorAll(".live-digits .live-button")) {
    button.click();
    await drawn(frame.contentWindow);
    found.answers.push(cells(1).map(Number));
  }
  [...page.querySelectorAll(".live-button")].find((b) => /Measure/.test(b.textContent)).click();
  await until(() => /^Medians/.test(told()));
  return { ...found, times: cells(4).map(parseFloat), told: told() };
"""
)


def test_signs_and_floats_answer_as_in_pytorch():
    seen = looking(BOOK, MEASURES % ("xnor", ""), served())
    digits = json.loads(data_files()["xnor_digits.json"])
    ink = torch.frombuffer(bytearray(base64.b64decode(digits["ink"])), dtype=torch.uint8)
    images = ink.reshape(200, 1, 20, 20).float() / 127.5 - 1
    labels = torch.tensor(digits["labels"])
    runs = ("xnor_float_digits4000", "xnor_digits4000")
    with torch.no_grad():
        floats, signs = (live_data.trained(run)(images).argmax(1) for run in runs)
    wanted = torch.stack([floats, signs, signs], 1)
    assert seen["wrong"] == (wanted != labels[:, None]).sum(0).tolist()
    assert seen["answers"] == wanted[: len(seen["answers"])].tolist()
    assert len(seen["answers"]) == 10 + seen["wrong"][1]
    bytes = [int(text.replace(",", "")) for text in seen["bytes"][:2]]
    assert bytes[0] > 8 * bytes[1]
    assert all(time > 0 for time in seen["times"])


SLIDES = (
    START
    + """
  const found = [];
  for (const sizes of %s) {
    [...page.querySelectorAll(".live-slider input")].forEach((input, n) => {
      input.value = sizes[n];
      input.dispatchEvent(new frame.contentWindow.Event("input"));
    });
    await drawn(frame.contentWindow);
    const map = page.querySelector("canvas[role=application]");
    const texts = [...page.querySelectorAll(".live-stage > p")].map((e) => e.textContent);
    found.push([map.height, map.width, ...texts]);
  }
  return found;
"""
)


def test_the_convolution_has_pytorchs_sizes():
    sizes = [(3, 1, 0, 1), (5, 2, 2, 1), (3, 3, 4, 2), (1, 1, 0, 3), (5, 1, 0, 3)]
    seen = looking(BOOK, SLIDES % ("convolution", "", json.dumps(sizes)), served())
    for (height, width, *texts), (kernel, stride, padding, dilation) in zip(
        seen, sizes, strict=True
    ):
        layer = torch.nn.Conv2d(1, 1, kernel, stride, padding, dilation)
        shape = layer(torch.zeros(1, 1, 16, 16)).shape
        assert (height, width) == shape[2:]
        assert f"+ 1 = {height}" in texts[0]
    # the digit's stem at row 9, column 10: the sum that is written out is the map's value
    assert "behind two such layers 5×5, behind three 7×7" in seen[0][-1]
    assert "behind two such layers 13×13" in seen[1][-1]


FAILS = (
    START
    + """
  return { state: figure.dataset.state, said: part("said").textContent, failed, warned,
    stored: part("stored").hidden, stage: part("stage").hidden };
"""
)


def broken():
    graph = json.loads(data_files()["lenet5_mnist.json"])
    graph["nodes"][2]["op"] = "swish"
    numbers = data_files()["lenet5_mnist.bin"]
    digits = json.loads(data_files()["lenet5_digits.json"])
    digits["ink"] = digits["ink"][:-400]
    return {
        "truncated": ("lenet5_mnist.bin", numbers[:1000], "damaged or incomplete"),
        "damaged": ("lenet5_mnist.bin", numbers[:-1] + b"\xff", "damaged or incomplete"),
        "unknown": ("lenet5_mnist.json", json.dumps(graph).encode(), 'operation "swish"'),
        "no digits": ("lenet5_digits.json", json.dumps(digits).encode(), "pictures is damaged"),
        "missing": ("lenet5_mnist.bin", None, "cannot be loaded"),
    }


@pytest.mark.parametrize("case", ["truncated", "damaged", "unknown", "no digits", "missing"])
def test_a_damaged_file_leaves_the_stored_picture(case):
    name, data, words = broken()[case]
    seen = looking(BOOK, FAILS % ("lenet5", ""), served(**{name: data}))
    assert (seen["state"], seen["stored"], seen["stage"]) == ("stored", False, True)
    assert words in seen["said"]
    assert seen["said"].endswith("Here is a stored picture.")
    assert len(seen["warned"]) == 1
    assert words in seen["warned"][0]
    assert seen["failed"] == []


def test_a_browser_without_typed_arrays_shows_the_stored_picture():
    seen = looking(BOOK, FAILS % ("lenet5", "inside.Float32Array = undefined;"), served())
    assert seen["state"] == "stored"
    assert "typed arrays" in seen["said"]
    assert len(seen["warned"]) == 1


FAR = """
  const frame = await open("/lenet5.html", 1000, (frame) => {
    const hook = setInterval(() => {
      const push = frame.contentDocument?.querySelector(".push");
      if (push) { push.style.height = "5000px"; clearInterval(hook); }
    }, 1);
  });
  await wait(600);
  const page = frame.contentDocument;
  const loaded = () => frame.contentWindow.performance.getEntriesByType("resource")
    .filter((entry) => /data|figures/.test(entry.name)).length;
  const before = loaded();
  page.scrollingElement.scrollTop = 4800;
  await until(() => page.querySelector(".live").dataset.state);
  return [before, loaded() > 2];
"""


def test_nothing_is_loaded_before_a_figure_is_near():
    assert looking(BOOK, FAR, served()) == [0, True]


@pytest.mark.parametrize("name", book_live.FIGURES)
def test_a_figure_is_light_and_has_a_picture(name):
    figure = book_live.FIGURES[name]
    options = {value for value in figure.options.values() if isinstance(value, str)}
    data = [d for n, d in data_files().items() if n.partition(".")[0] in options]
    scripts = [path.read_bytes() for path in LIVE.glob("*.mjs")]
    scripts.append((LIVE / "figures" / f"{figure.script}.mjs").read_bytes())
    assert data or name == "descent_race"  # which computes all it shows
    assert sum(len(gzip.compress(part)) for part in data + scripts) < LARGEST
    assert len(figure.alt) > 40
    picture = LIVE / "stored" / f"{name}.png"
    assert figure.stored or picture.stat().st_size < 60_000


def test_no_script_names_another_host():
    for path in LIVE.rglob("*.mjs"):
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "http" not in text, path


RACES = (
    START
    + """
  const { Event, KeyboardEvent, PointerEvent } = frame.contentWindow;
  const place = part("race");
  place.setPointerCapture = () => {};
  const slide = (n, value) => {
    const input = page.querySelectorAll(".live-slider input")[n];
    input.value = value;
    input.dispatchEvent(new Event("input"));
  };
  const seen = [];
  const look = async () => {
    await drawn(frame.contentWindow);
    const rows = [...page.querySelectorAll(".live-plain tbody tr")];
    seen.push([told(), rows.map((row) => [...row.children].map((cell) => cell.textContent))]);
  };
  for (const choice of page.querySelectorAll(".live-stage .live-button")) {
    choice.click();
    await look();
    const box = place.getBoundingClientRect();
    place.dispatchEvent(new PointerEvent("pointerdown", { pointerId: 1,
      clientX: box.left + 0.75 * box.width, clientY: box.top + 0.25 * box.height }));
    place.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowLeft" }));
    place.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown" }));
    slide(0, 150);
    slide(1, -1);
    await look();
    slide(0, 60);
    slide(1, 0);
  }
  slide(1, 4);
  await look();
  return seen;
"""
)
RACED = {
    "gradient descent": SGD, "momentum": Momentum, "Nesterov": NAG, "AdaGrad": AdaGrad,
    "RMSProp": RMSProp, "Adam": Adam,
}  # fmt: skip
GROUND = {"bowl": (Bowl((1.0, 30.0)), 0.0), "valley": (rosenbrock, 0.0), "saddle": (saddle, -0.25)}


def heights(name, factor, start, steps):
    surface, lowest = GROUND[name]
    for rule, rate in book_live.RATES[name].items():
        way = descend(surface, lambda p: RACED[rule](p, lr=factor * rate), start, steps)  # noqa: B023
        yield rule, float(surface(way[-1])) - lowest


def test_the_rules_race_as_the_packages_do():
    seen = looking(BOOK, RACES % ("descent_race", ""), served())
    assert len(seen) == 7
    starts = book_live.FIGURES["descent_race"].options["starts"]
    for n, (told, rows) in enumerate(seen):
        name = list(GROUND)[min(n, 5) // 2]
        factor, steps = ((1.0, 60), (0.5, 150))[n % 2] if n < 6 else (16.0, 60)
        x, y = (float(v.replace("−", "-")) for v in told[6 : told.index(")")].split(", "))
        if n % 2 == 0 and n < 6:
            assert [x, y] == starts[name]
        assert f"after {steps} steps" in told
        if n == 1:
            assert (x, y) == (pytest.approx(1.1), pytest.approx(0.55))  # clicked, then two keys
        wanted = dict(heights(name, factor, (x, y), steps))
        for (rule, rate, height, _), (known, right) in zip(rows, wanted.items(), strict=True):
            assert rule[2:] == known
            assert float(rate) == pytest.approx(factor * book_live.RATES[name][known], rel=0.01)
            if height == "away":
                assert not right < 1e6
            elif right > 1e-9:  # below it, what is subtracted is all that is left
                written = float(height.replace("−", "-"))
                assert written == pytest.approx(right, rel=0.02)
