"""Smoke in the page: steps and pressures are those of PyTorch, and the reader can draw in it."""

import json
from functools import cache

import pytest
import torch
from browser_helpers import BROWSER, MISSING, looking
from figure_helpers import BOOK, HAND, LIVE, START, book_live, live_data, served

from cnnhistory.graphics.fluid.geometry import Geometry
from cnnhistory.graphics.fluid.grid import divergence
from cnnhistory.graphics.fluid.network import LearnedSolver
from cnnhistory.graphics.fluid.pressure import Jacobi, left
from cnnhistory.graphics.fluid.scenes import obstacles, rising_smoke
from cnnhistory.graphics.fluid.simulation import Simulation, at_rest

SCENES = (("balls", 10), ("blocks", 30), ("stars", 31), ("stars", 4))
STEPS, LIFT, SHARE = 4, 0.25, 0.15

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(BROWSER is None, reason=MISSING),
]


@cache
def network():
    return live_data.PressureNetwork().network.eval()


def solvers():
    return {"network": LearnedSolver(network()), "jacobi": Jacobi(16)}


def flat(state):
    return torch.cat([part.flatten() for part in (*state.velocity, state.smoke)])


@cache
def computed():
    """Return what PyTorch computes: states, pressures and what these leave, scene by scene."""
    files, shares = dict(live_data.fluid()), []
    numbers, solid = [], []
    for kind, seed in SCENES:
        geometry = Geometry(obstacles(1, (64, 64), seed, (kind,)))
        scene = rising_smoke(geometry, seed, speed=0.8)
        solid.append(geometry.solid.flatten())
        numbers += [flat(scene.state), scene.source.flatten()]
        for solver in solvers().values():
            simulation = Simulation(solver=solver, scheme="semi_lagrangian", lift=LIFT)
            state = scene.state
            for _ in range(STEPS):
                before = simulation.unprojected(state, geometry, SHARE * scene.source)
                state = simulation.project(before, geometry)
            flow = divergence(before.velocity, geometry)
            pressure = solver(flow, geometry)
            shares.append(float(left(flow, pressure, geometry)))
            numbers += [flow.flatten(), pressure.flatten(), flat(state)]
    files["solid"] = torch.cat(solid).byte().numpy().tobytes()
    files["numbers"] = torch.cat(numbers).numpy().tobytes()
    return {f"/{name}": data for name, data in files.items()}, shares


COMPARE = """
  const fluid = await import("/fluid.mjs");
  const { loadNetwork } = await import("/network.mjs");
  const { tensor } = await import("/tensor.mjs");
  const network = await loadNetwork(location.href, "fluidnet_64");
  const solid = new Uint8Array(await (await fetch("/solid")).arrayBuffer());
  const numbers = new Float32Array(await (await fetch("/numbers")).arrayBuffer());
  let at = 0;
  const next = (count) => numbers.slice(at, (at += count));
  const state = () => {
    const velocity = [tensor([65, 64], next(4160)), tensor([64, 65], next(4160))];
    return { velocity, smoke: next(4096) };
  };
  const far = (a, b) => a.reduce((most, v, n) => Math.max(most, Math.abs(v - b[n])), 0);
  const ways = [
    (flow, box) => fluid.learned(flow, box, network),
    (flow, box) => fluid.jacobi(flow, box, 16),
  ];
  const found = [];
  for (let scene = 0; scene < %d; scene++) {
    const box = fluid.boxOf(solid.subarray(4096 * scene, 4096 * (scene + 1)), 64);
    const first = state();
    const source = next(4096).map((v) => %s * v);
    for (const solve of ways) {
      let [now, before, flow, pressure] = [first];
      for (let step = 0; step < %d; step++) {
        before = fluid.moved(now, box, source, %s);
        flow = fluid.divergence(before.velocity, box);
        pressure = solve(flow, box);
        now = { velocity: fluid.projected(before.velocity, pressure, box), smoke: before.smoke };
      }
      const apart = [far(flow, next(4096)), far(pressure, next(4096))];
      const wanted = state();
      apart.push(far(now.smoke, wanted.smoke));
      now.velocity.forEach(({ data }, axis) => apart.push(far(data, wanted.velocity[axis].data)));
      found.push({ apart, left: fluid.shareLeft(flow, pressure, box) });
    }
  }
  return { found, all: at === numbers.length };
"""


def test_steps_and_pressures_are_pytorchs():
    files, shares = computed()
    seen = looking(LIVE, COMPARE % (len(SCENES), SHARE, STEPS, LIFT), files)
    assert seen["all"], seen
    assert len(seen["found"]) == len(shares) == 2 * len(SCENES)
    for one, share in zip(seen["found"], shares, strict=True):
        assert max(one["apart"]) < 1e-4
        assert one["left"] == pytest.approx(share, abs=1e-4)


def rested(solver, steps):
    """Return the smoke of the figure's start and what both ways leave, as PyTorch has them."""
    geometry = Geometry(obstacles(1, (64, 64), live_data.SCENES["stars"], ("stars",)))
    rows, columns = torch.meshgrid(torch.arange(64) + 0.5, torch.arange(64) + 0.5, indexing="ij")
    near = torch.hypot(rows - 0.89 * 64, columns - 32) < 0.08 * 64
    simulation = Simulation(solver=solver, scheme="semi_lagrangian", lift=LIFT)
    state = at_rest(geometry)
    for _ in range(steps):
        before = simulation.unprojected(state, geometry, SHARE * near[None].float())
        state = simulation.project(before, geometry)
    flow = divergence(before.velocity, geometry)
    both = (LearnedSolver(network()), Jacobi(32))
    return [100 * float(left(flow, way(flow, geometry), geometry)) for way in both]


