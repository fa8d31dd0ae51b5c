import hashlib
import io
import os

import numpy as np
import pytest
import torch
from PIL import Image

from cnnhistory.graphics.texture.dcor import CollectedTextures
from cnnhistory.graphics.texture.measures import kind_of, regularity


@pytest.fixture
def root(tmp_path):
    """A folder with two pictures: 40 x 60, whose middle square is white, and 32 x 32."""
    wide = np.zeros((40, 60, 3), np.uint8)
    wide[:, 10:50] = 255
    files = []
    for array in (wide, np.full((32, 32), 51, np.uint8)):
        stream = io.BytesIO()
        Image.fromarray(array).save(stream, "png")
        files.append(stream.getvalue())
    (tmp_path / "textures_dcor").mkdir()
    np.savez(
        tmp_path / "textures_dcor" / "data.npz",
        data=np.frombuffer(b"".join(files), np.uint8),
        offsets=np.cumsum([0, *map(len, files)]),
        names=np.array(["wide.png", "gray.png"]),
    )
    return tmp_path, files


def test_squares_from_the_middle(root):
    folder, files = root
    data = CollectedTextures(side=16, root=str(folder))
    first, second = data.read()
    assert (first.name, second.name) == ("wide.png", "gray.png")
    assert first.picture.shape == (3, 16, 16)
    assert first.picture.min() == 1
    torch.testing.assert_close(second.picture, torch.full((3, 16, 16), 0.2))
    hashes = [hashlib.sha256(content).hexdigest() for content in files]
    assert [first.sha256, second.sha256] == hashes
    described = data.describe()
    assert described["test"] == 2
    assert described["content_hash"] == hashlib.sha256("".join(hashes).encode()).hexdigest()


def test_where_there_are_none(tmp_path, monkeypatch):
    monkeypatch.setenv("CNNHISTORY_DATA", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"textures_dcor/data\.npz: name the folder"):
        CollectedTextures().read()
    with pytest.raises(ValueError, match="side: expected"):
        CollectedTextures(side=200)


@pytest.mark.slow
def test_all_62():
    if "CNNHISTORY_DATA" not in os.environ:
        pytest.skip("needs whole data sets: set CNNHISTORY_DATA to a folder with them")
    textures = CollectedTextures().read()
    kinds = [kind_of(regularity(one.picture)) for one in textures]
    counts = {kind: kinds.count(kind) for kind in kinds}
    assert counts == {"stochastic": 20, "near-regular": 22, "regular": 20}
