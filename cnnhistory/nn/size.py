"""Sizes: what a layer makes of an image, what a narrower network has, what a network accepts."""

from torch import Tensor


def window_count(
    size: int, kernel: int, stride: int = 1, padding: int = 0, ceil: bool = False
) -> int:
    """Return how many windows fit along one axis of an image, 0 or less where none does.

    floor((size + 2 padding - kernel) / stride) + 1. With `ceil` a last window may reach over the
    edge: the division rounds up.

    >>> window_count(227, kernel=11, stride=4), window_count(54, kernel=3, stride=2, ceil=True)
    (55, 27)
    """
    free = size + 2 * padding - kernel
    return (-(-free // stride) if ceil else free // stride) + 1


def scaled(count: int, width: float, multiple: int = 1) -> int:
    """Return `width` times a number of maps or units: the nearest multiple, at least one.

    >>> scaled(96, 1 / 8), scaled(96, 0.01, multiple=2)
    (12, 2)

    Raises:
        ValueError: `width` is not positive.
    """
    if not width > 0:
        raise ValueError(f"width: expected a positive factor, got {width}")
    return max(1, round(count * width / multiple)) * multiple


def check_images(
    x: Tensor, channels: int, size: int | None = None, *, at_least: int = 1, hint: str = ""
) -> None:
    """Refuse what is not a batch of images that a network can take.

    Args:
        x: the input of the network.
        channels: how many channels an image has.
        size: height and width; default: any, if they are not below `at_least`.
        at_least: smallest height and width, for networks that take any size.
        hint: what to do, for the end of the message.

    Raises:
        ValueError: the shape is not (N, channels, size, size).
    """
    if x.dim() == 4 and x.shape[1] == channels:
        height, width = x.shape[2:]
        if (height == width == size) if size else (height >= at_least and width >= at_least):
            return
    wanted = f"{size}, {size})" if size else f"H, W) with H and W at least {at_least}"
    raise ValueError(
        f"x: expected a batch of images of shape (N, {channels}, {wanted}, got {tuple(x.shape)}"
        + (f"; {hint}" if hint else "")
    )
