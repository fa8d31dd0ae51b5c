"""Networks in the browser: PyTorch's numbers at every step, fast enough, and damage is noticed."""

import json
import re
from functools import cache
from pathlib import Path

import pytest
import torch
from browser_helpers import BROWSER, MISSING, looking

from cnnhistory import create_model, zoo
from cnnhistory.data.digits import DigitsDataModule
from cnnhistory.export import trace
from cnnhistory.export.file import written

LIVE = Path(__file__).resolve().parents[2] / "book" / "_static" / "live"
DIGITS = 200
TOLERANCE = 1e-4
# run or model: settings, where it is not recorded
NETWORKS = {
    "lenet5_mnist": None,
    "lenet5_modern_mnist": None,
    "lenet1989_online": None,
    "lenet1990_online": None,
    "resnet20_6_digits500": None,
    "xnor_digits": {"width": 0.5},
    "bwn_digits": {"width": 0.5},
}
FORMS = {
    "xnor_digits": {"levels": "symmetric", "pad_to": 28},
    "bwn_digits": {"levels": "symmetric", "pad_to": 28},
}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(BROWSER is None, reason=MISSING),
]


@cache
def exported(name):
    """Return the files of a network, its images, and all values that PyTorch computes."""
    if NETWORKS[name] is None:
        recipe = zoo.training_recipe(name)
        network = create_model(recipe.model, **recipe.network_args)
        network.load_state_dict(zoo.load_weights(name))
        settings = {k: v for k, v in recipe.data.init_args.items() if k in ("levels", "size")}
        shape = recipe.data.build().image_shape
        data = DigitsDataModule(scale="small", **settings, pad_to=shape[1], val_size=0)
    else:
        torch.manual_seed(1)
        network = create_model(name, **NETWORKS[name])
        data = DigitsDataModule(scale="small", **FORMS[name], val_size=0)
        settled(network, data.train_set.images[:500])
    images = data.test_set.images[:: len(data.test_set.images) // DIGITS][:DIGITS]
    graph = trace(network, images, keep=True)
    made = written(graph)
    files = {f"/{name}.json": made.json(), f"/{name}.bin": made.numbers}
    files[f"/{name}.images"] = images.numpy().tobytes()
    files[f"/{name}.values"] = b"".join(
        graph.values[node.name].contiguous().numpy().tobytes() for node in graph.nodes
    )
    return files


def settled(network, images):
    """Let normalizations learn means, so that no value stands at 0 by construction."""
    network.train()
    with torch.no_grad():
        for _ in range(30):
            network(images)


COMPARE = """
  const { loadNetwork, run } = await import("/network.mjs");
  const { sizeOf } = await import("/tensor.mjs");
  const name = %s;
  const network = await loadNetwork(location.href, name);
  const bytes = async (end) => (await fetch(`/${name}.${end}`)).arrayBuffer();
  const read = async (end) => new Float32Array(await bytes(end));
  const [images, wanted] = [await read("images"), await read("values")];
  const size = sizeOf(network.input);
  const digits = images.length / size;
  const worst = {};
  let right = 0;
  for (let n = 0; n < digits; n++) {
    const found = run(network, images.subarray(n * size, (n + 1) * size), {});
    let at = 0;
    for (const { name: step, shape } of network.nodes) {
      const [count, values] = [sizeOf(shape), found[step].data];
      if (values.length !== count || String(found[step].shape) !== String(shape)) {
        throw new Error(`${step}: ${found[step].shape}`);
      }
      const from = at + n * count;
      let far = 0;
      for (let k = 0; k < count; k++) far = Math.max(far, Math.abs(values[k] - wanted[from + k]));
      worst[step] = Math.max(worst[step] ?? 0, Number.isNaN(far) ? Infinity : far);
      at += digits * count;
    }
    right += 1;
  }
  return { worst, right, steps: network.nodes.length };
"""


@pytest.mark.parametrize("name", NETWORKS)
def test_every_value_is_pytorchs(name):
    seen = looking(LIVE, COMPARE % json.dumps(name), exported(name))
    assert seen.get("right") == DIGITS, seen
    assert len(seen["worst"]) == seen["steps"]
    assert {step: far for step, far in seen["worst"].items() if far > TOLERANCE} == {}


def test_a_wrong_number_is_found():
    files = dict(exported("lenet1990_online"))
    values = bytearray(files["/lenet1990_online.values"])
    values[2:4] = b"\x80\x3f"  # the first becomes about 1
    files["/lenet1990_online.values"] = bytes(values)
    seen = looking(LIVE, COMPARE % '"lenet1990_online"', files)
    assert [step for step, far in seen["worst"].items() if far > TOLERANCE] == ["h1"]


PACKED = """
  const { loadNetwork, run } = await import("/network.mjs");
  const { OPERATIONS } = await import("/operations.mjs");
  const { tensor } = await import("/tensor.mjs");
  const network = await loadNetwork(location.href, "xnor_digits");
  const images = new Float32Array(await (await fetch("/xnor_digits.images")).arrayBuffer());
  const multiplied = ([x], node) => { // the same without a bit: signs as floats, the scale as means
    const y = OPERATIONS.sign_conv([OPERATIONS.sign([x])], node);
    const [maps, h, w] = x.shape;
    const mean = tensor([1, h, w]);
    x.data.forEach((v, n) => { mean.data[n % (h * w)] += Math.abs(v) / maps; });
    const size = node.tensors.weight.shape.slice(2);
    const scale = OPERATIONS.avgpool([mean], { settings: { ...node.settings, size } });
    return tensor(y.shape, y.data.map((v, n) => v * scale.data[n % scale.data.length]));
  };
  const table = { xnor_conv: multiplied };
  let far = 0;
  for (let n = 0; n < 20; n++) {
    const image = images.subarray(n * 784, (n + 1) * 784);
    const [a, b] = [run(network, image), run(network, image, { table })];
    for (const step in a) a[step].data.forEach((v, k) => {
      far = Math.max(far, Math.abs(v - b[step].data[k]));
    });
  }
  return far;
"""


def test_bits_give_what_floating_point_gives():
    assert looking(LIVE, PACKED, exported("xnor_digits")) < 1e-5


SPEED = """
  const { loadNetwork, run } = await import("/network.mjs");
  const network = await loadNetwork(location.href, "lenet5_mnist");
  const images = new Float32Array(await (await fetch("/lenet5_mnist.images")).arrayBuffer());
  const times = [];
  for (let n = 0; n < 200; n++) {
    const begun = performance.now();
    run(network, images.subarray(n * 1024, (n + 1) * 1024));
    times.push(performance.now() - begun);
  }
  times.sort((a, b) => a - b);
  return { median: times[100], slow: times[190] };
"""


def test_lenet5_is_fast(record_property):
    # 5 ms is what the page may take; whatever else runs here may disturb one try, not all of three
    for _ in range(3):
        seen = looking(LIVE, SPEED, exported("lenet5_mnist"))
        if seen["median"] < 5:
            break
    record_property("milliseconds", seen)
    print(seen)
    assert seen["median"] < 5


LOAD = """
  const { loadNetwork } = await import("/network.mjs");
  const said = {};
  for (const name of %s) {
    said[name] = await loadNetwork(location.href, name).then(() => "", (error) => error.message);
  }
  return said;
"""


def test_damage_is_noticed():
    graph = json.loads(exported("lenet5_mnist")["/lenet5_mnist.json"])
    numbers = exported("lenet5_mnist")["/lenet5_mnist.bin"]
    unknown = json.loads(json.dumps(graph))
    unknown["nodes"][1]["op"] = "swish"
    strange = json.loads(json.dumps(graph))
    strange["nodes"][0]["tensors"]["weight"]["type"] = "float8"
    cases = {
        "sound": (graph, numbers),
        "short": (graph, numbers[:-7]),
        "empty": (graph, b""),
        "flipped": (graph, bytes([numbers[0] ^ 1]) + numbers[1:]),
        "other": ({**graph, "format": "onnx"}, numbers),
        "newer": ({**graph, "version": 2}, numbers),
        "unknown": (unknown, numbers),
        "strange": (strange, numbers),
    }
    files = {}
    for name, (plain, data) in cases.items():
        files[f"/{name}.json"] = json.dumps(plain).encode()
        files[f"/{name}.bin"] = data
    files["/text.json"] = b"<!doctype html>"
    files["/text.bin"] = b""
    seen = looking(LIVE, LOAD % json.dumps([*cases, "text", "missing"]), files)
    assert seen.pop("sound") == ""
    for name in ("short", "empty", "flipped"):
        assert seen.pop(name) == "The file with the weights is damaged or incomplete."
    for name in ("other", "newer"):
        assert "another format" in seen.pop(name)
    assert seen.pop("unknown") == 'This page cannot compute the operation "swish".'
    assert seen.pop("strange") == 'This page cannot read numbers of the type "float8".'
    # both files are asked for together, and either may be the first to be missed
    assert re.search(r"missing\.(json|bin) cannot be loaded", seen.pop("missing"))
    assert seen.pop("text")
    assert seen == {}


SMALL = """
  const { OPERATIONS, ofBits } = await import("/operations.mjs");
  const { tensor } = await import("/tensor.mjs");
  const x = tensor([1, 2, 2], Float32Array.of(1, 2, 3, 4));
  const y = tensor([1, 2, 2], Float32Array.of(0, -1, 0, 1));
  const x1 = tensor([2, 2], x.data);
  const no = { settings: {}, tensors: {} };
  const pad = { settings: { border: [1, 0, 0, 1], value: 9 }, tensors: {} };
  return {
    concat: OPERATIONS.concat([x, y], no),
    pad: OPERATIONS.pad([x], pad),
    mean: OPERATIONS.mean([x], no),
    sigmoid: OPERATIONS.sigmoid([y], no),
    embed: OPERATIONS.embed([tensor([1, 2], Float32Array.of(1, 0))], { tensors: { weight: x1 } }),
    upsample: OPERATIONS.upsample([tensor([1, 1, 2], Float32Array.of(0, 4))], no),
    bits: [0, 1, 0xffffffff, 0x80000001, 0x12345678].map(ofBits),
  };
"""


def test_operations_by_hand():
    seen = looking(LIVE, SMALL)
    plain = {
        name: (one["shape"], list(one["data"].values()))
        for name, one in seen.items()
        if name != "bits"
    }
    assert plain["concat"] == ([2, 2, 2], [1, 2, 3, 4, 0, -1, 0, 1])
    assert plain["pad"] == ([1, 3, 3], [9, 1, 2, 9, 3, 4, 9, 9, 9])
    assert plain["mean"] == ([1, 1, 1], [2.5])
    assert plain["embed"] == ([1, 2, 2], [3, 4, 1, 2])
    assert plain["upsample"] == ([1, 2, 4], [0, 1, 3, 4, 0, 1, 3, 4])
    assert plain["sigmoid"][1] == pytest.approx([0.5, 0.268941, 0.5, 0.731059], abs=1e-6)
    assert seen["bits"] == [0, 1, 32, 2, 13]


def test_the_runtime_is_small():
    # all of it, figures included, but for blank lines and comments; no framework, nothing built
    lines = [line.strip() for path in LIVE.rglob("*.mjs") for line in path.read_text().splitlines()]
    assert 0 < sum(line != "" and not line.startswith("//") for line in lines) <= 1_600
