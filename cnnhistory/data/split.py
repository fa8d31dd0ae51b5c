"""Parts of a data set as stored, and how one is split: by contents alone, without PyTorch."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt


class Part(NamedTuple):
    """Examples as stored: what a network gets, and what it is to answer.

    Either is an array whose first dimension counts the examples, or, where examples differ in
    shape (boxes, sentences), a sequence of arrays or strings.
    """

    inputs: Any
    targets: Any

    def take(self, indices: npt.NDArray[np.int64] | Sequence[int]) -> Part:
        """Return the examples at these indices, in this order."""
        return Part(_taken(self.inputs, indices), _taken(self.targets, indices))


Parts = dict[str, Part]


def digests(inputs: Sequence[Any], targets: Sequence[Any]) -> list[bytes]:
    """Return the SHA-256 of each example: the bytes of its input followed by its target's."""
    return [
        hashlib.sha256(_raw(example) + _raw(target)).digest()
        for example, target in zip(inputs, targets, strict=True)
    ]


def repeated(inputs: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Return True for each input that another one equals in every element."""
    rows = np.ascontiguousarray(inputs).reshape(len(inputs), -1)
    keys = rows.view(np.dtype((np.void, rows.shape[1])))[:, 0]
    _, which, count = np.unique(keys, return_inverse=True, return_counts=True)
    return count[which] > 1


def stratified_holdout(part: Part, size: int, seed: int) -> tuple[Part, Part]:
    """Split a part into what is kept and what is held out, each class in its proportion.

    A class with a share of s = size · n_class / n gets ⌊s⌋ places; the places left go to the
    largest remainders. Which examples of a class are held out follows from their contents and
    the seed alone, by the order of SHA-256(seed, input, label): not from the order of the
    file, nor from any library's random numbers. An input that occurs more than once is never
    held out, so none lies on both sides.

    Shape: inputs (N, ...) of bytes, targets (N,) class labels; `size` of them are held out.

    Raises:
        ValueError: `size` is out of range, or a class has too few examples.
    """
    labels = part.targets
    total = len(labels)
    if not 0 <= size < total:
        raise ValueError(f"size: expected 0 to {total - 1}, to hold out of {total}, got {size}")
    counts = np.bincount(labels)
    places, remainders = np.divmod(size * counts, total)
    extra = np.argsort(-remainders, kind="stable")[: size - places.sum()]
    places[extra] += 1

    once = ~repeated(part.inputs)
    prefix = f"{seed}:".encode()
    keys = [hashlib.sha256(prefix + digest).digest() for digest in digests(*part)]
    held: list[int] = []
    for label, wanted in enumerate(places.tolist()):
        candidates = np.flatnonzero(once & (labels == label)).tolist()
        if len(candidates) < wanted:
            raise ValueError(
                f"size: expected no more of class {label} than its {len(candidates)} examples"
                f" that occur once, got {wanted}"
            )
        held += sorted(candidates, key=keys.__getitem__)[:wanted]
    mask = np.zeros(total, dtype=bool)
    mask[held] = True
    return part.take(np.flatnonzero(~mask)), part.take(np.flatnonzero(mask))


def stratified_choice(part: Part, size: int | None, seed: int) -> Part:
    """Keep `size` examples of a part, each class in its proportion; None keeps all.

    Shape and order: as what `stratified_holdout` holds out.

    Raises:
        ValueError: `size` is out of range, or a class has too few examples.
    """
    if size is None or size == len(part.targets):
        return part
    return stratified_holdout(part, size, seed)[1]


def _taken(items: Any, indices: Any) -> Any:
    indices = np.asarray(indices, np.int64)
    return items[indices] if isinstance(items, np.ndarray) else [items[int(i)] for i in indices]


def _raw(item: Any) -> bytes:
    return item.encode() if isinstance(item, str) else np.asarray(item).tobytes()
