"""Sizes: what a layer makes of an image, what a narrower network has, what a network accepts."""

from collections.abc import Callable, Sequence
from itertools import count

from torch import Tensor

from cnnhistory._util.checks import check_finite
from cnnhistory._util.lookup import check_integer, expected


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


def last_side(image_size: int, side_of: Callable[[int], int]) -> int:
    """Return what `side_of` an image size is left of an image by the layers of a network.

    >>> last_side(32, lambda size: size // 32)
    1

    Raises:
        ValueError: nothing is left; the message has the smallest size of which something is.
    """
    side = side_of(image_size) if isinstance(image_size, int) and image_size > 0 else 0
    if side < 1:
        smallest = next(size for size in count(1) if side_of(size) > 0)
        raise expected("image_size", f"at least {smallest}", image_size)
    return side


def scaled(number: int, width: float, multiple: int = 1) -> int:
    """Return `width` times a number of maps or units: the nearest multiple, at least one.

    >>> scaled(96, 1 / 8), scaled(96, 0.01, multiple=2)
    (12, 2)

    Raises:
        ValueError: `width` is not positive.
    """
    check_finite("width", width, positive=True)
    return max(1, round(number * width / multiple)) * multiple


def last_halvings(strides: Sequence[int], halvings: int) -> list[int]:
    """Return strides of which the last `halvings` twos are left; those before become 1.

    So a network for large images halves the side of small ones less often.

    >>> last_halvings((2, 1, 2, 2), 1)
    [1, 1, 1, 2]

    Raises:
        ValueError: `halvings` is not a whole number from 0 to as many as there are.
    """
    check_integer("halvings", halvings, 0, strides.count(2))
    left_out, new = strides.count(2) - halvings, []
    for stride in strides:
        new.append(1 if stride == 2 and left_out > 0 else stride)
        left_out -= stride == 2
    return new


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


def check_scores(scores: Tensor) -> None:
    """Refuse what is not the scores of at least one item and two classes: their mean would be NaN.

    Raises:
        ValueError: the shape is not (N, K) with N at least 1 and K at least 2.
    """
    if scores.dim() != 2 or scores.shape[0] == 0 or scores.shape[1] < 2:
        raise ValueError(f"scores: expected shape (N, classes), got {tuple(scores.shape)}")


def check_maps(x: Tensor, channels: int, *, even: bool = False) -> None:
    """Refuse maps that a layer cannot take.

    Args:
        x: the input of the layer, (N, C, H, W).
        channels: how many maps it expects.
        even: whether height and width have to be even.

    Raises:
        ValueError: another number of maps, or an odd height or width.
    """
    if x.shape[1] != channels:
        raise ValueError(f"input: expected {channels} maps, got {x.shape[1]}")
    if even and (x.shape[2] % 2 or x.shape[3] % 2):
        raise ValueError(f"input: expected even height and width, got {x.shape[2]}x{x.shape[3]}")
