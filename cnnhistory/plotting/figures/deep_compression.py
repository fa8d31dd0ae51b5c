"""Deep Compression: its steps, codebooks, code words, and where the bytes go.

Curves by stage are drawn by `cnnhistory.plotting.curves.stage_curves`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from matplotlib.axes import Axes

from cnnhistory._util.lookup import expected
from cnnhistory.plotting.bars import stacked_bars
from cnnhistory.plotting.diagram import Pen, box, frame, line
from cnnhistory.plotting.style import COLORS, axes_or_new, looks
from cnnhistory.plotting.svg import WIDEST

GAP = 3.0  # between the drawings of `steps`, in cells
STRIP = 1.25  # height of a row of words, in cells
LETTER = 0.55  # width of a bit, in cells

Word = tuple[str, int]  # bits, and the number of their color: -1 for gray


def steps(
    weight: Sequence[Sequence[float]],
    codes: Sequence[Sequence[int]],
    streams: Mapping[str, Sequence[Word]],
    notes: Sequence[str],
    *,
    width: int = 26,
    ax: Axes | None = None,
) -> Axes:
    """Draw a weight matrix, what pruning leaves of it, its shared values, and the words written.

    Three matrices of cells side by side: all weights, darker where they are larger in magnitude;
    those that are left; those again, in one color for each shared value. Beside them the words of
    each stream, bit by bit, broken after `width` bits.

    Args:
        weight: rows of numbers.
        codes: for each weight the number of its shared value, -1 where it is pruned.
        streams: by name, each word as its bits and the number of its color, -1 for gray.
        notes: one line under each of the four drawings.
        width: bits in a line.
        ax: where to draw; default: a new figure.

    Raises:
        ValueError: not four notes, no weights, codes of another shape, more shared values than
            colors, or no bit in a line.
    """
    lengths = [len(row) for row in weight]
    if not lengths or lengths != [len(row) for row in codes]:
        raise expected("codes", f"rows of {lengths or 'some'} numbers", [len(row) for row in codes])
    if len(notes) != 4:
        raise expected("notes", "4", len(notes))
    if width < 1:
        raise expected("width", "at least 1", width)
    used = {int(code) for row in codes for code in row}
    used |= {color for words in streams.values() for _, color in words}
    if not -1 <= min(used) <= max(used) < len(COLORS):
        raise expected("codes, streams", f"numbers from -1 to {len(COLORS) - 1}", sorted(used))
    rows, columns = len(weight), lengths[0]
    ax = axes_or_new(ax, (WIDEST, 2.5))
    for step in range(3):
        left = step * (columns + GAP)
        _matrix(ax, left, weight, codes, step)
        ax.text(left + columns / 2, rows + 0.5, notes[step], ha="center", va="top", fontsize=9)
    left = 3 * (columns + GAP)
    down = _words(ax, left, streams, width)
    ax.text(left, max(rows + 0.5, down - 0.5), notes[3], ha="left", va="top", fontsize=9)
    return frame(ax, (-0.5, left + LETTER * width + 0.5), (max(rows + 2.4, down + 1.4), -0.5))


def _matrix(
    ax: Axes,
    left: float,
    weight: Sequence[Sequence[float]],
    codes: Sequence[Sequence[int]],
    step: int,
) -> None:
    largest = max(abs(value) for row in weight for value in row) or 1.0
    for y, (values, shared) in enumerate(zip(weight, codes, strict=True)):
        for x, (value, code) in enumerate(zip(values, shared, strict=True)):
            face = str(1 - 0.85 * abs(value) / largest)
            if step and code < 0:
                face = "white"
            elif step == 2:
                face = COLORS[code]
            box(ax, (left + x + 0.5, y + 0.5), (1, 1), face=face, pen=Pen(color="0.75", width=0.5))


def _words(ax: Axes, left: float, streams: Mapping[str, Sequence[Word]], width: int) -> float:
    """Write the bits of each stream under its name and return where they end."""
    down = 0.0
    for name, words in streams.items():
        ax.text(left, down, name, ha="left", va="top", fontsize=9)
        down += STRIP
        across = 0
        for word, color in words:
            ink = "0.45" if color < 0 else COLORS[color]
            for bit in word:
                if across == width:
                    across, down = 0, down + STRIP
                ax.text(left + LETTER * across, down, bit, color=ink, va="top", family="monospace",
                        size=9)  # fmt: skip
                across += 1
        down += 1.6 * STRIP
    return down


def codebook_rows(
    codebooks: Mapping[str, Sequence[float]],
    starts: Mapping[str, Sequence[float]] | None = None,
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw each list of shared values as a row of marks, and hollow ones where they started.

    Raises:
        ValueError: no list or more than colors, or a start for a list that is not there.
    """
    styles = looks(codebooks, "codebooks")
    starts = starts or {}
    if unknown := sorted(set(starts) - set(codebooks)):
        raise expected("starts", "names of codebooks", ", ".join(unknown))
    ax = axes_or_new(ax, (WIDEST, 0.6 * len(codebooks) + 0.8))
    for row, (name, values) in enumerate(codebooks.items()):
        begin = starts.get(name, ())
        ax.plot(values, [row] * len(values), ls="", ms=6, **styles[name])
        ax.plot(begin, [row + 0.35] * len(begin), ls="", ms=5, mfc="none", **styles[name])
    ax.set_yticks(range(len(codebooks)), list(codebooks))
    ax.set_ylim(len(codebooks) - 0.3, -0.5)
    return ax


