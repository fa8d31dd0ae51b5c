"""Our networks against torchvision's and timm's of the same layers, weights and inputs.

The kinds of cases:

- forward: as both are shipped, with ours optimized for inference, and with the same done to the
  peer;
- bfloat16: ours optimized and in bfloat16, against the peer as shipped and treated alike;
- training: a step (forward, backward, SGD with momentum) as shipped, with the peer's kernels in the
  layout of ours, and, where ours can save memory, what that costs;
- memory: the most that a training step needs at one moment;
- agreement: how often trained networks give the same answer in bfloat16.
"""

import argparse
import copy
import sys
from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.agreement import AgreementRecord, agreements
from benchmarks.memory import MemoryRecord, compare_memory, peak_bytes
from benchmarks.peers import PEERS, pair, saving_memory, side_of, title
from benchmarks.timing import Record, compare
from cnnhistory import list_models
from cnnhistory.nn.inference import has_bfloat16, optimize_for_inference

TOLERANCE = 1e-4  # of the largest score
LOSS_TOLERANCE = 1e-3  # of a loss; normalizations of few values magnify rounding
BFLOAT16_TOLERANCE = 0.05  # likewise, for numbers of 8 significant bits
KINDS = ("forward", "bfloat16", "training", "memory", "agreement")
SAVING = ("densenet", "xception", "nasnet")  # models with the keyword `save_memory`


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark."""
    known = [name for name in PEERS if name in list_models()]
    parser.add_argument("--only", nargs="+", choices=known, default=known, metavar="MODEL")
    parser.add_argument(
        "--kind", nargs="+", choices=KINDS, default=KINDS, help="only these cases (default: all)"
    )
    parser.add_argument("--batch", type=int, default=8, help="images in a batch (8)")
    parser.add_argument("--size", type=int, help="height and width (those of the papers)")


class Pair(NamedTuple):
    """Our network and the peer's with the same weights, and what both read."""

    name: str
    ours: nn.Module
    peer: nn.Module
    peer_name: str
    x: Tensor
    target: Tensor


def run(options: argparse.Namespace) -> Iterator[Record | MemoryRecord | AgreementRecord]:
    """Compare every network asked for."""
    kinds = [kind for kind in KINDS if kind in options.kind]
    if "bfloat16" in kinds and not has_bfloat16():
        kinds.remove("bfloat16")
        print("no case in bfloat16: this processor has no arithmetic for it", file=sys.stderr)
    for name in options.only if set(kinds) - {"agreement"} else ():
        both = make_pair(name, options.batch, options.size or side_of(name))
        if "forward" in kinds:
            yield from compare_forward(both, options.repeat)
        if "bfloat16" in kinds:
            yield from compare_bfloat16(both, options.repeat)
        if "training" in kinds:
            yield from compare_training(both, options.repeat)
        if "memory" in kinds:
            yield from memory_of(both)
    if "agreement" in kinds:
        yield from agreements()


