"""Pictures of the chapter on fluids."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from torch import Tensor

from cnnhistory._util.lookup import expected
from cnnhistory.plotting.style import COLORS, axes_or_new


def film_strip(
    frames: Sequence[Tensor], solid: Tensor, titles: Sequence[str] = (), *, ax: Axes | None = None
) -> Axes:
    """Draw pictures of smoke side by side, as on a film, with obstacles in color.

    Shape: frames (H, W), solid (H, W), truth values.

    Units: smoke from 0, white, to 1 and above, black.

    Raises:
        ValueError: no frame, frames of other sizes than the obstacles, or another number of titles.
    """
    if not frames or any(frame.shape != solid.shape for frame in frames):
        shapes = [tuple(frame.shape) for frame in frames]
        raise expected("frames", f"at least one of {tuple(solid.shape)}", shapes)
    if titles and len(titles) != len(frames):
        raise expected("titles", str(len(frames)), len(titles))
    height, width = solid.shape
    gap = max(1, width // 16)
    color = np.array([int(COLORS[1][n : n + 2], 16) / 255 for n in (1, 3, 5)])
    strip = np.ones((height, len(frames) * (width + gap) - gap, 3))
    for number, frame in enumerate(frames):
        shade = 1 - frame.detach().clamp(0, 1).numpy()
        picture = np.repeat(shade[..., None], 3, 2)
        picture[solid.numpy()] = color
        start = number * (width + gap)
        strip[:, start : start + width] = picture
    inches = 7.0
    ax = axes_or_new(ax, (inches, inches * height / strip.shape[1] + (0.25 if titles else 0)))
    ax.imshow((255 * strip).astype(np.uint8), interpolation="nearest")
    for number, title in enumerate(titles):
        middle = number * (width + gap) + width / 2
        ax.text(middle, -0.02 * height, title, ha="center", va="bottom", fontsize=9)
    ax.set_axis_off()
    return ax
