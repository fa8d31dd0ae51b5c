"""Data modules of shapes: made up for small mode, the meshes of ModelNet40 for full mode."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import torch

from cnnhistory._util.lookup import check_integer, expected
from cnnhistory.data import fetch
from cnnhistory.data.memory import InMemoryDataModule
from cnnhistory.data.split import Part, Parts
from cnnhistory.data.tensors import ShuffledSampler
from cnnhistory.graphics.octree.keys import DEEPEST
from cnnhistory.graphics.octree.off import read_off
from cnnhistory.graphics.octree.packed import PackedClouds, pack
from cnnhistory.graphics.octree.points import sample_mesh
from cnnhistory.graphics.octree.sets import ShapeSet, TurnedShapes
from cnnhistory.graphics.octree.shapes import FAMILIES, make_shape


@dataclass(kw_only=True, eq=False)
class MadeUpShapes(InMemoryDataModule[ShapeSet]):
    """Things of twelve families, put together from solids; see `make_shape`.

    Everybody has the same things: the k-th of a family and part is made from these three numbers.

    Args:
        batch_size: of each process.
        seed: of the order of the training shapes, with the epoch.
        num_workers: of the data loaders.
        depth: of the octrees.
        parts: the targets are the parts of the occupied octants, not the classes of the shapes.
        points: of a shape, before holes.
        train: training shapes of a family.
        val: validation shapes of a family.
        test: test shapes of a family.

    Raises:
        ValueError: an argument is out of range.
    """

    num_classes: ClassVar[int] = len(FAMILIES)
    classes: ClassVar[tuple[str, ...]] = tuple(FAMILIES)

    batch_size: int = 32
    depth: int = 5
    parts: bool = False
    points: int = 1500
    train: int = 30
    val: int = 10
    test: int = 30

    def __post_init__(self) -> None:
        super().__post_init__()
        check_integer("depth", self.depth, 2, DEEPEST)
        for name in ("points", "train", "test"):
            check_integer(name, getattr(self, name), 1)
        check_integer("val", self.val, 0)

    @property
    def val_size(self) -> int:
        """Number of validation shapes."""
        return self.val * len(FAMILIES)

    def read(self) -> Parts:
        """The three parts, packed."""
        sizes = {"train": self.train, "val": self.val, "test": self.test}
        found = {}
        for number, (part, size) in enumerate(sizes.items()):
            clouds = list(_made(number, size, self.points))
            labels = np.repeat(np.arange(len(FAMILIES), dtype=np.uint8), size)
            found[part] = Part(clouds, labels)
        return found

    def to_set(self, part: Part) -> ShapeSet:
        """The shapes of a part, made to octrees when they are read."""
        labels = torch.from_numpy(np.asarray(part.targets).astype(np.int64))
        return ShapeSet(PackedClouds(part.inputs), labels, self.depth, self.parts)

    def about(self) -> dict[str, str | int]:
        """Name, scale, source, license and bytes to download."""
        return {
            "name": "made-up shapes of 12 families",
            "scale": "small",
            "source": "made by cnnhistory.graphics.octree.shapes",
            "license": "MIT",
            "download_bytes": 0,
        }


@functools.lru_cache(maxsize=6)  # modules of other depths have the same shapes
def _made(number: int, size: int, points: int) -> tuple[npt.NDArray[np.int16], ...]:
    """Return `size` packed shapes of each family, for the part with this number."""
    return tuple(
        pack(make_shape(name, np.random.default_rng([number, family, k]), points))
        for family, name in enumerate(FAMILIES)
        for k in range(size)
    )


@dataclass(kw_only=True, eq=False)
class ModelNet40(InMemoryDataModule[ShapeSet]):
    """The 12,311 meshes of 40 classes of ModelNet40, for full mode.

    Of each mesh `points` random points are taken, the same ones each time; it is moved and scaled
    to the box. Training shapes come in a random one of twelve poses around the vertical. Reading
    all meshes takes some minutes.

    The folder of the unpacked archive ModelNet40.zip (modelnet.cs.princeton.edu) is looked for at
    `root`/ModelNet40, else `$CNNHISTORY_DATA`/ModelNet40; it is not downloaded.

    Args:
        batch_size: of each process.
        seed: of the order and the poses of the training shapes, with the epoch.
        num_workers: of the data loaders.
        root: the folder with ModelNet40.
        depth: of the octrees.
        points: of a shape.
        val_size: training shapes that are kept for validation, chosen by their contents.
        augment: turn the training shapes.

    Raises:
        ValueError: an argument is out of range.
        FileNotFoundError: the folder, or one of its parts, is not there.

    Source: wu2015shapenets; wang2017ocnn, Section 5.1.
    """

    folder: ClassVar[str] = "ModelNet40"

    batch_size: int = 32
    root: str | None = None
    depth: int = 5
    points: int = 5000
    val_size: int = 0
    augment: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        check_integer("depth", self.depth, 2, DEEPEST)
        check_integer("points", self.points, 1)
        check_integer("val_size", self.val_size, 0)
        self.classes: tuple[str, ...] = ()  # known when the folder was read

    @property
    def num_classes(self) -> int:
        """Number of classes, once the data were read."""
        self.setup()
        return len(self.classes)

    def read(self) -> Parts:
        """The meshes as packed points."""
        base = Path(self.root) if self.root is not None else fetch.mirror_dir()
        if base is None or not (base / self.folder).is_dir():
            place = "a folder in `root` or CNNHISTORY_DATA" if base is None else str(base)
            raise FileNotFoundError(
                f"no {self.folder} in {place}; unpack {self.folder}.zip of"
                " modelnet.cs.princeton.edu there"
            )
        folder = base / self.folder
        self.classes = tuple(sorted(path.name for path in folder.iterdir() if path.is_dir()))
        parts: Parts = {}
        for part in ("train", "test"):
            files = [
                (path, label)
                for label, name in enumerate(self.classes)
                for path in sorted((folder / name / part).glob("*.off"))
            ]
            if not files:
                raise FileNotFoundError(f"no .off files in {folder}/*/{part}")
            labels = np.array([label for _, label in files], np.uint8)
            parts[part] = Part([self._points(path) for path, _ in files], labels)
        return with_validation(parts, self.val_size, self.seed)

    def _points(self, path: Path) -> np.ndarray:
        vertices, faces = read_off(path)
        seed = int.from_bytes(hashlib.sha256(path.name.encode()).digest()[:7], "big")
        generator = torch.Generator().manual_seed(seed)
        cloud = sample_mesh(vertices, faces, self.points, generator=generator, drop_degenerate=True)
        return pack(cloud.in_the_box(turning=True))

    def to_set(self, part: Part) -> ShapeSet:
        """The shapes of a part, made to octrees when they are read."""
        labels = torch.from_numpy(np.asarray(part.targets).astype(np.int64))
        return ShapeSet(PackedClouds(part.inputs), labels, self.depth)

    def training_items(self, sampler: ShuffledSampler) -> ShapeSet:
        """The training shapes, turned where that is asked for."""
        return TurnedShapes(self.train_set, sampler) if self.augment else self.train_set

    def about(self) -> dict[str, str | int]:
        """Name, scale, source, license and bytes to download."""
        return {
            "name": self.folder,
            "scale": "full",
            "source": "modelnet.cs.princeton.edu",
            "license": "for research",
            "download_bytes": 0,
        }


def with_validation(parts: Parts, size: int, seed: int = 0) -> Parts:
    """Hold some training shapes out, chosen by the hash of their contents.

    Raises:
        ValueError: as many as there are, or more.
    """
    train = parts["train"]
    if size >= len(train.targets):
        raise expected("val_size", f"below {len(train.targets)}", size)
    keys = [
        hashlib.sha256(f"{seed}:".encode() + np.asarray(item).tobytes()).digest()
        for item in train.inputs
    ]
    order = sorted(range(len(keys)), key=keys.__getitem__)
    return {
        "train": train.take(sorted(order[size:])),
        "val": train.take(sorted(order[:size])),
        "test": parts["test"],
    }
