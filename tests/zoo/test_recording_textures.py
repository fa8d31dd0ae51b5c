"""Textures of every method are made, measured and recorded, without pictures."""

import pytest
import torch

from cnnhistory import zoo
from cnnhistory.graphics.texture.comparison import METHODS
from cnnhistory.graphics.texture.dcor import Texture
from cnnhistory.graphics.texture.features import RandomFilters
from cnnhistory.zoo import recipes, recording_textures
from cnnhistory.zoo.recipes import Spec, TextureRecipe
from cnnhistory.zoo.recording import record_run
from cnnhistory.zoo.recording_textures import by_kind


class Two:
    """Stripes and noise."""

    def read(self):
        line = (torch.arange(40) % 8 < 4).float().expand(3, 40, 40).contiguous()
        noise = torch.rand(3, 40, 40, generator=torch.Generator().manual_seed(0))
        return [Texture("stripes", line, "a" * 64), Texture("noise", noise, "b" * 64)]

    def describe(self):
        return {"name": "two", "content_hash": "c" * 64}


TINY = TextureRecipe(
    id="tiny_textures",
    methods={
        "quilting": {"patch": 16},
        "random": {"maps": 4, "sizes": [3, 7]},
        "gram": {},
        "correlations": {"layer": 1, "structure": 10.0},
    },
    evaluations=3,
    blocks=1,
    data=Spec(f"{__name__}.Two"),
    seeds=(0, 1),
)


@pytest.fixture
def small(folder, monkeypatch):
    monkeypatch.setitem(recipes.RECIPES, TINY.id, TINY)
    monkeypatch.setattr(Spec, "build", lambda self: Two())
    monkeypatch.setattr(recording_textures, "extractor_of", lambda blocks: RandomFilters(4, (3, 7)))


def test_textures_are_measured_and_recorded(small, tmp_path):
    lines = []
    record_run(TINY.id, directory=tmp_path / "runs", say=lines.append)
    record = zoo.record(TINY.id)
    assert [result.inputs for result in record.results] == [
        {"stripes": "a" * 64}, {"noise": "b" * 64}
    ]  # fmt: skip
    assert set(record.results[0].details["seconds"]) == set(METHODS)
    assert record.values("quilting_held_out")[0] < record.values("noise_held_out")[0]
    assert lines[0].startswith("tiny_textures seed 0, stripes: autocorrelation distance quilting ")
    kinds = by_kind(record, "gram", "gram")
    assert list(kinds) == ["stochastic", "near-regular", "regular"]
    assert kinds["regular"] == [record.values("gram_gram")[0]]
    assert len(kinds["stochastic"]) == 1
    # nothing is left to do
    with pytest.raises(ValueError, match="none: all are recorded"):
        record_run(TINY.id, directory=tmp_path / "runs", resume=True)
