"""Activations and their derivatives as curves."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from matplotlib.axes import Axes
from torch import Tensor

from cnnhistory._util.lookup import expected
from cnnhistory.plotting.labels import label_lines
from cnnhistory.plotting.style import axes_or_new, looks

POINTS = 240  # an even number: none of them is 0, where a derivative may jump


def activation_curves(
    functions: Mapping[str, Callable[[Tensor], Tensor]],
    *,
    slope: bool = False,
    reach: float = 4.0,
    ax: Axes | None = None,
) -> Axes:
    """Draw functions of one number, or with `slope` their derivatives.

    Args:
        functions: by name.
        slope: draw derivatives.
        reach: the curves go from -reach to reach.
        ax: where to draw; default: a new figure.

    Raises:
        ValueError: no function, more than there are colors, or a reach that is not positive.
    """
    if not 0 < reach < float("inf"):
        raise expected("reach", "a positive number", reach)
    styles = looks(functions, "functions")
    ax = axes_or_new(ax, (7, 3))
    for name, function in functions.items():
        x = torch.linspace(-reach, reach, POINTS).requires_grad_()
        y = function(x)
        if slope:
            (y,) = torch.autograd.grad(y.sum(), x)
        ax.plot(x.detach(), y.detach(), color=styles[name]["color"], lw=1.6, label=name)
    ax.set(xlabel="x", ylabel="f'(x)" if slope else "f(x)", xlim=(-reach, reach))
    return label_lines(ax)
