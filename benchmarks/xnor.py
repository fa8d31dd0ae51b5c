"""Convolutions and networks of single bits against floats.

Four kinds of cases. "layers": a 3x3 convolution, packing of its input included, against torch's
float32 convolution in whichever memory layout is the faster, in turn, and once more with each timed
call right after one of the same function. "loops": the same against two plain float loops compiled
by numba, one that the compiler turns into vector instructions and one as in a textbook. "peak": as
many multiply-adds in registers alone, bits against floats, which is the limit of the machine; how
near to it the layers come, and how much faster than torch a kernel at the limit would be.
"networks": whole networks against their float counterparts, both prepared for inference.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from functools import cache

import numba
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.peaks import BINARY, FLOAT, in_registers
from benchmarks.timing import Record, compare
from cnnhistory import create_model
from cnnhistory.compression.packed import compile_binary
from cnnhistory.kernels import binary_conv2d, pack_weight
from cnnhistory.nn.inference import optimize_for_inference

KINDS = ("layers", "loops", "peak", "networks")
LAYERS = ("256x14", "512x7", "128x28")  # maps x height and width
NETWORKS = {"bnn_cifar": {}, "xnor_cifar": {"input_scale": False}}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark."""
    parser.add_argument("--only", nargs="+", choices=KINDS, default=KINDS, metavar="KIND")
    parser.add_argument("--layers", nargs="+", default=LAYERS, metavar="MAPSxSIDE")
    parser.add_argument("--batches", nargs="+", type=int, default=(8, 1), metavar="N")
    parser.add_argument("--width", type=float, default=1.0, help="of the networks (1)")


def run(options: argparse.Namespace) -> Iterator[Record]:
    """Compare what is asked for, with as many threads on both sides as torch has."""
    threads = torch.get_num_threads()
    with torch.no_grad():
        yield from _run(options, threads)
    # The kernels have threads of their own, and must not have changed torch's.
    if torch.get_num_threads() != threads:
        raise RuntimeError(f"expected torch to keep {threads} threads")


