"""What a picture of a texture has to be."""

from __future__ import annotations

from torch import Tensor

from cnnhistory._util.lookup import expected


def check_picture(name: str, picture: Tensor, smallest: int = 1) -> None:
    """Refuse what is not a picture with three channels.

    Shape: (3, H, W), H and W at least `smallest`.

    Raises:
        ValueError: it has another shape, is smaller, or has a number that is not finite.
    """
    if picture.dim() != 3 or picture.shape[0] != 3 or not picture.is_floating_point():
        raise expected(name, "(3, H, W) real numbers", tuple(picture.shape))
    if min(picture.shape[1:]) < smallest:
        raise expected(name, f"at least {smallest} pixels a side", tuple(picture.shape[1:]))
    if not picture.isfinite().all():
        raise expected(name, "finite numbers", "NaN or infinity")
