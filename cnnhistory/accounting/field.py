"""Receptive fields that travel with tensors.

A `Field` says, for one tensor, how many input pixels an element of it sees along every axis of
the image, and which of the tensor's dimensions walk over which axis in which steps. Keeping the
walk per dimension makes flattening, transposing, patch extraction and pixel shuffling exact.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from cnnhistory.accounting.span import Number, Span, cover


@dataclass(frozen=True)
class Run:
    """Positions of a dimension: `size` of them, `step` pixels apart along image axis `axis`.

    An axis of None is a dimension that does not walk over the image, such as the channels.
    """

    axis: int | None
    size: int
    step: Number = 0


# A dimension is a product of runs, slowest first: flattened maps are channels, rows, columns.
Dim = tuple[Run, ...]


def plain(size: int) -> Dim:
    """Return a dimension of that size that does not walk over the image."""
    return () if size == 1 else (Run(None, size),)


def size_of(dim: Dim) -> int:
    """Return the number of positions of a dimension."""
    return math.prod(run.size for run in dim)


@dataclass(frozen=True)
class Field:
    """What an element of a tensor sees of the image, axis by axis.

    `unbiased` tells of weighted sums to which no bias has been added yet. Where `known` is False
    nobody can tell from the shapes what an element sees, and the rest means nothing.
    """

    spans: tuple[Span, ...]
    dims: tuple[Dim, ...]
    unbiased: bool = False
    known: bool = True

    @classmethod
    def of_input(cls, shape: Sequence[int], channels: bool) -> Field:
        """Return the field of an input tensor (N, C, *axes), or (N, *axes) without channels."""
        lead = 2 if channels else 1
        axes = shape[lead:]
        dims = [plain(size) for size in shape[:lead]]
        dims += [(Run(axis, size, 1),) for axis, size in enumerate(axes)]
        return cls((Span(),) * len(axes), tuple(dims))

    def forget(self, shape: Sequence[int]) -> Field:
        """Return the field of a tensor of which only this is known: it depends on the input."""
        return Field(tuple(Span() for _ in self.spans), tuple(map(plain, shape)), known=False)

    def with_dims(self, dims: Iterable[Dim]) -> Field:
        """Return the field with other dimensions; the strides follow from their finest runs.

        An axis that no dimension walks over any more keeps its stride: it is the one that the
        layer would have if the network were slid over a larger image.
        """
        dims = tuple(dims)
        spans = list(self.spans)
        for axis in range(len(spans)):
            steps = [run.step for dim in dims for run in dim if run.axis == axis]
            if steps:
                spans[axis] = replace(spans[axis], stride=min(steps))
        return replace(self, spans=tuple(spans), dims=dims)

    def with_dim(self, index: int, dim: Dim) -> Field:
        """Return the field with one dimension replaced."""
        dims = list(self.dims)
        dims[index] = dim
        return self.with_dims(dims)

    def absorb(self, indices: Iterable[int]) -> Field:
        """Return the field of a sum over some dimensions, which stay listed."""
        spans = list(self.spans)
        for index in indices:
            for run in self.dims[index]:
                if run.axis is not None:
                    spans[run.axis] = spans[run.axis].grow(run.size - 1, run.step)
        return replace(self, spans=tuple(spans), unbiased=False)

    def shift(self, index: int, positions: Number) -> Field:
        """Return the field after a dimension begins some positions later."""
        runs = [run for run in self.dims[index] if run.axis is not None]
        if len(runs) != 1 or len(self.dims[index]) != 1 or not positions:
            return self
        axis, pixels = runs[0].axis, positions * runs[0].step
        spans = tuple(
            replace(span, start=span.start + pixels) if at == axis else span
            for at, span in enumerate(self.spans)
        )
        return replace(self, spans=spans)

    def mirror(self, index: int) -> Field:
        """Return the field after a dimension was turned round: windows go the other way."""
        spans = list(self.spans)
        for run in self.dims[index]:
            if run.axis is not None:
                span, far = spans[run.axis], (run.size - 1) * run.step
                spans[run.axis] = replace(
                    span,
                    early=span.early + far,
                    late=span.late + far,
                    phase=(span.phase, "mirror", span.start, span.end),
                )
        return replace(self, spans=tuple(spans))

    def walks(self, index: int) -> bool:
        """Return whether a dimension walks over an axis of the image."""
        return any(run.axis is not None for run in self.dims[index])

    def moves(self, axis: int) -> bool:
        """Return whether some dimension walks over an axis of the image."""
        return any(run.axis == axis and run.size > 1 for dim in self.dims for run in dim)

    def extents(self, axis: int) -> dict[int, Number]:
        """Return how far each dimension walks over an axis, by its place from the back."""
        count, walks = len(self.dims), {}
        for index, dim in enumerate(self.dims):
            if far := sum((run.size - 1) * run.step for run in dim if run.axis == axis):
                walks[index - count] = far
        return walks

    def resample(
        self,
        index: int,
        out: int,
        reach: Number = 0,
        ratio: Number = 1,
        edges: tuple[Number, Number] | None = None,
    ) -> Field:
        """Return the field after a sliding window along one dimension.

        An output sees positions at most `reach` apart, and neighboring outputs sit `ratio`
        positions apart. A convolution has reach d (k - 1) and ratio s; upsampling has a ratio
        below 1. `edges` is how far, in positions, windows begin before or behind even places;
        by default those at a part of a position begin at the position before.
        """
        dim = self.dims[index]
        if reach == 0 and ratio == 1 and out == size_of(dim):
            return self
        if not self.walks(index):
            return self.with_dim(index, plain(out))
        run, *rest = dim
        if run.axis is None or any(other.axis is not None for other in rest):
            # A window over several interleaved axes: say that it sees all of them.
            return self.absorb([index]).with_dim(index, plain(out))
        # Channels that were moved behind a position are finer positions (pixel shuffle).
        step = run.step * Fraction(1, size_of(tuple(rest)))
        span = self.spans[run.axis]
        if rest:
            span = span.refine(run.step)
        span = span.grow(reach, step)
        if ratio < 1:
            span = span.refine(step)
        if (part := Fraction(ratio)).denominator > 1:
            # A multiple of n / d is at most (d - 1) / d above a whole number.
            early, late = edges or (1 - Fraction(1, part.denominator), 0)
            span = span.loosen(early, late, step, (part, reach, edges))
        spans = (*self.spans[: run.axis], span, *self.spans[run.axis + 1 :])
        field = replace(self, spans=spans, unbiased=False)
        return field.with_dim(index, (Run(run.axis, out, step * ratio),))

    def reshape(self, shape: Sequence[int]) -> Field:
        """Return the field of the same elements in another shape."""
        runs = [run for run in _join(run for dim in self.dims for run in dim) if run.size > 1]
        dims: list[Dim] = []
        for size in shape:
            dim: list[Run] = []
            missing = size
            while missing > 1 and runs:
                run = runs.pop(0)
                if missing % run.size == 0:
                    missing //= run.size
                    dim.append(run)
                elif run.size % missing == 0:
                    inner = run.size // missing
                    dim.append(Run(run.axis, missing, run.step * inner))
                    runs.insert(0, Run(run.axis, inner, run.step))
                    missing = 1
                else:
                    break
            if missing > 1:  # the new borders cut across the old ones
                whole = self.absorb(range(len(self.dims)))
                return whole.with_dims(plain(size) for size in shape)
            dims.append(_join(dim))
        return self.with_dims(dims)


def union(fields: Sequence[Field], dims: Iterable[Dim]) -> Field:
    """Return a field that covers all fields given, for a tensor with the dimensions given.

    The dimensions of the fields are those of the tensor, the last ones if they have fewer. Where
    nobody can tell the widest cover of two windows, the result is unknown.
    """
    dims = tuple(dims)
    spans, known = [], True
    for axis, several in enumerate(zip(*(field.spans for field in fields), strict=True)):
        stride = max(span.stride for span in several)
        (span, walks), *others = zip(several, (f.extents(axis) for f in fields), strict=True)
        for other, theirs in others:
            covered, apart = cover(span, walks, other, theirs)
            known = known and covered is not None
            span, walks = covered or span, {**theirs, **walks}
            if apart:  # what sees the whole walk does not walk itself
                walks = {at: size for at, size in walks.items() if at not in apart}
                dims = tuple(
                    _still(dim, axis) if at - len(dims) in apart else dim
                    for at, dim in enumerate(dims)
                )
        spans.append(replace(span, stride=stride))
    whole = all(field.known for field in fields) and known
    return Field(tuple(spans), (), known=whole).with_dims(dims)


def _still(dim: Dim, axis: int) -> Dim:
    """Return a dimension that does not walk over an axis of the image any more."""
    return tuple(Run(None, run.size) if run.axis == axis else run for run in dim)


def broadcast(fields: Sequence[Field], shape: Sequence[int]) -> Field:
    """Return the field of an element-wise operation: the widest of its operands."""
    dims: list[Dim] = []
    for back in range(len(shape), 0, -1):
        size = shape[-back]
        found = plain(size)
        for field in fields:
            if len(field.dims) >= back:
                dim = field.dims[-back]
                if field.walks(len(field.dims) - back) and size_of(dim) == size:
                    found = dim
                    break
        dims.append(found)
    return union(fields, dims)


def _join(runs: Iterable[Run]) -> Dim:
    """Join neighboring runs that together are one even walk."""
    joined: list[Run] = []
    for run in runs:
        if joined:
            outer = joined[-1]
            if outer.axis == run.axis and outer.step == run.size * run.step:
                joined[-1] = Run(run.axis, outer.size * run.size, run.step)
                continue
        joined.append(run)
    return tuple(joined)
