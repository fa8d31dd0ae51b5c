"""Pictures of Deep Compression: its steps, codebooks, code words, and where the bytes go.

Curves by stage are drawn by `cnnhistory.plotting.pruning.stage_curves`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from cnnhistory.plotting.style import COLORS, MARKERS

GAP = 3.0  # between the drawings of `steps`, in cells
STRIP = 1.25  # height of a row of words, in cells


def steps(
    ax: Axes,
    weight: Sequence[Sequence[float]],
    codes: Sequence[Sequence[int]],
    streams: Mapping[str, Sequence[tuple[str, int]]],
    notes: Sequence[str],
    width: int = 26,
) -> Axes:
    """Draw a weight matrix, what pruning leaves of it, its shared values, and the words written.

    Three matrices of cells side by side: all weights, darker where they are larger in magnitude;
    those that are left; those again, in one color for each shared value. Beside them the words of
    each stream, bit by bit, broken after `width` bits.

    Args:
        ax: drawn on; its own axes are hidden.
        weight: rows of numbers.
        codes: for each weight the number of its shared value, -1 where it is pruned.
        streams: by name, each word as its bits and the number of its color, -1 for gray.
        notes: one line under each of the four drawings.
        width: bits in a line.

    Raises:
        ValueError: not four notes, or the rows of weights and codes differ.
    """
    if len(notes) != 4 or [len(row) for row in weight] != [len(row) for row in codes]:
        raise ValueError(
            f"notes, codes: expected 4 notes and codes like the weights, got {len(notes)} notes"
        )
    rows, columns = len(weight), len(weight[0])
    largest = max(abs(value) for row in weight for value in row) or 1.0
    for step in range(3):
        left = step * (columns + GAP)
        for y, (values, shared) in enumerate(zip(weight, codes, strict=True)):
            for x, (value, code) in enumerate(zip(values, shared, strict=True)):
                face = str(1 - 0.85 * abs(value) / largest)
                if step and code < 0:
                    face = "white"
                elif step == 2:
                    face = COLORS[code % len(COLORS)]
                ax.add_patch(Rectangle((left + x, y), 1, 1, fc=face, ec="0.75", lw=0.5))
        ax.text(left + columns / 2, rows + 0.5, notes[step], ha="center", va="top", fontsize=9)
    left, down = 3 * (columns + GAP), 0.0
    for name, words in streams.items():
        ax.text(left, down, name, ha="left", va="top", fontsize=9)
        down += STRIP
        across = 0
        for word, color in words:
            face = "0.45" if color < 0 else COLORS[color % len(COLORS)]
            for bit in word:
                if across == width:
                    across, down = 0, down + STRIP
                ax.text(
                    left + 0.55 * across,
                    down,
                    bit,
                    color=face,
                    va="top",
                    family="monospace",
                    size=9,
                )
                across += 1
        down += 1.6 * STRIP
    ax.text(left, max(rows + 0.5, down - 0.5), notes[3], ha="left", va="top", fontsize=9)
    ax.set(xlim=(-0.5, left + 0.55 * width + 0.5), ylim=(max(rows + 2.4, down + 1.4), -0.5))
    ax.set_aspect("equal")
    ax.set_axis_off()
    return ax


def codebook_rows(
    ax: Axes,
    codebooks: Mapping[str, Sequence[float]],
    starts: Mapping[str, Sequence[float]] | None = None,
) -> Axes:
    """Draw each list of shared values as a row of marks, and hollow ones where they started.

    Raises:
        ValueError: more lists than colors, or a start for a list that is not there.
    """
    starts = starts or {}
    if len(codebooks) > len(COLORS) or not set(starts) <= set(codebooks):
        raise ValueError(
            f"codebooks: expected at most {len(COLORS)}, and starts of these only, got "
            f"{len(codebooks)} and starts of {', '.join(starts) or 'none'}"
        )
    for row, (name, values) in enumerate(codebooks.items()):
        ax.plot(values, [row] * len(values), MARKERS[row], color=COLORS[row], ms=6)
        begin = starts.get(name, ())
        ax.plot(begin, [row + 0.35] * len(begin), MARKERS[row], color=COLORS[row], ms=5, mfc="none")
    ax.set_yticks(range(len(codebooks)), list(codebooks))
    ax.set_ylim(len(codebooks) - 0.3, -0.5)
    return ax


def code_tree(ax: Axes, words: Mapping[str, str], counts: Mapping[str, int]) -> int:
    """Draw the tree of a prefix code and return the number of its inner nodes.

    The root is on top; a 0 leads to the left, a 1 to the right. A leaf is a symbol with its word,
    a node shows how often the symbols below it occur together.

    Raises:
        ValueError: two words are such that one begins the other, or a symbol has no count.
    """
    ordered = sorted(words, key=lambda name: words[name])
    for first, second in pairwise(ordered):
        if words[second].startswith(words[first]):
            raise ValueError(f"words: {words[first]!r} begins {words[second]!r}")
    if set(words) != set(counts):
        raise ValueError("counts: expected one for each word")
    x_of = {name: float(place) for place, name in enumerate(ordered)}
    nodes = sorted({word[:n] for word in words.values() for n in range(len(word))}, key=len)
    places = {words[name]: (x, -float(len(words[name]))) for name, x in x_of.items()}
    for node in reversed(nodes):
        below = [places[node + bit][0] for bit in "01" if node + bit in places]
        places[node] = (sum(below) / len(below), -float(len(node)))
    for node in nodes:
        for bit in "01":
            if node + bit not in places:
                continue
            (x0, y0), (x1, y1) = places[node], places[node + bit]
            ax.plot([x0, x1], [y0, y1], color="0.6", lw=1.2, zorder=1)
            ax.text((x0 + x1) / 2, (y0 + y1) / 2, bit, color=COLORS[1], ha="center", va="center",
                    bbox={"fc": "white", "ec": "none", "pad": 1})  # fmt: skip
        total = sum(counts[name] for name, word in words.items() if word.startswith(node))
        _node(ax, *places[node], str(total), "white")
    for name, word in words.items():
        x, y = places[word]
        _node(ax, x, y, f"{name} {counts[name]}", "#D6E6F2")
        ax.text(x, y - 0.33, word, ha="center", va="top", family="monospace", fontsize=10)
    deepest = max(map(len, words.values()))
    ax.set(xlim=(-0.6, len(words) - 0.4), ylim=(-deepest - 0.75, 0.4))
    ax.set_axis_off()
    return len(nodes)


def _node(ax: Axes, x: float, y: float, text: str, face: str) -> None:
    box = {"boxstyle": "round,pad=0.35", "fc": face, "ec": COLORS[0]}
    ax.text(x, y, text, ha="center", va="center", fontsize=10, bbox=box, zorder=3)


def byte_bars(ax: Axes, stages: Mapping[str, Mapping[str, float]]) -> Axes:
    """Draw for each stage a bar of bytes, stacked by what they are spent on, in kB.

    The total stands at the end of the bar; a section has the same color in all bars.

    Raises:
        ValueError: there is no stage, or more sections than colors.
    """
    sections = list(dict.fromkeys(name for sizes in stages.values() for name in sizes))
    if not stages or len(sections) > len(COLORS):
        raise ValueError(
            f"stages: expected at least one, with at most {len(COLORS)} sections, got "
            f"{len(stages)} with {len(sections)}"
        )
    base = dict.fromkeys(stages, 0.0)
    for name, color in zip(sections, COLORS, strict=False):
        sizes = [stages[stage].get(name, 0) / 1000 for stage in stages]
        ax.barh(list(stages), sizes, left=list(base.values()), color=color, label=name, height=0.62)
        for stage, size in zip(stages, sizes, strict=True):
            base[stage] += size
    for place, total in enumerate(base.values()):
        ax.annotate(f"{total:.1f} kB", (total, place), (5, 0), textcoords="offset points",
                    va="center", fontsize=9)  # fmt: skip
    ax.set_xlim(0, 1.18 * max(base.values()))
    ax.invert_yaxis()
    ax.set(xlabel="size, kB")
    ax.legend(fontsize=9)
    return ax
