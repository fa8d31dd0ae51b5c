"""Layers on the octants of a surface against the same layers of `ocnn` and on all cells of a grid.

Three kinds of cases, for each surface, depth and number of channels. "layers": forward and
backward of a 3³ convolution, with the gradients of its input and its weights, against the
convolution of `ocnn` on the same octree (in whichever of its two ways is faster) and against
torch's conv3d on the grid that the octree is a part of (in whichever memory layout is faster); the
tables of neighbors are there already, on either side, as all layers of a depth share them.
"building": points to octree with all tables, against `ocnn`. "memory": what a network keeps of a
layer, its rows; these with the table of neighbors; and the most that forward and backward need at
one moment; each against the grid.
"""

import argparse
import os
import time
from collections.abc import Callable, Iterator

os.environ.setdefault("KINETO_LOG_LEVEL", "5")  # the profiler is talkative

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from benchmarks.memory import MemoryRecord, compare_memory, profiled_peak, storage_bytes
from benchmarks.timing import Record, compare
from cnnhistory.graphics.octree.ops import from_grid, octree_conv, to_grid
from cnnhistory.graphics.octree.points import PointCloud
from cnnhistory.graphics.octree.shapes import make_shape
from cnnhistory.graphics.octree.tree import Octree, build_octree

KINDS = ("layers", "building", "memory")
TOLERANCE = 1e-4  # of the largest number
SURFACES = ("ball", "chair")
Step = Callable[[], tuple[Tensor, ...]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark."""
    parser.add_argument("--only", nargs="+", choices=KINDS, default=KINDS, metavar="KIND")
    parser.add_argument("--surfaces", nargs="+", choices=SURFACES, default=SURFACES)
    parser.add_argument("--depths", nargs="+", type=int, default=(6, 7), metavar="DEPTH")
    parser.add_argument("--channels", nargs="+", type=int, default=(16, 32), metavar="N")
    parser.add_argument("--no-peer", action="store_true", help="leave `ocnn` out")


def surface(name: str, depth: int) -> PointCloud:
    """Return a surface with some twelve points for each cell that it passes through.

    The ball touches the box almost; the chair stands upright in it.
    """
    count = 40 * 4**depth
    generator = torch.Generator().manual_seed(0)
    if name == "ball":
        normals = F.normalize(torch.randn(count, 3, generator=generator))
        return PointCloud(0.95 * normals, normals)
    random = np.random.default_rng(0)
    return make_shape("chair", random, count, tilt=0.0, noise=0.0, holes=0)


def run(options: argparse.Namespace) -> Iterator[Record | MemoryRecord]:
    """Compare what is asked for, with as many threads on both sides as torch has."""
    threads = torch.get_num_threads()
    place = f"on {threads} thread{'' if threads == 1 else 's'}"
    for name in options.surfaces:
        for depth in options.depths:
            cloud = surface(name, depth)
            octree = build_octree(cloud, depth)
            theirs = None if options.no_peer else peer_octree(cloud, depth)
            cells = 8**depth / octree.size(depth)
            case = f"{name} depth {depth}"
            if "building" in options.only and theirs is not None:
                yield _building(f"{case} {place}, with all tables", cloud, depth, options.repeat)
            for channels in options.channels:
                layer = Layer(octree, depth, channels)
                kind = f"{case} {channels} channels {place}"
                if "layers" in options.only:
                    if theirs is not None:
                        yield against_ocnn(f"{kind}, against ocnn", layer, theirs, options.repeat)
                    yield against_grid(
                        f"{kind}, against conv3d", layer, cells, min(options.repeat, 15)
                    )
                if "memory" in options.only:
                    yield from _memory(f"{case} {channels} channels", layer)
            del octree, theirs


class Layer:
    """A convolution of random rows of the finest octants, forward and backward."""

    def __init__(self, octree: Octree, depth: int, channels: int) -> None:
        generator = torch.Generator().manual_seed(0)
        self.octree, self.depth = octree, depth
        rows = octree.size(depth)
        self.x = torch.randn(rows, channels, generator=generator).requires_grad_()
        self.weight = torch.randn(27, channels, channels, generator=generator).requires_grad_()
        self.grad = torch.randn(rows, channels, generator=generator)
        octree.blocks(depth)

    def step(self) -> tuple[Tensor, ...]:
        """Return output, gradient of the input, gradient of the weights."""
        y = octree_conv(self.x, self.octree, self.depth, self.weight)
        return y, *torch.autograd.grad(y, (self.x, self.weight), self.grad)

    def on_grid(self, layout: torch.memory_format) -> Step:
        """Return the same convolution of all cells, its tensors in a memory layout."""
        x, grad = (
            to_grid(rows.detach(), self.octree, self.depth).contiguous(memory_format=layout)
            for rows in (self.x, self.grad)
        )
        kernel = self.weight.detach().permute(2, 1, 0).unflatten(2, (3, 3, 3))
        kernel = kernel.contiguous(memory_format=layout)
        x.requires_grad_(), kernel.requires_grad_()

        def step() -> tuple[Tensor, ...]:
            y = F.conv3d(x, kernel, padding=1)
            return y, *torch.autograd.grad(y, (x, kernel), grad)

        return step


def peer_octree(cloud: PointCloud, depth: int) -> object:
    """Return the octree of `ocnn` with all its tables."""
    import ocnn

    octree = ocnn.octree.Octree(depth, 2)
    octree.build_octree(ocnn.octree.Points(cloud.positions, cloud.normals))
    octree.construct_all_neigh()
    return octree


def against_ocnn(case: str, layer: Layer, theirs: object, repeat: int) -> Record:
    """Compare with the convolution of `ocnn`."""
    import ocnn

    channels = layer.x.shape[1]
    steps = {}
    for method in ("explicit_gemm", "block_gemm"):
        conv = ocnn.nn.OctreeConv(channels, channels, method=method)
        conv.weights.data = layer.weight.detach().clone()

        def step(conv: torch.nn.Module = conv) -> tuple[Tensor, ...]:
            y = conv(layer.x, theirs, layer.depth)
            return y, *torch.autograd.grad(y, (layer.x, conv.weights), layer.grad)

        check_close(case, layer.step(), step())
        steps[method] = step
    method = min(steps, key=lambda name: _median(steps[name]))
    peer = f"ocnn {ocnn.__version__}, {method}"
    return compare(case, layer.step, peer, steps[method], repeat)


def against_grid(case: str, layer: Layer, cells: float, repeat: int) -> Record:
    """Compare with torch's convolution of all cells, of which there are `cells` an octant."""
    forms = {"channels-last": torch.channels_last_3d, "channels-first": torch.contiguous_format}
    seconds = {name: _median(layer.on_grid(form), 1) for name, form in forms.items()}
    name = min(seconds, key=seconds.__getitem__)
    step = layer.on_grid(forms[name])
    y, grad_x, grad_w = step()
    octree, depth = layer.octree, layer.depth
    rows = (from_grid(y, octree, depth), from_grid(grad_x, octree, depth))
    check_close(case, layer.step(), (*rows, grad_w.permute(2, 3, 4, 1, 0).flatten(0, 2)))
    peer = f"torch conv3d, float32, {name}, {cells:.1f} cells an octant"
    return compare(case, layer.step, peer, step, repeat)


def _building(case: str, cloud: PointCloud, depth: int, repeat: int) -> Record:
    import ocnn

    def ours() -> Octree:
        octree = build_octree(cloud, depth)
        octree.blocks(depth)
        return octree

    mine, theirs = ours(), peer_octree(cloud, depth)
    if not torch.equal(mine.keys[depth], theirs.keys[depth]):  # type: ignore[attr-defined]
        raise RuntimeError(f"{case}: expected the same octants, they differ")
    peer = f"ocnn {ocnn.__version__}"
    return compare(case, ours, peer, lambda: peer_octree(cloud, depth), repeat)


def _memory(case: str, layer: Layer) -> Iterator[MemoryRecord]:
    """Compare the rows, the rows with the table, and the most that is in use at one moment."""
    grid = 8**layer.depth * layer.x.shape[1] * 4
    rows = storage_bytes([layer.x])
    table = storage_bytes([layer.octree.blocks(layer.depth)])
    peer = f"grid of {2**layer.depth} cells a side, float32"
    yield compare_memory(f"{case}, memory of features", rows, peer, grid)
    yield compare_memory(f"{case}, with the table of neighbors", rows + table, peer, grid)
    step = layer.on_grid(torch.channels_last_3d)
    ours = rows + table + profiled_peak(layer.step)[0]
    peer = "torch conv3d, float32, channels-last"
    yield compare_memory(
        f"{case}, peak of a training step", ours, peer, grid + profiled_peak(step)[0]
    )


def check_close(case: str, found: tuple[Tensor, ...], wanted: tuple[Tensor, ...]) -> None:
    """Refuse to time what does not give the same up to rounding.

    Raises:
        RuntimeError: it does not.
    """
    for mine, other in zip(found, wanted, strict=True):
        apart = ((mine - other).abs().max() / other.abs().max()).item()
        if not apart <= TOLERANCE:
            raise RuntimeError(
                f"{case}: expected equal results to {TOLERANCE}, they differ by {apart:.1e}"
            )


def _median(function: Callable[[], object], repeat: int = 3) -> float:
    function()
    seconds = []
    for _ in range(repeat):
        start = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - start)
    return sorted(seconds)[repeat // 2]
