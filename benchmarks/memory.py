"""Peak memory of a training step, as the allocator of the processor's memory counts it."""

import os
from collections.abc import Callable
from dataclasses import dataclass

os.environ.setdefault("KINETO_LOG_LEVEL", "5")  # the profiler is talkative

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.profiler import ProfilerActivity, profile


@dataclass(frozen=True)
class MemoryRecord:
    """How much memory a training step of ours and of the peer needs for one case.

    `ratio` is the peer's over ours, so above 1 ours needs less.

    Units: MiB.
    """

    case: str
    ours_mib: float
    peer: str
    peer_mib: float
    ratio: float
    spread: tuple[float, float]

    def __str__(self) -> str:
        return (
            f"{self.case:44} ours {self.ours_mib:9.1f} MiB  peer {self.peer_mib:9.1f} MiB  "
            f"ratio {self.ratio:5.2f} (ours {1 / self.ratio:.2f} of the peer's)   {self.peer}"
        )


def compare_memory(case: str, ours: int, peer_name: str, peer: int) -> MemoryRecord:
    """Return the record of two numbers of bytes, which are the same in every run."""
    ratio = round(peer / ours, 3)
    return MemoryRecord(
        case, round(ours / 2**20, 1), peer_name, round(peer / 2**20, 1), ratio, (ratio, ratio)
    )


def peak_bytes(network: nn.Module, x: Tensor, target: Tensor) -> int:
    """Return the most memory that is in use at one moment of a training step.

    The step is forward, backward and SGD with momentum, the second one of its kind. Counted are
    the weights, statistics, momenta, images and labels, and all that `torch.profiler` sees given
    out and taken back in between, also by operators for their own use.

    Units: bytes.

    Raises:
        RuntimeError: what is left over at the end is not the gradients, one number a weight: then
            the profiler missed something.
    """
    network.train()
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-3, momentum=0.9)

    def step() -> None:
        F.cross_entropy(network(x), target).backward()
        optimizer.step()

    step()
    optimizer.zero_grad()
    momenta = [state["momentum_buffer"] for state in optimizer.state.values()]
    there = storage_bytes([x, target, *network.parameters(), *network.buffers(), *momenta])
    highest, now = profiled_peak(step)
    gradients = sum(p.numel() * p.element_size() for p in network.parameters() if p.requires_grad)
    optimizer.zero_grad()
    # Blocks are multiples of 64 bytes.
    if not gradients <= now <= 1.01 * gradients + 2**16:
        raise RuntimeError(f"expected {gradients} bytes of gradients to be left, got {now}")
    return there + highest


def profiled_peak(step: Callable[[], object]) -> tuple[int, int]:
    """Return the most memory that a function takes at one moment, and what is left at its end.

    Counted is what it takes from the allocator and gives back, not what was there before.

    Units: bytes.
    """
    # The profiler knows the size of what is freed only if it saw it allocated: what is left of an
    # earlier step must be gone.
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as watch:
        step()
    result = watch.profiler.kineto_results  # type: ignore[union-attr]
    changes = [event for event in result.events() if event.name() == "[memory]"]
    changes.sort(key=lambda event: event.start_ns())
    now = highest = 0
    for change in changes:
        now += change.nbytes()
        highest = max(highest, now)
    return highest, now


def storage_bytes(tensors: list[Tensor]) -> int:
    """Return the bytes that tensors hold, what they share counted once."""
    storages = (tensor.untyped_storage() for tensor in tensors)
    return sum({storage.data_ptr(): storage.nbytes() for storage in storages}.values())
