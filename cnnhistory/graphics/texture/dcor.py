"""The textures that the authors of deep correlations collected, as squares of one size."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from cnnhistory._util.lookup import check_integer
from cnnhistory.data import fetch


@dataclass(frozen=True)
class Texture:
    """One texture: its file's name, its picture, and the SHA-256 of the file.

    Shape: picture (3, side, side), values from 0 to 1.
    """

    name: str
    picture: Tensor
    sha256: str


@dataclass(frozen=True, kw_only=True)
class CollectedTextures:
    """62 textures, regular ones and others: of each the square in the middle, made smaller.

    The file `textures_dcor/data.npz` is looked for in `root`, else in `$CNNHISTORY_DATA`; it is not
    downloaded.

    Args:
        side: of the squares.
        root: the folder with textures_dcor.

    Units: `side` in pixels.

    Raises:
        ValueError: `side` is out of range.
        FileNotFoundError: the file is not there.

    Source: sendik2017deep, the folder of examples beside the authors' program.
    """

    side: int = 96
    root: str | None = None

    def __post_init__(self) -> None:
        check_integer("side", self.side, 16, 128)  # the narrowest picture has 128 pixels

    def read(self) -> list[Texture]:
        """Return all textures in the order of the file."""
        from PIL import Image

        path = fetch.mirror_file("textures_dcor/data.npz", self.root)
        found = []
        with np.load(path, allow_pickle=False) as stored:
            data, offsets, names = (stored[key] for key in ("data", "offsets", "names"))
        for name, start, end in zip(names, offsets[:-1], offsets[1:], strict=True):
            content = data[start:end].tobytes()
            with Image.open(io.BytesIO(content), formats=("JPEG", "PNG")) as opened:
                image = opened.convert("RGB")
            least = min(image.size)
            left, top = (image.width - least) // 2, (image.height - least) // 2
            square = image.crop((left, top, left + least, top + least))
            small = square.resize((self.side, self.side), Image.Resampling.LANCZOS)
            picture = torch.tensor(np.asarray(small)).permute(2, 0, 1).float() / 255
            sha256 = hashlib.sha256(content).hexdigest()
            found.append(Texture(str(name), picture.contiguous(), sha256))
        return found

    def describe(self) -> dict[str, Any]:
        """Return what identifies the textures: the name, how many, a hash of their files."""
        textures = self.read()
        digest = hashlib.sha256("".join(one.sha256 for one in textures).encode())
        return {
            "name": f"the textures of deep correlations, {self.side} pixels a side",
            "source": "github.com/omrysendik/DCor",
            "test": len(textures),
            "content_hash": digest.hexdigest(),
        }
