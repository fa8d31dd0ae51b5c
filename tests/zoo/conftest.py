import pytest

from cnnhistory.zoo import store


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty zoo."""
    monkeypatch.setattr(store, "FOLDER", tmp_path / "zoo")
    return store.FOLDER
