"""Pictures in few bytes, the same for the same pixels."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

DENSITY = 2.0  # pixels stored for each that a screen shows; a point is 4/3 of them
COLORS = 256  # that a palette holds
QUALITY = 82  # of a photograph


def encoded(picture: Image.Image, points: tuple[float, float]) -> tuple[str, bytes]:
    """Return a picture that is shown at this size as ("png" or "webp", bytes).

    Up to 256 colors are stored exactly, with a palette; more, as a photograph has, with a loss.
    """
    picture = picture.convert("RGBA")
    most = [max(1, round(side * 4 / 3 * DENSITY)) for side in points]
    if picture.width > most[0] and picture.height > most[1]:
        picture = picture.resize((most[0], most[1]), Image.Resampling.LANCZOS)
    pixels = np.asarray(picture)
    words, index = np.unique(pixels.view("<u4")[..., 0], return_inverse=True)
    colors = words.astype("<u4").view(np.uint8).reshape(-1, 4)
    opaque = bool((colors[:, 3] == 255).all())
    if opaque:
        pixels = pixels[..., :3]
    if len(colors) > COLORS:
        return "webp", _bytes(Image.fromarray(pixels), "WEBP", quality=QUALITY, method=6)
    found = [("webp", _bytes(Image.fromarray(pixels), "WEBP", lossless=True, quality=60))]
    gray = opaque and bool((colors[:, :3] == colors[:, :1]).all())
    if gray and len(colors) > 16:
        found.append(("png", _bytes(Image.fromarray(pixels[..., 0].copy()), "PNG", optimize=True)))
    else:
        flat = Image.fromarray(index.reshape(pixels.shape[:2]).astype(np.uint8), "P")
        flat.putpalette(colors[:, :3].tobytes())
        alpha = {} if opaque else {"transparency": colors[:, 3].tobytes()}
        found.append(("png", _bytes(flat, "PNG", optimize=True, **alpha)))
    return min(found, key=lambda kind: len(kind[1]))


def _bytes(picture: Image.Image, kind: str, **settings: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **settings)
    return file.getvalue()
