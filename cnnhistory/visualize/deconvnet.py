"""The deconvnet: activations of a trained network, projected back to pixels.

M. Zeiler, R. Fergus (2014), "Visualizing and Understanding Convolutional Networks"
[zeiler2014visualizing].

The network runs forward and remembers where every maximum came from (the switches). Then one
activation is kept, the others are set to zero, and the layers are undone in reverse: values are
put back to their switches, negative ones cut off, and the result convolved with the transposed
filters.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cnnhistory._util.lookup import check_one_of, expected, unknown_id
from cnnhistory.nn.norm import LocalResponseNorm
from cnnhistory.nn.spatial.unpool import unpool

RULES = ("deconvnet", "gradient", "guided")

Layer = tuple[str, nn.Module]


@dataclass(frozen=True)
class _Step:
    """One layer that ran: what is needed to undo it.

    `kept` is the sign of the inputs for a ReLU (True: passed), the switches for a pooling layer:
    for each window the place of its maximum in the flattened input map.
    """

    layer: nn.Module
    shape: torch.Size
    kept: Tensor | None = None

    def undo(self, signal: Tensor, rule: str) -> Tensor:
        """Carry a signal from the output of the layer to its input."""
        layer: Any = self.layer
        if isinstance(layer, nn.ReLU):
            return rectified(signal, cast(Tensor, self.kept), rule)
        if isinstance(layer, nn.MaxPool2d):
            return unpool(signal, cast(Tensor, self.kept), self.shape)
        if isinstance(layer, nn.Conv2d):
            return transposed_convolution(signal, layer, self.shape)
        if isinstance(layer, nn.Linear):
            return signal @ layer.weight
        return signal.reshape(self.shape)


@dataclass(frozen=True)
class Recording:
    """A forward pass that can be undone.

    Shape: `output`, what the last layer put out, (N, C, H, W), or (N, units).
    """

    output: Tensor
    steps: tuple[_Step, ...]

    @torch.no_grad()
    def project(self, signal: Tensor, rule: str = "deconvnet") -> Tensor:
        """Return the picture that a signal at the output projects to.

        `rule` says what a ReLU does to a signal r on the way back, a being its input on the way
        forward: "deconvnet" lets max(0, r) pass, "gradient" r where a > 0, and "guided" max(0, r)
        where a > 0. All else is the same in the three.

        Shape: signal as `output`, result as the input of the network.

        Raises:
            ValueError: another rule, or a signal of another shape.

        Source: zeiler2014visualizing, Section 2.1, for the first rule; simonyan2014deep,
        Section 4, for what it has in common with the second; springenberg2015striving,
        Section 3.4 and Figure 1, for the third.
        """
        check_one_of("rule", rule, RULES)
        if signal.shape != self.output.shape:
            raise ValueError(
                f"signal: expected shape {tuple(self.output.shape)}, got {tuple(signal.shape)}"
            )
        for step in reversed(self.steps):
            signal = step.undo(signal, rule)
        return signal


@torch.no_grad()
def record(network: nn.Sequential, x: Tensor, layer: str | None = None) -> Recording:
    """Run a chain of layers up to one of them and keep what is needed to undo it.

    The chain may hold convolutions, dense layers, ReLU, max-pooling, response normalization,
    flattening and dropout, and chains of these. Response normalization runs forward and is left
    out on the way back, for which the paper has no step; so with it even the rule "gradient" is
    not the gradient.
    Dropout does nothing, whatever mode the network is in. Biases are not taken away on the way
    back: they do not depend on the image.

    Shape: x as the network takes it, batch first.

    Args:
        network: the chain, such as `zfnet.features`.
        x: input.
        layer: name of the last layer to run; default: all.

    Raises:
        UnknownIdError: no layer of that name, a KeyError; the message names the nearest.
        ValueError: a layer on the way is of a kind that cannot be undone.

    Source: zeiler2014visualizing, Section 2.1.

    Deviations: where pooling windows overlap and share a maximum, their values are added there,
    as in the gradient; the paper does not say what it does.

    >>> chain = nn.Sequential(nn.Conv2d(1, 1, 1, bias=False), nn.ReLU(), nn.MaxPool2d(2))
    >>> _ = chain[0].weight.data.fill_(2)
    >>> run = record(chain, torch.tensor([[[[1.0, 2.0], [3.0, -4.0]]]]))
    >>> run.output.item(), run.project(run.output).tolist()
    (6.0, [[[[0.0, 0.0], [12.0, 0.0]]]])
    """
    steps = []
    for name, module in chain(network):
        x, step = _forward(name, module, x)
        steps.append(step)
        if name == layer:
            break
    else:
        if layer is not None:
            raise unknown_id("layer", layer, [name for name, _ in chain(network)])
    return Recording(x, tuple(steps))


def chain(network: nn.Sequential, prefix: str = "") -> Iterator[Layer]:
    """Yield the layers of a chain in order, those of chains inside it too, with their names."""
    for name, module in network._modules.items():  # named_children() leaves out a shared layer
        if isinstance(module, nn.Sequential):
            yield from chain(module, f"{prefix}{name}.")
        else:
            yield prefix + name, module


def _forward(name: str, layer: nn.Module, x: Tensor) -> tuple[Tensor, _Step]:
    """Run one layer. Never in place: what was kept must stay as it was."""
    if isinstance(layer, nn.ReLU):
        return x.relu(), _Step(layer, x.shape, x > 0)
    if isinstance(layer, nn.MaxPool2d):
        out, switches = F.max_pool2d(
            x, layer.kernel_size, layer.stride, layer.padding, layer.dilation, layer.ceil_mode,
            return_indices=True,
        )  # fmt: skip
        return out, _Step(layer, x.shape, switches)
    if isinstance(layer, nn.Dropout | nn.Identity):
        return x, _Step(layer, x.shape)
    padded = isinstance(layer, nn.Conv2d) and layer.padding_mode != "zeros"
    undone = (nn.Conv2d, nn.Linear, nn.Flatten, LocalResponseNorm, nn.LocalResponseNorm)
    if padded or not isinstance(layer, undone):
        raise expected("network", f"layers that can be undone, {name!r} too", layer)
    return layer(x), _Step(layer, x.shape)


def rectified(signal: Tensor, passed: Tensor, rule: str) -> Tensor:
    """Carry a signal back through a ReLU by one of the three rules.

    Shape: signal and `passed`, which is True where the input was positive, are the same.
    """
    if rule != "gradient":
        signal = signal.relu()
    return signal if rule == "deconvnet" else signal * passed


def transposed_convolution(signal: Tensor, layer: nn.Conv2d, shape: torch.Size) -> Tensor:
    """Multiply by the transpose of the matrix of a convolution.

    Shape: signal (N, C_out, h, w), result `shape`, which is (N, C_in, H, W). Rows and columns of
    the input that no window read come out as zeros.
    """
    padding = cast("tuple[int, int]", layer.padding)
    if isinstance(layer.padding, str):
        raise expected("network", "paddings in pixels", layer)
    unread = [
        size - ((n - 1) * stride - 2 * pad + dilation * (kernel - 1) + 1)
        for size, n, stride, pad, dilation, kernel in zip(
            shape[2:], signal.shape[2:], layer.stride, padding, layer.dilation, layer.kernel_size,
            strict=True,
        )
    ]  # fmt: skip
    return F.conv_transpose2d(
        signal, layer.weight, None, layer.stride, padding, unread, layer.groups, layer.dilation
    )


def only_strongest(output: Tensor, maps: Tensor) -> Tensor:
    """Keep, for each image, the largest value of one map; set all others to zero.

    Shape: output (N, C, H, W), `maps` (N,) with the number of the map for each image; the result
    is like `output`.

    Raises:
        ValueError: not one map for each image.
    """
    if maps.shape != output.shape[:1]:
        raise ValueError(f"maps: expected shape ({len(output)},), got {tuple(maps.shape)}")
    rows = torch.arange(len(output), device=output.device)
    values, places = output[rows, maps].flatten(1).max(dim=1)
    kept = torch.zeros_like(output).flatten(2)
    kept[rows, maps, places] = values
    return kept.view(output.shape)


def deconvnet(
    network: nn.Sequential, x: Tensor, layer: str, maps: Tensor, rule: str = "deconvnet"
) -> Tensor:
    """Project, for each image, the strongest activation of one map of a layer to pixels.

    Shape: x (N, C, H, W), `maps` (N,), result like x.

    Raises:
        KeyError, ValueError: see `record`, `only_strongest` and `Recording.project`.
    """
    run = record(network, x, layer)
    return run.project(only_strongest(run.output, maps), rule)
