import io
import struct
import zipfile
from contextlib import suppress

import numpy as np
import pytest
from PIL import Image

from cnnhistory.data.fetch import DataFileError
from cnnhistory.data.files.arrays import decoded, picture_files, read_arrays


def npz(tmp_path, **arrays):
    path = tmp_path / "a.npz"
    np.savez_compressed(path, **arrays)
    return path


def test_arrays_by_name(tmp_path):
    boxes = np.arange(8.0, dtype=np.float32).reshape(2, 4)
    columns = np.asfortranarray(boxes)
    names = np.array(["one", "two"])
    path = npz(tmp_path, boxes=boxes, columns=columns, names=names, other=np.zeros(9))
    found = read_arrays(path, {"boxes": ("f", 32), "columns": ("f", 32), "names": ("U", 99)})
    assert set(found) == {"boxes", "columns", "names"}
    assert np.array_equal(found["boxes"], boxes)
    assert np.array_equal(found["columns"], boxes)
    assert found["names"].tolist() == ["one", "two"]


def test_an_array_without_anything_in_it(tmp_path):
    found = read_arrays(npz(tmp_path, a=np.zeros((0, 4))), {"a": ("f", 0)})
    assert found["a"].shape == (0, 4)


def test_nothing_is_unpickled(tmp_path):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "proof"), "w"))

    path = npz(tmp_path, a=np.array([Evil()], dtype=object))
    with pytest.raises(DataFileError, match=r"a in .*: expected type O, got object"):
        read_arrays(path, {"a": ("O", 10_000)})
    assert not (tmp_path / "proof").exists()


def test_a_large_array_is_refused_before_it_is_unpacked(tmp_path):
    path = npz(tmp_path, a=np.zeros(10_000_000))
    assert path.stat().st_size < 100_000
    with pytest.raises(DataFileError, match=r"a in .*: expected at most 800 bytes, got 80,000,128"):
        read_arrays(path, {"a": ("f", 800)})


@pytest.mark.parametrize("shape", ["(10000000000000,)", "(-1, 3)", "(3,)", "(2**70,)", "'x'"])
def test_a_shape_that_lies(tmp_path, shape):
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    content = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + b"12"
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("a.npy", content)
    with pytest.raises(DataFileError, match="is damaged"):
        read_arrays(path, {"a": ("u1", 100)})


def test_flipped_bytes(tmp_path):
    path = npz(tmp_path, a=np.arange(1000, dtype=np.uint8), b=np.arange(5))
    whole = path.read_bytes()
    for at in range(0, len(whole), 3):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x41]) + whole[at + 1 :])
        with suppress(DataFileError):  # no other error
            read_arrays(path, {"a": ("u1", 1000), "b": ("i", 40)})


def test_pictures_one_after_the_other():
    image = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "PNG")
    file = stream.getvalue()
    data = np.frombuffer(file * 2, np.uint8)
    files = list(picture_files(data, np.array([0, len(file), 2 * len(file)]), 2, "x"))
    assert [len(one) for one in files] == [len(file)] * 2
    assert np.array_equal(decoded(files[1], ("PNG",), (4, 4), "x"), image)
    with pytest.raises(DataFileError, match="x: expected 4x4 pixels, L, got 4x4, RGB"):
        decoded(file, ("PNG",), (4, 4), "x", "L")
    with pytest.raises(DataFileError, match="x is damaged, or no JPEG"):
        decoded(file, ("JPEG",), (4, 4), "x")
    with pytest.raises(DataFileError, match="x is damaged, or no JPEG or PNG"):
        decoded(file[:45], ("JPEG", "PNG"), (4, 4), "x")