def make_pair(name: str, batch: int, size: int) -> Pair:
    """Return the networks of that name, seen to give the same outputs."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(batch, 3, size, size, generator=generator)
    target = torch.randint(1000, (batch,), generator=generator)
    ours, peer = pair(name, tuple(x.shape[1:]))
    check_equal(name, ours, peer, x)
    return Pair(name, ours, peer, title(name), x, target)


def check_equal(case: str, ours: nn.Module, peer: nn.Module, x: Tensor) -> None:
    """Refuse to time two networks that do not compute the same.

    A hundred layers of random weights magnify rounding beyond 1e-4. Then the two may differ as
    much as the peer differs from itself in double precision, within a factor of four.

    Raises:
        RuntimeError: the outputs differ by more than 1e-4 of the largest, and not by rounding.
    """
    with torch.no_grad():
        found, expected = ours(x), peer(x)
        difference = _difference(found, expected)
        if difference <= TOLERANCE:
            return
        exact = copy.deepcopy(peer).double()(x.double())
    if not difference <= 4 * _difference(expected, exact):
        raise RuntimeError(
            f"{case}: expected the outputs of the peer to {TOLERANCE}, they differ by "
            f"{difference:.1e} of the largest"
        )


def check_close(case: str, fast: nn.Module, network: nn.Module, x: Tensor) -> float:
    """Return how far a network in bfloat16 is from the same in float32, of the largest output.

    Random weights in many layers magnify rounding. Then it may be twice as far as the network that
    is simply converted, without any folding.

    Raises:
        RuntimeError: the outputs differ by more than a twentieth of the largest, and not by
            rounding, or one of them is no number.
    """
    with torch.no_grad():
        expected = network(x)
        difference = _difference(fast(x), expected)
        if not difference <= BFLOAT16_TOLERANCE:
            plain = copy.deepcopy(network).to(torch.bfloat16)(x.to(torch.bfloat16)).float()
            if not difference <= 2 * _difference(plain, expected):
                raise RuntimeError(
                    f"{case}: expected the outputs of float32 to {BFLOAT16_TOLERANCE}, they differ "
                    f"by {difference:.1e} of the largest"
                )
    return round(difference, 5)


def _difference(found: Tensor, expected: Tensor) -> float:
    return float((found - expected).abs().max() / expected.abs().max())


def forward(network: nn.Module, x: Tensor) -> Callable[[], object]:
    """Return a function that runs the network once."""

    def function() -> object:
        with torch.no_grad():
            return network(x)

    return function


def training_step(network: nn.Module, x: Tensor, target: Tensor) -> Callable[[], object]:
    """Return a function that trains the network by one step."""
    network.train()
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-3, momentum=0.9)

    def function() -> object:
        optimizer.zero_grad()
        loss = F.cross_entropy(network(x), target)
        loss.backward()
        optimizer.step()
        return loss.item()

    return function


def compare_forward(both: Pair, repeat: int) -> Iterator[Record]:
    """Yield the records of the forward pass."""
    name, ours, peer, peer_name, x, _ = both
    case = f"{name}, forward, as shipped"
    yield compare(case, forward(ours, x), peer_name, forward(peer, x), repeat)

    shape = tuple(x.shape[1:])
    fast, fast_peer = (optimize_for_inference(network, shape) for network in (ours, peer))
    case = f"{name}, forward, ours optimized"
    check_equal(case, fast, peer, x)
    yield compare(case, forward(fast, x), peer_name, forward(peer, x), repeat)
    case = f"{name}, forward, both optimized"
    check_equal(case, fast, fast_peer, x)
    yield compare(case, forward(fast, x), f"{peer_name}, optimized", forward(fast_peer, x), repeat)


def compare_bfloat16(both: Pair, repeat: int) -> Iterator[Record]:
    """Yield the records of the forward pass with ours in bfloat16."""
    name, ours, peer, peer_name, x, _ = both
    shape, half = tuple(x.shape[1:]), torch.bfloat16
    fast, fast_peer = (optimize_for_inference(net, shape, half) for net in (ours, peer))
    case = f"{name}, forward, ours in bfloat16"
    deviation = check_close(case, fast, ours, x)
    yield compare(case, forward(fast, x), peer_name, forward(peer, x), repeat, deviation=deviation)
    case, peer_name = f"{name}, forward, both in bfloat16", f"{peer_name}, optimized, bfloat16"
    check_close(case, fast_peer, peer, x)
    yield compare(
        case, forward(fast, x), peer_name, forward(fast_peer, x), repeat, deviation=deviation
    )


def compare_training(both: Pair, repeat: int) -> Iterator[Record]:
    """Yield the records of the training step; both networks are as before afterwards."""
    name, ours, peer, peer_name, x, target = both
    treated = copy.deepcopy(peer).to(memory_format=torch.channels_last)
    our_step, peer_step, treated_step = (
        training_step(network, x, target)
        for network in (copy.deepcopy(ours), copy.deepcopy(peer), treated)
    )
    case = f"{name}, training step, as shipped"
    check_same_loss(case, our_step, peer_step, treated_step)
    yield compare(case, our_step, peer_name, peer_step, repeat)
    case = f"{name}, training step, both channels-last"
    yield compare(case, our_step, f"{peer_name}, channels-last", treated_step, repeat)
    if not name.startswith(SAVING):
        return
    del our_step, treated, treated_step
    saving, peer_saving = saving_memory(name, ours, peer)
    our_step, peer_step = (training_step(net, x, target) for net in (saving, copy.deepcopy(peer)))
    case = f"{name}, training step, ours saving memory"
    check_same_loss(case, our_step, peer_step)
    yield compare(case, our_step, peer_name, peer_step, repeat)
    if peer_saving is not None:
        peer_name, peer_step = f"{peer_name}, saving memory", training_step(peer_saving, x, target)
        yield compare(
            f"{name}, training step, both saving memory", our_step, peer_name, peer_step, repeat
        )


def memory_of(both: Pair) -> Iterator[MemoryRecord]:
    """Yield the records of the peak memory of a training step."""
    name, ours, peer, peer_name, x, target = both

    def peak(network: nn.Module) -> int:
        return peak_bytes(copy.deepcopy(network), x, target)

    of_peer = peak(peer)
    case = f"{name}, peak memory, as shipped"
    yield compare_memory(case, peak(ours), peer_name, of_peer)
    if name.startswith(SAVING):
        saving, peer_saving = saving_memory(name, ours, peer)
        of_saving = peak(saving)
        case = f"{name}, peak memory, ours saving memory"
        yield compare_memory(case, of_saving, peer_name, of_peer)
        if peer_saving is not None:
            case = f"{name}, peak memory, both saving memory"
            other = peak(peer_saving)
            yield compare_memory(case, of_saving, f"{peer_name}, saving memory", other)


def check_same_loss(case: str, *steps: Callable[[], object]) -> None:
    """Refuse to time training steps that do not start with the same loss.

    Raises:
        RuntimeError: they do not.
    """
    losses = []
    for step in steps:
        torch.manual_seed(0)  # for dropout
        losses.append(float(step()))  # type: ignore[arg-type]
    if not max(losses) - min(losses) <= LOSS_TOLERANCE * max(losses):
        raise RuntimeError(f"{case}: expected equal losses, got {losses}")
