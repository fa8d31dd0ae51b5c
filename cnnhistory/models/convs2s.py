"""ConvS2S, convolutional sequence to sequence learning.

J. Gehring, M. Auli, D. Grangier, D. Yarats, Y. N. Dauphin (2017), "Convolutional Sequence to
Sequence Learning" [gehring2017convolutional].

What was new: translation by convolutions alone. Encoder and decoder are stacks of gated
convolutions with residual links, words carry the number of their position, and every layer of the
decoder has an attention of its own. All positions of a sentence are computed at once in training.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cnnhistory._util.checks import check_counts, check_share
from cnnhistory._util.lookup import expected
from cnnhistory._util.tokens import PAD
from cnnhistory.nn.sequence.gated import HALF, ConvBlock, DecoderBlock, Row
from cnnhistory.nn.sequence.states import DecoderState, Encoded, ScaleGradient, check_tokens
from cnnhistory.nn.sequence.weight_norm import WeightNormLinear
from cnnhistory.system import PAIRS, ModelCard

# Section 4.3; the same for encoder and decoder. The second adds to 14 layers, as printed.
EN_DE = (*[Row(512, 3)] * 10, *[Row(768, 3)] * 3, *[Row(2048, 1)] * 2)
EN_FR = (
    *[Row(512, 3)] * 5, *[Row(768, 3)] * 4, *[Row(1024, 3)] * 3, Row(2048, 1), Row(4096, 1),
)  # fmt: skip

_TINY = {"vocabulary": 50, "embedding": 8, "layers": [[8, 3], [12, 3], [16, 1]], "positions": 32}
_FITTED = {"vocabulary": 1000, "embedding": 64, "layers": [[64, 3], [64, 3]], "positions": 128}
MODELS = {
    "convs2s": ModelCard((32,), _TINY, (8,), PAIRS, {"vocabulary": 1000}, _FITTED),
    "convs2s_en_fr": ModelCard((32,), _TINY, (8,), PAIRS, {"vocabulary": 1000}, _FITTED),
    "convs2s_small": ModelCard(
        (16,), _TINY, (8,), PAIRS, {"vocabulary": 1000}, {"vocabulary": 1000}
    ),
}


class ConvS2S(nn.Module):
    """Encode a source by convolutions; score each next token of a target by convolutions.

    Encoder: words and positions, both embedded, are summed to e; dense layer, blocks, dense layer
    give z, what queries are compared with; (z + e) sqrt(1/2) is what is summed by the attention.
    Gradients of z are divided by twice the number of attentions. Decoder: the same with blocks
    that see no later position; two dense layers give the scores of all tokens. With `tied` the
    words of sources, of targets and the last layer share one matrix.

    `layers` are those of the encoder, and of the decoder if `decoder_layers` is None.

    Shape: source (N, S) and target (N, T) tokens, filled up at the end with PAD, S and T at most
    `positions`; output (N, T, vocabulary), unnormalized log-probabilities of the token that
    follows each one of the target, which begins with BEGIN.

    Raises:
        ValueError: a number is out of range, a kernel of the encoder is even, or a batch has
            another form than the above.

    Source: gehring2017convolutional, Section 3; factors and the order of layers where the paper is
    silent from its published implementation.

    Deviations: sources are filled up at the end, not at the beginning; positions count from there.
    `tied` is not in the paper.
    """

    def __init__(
        self,
        vocabulary: int,
        embedding: int,
        layers: Sequence[Sequence[int]],
        decoder_layers: Sequence[Sequence[int]] | None = None,
        dropout: float = 0.1,
        positions: int = 1024,
        tied: bool = False,
    ) -> None:
        super().__init__()
        check_counts(4, vocabulary=vocabulary)
        check_counts(embedding=embedding, positions=positions)
        check_share("dropout", dropout)
        rows = _rows("layers", layers)
        target_rows = rows if decoder_layers is None else _rows("decoder_layers", decoder_layers)
        if any(row.kernel % 2 == 0 for row in rows):
            raise expected("layers", "odd kernels in the encoder", layers)
        self.vocabulary, self.positions = vocabulary, positions
        self.source_words = _embeddings(vocabulary, embedding)
        self.source_positions = _embeddings(positions, embedding)
        self.target_words = None if tied else _embeddings(vocabulary, embedding)
        self.target_positions = _embeddings(positions, embedding)
        self.dropout = nn.Dropout(dropout)

        self.source_in = WeightNormLinear(embedding, rows[0].maps, dropout)
        sizes = [rows[0].maps, *(row.maps for row in rows)]
        self.encoder = nn.ModuleList(
            ConvBlock(inputs, row, dropout) for inputs, row in zip(sizes, rows, strict=False)
        )
        self.source_out = WeightNormLinear(rows[-1].maps, embedding)

        self.target_in = WeightNormLinear(embedding, target_rows[0].maps, dropout)
        sizes = [target_rows[0].maps, *(row.maps for row in target_rows)]
        self.decoder = nn.ModuleList(
            DecoderBlock(inputs, row, embedding, dropout)
            for inputs, row in zip(sizes, target_rows, strict=False)
        )
        # Of every layer of the decoder: how many of its last inputs a step needs, and their size.
        self.remembered = [(r.kernel - 1, n) for r, n in zip(target_rows, sizes, strict=False)]
        self.target_out = WeightNormLinear(target_rows[-1].maps, embedding)
        self.score = None if tied else WeightNormLinear(embedding, vocabulary, dropout)
        self.score_bias = nn.Parameter(torch.zeros(vocabulary)) if tied else None

    def encode(self, source: Tensor) -> Encoded:
        """Encode sources."""
        check_tokens("source", source, self.vocabulary, self.positions)
        mask = source != PAD
        place = torch.arange(source.shape[1], device=source.device)
        embedded = self.dropout(self.source_words(source) + self.source_positions(place))
        x = self.source_in(embedded)
        for block in self.encoder:
            x = block(x, mask[..., None])
        x = self.source_out(x)
        keys: Tensor = ScaleGradient.apply(x, 1 / (2 * len(self.decoder)))
        return Encoded(keys, (keys + embedded) * HALF, mask)

    def _embed_target(self, target: Tensor, place: Tensor) -> Tensor:
        words = self.source_words if self.target_words is None else self.target_words
        return self.dropout(words(target) + self.target_positions(place))

    def _scores(self, x: Tensor) -> Tensor:
        x = self.dropout(self.target_out(x))
        if self.score is None:
            return F.linear(x, self.source_words.weight, self.score_bias)
        return self.score(x)

    def decode(
        self, target: Tensor, encoded: Encoded, attention: list[Tensor] | None = None
    ) -> Tensor:
        """Score what follows each token of the targets.

        The weights of every layer's attention, (N, T, S), are appended to `attention`.
        """
        check_tokens("target", target, self.vocabulary, self.positions)
        embedded = self._embed_target(target, torch.arange(target.shape[1], device=target.device))
        x = self.target_in(embedded)
        for block in self.decoder:
            x, weights = block(x, embedded, encoded)
            if attention is not None:
                attention.append(weights)
        return self._scores(x)

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        """Return the scores of what follows each token of the targets."""
        return self.decode(target, self.encode(source))

    def start(self, encoded: Encoded) -> DecoderState:
        """Return the state before the first token, for one target of each source."""
        zeros, n = encoded.keys.new_zeros, len(encoded.mask)
        memory = [zeros(n, 1, before, inputs) for before, inputs in self.remembered]
        return DecoderState(encoded, memory)

    def step(self, tokens: Tensor, state: DecoderState) -> Tensor:
        """Read one more token of each target, (N, K); return the scores of the next.

        Only the last kernel - 1 inputs of every layer are remembered, in `state`.
        """
        place = torch.tensor(state.position, device=tokens.device)
        embedded = self._embed_target(tokens, place)
        x = self.target_in(embedded)
        for i, block in enumerate(self.decoder):
            assert isinstance(block, DecoderBlock)
            x, state.memory[i] = block.step(x, embedded, state.encoded, state.memory[i])
        state.position += 1
        return self._scores(x)


def receptive_fields(layers: Sequence[Sequence[int]]) -> list[int]:
    """Return how many positions the units of each layer of a stack see.

    >>> receptive_fields(EN_FR)[-1]
    25
    """
    fields = [1]
    for _, kernel in layers:
        fields.append(fields[-1] + kernel - 1)
    return fields[1:]


def _embeddings(count: int, size: int) -> nn.Embedding:
    table = nn.Embedding(count, size)
    nn.init.normal_(table.weight, std=0.1)
    return table


def _rows(name: str, layers: Sequence[Sequence[int]]) -> tuple[Row, ...]:
    try:
        rows = tuple(Row(*row) for row in layers)
    except TypeError:
        raise expected(name, "pairs of maps and kernel", layers) from None
    if not rows:
        raise expected(name, "at least one layer", layers)
    for row in rows:
        check_counts(**{name: row.maps})
        check_counts(**{name: row.kernel})
    return rows


def convs2s(
    vocabulary: int = 40_000,
    embedding: int = 512,
    layers: Sequence[Sequence[int]] = EN_DE,
    dropout: float = 0.2,
    positions: int = 1024,
) -> ConvS2S:
    """The network for English-German of WMT'14, with 15 layers in encoder and decoder."""
    return ConvS2S(vocabulary, embedding, layers, None, dropout, positions)


def convs2s_en_fr(
    vocabulary: int = 40_000,
    embedding: int = 512,
    layers: Sequence[Sequence[int]] = EN_FR,
    dropout: float = 0.1,
    positions: int = 1024,
) -> ConvS2S:
    """The network for English-French of WMT'14, with 14 layers in encoder and decoder."""
    return ConvS2S(vocabulary, embedding, layers, None, dropout, positions)


def convs2s_small(
    vocabulary: int = 1600,
    embedding: int = 96,
    layers: Sequence[Sequence[int]] = ((96, 3), (96, 3)),
    decoder_layers: Sequence[Sequence[int]] | None = None,
    dropout: float = 0.2,
    positions: int = 128,
    tied: bool = True,
) -> ConvS2S:
    """A network of the same kind with half a million weights, for short sentences."""
    return ConvS2S(vocabulary, embedding, layers, decoder_layers, dropout, positions, tied)
