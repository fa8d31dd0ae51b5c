"""Photographs and textures that come with the installed packages."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cnnhistory._util.lookup import unknown_id

# name: package, folder, file
PICTURES = {
    "astronaut": ("skimage", "data", "astronaut.png"),
    "cat": ("skimage", "data", "chelsea.png"),
    "coffee": ("skimage", "data", "coffee.png"),
    "rocket": ("skimage", "data", "rocket.jpg"),
    "galaxies": ("skimage", "data", "hubble_deep_field.jpg"),
    "tissue": ("skimage", "data", "ihc.png"),
    "retina": ("skimage", "data", "retina.jpg"),
    "temple": ("sklearn", "datasets/images", "china.jpg"),
    "flower": ("sklearn", "datasets/images", "flower.jpg"),
    "cameraman": ("skimage", "data", "camera.png"),
    "coins": ("skimage", "data", "coins.png"),
    "cell": ("skimage", "data", "cell.png"),
    "page": ("skimage", "data", "page.png"),
    "brick": ("skimage", "data", "brick.png"),
    "grass": ("skimage", "data", "grass.png"),
    "gravel": ("skimage", "data", "gravel.png"),
}


def read_picture(name: str) -> npt.NDArray[np.uint8]:
    """One of the sixteen pictures, gray ones with three equal channels.

    Shape: (H, W, 3).

    Raises:
        UnknownIdError: there is no picture of that name; a KeyError.
        FileNotFoundError: its package, or the file in it, is not there.
    """
    from PIL import Image

    with Image.open(picture_path(name), formats=("PNG", "JPEG")) as image:
        return np.asarray(image.convert("RGB"))


def picture_path(name: str) -> Path:
    """The file of one of the sixteen pictures inside its installed package.

    Raises:
        UnknownIdError: there is no picture of that name; a KeyError.
        FileNotFoundError: its package, or the file in it, is not there.
    """
    if name not in PICTURES:
        raise unknown_id("picture", name, PICTURES)
    package, folder, file = PICTURES[name]
    spec = importlib.util.find_spec(package)
    for place in (spec.submodule_search_locations or []) if spec else []:
        path = Path(place, folder, file)
        if path.is_file():
            return path
    distribution = {"skimage": "scikit-image", "sklearn": "scikit-learn"}[package]
    raise FileNotFoundError(
        f"the picture {file} comes with {distribution}, and is not there. Run:"
        f" python -m pip install --force-reinstall --no-deps {distribution}"
    )
