import pytest

from cnnhistory._util.lookup import UnknownIdError, check_one_of, expected, unknown_id


def test_the_nearest_ids_are_named():
    error = unknown_id("model", "LeNet-5", ["lenet5", "resnet18"], "list_models()")
    assert isinstance(error, KeyError)
    assert str(error) == (
        "unknown model 'LeNet-5'; did you mean 'lenet5'? list_models() gives all of them"
    )


def test_without_a_neighbor_what_there_is_is_named():
    assert (
        str(unknown_id("layer", "x", ["conv1", "fc"])) == "unknown layer 'x'; there are conv1, fc"
    )
    assert str(unknown_id("layer", "x", [])) == "unknown layer 'x'; there are none"
    assert str(unknown_id("layer", "x", map(str, range(100, 200)))).endswith("110, 111, ...")
    assert isinstance(unknown_id("layer", None, ["a"]), UnknownIdError)


def test_values_outside_are_refused():
    check_one_of("mode", "small", ("small", "full"))
    with pytest.raises(ValueError, match="mode: expected one of small, full, got 'big'"):
        check_one_of("mode", "big", ("small", "full"))
    assert str(expected("lr", "above 0", -1.0)) == "lr: expected above 0, got -1.0"
