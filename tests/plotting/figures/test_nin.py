import pytest

from cnnhistory.plotting.figures.nin import sliding_perceptron


def test_every_unit_every_map_and_every_link(drawn):
    ax = sliding_perceptron((5, 4, 3), inputs=2, kernel=3)
    shown = drawn(ax)
    maps, window, units, made = 2, 1, 5 + 4 + 3, 3 * 2
    assert len(shown.boxes) == maps + window + units + made
    assert len(shown.arrows) == 3 * 2
    assert len(ax.lines) == 3 * 5 + 5 * 4 + 4 * 3
    texts = [text.get_text() for text in ax.texts]
    assert texts.count("1×1") == 2
    assert texts.count("3×3") == 1
    assert [text for text in texts if text.startswith("score")] == [
        f"score of class {n}" for n in (1, 2, 3)
    ]


@pytest.mark.parametrize(("units", "inputs"), [((), 3), ((2, 0), 3), ((2,), 0)])
def test_layers_without_units_are_refused(units, inputs):
    with pytest.raises(ValueError, match="units, inputs: expected at least one each"):
        sliding_perceptron(units, inputs)
