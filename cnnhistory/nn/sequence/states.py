"""What networks from sequences to sequences share: the encoded source, and states of decoding."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from cnnhistory._util.tokens import PAD


class Encoded(NamedTuple):
    """What a decoder gets of N sources: what is compared, what is summed, and where tokens are.

    Shape: keys and values (N, S, features), mask (N, S), True where there is a token.
    """

    keys: Tensor
    values: Tensor
    mask: Tensor


@dataclass
class DecoderState:
    """What a decoder remembers between two tokens of N sources, for K targets of each.

    `position` is how many tokens it has read. Each tensor of `memory` begins (N, K).
    """

    encoded: Encoded
    memory: list[Tensor] = field(default_factory=list)
    position: int = 0

    def select(self, sources: Tensor, targets: Tensor) -> DecoderState:
        """Return the state of some targets of some sources, in the order that is asked for.

        Shape: sources (M,); targets (M, K'), which of the K targets of their source.
        """
        encoded = self.encoded
        if len(sources) != len(encoded.mask) or not bool((sources == _count(sources)).all()):
            encoded = Encoded(*(part[sources] for part in encoded))
        memory = [part[sources[:, None], targets] for part in self.memory]
        return DecoderState(encoded, memory, self.position)


def _count(like: Tensor) -> Tensor:
    return torch.arange(len(like), device=like.device)


class Translator(Protocol):
    """A network that `cnnhistory.nlp.decoding` can search with.

    Shape: source (N, S) and target (N, T) tokens, both filled up with PAD at their end; `decode`
    returns scores (N, T, vocabulary) of the token after each; `step` gets tokens (N, K).
    """

    vocabulary: int
    positions: int

    def encode(self, source: Tensor) -> Encoded:
        """Encode sources."""

    def decode(self, target: Tensor, encoded: Encoded) -> Tensor:
        """Score what follows each token of the targets."""

    def start(self, encoded: Encoded) -> DecoderState:
        """Return the state before the first token, for one target of each source."""

    def step(self, tokens: Tensor, state: DecoderState) -> Tensor:
        """Read one more token of each target; return the scores (N, K, vocabulary) of the next."""


def check_tokens(name: str, tokens: Tensor, vocabulary: int, positions: int) -> None:
    """Refuse what is no batch of sequences of a network.

    Raises:
        ValueError: it is not (N, L) integers, a sequence is empty, longer than the positions, or
            has a token outside the vocabulary.
    """
    form = tuple(tokens.shape)
    if tokens.dim() != 2 or tokens.is_floating_point() or not form[1]:
        kind = str(tokens.dtype).removeprefix("torch.")
        raise ValueError(f"{name}: expected integers (N, length), got {kind} {form}")
    if form[1] > positions:
        raise ValueError(
            f"{name}: expected at most {positions} tokens, as many as the network has positions, "
            f"got {form[1]}"
        )
    if tokens.device.type == "cpu" and tokens.numel():  # elsewhere looking would stall the queue
        low, high = int(tokens.min()), int(tokens.max())
        if low < 0 or high >= vocabulary:
            raise ValueError(
                f"{name}: expected tokens from 0 to {vocabulary - 1}, got {low} to {high}"
            )
        if bool((tokens[:, 0] == PAD).any()):
            raise ValueError(f"{name}: expected at least one token a sequence, got padding alone")


class ScaleGradient(torch.autograd.Function):
    """Pass a tensor on as it is, and its gradient multiplied by a number."""

    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, x: Tensor, scale: float) -> Tensor:
        """Return the tensor itself."""
        ctx.scale = scale  # type: ignore[attr-defined]
        return x.view_as(x)

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, gradient: Tensor) -> tuple[Tensor, None]:
        """Return the gradient times the number."""
        return gradient * ctx.scale, None  # type: ignore[attr-defined]
