import pytest
import torch

from cnnhistory.data.pictures import read_picture
from cnnhistory.graphics.texture.samples import sample


def test_a_sample_is_every_second_pixel():
    piece = sample("brick", side=100)
    assert piece.shape == (3, 100, 100)
    assert piece.is_contiguous()
    photograph = torch.tensor(read_picture("brick"))
    torch.testing.assert_close(piece[:, 3, 5], photograph[6, 10] / 255)


def test_wrong_samples_are_refused():
    with pytest.raises(ValueError, match="side: expected at most 256, got 257"):
        sample("brick", side=257)
    with pytest.raises(ValueError, match="step: expected"):
        sample("brick", step=0)
    with pytest.raises(KeyError, match="unknown picture"):
        sample("bricks")