def code_tree(
    words: Mapping[str, str], counts: Mapping[str, int], *, ax: Axes | None = None
) -> Axes:
    """Draw the tree of a prefix code.

    The root is on top; a 0 leads to the left, a 1 to the right. A leaf is a symbol with its word,
    a node shows how often the symbols below it occur together.

    Args:
        words: for each symbol its word of 0 and 1.
        counts: for each symbol how often it occurs.
        ax: where to draw; default: a new figure.

    Raises:
        ValueError: no word, an empty one, two of which one begins the other, or other symbols
            in `counts`.
    """
    ordered = sorted(words, key=lambda name: words[name])
    if not words or not all(word and set(word) <= {"0", "1"} for word in words.values()):
        raise expected("words", "at least one, each of 0 and 1", dict(words))
    for first, second in pairwise(ordered):
        if words[second].startswith(words[first]):
            both = f"{words[first]!r} and {words[second]!r}"
            raise expected("words", "none that begins another", both)
    if set(words) != set(counts):
        raise expected("counts", f"one for each of {', '.join(words)}", dict(counts))
    ax = axes_or_new(ax, (1.3 * len(words), 3.6))
    nodes = sorted({word[:n] for word in words.values() for n in range(len(word))}, key=len)
    places = {words[name]: (float(x), -float(len(words[name]))) for x, name in enumerate(ordered)}
    for node in reversed(nodes):
        below = [places[node + bit][0] for bit in "01" if node + bit in places]
        places[node] = (sum(below) / len(below), -float(len(node)))
    for node in nodes:
        for bit in "01":
            if node + bit in places:
                start, end = places[node], places[node + bit]
                line(ax, [start, end], pen=Pen(color="0.6", width=1.2))
                middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
                ax.text(*middle, bit, color=COLORS[1], ha="center", va="center",
                        bbox={"fc": "white", "ec": "none", "pad": 1})  # fmt: skip
        total = sum(counts[name] for name, word in words.items() if word.startswith(node))
        _node(ax, *places[node], str(total), "white")
    for name, word in words.items():
        x, y = places[word]
        _node(ax, x, y, f"{name} {counts[name]}", "#D6E6F2")
        ax.text(x, y - 0.33, word, ha="center", va="top", family="monospace", fontsize=10)
    deepest = max(map(len, words.values()))
    return frame(ax, (-0.6, len(words) - 0.4), (-deepest - 0.75, 0.4), equal=False)


def _node(ax: Axes, x: float, y: float, text: str, face: str) -> None:
    size = (0.14 * len(text) + 0.2, 0.4)
    box(ax, (x, y), size, text, face=face, pen=Pen(color=COLORS[0], width=1), fontsize=10,
        rounding=0.08, zorder=3)  # fmt: skip


def byte_bars(stages: Mapping[str, Mapping[str, float]], *, ax: Axes | None = None) -> Axes:
    """Draw for each stage a bar of bytes, stacked by what they are spent on, in kB.

    The total stands at the end of the bar; a section has the same color in all bars.

    Raises:
        ValueError: no stage, no section, more sections than colors, or a negative size.
    """
    sizes = {
        stage: {section: size / 1000 for section, size in sections.items()}
        for stage, sections in stages.items()
    }
    return stacked_bars(sizes, "size, kB", "{:.1f} kB".format, ax=ax)
