"""A plain training loop for small networks whose data lie in memory.

Measured with LeNet-300-100 on batches of 128 digits, one thread: a step takes 3.0 ms here and
4.2 ms in `cnnhistory.training.fitting.fit`, and each call of `fit` takes 45 ms more. Compression
trains a network again and again, a few epochs at a time with the hooks of pruning on it, and its
recorded runs follow this loop's order of examples. What trains a network once uses `fit`.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class Training:
    """The settings of one stretch of training: AdamW, rate up in a line and down in a half cosine.

    Units: `warmup` is the part of all steps in which the rate rises, `floor` the part of `lr` that
    it falls to (1: it does not fall); `shift` is in pixels: each image is moved by up to that
    much, up or down and left or right, anew in every epoch, and background (the value 0) moves in.
    With `mirror` half of the images of each epoch are turned left for right. With `bfloat16`
    products are computed in half the bits, sums and weights stay float32.
    """

    epochs: int
    lr: float
    weight_decay: float = 0.0
    batch_size: int = 256
    warmup: float = 0.2
    floor: float = 0.0
    shift: int = 0
    mirror: bool = False
    bfloat16: bool = False


def train(
    network: nn.Module,
    images: Tensor,
    labels: Tensor,
    settings: Training,
    seed: int,
    after_epoch: Callable[[nn.Module], object] | None = None,
    first_epoch: int = 0,
) -> nn.Module:
    """Train a network in place by the cross-entropy of its scores, and return it.

    The order of the examples, their shifts and mirroring follow from `seed` and the number of the
    epoch, counted from `first_epoch`: a network that goes on training sees other orders than
    before.

    Shape: images (N, C, H, W), labels (N,).

    Raises:
        ValueError: epochs < 0 or batch_size < 1.
    """
    if settings.epochs < 0 or settings.batch_size < 1:
        raise ValueError(
            "settings: expected epochs of at least 0 and a batch_size of at least 1, got "
            f"{settings.epochs} and {settings.batch_size}"
        )
    network.to(memory_format=torch.channels_last)
    # No decay for what has one dimension: biases, and the shared values of a quantized layer.
    groups: list[dict[str, Any]] = [
        {"params": [p for p in network.parameters() if p.dim() > 1]},
        {"params": [p for p in network.parameters() if p.dim() <= 1], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(
        groups, lr=settings.lr, weight_decay=settings.weight_decay, fused=True
    )
    generator = torch.Generator()
    steps = settings.epochs * math.ceil(len(labels) / settings.batch_size)
    windows = _windows(images, settings.shift)
    step = 0
    network.train()
    for epoch in range(first_epoch, first_epoch + settings.epochs):
        generator.manual_seed(1_000_000 * seed + epoch)
        order = torch.randperm(len(labels), generator=generator)
        for batch in order.split(settings.batch_size):
            for group in optimizer.param_groups:
                group["lr"] = settings.lr * _rate((step + 0.5) / steps, settings)
            step += 1
            x = _shifted(windows, batch, generator) if settings.shift else images[batch]
            if settings.mirror:
                turned = torch.rand(len(batch), generator=generator) < 0.5
                x = torch.where(turned[:, None, None, None], x.flip(3), x)
            with torch.autocast(images.device.type, torch.bfloat16, enabled=settings.bfloat16):
                loss = F.cross_entropy(network(x), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        if after_epoch is not None:
            after_epoch(network)
            network.train()
    return network.eval()


def _rate(done: float, settings: Training) -> float:
    if done < settings.warmup:
        return done / settings.warmup
    falling = 0.5 + 0.5 * math.cos(math.pi * (done - settings.warmup) / (1 - settings.warmup))
    return settings.floor + (1 - settings.floor) * falling


def _windows(images: Tensor, shift: int) -> Tensor:
    """Return a view of all shifted versions of all images, (N, C, S, S, H, W)."""
    height, width = images.shape[2:]
    padded = F.pad(images, (shift,) * 4)
    return padded.unfold(2, height, 1).unfold(3, width, 1)


def _shifted(windows: Tensor, batch: Tensor, generator: torch.Generator) -> Tensor:
    """Return the images of a batch, each in one of its shifted versions."""
    ways = windows.shape[2]
    down, right = torch.randint(0, ways, (2, len(batch)), generator=generator)
    return windows[batch, :, down, right]
