"""Arrays of .npz files, and pictures that stand in one of them, one after the other.

What a file says of itself is checked before room is made for it: the size of an array before it
is unpacked, the format and the size of a picture before it is decoded. No object is unpickled,
and no format of pictures is opened but those that are asked for (some start programs).
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cnnhistory.data.files.cache import DataFileError

HEADER = 4096  # bytes that an array may need beside its content


def read_arrays(path: Path, wanted: Mapping[str, tuple[str, int]]) -> dict[str, npt.NDArray[Any]]:
    """Arrays of an .npz file by name; others are not looked at.

    Args:
        path: of the file.
        wanted: by name, the kinds that an array may have (such as "iuf", or "u1" for bytes
            alone) and how many bytes at most.

    Raises:
        DataFileError: the file is damaged, or an array is missing, of another kind or larger.
    """
    found = {}
    try:
        with zipfile.ZipFile(path) as file:
            sizes = {entry.filename: entry for entry in file.infolist()}
            for name, (kinds, most) in wanted.items():
                entry = sizes.get(f"{name}.npy")
                if entry is None:
                    raise DataFileError(f"{path} has no array {name}")
                if entry.file_size > most + HEADER:
                    raise DataFileError(
                        f"{name} in {path}: expected at most {most:,} bytes,"
                        f" got {entry.file_size:,}"
                    )
                if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                    raise DataFileError(f"{path} packs {name} by a method that is not read")
                with file.open(entry) as packed:
                    content = packed.read(most + HEADER + 1)
                found[name] = _array(content, name, kinds, path)
    except DataFileError:
        raise
    except Exception as error:  # the readers have no list of what a damaged file makes them raise
        raise DataFileError(f"{path} is damaged ({error})") from error
    return found


def _array(content: bytes, name: str, kinds: str, path: Path) -> npt.NDArray[Any]:
    stream = io.BytesIO(content)
    version = np.lib.format.read_magic(stream)
    read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(version)
    if read is None:
        raise ValueError(f"{name} has version {version}")
    shape, in_columns, dtype = read(stream)
    wrong = dtype.hasobject or (
        dtype != np.dtype(kinds) if kinds == "u1" else dtype.kind not in kinds
    )
    if wrong:
        raise DataFileError(f"{name} in {path}: expected type {kinds}, got {dtype}")
    count = 1
    for size in shape:
        count *= size
    if min(shape, default=0) < 0 or count * dtype.itemsize != len(content) - stream.tell():
        raise ValueError(f"{name} says it has shape {shape}, and its length is another")
    array = np.frombuffer(content, dtype, offset=stream.tell(), count=count)
    return array.reshape(shape, order="F" if in_columns else "C")


def picture_files(
    data: npt.NDArray[Any], offsets: npt.NDArray[Any], count: int, where: str
) -> Iterator[memoryview]:
    """The files that stand one after the other in `data`: i is `data[offsets[i]:offsets[i+1]]`.

    Shape: data (bytes,), offsets (count + 1,).

    Raises:
        DataFileError: the offsets do not divide the data into so many files.
    """
    if data.ndim != 1 or offsets.shape != (count + 1,):
        raise DataFileError(f"offsets in {where}: expected {count + 1}, got shape {offsets.shape}")
    ends = offsets.astype(np.int64)
    if ends[0] != 0 or ends[-1] != len(data) or (np.diff(ends) < 0).any():
        raise DataFileError(f"offsets in {where}: expected to rise from 0 to {len(data)}")
    raw = np.ascontiguousarray(data).data
    return (
        raw[begin:end] for begin, end in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)
    )


def decoded(
    file: memoryview | bytes,
    formats: Sequence[str],
    size: tuple[int, int],
    where: str,
    mode: str = "RGB",
) -> npt.NDArray[np.uint8]:
    """The pixels of an encoded picture of a known size.

    Shape: (height, width, 3) for the mode "RGB", (height, width) for "L"; `size` is
    (width, height).

    Raises:
        DataFileError: it is damaged, or of another format, size or mode.
    """
    from PIL import Image

    try:
        with Image.open(io.BytesIO(file), formats=list(formats)) as image:
            if image.size != size or image.mode != mode:
                raise DataFileError(
                    f"{where}: expected {size[0]}x{size[1]} pixels, {mode},"
                    f" got {image.size[0]}x{image.size[1]}, {image.mode}"
                )
            return np.asarray(image)
    except DataFileError:
        raise
    except Exception as error:  # as above
        names = " or ".join(formats)
        raise DataFileError(f"{where} is damaged, or no {names} ({error})") from error