PLAYS = (
    START
    + """
  const View = frame.contentWindow;
  const surface = part("surface");
  surface.setPointerCapture = () => {};
  const press = async (title) => {
    const buttons = [...page.querySelectorAll(".live-stage .live-button")];
    buttons.find((b) => b.textContent === title).click();
    await wait(60);
  };
  const left = () => [...page.querySelectorAll("tbody tr")].slice(-2)
    .map((row) => parseFloat(row.children[1].textContent));
  const times = () => [...page.querySelectorAll("tbody tr")].slice(-2)
    .map((row) => parseFloat(row.children[2].textContent));
  const solid = () => { // cells in the color of obstacles: blue, without shades
    const { data } = surface.getContext("2d").getImageData(0, 0, 64, 64);
    let count = 0;
    for (let n = 0; n < data.length; n += 4) {
      count += data[n + 3] === 255 && data[n] < 90 && data[n + 2] > 170;
    }
    return count;
  };
"""
    + HAND
    + """
  const found = { start: left(), told: told(), solid: { first: solid() } };
  await wait(500);
  found.stays = told() === found.told;
  const slide = page.querySelector(".live-slider input");
  slide.value = 200;
  slide.dispatchEvent(new View.Event("input"));
  await wait(60);
  found.sweeps = left();
  await press("none");
  found.solid.none = solid();
  for (const kind of ["mouse", "touch", "pen"]) {
    send("pointerdown", 0.2, 0.3, kind);
    send("pointermove", 0.8, 0.3, kind);
    send("pointerup", 0.8, 0.3, kind);
    await wait(30);
    found.solid[kind] = solid();
    await press("none");
  }
  key("ArrowUp", 10); key(" "); key("ArrowRight", 20); key(" ");
  await wait(60);
  surface.dispatchEvent(new View.Event("blur"));
  found.solid.keys = solid();
  key("Delete");
  await wait(60);
  found.solid.deleted = solid();
  await press("Jacobi");
  await press("One step");
  found.after = told();
  await press("Start anew");
  found.anew = told();
  await press("Run");
  await until(() => Number(told().match(/Step (\\d+)/)[1]) > 4);
  await press("Stop");
  const stopped = told();
  await wait(300);
  found.stopped = stopped === told();
  found.times = times();
  found.labels = [...page.querySelectorAll("[aria-pressed=true]")].map((b) => b.textContent);
  found.action = View.getComputedStyle(surface).touchAction;
  return found;
"""
)


def test_the_reader_draws_runs_and_compares():
    seen = looking(BOOK, PLAYS % ("fluid", ""), served())
    steps = book_live.FIGURES["fluid"].options["steps"]
    assert seen["start"] == pytest.approx(rested(LearnedSolver(network()), steps), abs=0.06)
    assert seen["told"].startswith(f"Step {steps}, moved on by the network: network leaves")
    assert seen["stays"] is True  # nothing moves by itself
    assert seen["sweeps"][0] == seen["start"][0]
    assert seen["sweeps"][1] < seen["start"][1]
    solid = seen["solid"]
    stars = int(obstacles(1, (64, 64), live_data.SCENES["stars"], ("stars",)).sum())
    assert solid["first"] == stars
    assert solid["none"] == solid["deleted"] == 0
    assert solid["mouse"] == solid["touch"] == solid["pen"] > 100
    assert solid["keys"] > 80
    assert seen["after"].startswith(f"Step {steps + 1}, moved on by Jacobi")
    assert seen["anew"].startswith("Step 1, ")
    assert seen["stopped"] is True
    assert min(seen["times"]) > 0
    assert seen["labels"] == ["Jacobi"]
    assert seen["action"] == "none"


CALM = (
    START
    + """
  const run = [...page.querySelectorAll(".live-button")].find((b) => b.textContent === "Run");
  const before = told();
  const texts = [];
  const watch = new frame.contentWindow.MutationObserver(() => texts.push(told()));
  watch.observe(part("answer-text"), { childList: true, characterData: true, subtree: true });
  run.click();
  await until(() => told() !== before);
  await wait(300);
  return { shown: texts.length, told: told(), button: run.textContent };
"""
)


def test_with_reduced_motion_only_the_end_is_shown():
    calm = "inside.matchMedia = (query) => ({ matches: /reduced-motion/.test(query) });"
    seen = looking(BOOK, CALM % ("fluid", calm), served())
    steps = book_live.FIGURES["fluid"].options["steps"]
    assert seen["shown"] == 1
    assert seen["told"].startswith(f"Step {steps + 20},")
    assert seen["button"] == "Run"


def test_a_damaged_file_of_obstacles_is_told():
    scenes = json.loads(live_data.fluid()["fluid_scenes.json"])
    scenes["ink"] = scenes["ink"][:-400]
    ask = "return [figure.dataset.state, part('said').textContent, part('stored').hidden];"
    script = START + ask
    files = served(**{"fluid_scenes.json": json.dumps(scenes).encode()})
    state, said, hidden = looking(BOOK, script % ("fluid", ""), files)
    assert (state, hidden) == ("stored", False)
    assert said.startswith("The file with the")
    assert said.count(".") == 2
