"""Gated convolutions along a sequence, as in the encoder and the decoder of ConvS2S.

Source: gehring2017convolutional; dauphin2017language (gated linear units).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cnnhistory.nn.sequence.states import Encoded
from cnnhistory.nn.sequence.weight_norm import WeightNormLinear

HALF = math.sqrt(0.5)


class Row(NamedTuple):
    """A layer: how many maps its gated units have, and how many positions its kernel covers."""

    maps: int
    kernel: int


class ConvBlock(nn.Module):
    """A gated convolution along the sequence, with a residual link.

    With windows X_i of k positions: GLU(W X_i + b) = a * sigmoid(c), where a is the first half of
    the 2 `maps` outputs and c the second; the sum with the input is multiplied by sqrt(1/2). Where
    the number of maps changes, the input goes through a dense layer first.

    Shape: (N, L, inputs) to (N, L, maps).

    Source: gehring2017convolutional, Sections 3.2 and 3.5.
    """

    def __init__(self, inputs: int, row: Row, dropout: float) -> None:
        super().__init__()
        self.kernel = row.kernel
        self.dropout = nn.Dropout(dropout)
        self.conv = WeightNormLinear(row.kernel * inputs, 2 * row.maps, dropout, gain=4)
        self.project = WeightNormLinear(inputs, row.maps) if inputs != row.maps else nn.Identity()

    def gated(self, x: Tensor, before: int, after: int) -> Tensor:
        """Return the gated units of all windows, with zeros before and after the sequence."""
        x = F.pad(self.dropout(x), (0, 0, before, after))
        length = x.shape[1] - self.kernel + 1
        windows = torch.cat([x[:, i : i + length] for i in range(self.kernel)], -1)  # (N, L, k C)
        return F.glu(self.conv(windows), -1)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Return the encoder's next maps; `mask` (N, L, 1) is False where a source is over."""
        reach = self.kernel // 2
        return (self.gated(x.masked_fill(~mask, 0), reach, reach) + self.project(x)) * HALF


class DecoderBlock(ConvBlock):
    """A gated convolution that sees no later position, and an attention over the source.

    For the gated units h_i and the embedded target token g_i, d_i = W h_i + b + g_i is compared
    with every output z_j of the encoder: a_ij = softmax over j of d_i z_j. The sum of a_ij
    (z_j + e_j) over the m source tokens, times m sqrt(1/m), is added to h_i. (The implementation
    of the paper multiplies either sum by sqrt(1/2).)

    Shape: (N, L, inputs) to (N, L, maps).

    Source: gehring2017convolutional, Section 3.3, equations (1) and (2), and Section 3.4.
    """

    def __init__(self, inputs: int, row: Row, embedding: int, dropout: float) -> None:
        super().__init__(inputs, row, dropout)
        self.query = WeightNormLinear(row.maps, embedding)
        self.context = WeightNormLinear(embedding, row.maps)

    def attend(self, x: Tensor, embedded: Tensor, encoded: Encoded) -> tuple[Tensor, Tensor]:
        """Return the units with what they attend to, and the weights (N, L, S)."""
        query = (self.query(x) + embedded) * HALF
        scores = query @ encoded.keys.transpose(1, 2)  # (N, L, S)
        weights = scores.masked_fill(~encoded.mask[:, None], -math.inf).softmax(-1)
        length = encoded.mask.sum(1)[:, None, None]
        context = (weights @ encoded.values) * length.to(weights.dtype).sqrt()
        return (self.context(context) + x) * HALF, weights

    def forward(self, x: Tensor, embedded: Tensor, encoded: Encoded) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        """Return the decoder's next maps, and the weights of the attention."""
        attended, weights = self.attend(self.gated(x, self.kernel - 1, 0), embedded, encoded)
        return (attended + self.project(x)) * HALF, weights

    def step(
        self, x: Tensor, embedded: Tensor, encoded: Encoded, past: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return the maps of one more position, and the last inputs to remember.

        Shape: x (N, K, inputs); past (N, K, kernel - 1, inputs).
        """
        window = torch.cat([past, x[:, :, None]], 2)  # (N, K, k, inputs)
        units = F.glu(self.conv(window.flatten(2)), -1)
        attended, _ = self.attend(units, embedded, encoded)
        return (attended + self.project(x)) * HALF, window[:, :, 1:]
