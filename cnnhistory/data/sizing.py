"""Size normalization: every digit scaled to the same box, whatever its size was on paper.

Source: lecun1989backprop, Section 2.2; lecun1990handwritten.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

CHUNK = 4096  # images scaled at a time, so that the weights of all fit in little memory


def normalize_size(images: npt.NDArray[np.uint8], side: int) -> npt.NDArray[np.uint8]:
    """The ink of each image, scaled so that its longer side fills a square of `side` pixels.

    The smallest box that holds the ink is widened to a square about its center, and the square
    mapped linearly onto `side` x `side` pixels; so the aspect ratio stays. A pixel of the result
    is the mean of the input over the area that it covers,

        y[i, j] = sum over r, c of R[i, r] x[r, c] C[j, c],

    where R[i, r] is the share of output row i that input row r fills, and C[j, c] likewise for
    columns. The result has gray levels even where the input is black and white. What lies outside
    the image is background; an image without ink stays empty.

    Shape: images (N, H, W) in, (N, side, side) out.

    Units: 0 is the background, 255 full ink; means are rounded to the nearest integer.

    Raises:
        ValueError: `images` is not (N, H, W) of bytes, or `side` is below 1.

    Source: lecun1989backprop, Section 2.2.

    Deviations: the paper does not say how the linear map samples the image; the mean over an area
    is ours, and so is the place of the shorter side, the middle.
    """
    if images.ndim != 3 or images.dtype != np.uint8:
        raise ValueError(
            f"images: expected bytes of shape (N, H, W), got {images.dtype} of {images.shape}"
        )
    if side < 1:
        raise ValueError(f"side: expected at least 1, got {side}")
    parts = [_normalized(images[k : k + CHUNK], side) for k in range(0, len(images), CHUNK)]
    return np.concatenate(parts) if parts else np.zeros((0, side, side), np.uint8)


def _normalized(images: npt.NDArray[np.uint8], side: int) -> npt.NDArray[np.uint8]:
    ink = images > 0
    top, bottom = _extent(np.any(ink, axis=2))
    left, right = _extent(np.any(ink, axis=1))
    square = np.maximum(bottom - top, right - left)
    rows = _shares((top + bottom - square) / 2, square, images.shape[1], side)
    columns = _shares((left + right - square) / 2, square, images.shape[2], side)
    means = rows @ images.astype(np.float64) @ columns.transpose(0, 2, 1)
    # Half a thousandth up: a mean of 0.5 that rounding made 0.4999... counts as 0.5 everywhere.
    return np.floor(means + 0.5005).clip(0, 255).astype(np.uint8)


def _extent(inked: npt.NDArray[Any]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """First inked line and the one after the last, for each image; all lines where none is."""
    size = inked.shape[1]
    first = inked.argmax(axis=1)
    last = size - inked[:, ::-1].argmax(axis=1)
    return first, last


def _shares(
    start: npt.NDArray[np.float64], length: npt.NDArray[np.int64], size: int, side: int
) -> npt.NDArray[np.float64]:
    """(N, side, size): the share of each of `side` equal parts that each input line fills."""
    part = length[:, None, None] / side
    low = start[:, None, None] + part * np.arange(side)[:, None]
    line = np.arange(size)
    covered = np.minimum(low + part, line + 1) - np.maximum(low, line)
    return covered.clip(0) / part
