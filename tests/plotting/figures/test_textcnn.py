import pytest

from cnnhistory.plotting.figures.textcnn import sentence_network, word_bars


def test_every_place_of_a_window_is_drawn(drawn):
    shown = drawn(sentence_network(["a", "b", "c", "d"], (2, 3), ("no", "yes"), dim=5))
    # numbers, a window each, places 3 and 2, their largest, classes
    assert len(shown.boxes) == 4 * 5 + 2 + (3 + 2) + 2 + 2
    assert len(shown.arrows) == 2
    assert len(shown.lines) == 2 + 2 * 2
    assert {"a", "d", "no", "yes", "largest", "scores"} <= set(shown.texts)


@pytest.mark.parametrize("windows", [(), (5,), (0,), (1,) * 7])
def test_windows_that_do_not_fit_are_refused(windows):
    with pytest.raises(ValueError, match="windows: expected one to five, of 1 to 4 words, got"):
        sentence_network(["a"] * 4, windows, ("no",))


def test_bars_of_words():
    ax = word_bars(["not", "bad"], [0.5, -1.0])
    assert [bar.get_width() for bar in ax.patches] == [0.5, -1.0]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["not", "bad"]
    with pytest.raises(ValueError, match="changes: expected 2, one a word, and at least one, got"):
        word_bars(["a", "b"], [1.0])
