"""How far an element sees along one axis of the image, and what covers two such windows."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction

Number = int | Fraction


@dataclass(frozen=True)
class Span:
    """How far an element sees along one axis of the image.

    Behind upsampling, neighbors may or may not have read the same coarse position. `fine` adds
    up the steps between them; the widest element sees as many steps of `grid`, rounded up.
    `start` is where the first window begins. Where windows are not evenly apart, as behind
    upsampling, an edge lies at most `early` before or `late` behind its even place; edges of the
    same `phase` leave their places together.

    Units: input pixels.
    """

    size: Number = 1
    stride: Number = 1
    fine: Number = 0
    grid: Number = 0  # step of the coarsest positions that were upsampled
    start: Number = 0
    early: Number = 0
    late: Number = 0
    phase: tuple[object, ...] = ()

    @property
    def end(self) -> Number:
        """Return where the first window ends."""
        return self.start + self.size + self.fine

    @property
    def loose(self) -> bool:
        """Return whether windows leave their even places."""
        return bool(self.early or self.late)

    def holds(self, other: Span) -> bool:
        """Return whether every window is sure to cover that of another span at its place."""
        if self.phase == other.phase:
            return self.start <= other.start and self.end >= other.end
        begins = self.start + self.late <= other.start - other.early
        return begins and self.end - self.early >= other.end + other.late

    @property
    def pixels(self) -> int:
        """Return how many pixels the widest element sees."""
        fine = math.ceil(Fraction(self.fine) / self.grid) * self.grid if self.fine else 0
        return math.ceil(self.size + fine)

    def grow(self, reach: Number, step: Number) -> Span:
        """Return the span of a window over positions that are `reach` steps apart at most."""
        if step < self.grid:
            return replace(self, fine=self.fine + reach * step)
        return replace(self, size=self.size + reach * step)

    def refine(self, step: Number) -> Span:
        """Return the span after upsampling of positions that were `step` apart."""
        return replace(self, grid=max(self.grid, step))

    def loosen(self, early: Number, late: Number, step: Number, key: object) -> Span:
        """Return the span of windows whose edges lie on even places `step` apart, rounded."""
        places = (self.start % step, self.end % step)
        phase = (self.phase, key, step, *places)
        return replace(
            self, early=self.early + early * step, late=self.late + late * step, phase=phase
        )


Walks = dict[int, Number]  # how far a field walks over an axis, by dimension from the back


def cover(a: Span, walks_a: Walks, b: Span, walks_b: Walks) -> tuple[Span | None, set[int]]:
    """Return what covers two windows, None if unknown, and the dimensions that need not walk."""
    shared = walks_a.keys() & walks_b.keys()
    alone_a, alone_b = (sum(w[at] for at in w.keys() - shared) for w in (walks_a, walks_b))
    if alone_a or alone_b:
        # Each position of the one meets each of the other, along the dimensions not shared.
        if any(walks_a[at] != walks_b[at] for at in shared):
            return None, set()
        corners = [
            max(a.end + i, b.end + j) - min(a.start + i, b.start + j)
            for i in (0, alone_a)
            for j in (0, alone_b)
        ]
        start, end = min(a.start, b.start), max(a.end + alone_a, b.end + alone_b)
        if max(corners) < end - start or a.loose or b.loose:
            outer, inner, walk = (a, b, alone_b) if a.end >= b.end + alone_b else (b, a, alone_a)
            holds = outer.holds(inner) and outer.holds(replace(inner, start=inner.start + walk))
            if not holds or (alone_a if outer is a else alone_b):
                return None, set()
            start, end = outer.start, outer.end
        keep = not walks_a or not walks_b
        merged = a if a.end - a.start >= b.end - b.start else b
        whole = replace(merged, start=start, size=end - start - merged.fine)
        return whole, set() if keep else walks_a.keys() ^ walks_b.keys()
    ends = [(a, b)]
    if shared:
        far_a, far_b = (sum(w[at] for at in shared) for w in (walks_a, walks_b))
        ends.append((replace(a, start=a.start + far_a), replace(b, start=b.start + far_b)))
    if all(x.holds(y) for x, y in ends):
        return a, set()
    if all(y.holds(x) for x, y in ends):
        return b, set()
    start, end = min(a.start, b.start), max(a.end, b.end)
    if any(walks_a[at] != walks_b[at] for at in shared) or a.phase != b.phase:
        return None, set()
    if not a.phase:
        return replace(a, start=start, size=end - start), set()
    if (a.size, a.grid) != (b.size, b.grid) or not a.grid:
        return None, set()
    return replace(a, start=start, fine=end - start - a.size), set()
