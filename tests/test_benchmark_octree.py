"""The benchmark of octrees compares the same work; nothing here looks at a clock."""

import argparse
import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import memory, octree
from cnnhistory.graphics.octree.tree import build_octree


def options(**given):
    settings = {
        "only": list(octree.KINDS), "surfaces": ["ball"], "depths": [3], "channels": [2],
        "repeat": 1, "no_peer": True,
    }  # fmt: skip
    return argparse.Namespace(**{**settings, **given})


@pytest.fixture
def layer():
    return octree.Layer(build_octree(octree.surface("chair", 4), 4), 4, 3)


def test_without_the_peer():
    records = list(octree.run(options()))
    threads = torch.get_num_threads()
    place = f"on {threads} thread{'' if threads == 1 else 's'}"
    assert [record.case for record in records] == [
        f"ball depth 3 2 channels {place}, against conv3d",
        "ball depth 3 2 channels, memory of features",
        "ball depth 3 2 channels, with the table of neighbors",
        "ball depth 3 2 channels, peak of a training step",
    ]
    assert records[0].peer.startswith("torch conv3d, float32, channels-")


@pytest.mark.peer
def test_with_the_peer():
    pytest.importorskip("ocnn")
    records = list(octree.run(options(no_peer=False, only=["layers", "building"])))
    assert [record.case.partition(", ")[2] for record in records] == [
        "with all tables", "against ocnn", "against conv3d",
    ]  # fmt: skip
    assert records[1].peer.startswith("ocnn 2.")
    assert records[1].peer.endswith(("explicit_gemm", "block_gemm"))


def test_memory_is_that_of_the_tensors(layer):
    rows, table, _ = octree._memory("a", layer)
    octants, grid = layer.octree.size(4), 4 * 3 * 16**3
    assert rows.ratio == pytest.approx(grid / (12 * octants), abs=1e-3)
    assert table.ratio == pytest.approx(grid / ((12 + 4 * 8) * octants), abs=1e-3)


def test_the_step_has_the_gradients_of_the_grid(layer):
    y, grad_x, grad_w = layer.step()
    grid = layer.on_grid(torch.contiguous_format)()
    assert (grad_x.shape, grad_w.shape) == (layer.x.shape, layer.weight.shape)
    assert [tuple(part.shape) for part in grid] == [(1, 3, 16, 16, 16)] * 2 + [(3, 3, 3, 3, 3)]
    assert y.shape == layer.x.shape


def test_what_differs_is_not_timed():
    one = (torch.ones(3),)
    octree.check_close("case", one, one)
    with pytest.raises(RuntimeError, match=r"case: expected equal results to 0\.0001"):
        octree.check_close("case", one, (torch.tensor([1.0, 1, 1.1]),))
    with pytest.raises(RuntimeError, match="they differ by nan"):
        octree.check_close("case", (torch.full((3,), float("nan")),), one)


def test_peak_of_a_known_function():
    def takes():
        kept = torch.empty(3_000_000, dtype=torch.uint8)
        torch.empty(2_000_000, dtype=torch.uint8)
        return kept

    highest, left = memory.profiled_peak(takes)
    assert 5_000_000 <= highest < 5_010_000
    assert left == 0
