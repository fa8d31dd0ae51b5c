"""The paths through a residual network and the gradient that each carries.

A block computes relu(s(x) + f(x)). Its derivative is a sum, one term for the shortcut s and one
for the branch f, so the derivative of n blocks is a sum over 2^n paths; the length of a path is
the number of branches on it.

Source: veit2016residual, Sections 3 and 5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import comb

import torch
from torch import Tensor, nn

from cnnhistory._util.lookup import expected
from cnnhistory._util.modes import modes_kept
from cnnhistory.nn.residual import BasicBlock, Bottleneck

Loss = Callable[[Tensor, Tensor], Tensor]
Block = BasicBlock | Bottleneck


def path_shares(blocks: int) -> list[float]:
    """Return the share of the 2^n paths that has length 0, 1, ..., n: C(n, k) / 2^n.

    >>> path_shares(3)
    [0.125, 0.375, 0.375, 0.125]
    """
    return [comb(blocks, length) / 2**blocks for length in range(blocks + 1)]


def path_gradient(
    network: nn.Module, x: Tensor, target: Tensor, taken: Sequence[bool], loss: Loss
) -> Tensor:
    """Return the derivative of the loss by the images along one path alone.

    The forward pass is that of the whole network. The gradient passes each block through its
    branch where `taken` says so, else through its shortcut.

    Shape: x (N, C, H, W), like the result; one entry of `taken` for each block.

    Raises:
        ValueError: the network is not a residual one, or `taken` has another length.

    Source: veit2016residual, Section 5. Deviations: in evaluation mode, so that the examples of
    a batch do not mix.
    """
    with _residual(network) as (stem, blocks, head):
        if len(taken) != len(blocks):
            raise ValueError(f"taken: expected {len(blocks)} entries, got {len(taken)}")
        x = x.detach().requires_grad_()
        h = stem(x)
        for block, take in zip(blocks, taken, strict=True):
            stopped = h.detach()
            branch = block.branch(h if take else stopped)
            h = torch.relu(branch + block.shortcut(stopped if take else h))  # type: ignore[misc]
        return torch.autograd.grad(loss(head(h), target), x)[0]


def gradients_by_length(network: nn.Module, x: Tensor, target: Tensor, loss: Loss) -> list[Tensor]:
    """Return the derivative of the loss by the images, summed over all paths of each length.

    Entry k is the sum over the C(n, k) paths of length k, exactly; all entries together are the
    derivative. No path is followed by itself. Going back through block i,

        G_k <- S_i G_k + F_i G_{k-1},

    where S_i and F_i multiply with the derivatives of its shortcut and its branch: n (n + 1)
    products instead of 2^n paths.

    Shape: x (N, C, H, W), like each entry; with n blocks n + 1 entries.

    Raises:
        ValueError: the network is not a residual one.

    Source: ours; veit2016residual samples paths instead (see `path_gradient`). In evaluation
    mode, as there.
    """
    with _residual(network) as (stem, blocks, head):
        x = x.detach().requires_grad_()
        first = stem(x)
        inputs = [first]
        with torch.no_grad():
            for block in blocks:
                inputs.append(block(inputs[-1]))
        last = inputs.pop().detach().requires_grad_()
        sums = list(torch.autograd.grad(loss(head(last), target), last))
        for block, h in zip(reversed(blocks), reversed(inputs), strict=True):
            h = h.detach().requires_grad_()
            branch, shortcut = block.branch(h), block.shortcut(h)  # type: ignore[misc]
            gate = (branch + shortcut > 0).to(h)
            through = [gate * g for g in sums]
            by_branch = _products(branch, h, through)
            by_shortcut = _products(shortcut, h, through)
            nothing = torch.zeros_like(h)
            sums = [
                a + b for a, b in zip([*by_shortcut, nothing], [nothing, *by_branch], strict=True)
            ]
        return _products(first, x, sums)


def _products(output: Tensor, by: Tensor, gradients: list[Tensor]) -> list[Tensor]:
    return [torch.autograd.grad(output, by, g, retain_graph=True)[0] for g in gradients]


@contextmanager
def _residual(
    network: nn.Module,
) -> Iterator[tuple[nn.Module, list[Block], Callable[[Tensor], Tensor]]]:
    """Yield stem, blocks and head of a residual network, in evaluation mode."""
    row = getattr(network, "blocks", None)
    blocks = [block for block in row or () if isinstance(block, BasicBlock | Bottleneck)]
    if row is None or len(blocks) != len(row) or any(b.shortcut is None for b in blocks):
        raise expected("network", "a residual one, with a shortcut in each block", "a plain one")

    def head(h: Tensor) -> Tensor:
        pool, fc = network.get_submodule("avgpool"), network.get_submodule("fc")
        return fc(pool(h).flatten(1))

    with modes_kept(network), torch.enable_grad():
        network.eval()
        yield network.get_submodule("stem"), blocks, head


def sampled_norms(
    network: nn.Module,
    x: Tensor,
    target: Tensor,
    loss: Loss,
    draws: int,
    generator: torch.Generator,
) -> list[list[float]]:
    """Return the norm of the gradient along random single paths of each length 0, 1, ..., n.

    Units: the Euclidean norm for one image, averaged over the images, one number a draw. `loss`
    has to add up over the images, such as `F.cross_entropy` with `reduction="sum"`.

    Raises:
        ValueError: see `path_gradient`.

    Source: veit2016residual, Section 5.
    """
    count = len(network.blocks)  # type: ignore[arg-type]
    found = []
    for length in range(count + 1):
        norms = []
        for _ in range(draws if 0 < length < count else 1):
            chosen = torch.randperm(count, generator=generator)[:length].tolist()
            taken = [place in chosen for place in range(count)]
            norms.append(mean_norm(path_gradient(network, x, target, taken, loss)))
        found.append(norms)
    return found


def mean_norm(gradient: Tensor) -> float:
    """Return the Euclidean norm of the gradient for one image, averaged over the images.

    Shape: gradient (N, ...).
    """
    return float(gradient.flatten(1).double().norm(dim=1).mean())


def projections(sums: Sequence[Tensor]) -> list[float]:
    """Return how much of the whole gradient is made up by the paths of each length.

    With G = sum of the G_k, share k is <G_k, G> / <G, G>, averaged over the images with their
    weights <G, G>. The shares add up to 1; one is negative where a length works against the rest.

    Shape: each entry (N, ...), from `gradients_by_length`.
    """
    parts = torch.stack([part.double() for part in sums])
    whole = parts.sum(0)
    return [float((part * whole).sum() / whole.square().sum()) for part in parts]