def _run(options: argparse.Namespace, threads: int) -> Iterator[Record]:
    repeat = options.repeat
    if "peak" in options.only:
        yield _peaks(threads, repeat)
    for text in options.layers:
        maps, side = (int(number) for number in text.split("x"))
        for batch in options.batches:
            case = f"{maps}x{side}x{side} batch {batch} on {count(threads)}"
            x, weight, ours = _layer(maps, side, batch, case)
            torchs = _better_layout(x, weight)
            if "layers" in options.only:
                yield compare(f"{case}, against torch", ours, *torchs, repeat)
                yield compare(f"{case}, against torch, both warm", ours, *torchs, repeat, warm=True)
            if "peak" in options.only:
                products = batch * 9 * (maps * side) ** 2
                # The fair share of one thread, as if they shared without any loss.
                limit = in_registers(BINARY, products // threads)
                peer = "as many binary in registers alone"
                if threads > 1:
                    peer += f", shared by {threads} without loss"
                yield compare(f"{case}, against its limit", ours, peer, limit, repeat)
                yield compare(f"{case}, its limit against torch", limit, *torchs, repeat)
            if "loops" in options.only and threads == 1:
                yield from _loops(case, x, weight, ours, repeat)
    if "networks" in options.only:
        for name, settings in NETWORKS.items():
            for batch in options.batches:
                yield from _network(name, {**settings, "width": options.width}, batch, repeat)


def count(threads: int) -> str:
    """Return the number of threads in words: results of one and of two stand side by side."""
    return f"{threads} thread{'' if threads == 1 else 's'}"


def _peaks(threads: int, repeat: int) -> Record:
    """Compare binary with real multiply-adds in registers: the limit of any binary kernel."""
    products = 2**32
    binary, real = (in_registers(kind, products, threads) for kind in (BINARY, FLOAT))
    case = f"registers alone on {count(threads)}, binary against float32"
    peer = f"{products / 1e9:.2f} G multiply-adds in float32"
    return compare(case, binary, peer, real, repeat)


def _layer(
    maps: int, side: int, batch: int, case: str
) -> tuple[Tensor, Tensor, Callable[[], object]]:
    """Return input and weights of +1 and -1, and ours, seen to be equal to the float result."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(batch, maps, side, side, generator=generator).sign()
    x = x.contiguous(memory_format=torch.channels_last)
    weight = torch.randn(maps, maps, 3, 3, generator=generator).sign()
    packed = pack_weight(weight)

    def ours() -> Tensor:
        return binary_conv2d(x, packed, padding=1)

    check_same(case, ours(), F.conv2d(x, weight, padding=1))
    return x, weight, ours


def check_same(case: str, found: Tensor, expected: Tensor) -> None:
    """Refuse to time what does not give the same, to the last bit.

    Raises:
        RuntimeError: it does not.
    """
    if not torch.equal(found, expected):
        raise RuntimeError(f"{case}: expected equal results, they differ")


def _better_layout(x: Tensor, weight: Tensor) -> tuple[str, Callable[[], object]]:
    forms = {"channels-last": torch.channels_last, "channels-first": torch.contiguous_format}
    best: dict[float, tuple[str, Callable[[], object]]] = {}
    for name, form in forms.items():
        mine, kernel = (t.contiguous(memory_format=form) for t in (x, weight))

        def peer(mine: Tensor = mine, kernel: Tensor = kernel) -> Tensor:
            return F.conv2d(mine, kernel, padding=1)

        best[_median(peer)] = (f"torch conv2d, float32, {name}", peer)
    return best[min(best)]


def _median(function: Callable[[], object], repeat: int = 7) -> float:
    seconds = []
    for _ in range(repeat):
        start = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - start)
    return sorted(seconds)[repeat // 2]


def _convolve_plainly(x, weight, out):
    """Convolve (N, H, W, C), already padded, with (O, kh, kw, C), by six loops and a sum."""
    n, height, width, maps = out.shape
    _, rows, columns, channels = weight.shape
    for image in range(n):
        for r in range(height):
            for c in range(width):
                for o in range(maps):
                    total = np.float32(0)
                    for i in range(rows):
                        for j in range(columns):
                            for k in range(channels):
                                total += x[image, r + i, c + j, k] * weight[o, i, j, k]
                    out[image, r, c, o] = total


@cache
def _compiled_loops() -> dict[str, Callable[..., None]]:
    """Return the loop compiled in two ways; only the first may add in another order."""
    return {
        "vectorized": numba.njit(fastmath=True)(_convolve_plainly),
        "scalar": numba.njit(_convolve_plainly),
    }


def _loops(
    case: str, x: Tensor, weight: Tensor, ours: Callable[[], object], repeat: int
) -> Iterator[Record]:
    padded = F.pad(x, (1, 1, 1, 1)).permute(0, 2, 3, 1).contiguous().numpy()
    kernels = weight.permute(0, 2, 3, 1).contiguous().numpy()
    n, maps, height, width = x.shape
    for name, loop in _compiled_loops().items():
        out = np.empty((n, height, width, maps), np.float32)

        def peer(loop: Callable[..., None] = loop, out: object = out) -> None:
            loop(padded, kernels, out)

        peer()
        check_same(case, torch.from_numpy(out).permute(0, 3, 1, 2), F.conv2d(x, weight, padding=1))
        kind, text = f"against a {name} loop", f"{name} float loop, compiled by numba"
        yield compare(f"{case}, {kind}", ours, text, peer, min(repeat, 5))


def _network(name: str, settings: dict[str, object], batch: int, repeat: int) -> Iterator[Record]:
    """Compare a network on bits with its float counterpart, and say how many bytes either has."""
    torch.manual_seed(0)
    network = create_model(name, **settings)
    counterpart = create_model(name, **settings, float_counterpart=True)
    shape = (network.in_channels, network.image_size, network.image_size)
    x = torch.randn(batch, *shape).contiguous(memory_format=torch.channels_last)
    for net in (network, counterpart):
        for module in net.modules():
            if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
                module.momentum = 1.0
        net.train()(torch.randn(8, *shape))
        net.eval()
    packed, fast = compile_binary(network), optimize_for_inference(counterpart, shape)
    check_same(name, packed(x), network(x))
    size = sum(tensor.nbytes for tensor in fast.state_dict().values())
    threads = count(torch.get_num_threads())
    case = f"{name} batch {batch} on {threads}, against its float counterpart"
    sizes = f"{size / 1e6:.1f} MB to our {packed.nbytes / 1e6:.2f}"
    peer = f"float counterpart, folded, channels-last, {sizes}"
    yield compare(case, lambda: packed(x), peer, lambda: fast(x), repeat)
