"""Saliency: the gradient of a class score with respect to the pixels."""

import torch
from torch import Tensor, nn

from cnnhistory._util.modes import modes_kept


def saliency(network: nn.Module, x: Tensor, targets: Tensor) -> Tensor:
    """Return how strongly each pixel moves the score of a class.

    max over channels c of |d S_target / d x_c|, with S the scores before the softmax. Every
    module is left in the mode it was in, and the parameters get no gradient.

    Shape: x (N, C, H, W), targets (N,), result (N, H, W).

    Raises:
        ValueError: not one target for each image.

    Source: simonyan2014deep, Section 3.
    """
    if targets.shape != x.shape[:1]:
        raise ValueError(f"targets: expected shape ({len(x)},), got {tuple(targets.shape)}")
    with modes_kept(network), torch.enable_grad():
        pixels = x.detach().clone().requires_grad_()
        # Images do not influence each other, so the sum has the gradient of each.
        scores = network.eval()(pixels).gather(1, targets[:, None]).sum()
        (gradient,) = torch.autograd.grad(scores, pixels)
    return gradient.abs().amax(dim=1)
