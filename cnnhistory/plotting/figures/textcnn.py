"""TextCNN: from a sentence to its classes, and what each word of a sentence does."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from cnnhistory._util.checks import check_counts
from cnnhistory._util.lookup import expected
from cnnhistory.plotting.diagram import Pen, arrow, box, frame, line
from cnnhistory.plotting.style import COLORS, axes_or_new
from cnnhistory.plotting.svg import WIDEST

ROW, CELL = 0.36, 0.3  # height of a word, width of a number
_OUTLINE, _LINK = Pen(width=0.6, color="0.45"), Pen(width=0.7, color="0.45")


def sentence_network(
    words: Sequence[str], windows: Sequence[int], classes: Sequence[str], dim: int = 6,
    *, ax: Axes | None = None,
) -> Axes:  # fmt: skip
    """Draw a sentence as a plane of numbers, one filter of each window on it, and what follows.

    A row is a word. The column of a filter has a number for each place of its window; the largest
    one, drawn filled, goes into a vector, which all classes read. Zeros around are left out.

    Args:
        words: of the sentence.
        windows: how many words each filter reads, none more than there are.
        classes: names.
        dim: numbers of a word.
        ax: where to draw; default: a new figure.

    Raises:
        ValueError: no word, window or class, more windows than colors, or one that is too long.

    Source: kim2014convolutional, Figure 1.
    """
    check_counts(words=len(words), classes=len(classes), dim=dim)
    if not 1 <= len(windows) < len(COLORS) or not all(1 <= w <= len(words) for w in windows):
        raise expected("windows", f"one to five, of 1 to {len(words)} words", list(windows))
    ax = axes_or_new(ax, (WIDEST, 0.3 * len(words) + 0.7))
    tall, wide = ROW * len(words), CELL * dim
    for n, word in enumerate(words):
        y = -ROW * (n + 0.5)
        ax.text(-0.15, y, word, ha="right", va="center", fontsize=9)
        for k in range(dim):
            gray = 0.97 - 0.5 * ((7 * n + 5 * k) % 11) / 10  # stands for any numbers
            at = (CELL * (k + 0.5), y)
            box(ax, at, (CELL, ROW), face=str(gray), pen=_OUTLINE, zorder=1)
    x = wide + 1.6
    top = (len(windows) - 1) / 2
    found = x + 1.0 * len(windows) + 0.9
    for n, window in enumerate(windows):
        color, places = COLORS[n], len(words) - window + 1
        first = (2 * n + 1) % places  # the place that is strongest
        middle = -ROW * (first + window / 2)
        box(ax, (wide / 2, middle), (wide + 0.08, ROW * window), face="none",
            pen=Pen(color=color, width=2), zorder=3)  # fmt: skip
        column = x + 1.0 * n
        begin = -(tall - ROW * places) / 2
        for place in range(places):
            y = begin - ROW * (place + 0.5)
            face = color if place == first else "white"
            box(ax, (column, y), (CELL, ROW), face=face, pen=Pen(color=color, width=0.8))
        y = begin - ROW * (first + 0.5)
        line(ax, [(wide + 0.04, middle), (column - CELL / 2, y)], pen=Pen(color=color, width=0.9))
        end = -tall / 2 - (n - top) * 1.3 * ROW
        box(ax, (found, end), (CELL, ROW), face=color, pen=_OUTLINE)
        arrow(ax, (column + CELL / 2, y), (found - CELL / 2 - 0.04, end), pen=_LINK)
    last = found + 1.3
    for k, name in enumerate(classes):
        y = -tall / 2 - (k - (len(classes) - 1) / 2) * 1.6 * ROW
        box(ax, (last, y), (CELL, ROW), pen=Pen(width=0.9))
        ax.text(last + 0.25, y, name, ha="left", va="center", fontsize=9)
        for n in range(len(windows)):
            start = -tall / 2 - (n - top) * 1.3 * ROW
            line(ax, [(found + CELL / 2, start), (last - CELL / 2, y)], pen=_LINK)
    y = 0.3
    texts = ((wide / 2, "word vectors"), (x + 0.5 * (len(windows) - 1), "a number a place"))
    for middle_of, text in (*texts, (found, "largest"), (last, "scores")):
        ax.text(middle_of, y, text, ha="center", va="center", fontsize=9)
    left = 0.13 * max(map(len, words)) + 0.3
    return frame(ax, (-left, last + 1.2), (-tall - 0.15, 0.5))


def word_bars(words: Sequence[str], changes: Sequence[float], *, ax: Axes | None = None) -> Axes:
    """Draw a bar for each word of a sentence, to the right where it speaks for a class.

    Args:
        words: from the first to the last, drawn from above.
        changes: by how much the score falls without each of them.
        ax: where to draw; default: a new figure.

    Raises:
        ValueError: no word, or not as many changes as words.
    """
    if not words or len(words) != len(changes):
        raise expected("changes", f"{len(words)}, one a word, and at least one", len(changes))
    ax = axes_or_new(ax, (WIDEST / 2, 0.24 * len(words) + 0.7))
    colors = [COLORS[0] if change >= 0 else COLORS[1] for change in changes]
    ax.barh(range(len(words)), list(changes), color=colors, height=0.7)
    ax.axvline(0, color="gray", lw=0.8)
    ax.set_yticks(range(len(words)), list(words))
    ax.invert_yaxis()
    ax.grid(visible=False, axis="y")
    return ax
