"""Pieces of photographs as examples of textures."""

from __future__ import annotations

import torch
from torch import Tensor

from cnnhistory._util.checks import check_counts
from cnnhistory._util.lookup import expected
from cnnhistory.data.pictures import read_picture


def sample(name: str, side: int = 128, step: int = 2) -> Tensor:
    """Return the upper left piece of a photograph, every `step`-th pixel of it.

    Shape: (3, side, side), values from 0 to 1.

    Raises:
        UnknownIdError: there is no picture of that name; a KeyError.
        ValueError: a number is below 1, or the picture is too small.

    >>> sample("gravel", side=16).shape
    torch.Size([3, 16, 16])
    """
    check_counts(side=side, step=step)
    picture = torch.tensor(read_picture(name)[::step, ::step][:side, :side])
    if picture.shape[:2] != (side, side):
        raise expected("side", f"at most {min(picture.shape[:2])}", side)
    return picture.permute(2, 0, 1).float().div(255).contiguous()
