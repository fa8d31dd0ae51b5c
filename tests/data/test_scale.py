import pytest

from cnnhistory.data import scale


def test_small_is_the_default(monkeypatch):
    assert scale.current() == "small"
    monkeypatch.setenv("CNNHISTORY_SCALE", "")
    assert scale.current() == "small"


def test_the_environment_switches_everything(monkeypatch):
    assert scale.pick(small=1, full=2) == 1
    assert scale.describe().startswith("Scale: small (")
    assert "CNNHISTORY_SCALE=full" in scale.describe()
    monkeypatch.setenv("CNNHISTORY_SCALE", "full")
    assert scale.current() == "full"
    assert scale.pick(small=1, full=2) == 2
    assert scale.describe().startswith("Scale: full (")
    assert "CNNHISTORY_SCALE=small" in scale.describe()
    assert "\n" not in scale.describe()
    assert len(scale.describe()) <= 44  # what a page shows of a line at 390 pixels


@pytest.mark.parametrize("value", ["Full", "medium", " small", "1"])
def test_another_word_is_an_error(monkeypatch, value):
    monkeypatch.setenv("CNNHISTORY_SCALE", value)
    with pytest.raises(ValueError, match=f"SCALE: expected one of small, full, got {value!r}"):
        scale.current()
    with pytest.raises(ValueError, match=f"scale: expected one of small, full, got {value!r}"):
        scale.check(value)
