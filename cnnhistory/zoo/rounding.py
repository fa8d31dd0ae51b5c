"""Weights in half the bits, as far as that does not change what the network answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import torch
from safetensors.torch import save
from torch import Tensor

LARGEST = 1_000_000  # bytes of one file of weights
LARGEST_EXACT = 2_000_000  # the same, where rounding would change the result
FRACTIONS = (6, 7, 8)  # bits of the 10 that float16 has for a fraction: fewer pack better

State = dict[str, Tensor]


def rounded(state: Mapping[str, Tensor], exact: int = 0) -> State:
    """Return the weights in float16, but for the `exact` smallest tensors.

    What is no floating-point number stays as it is.
    """
    sizes = sorted((v.numel(), k) for k, v in state.items() if v.is_floating_point())
    kept = {key for _, key in sizes[:exact]}
    return {
        key: value.half() if value.is_floating_point() and key not in kept else value
        for key, value in state.items()
    }


def shortened(state: Mapping[str, Tensor], bits: int) -> State:
    """Return weights in float16 whose matrices and kernels have so few bits of a fraction.

    The other bits are 0, which takes as much memory but less room in an archive: 6 bits about a
    fifth less than 10. Numbers are rounded to the nearest, halves away from 0; vectors stay.

    >>> shortened({"w": torch.tensor([[1.0, 1.24, 1.26]])}, bits=2)["w"].tolist()
    [[1.0, 1.25, 1.25]]
    """
    dropped = 10 - bits
    half = 1 << (dropped - 1)

    def short(value: Tensor) -> Tensor:
        whole = value.view(torch.int16)
        return ((whole + half) & -(1 << dropped)).view(torch.float16)

    return {
        key: short(value) if value.dtype == torch.float16 and value.dim() > 1 else value
        for key, value in rounded(state).items()
    }


def widened(state: Mapping[str, Tensor]) -> State:
    """Return the weights in float32, as networks compute; integers stay as they are."""
    return {k: v.float() if v.is_floating_point() else v for k, v in state.items()}


def size(state: Mapping[str, Tensor]) -> int:
    """Return the bytes of all numbers."""
    return sum(value.numel() * value.element_size() for value in state.values())


def stored_form(
    state: Mapping[str, Tensor], difference: Callable[[State], str]
) -> tuple[State, str, str]:
    """Return the weights as they are stored, the name of that form, and why it is no other.

    Tried in turn: all in float16, with 6, 7, 8 or all bits of the fraction, the vectors in float32
    (normalization, biases), ever larger tensors in float32, all in float32. The first one that
    changes nothing is taken.

    Args:
        state: the weights as they were trained.
        difference: says what is different with weights that were rounded and widened again;
            "" for nothing.

    Raises:
        ValueError: the weights are too large, in the form that changes nothing.
    """
    first = ""
    for form, name in _forms(state):
        if size(form) > LARGEST:
            continue
        problem = difference(widened(form))
        if not problem:
            return form, name, first
        if name == "float16":
            first = problem
    found = size(state)
    if found > LARGEST_EXACT or (found > LARGEST and not first):
        raise ValueError(f"weights: expected at most {LARGEST:,} bytes in float16, got {found:,}")
    return dict(state), "float32", first or "no form in float16 was tried"


def _forms(state: Mapping[str, Tensor]) -> Iterator[tuple[State, str]]:
    floats = [value for value in state.values() if value.is_floating_point()]
    vectors = sum(value.dim() < 2 for value in floats)
    larger = range(vectors + 1, len(floats), max(1, (len(floats) - vectors) // 6))
    for bits in FRACTIONS:
        yield shortened(state, bits), f"float16, {bits} bits of the fraction"
    yield rounded(state), "float16"
    for exact in dict.fromkeys([vectors, *larger]):
        if exact:
            yield rounded(state, exact), f"float16, {exact} small tensors float32"


def same_answers(
    answers: Callable[[State], Tensor], wrong: Callable[[Tensor], int], state: State
) -> Callable[[State], str]:
    """Return a test of rounded weights: as many errors, and no more than 0.1 % other answers."""
    before = answers(state)
    errors = wrong(before)

    def difference(form: State) -> str:
        if not all(torch.isfinite(v).all() for v in form.values() if v.is_floating_point()):
            return "float16 cannot hold these numbers"
        after = answers(form)
        moved, found = int((after != before).sum()), wrong(after)
        if found == errors and 1000 * moved <= len(before):
            return ""
        return f"float16 changes {moved} of {len(before)} answers and {errors} errors to {found}"

    return difference


def weights_content(state: Mapping[str, Tensor]) -> bytes:
    """Return weights as the content of a .safetensors file."""
    return save({key: value.contiguous() for key, value in state.items()})
