"""GNMT: translation by stacks of LSTM layers with attention, the baseline of ConvS2S.

S. Hochreiter, J. Schmidhuber (1997), "Long Short-Term Memory" [hochreiter1997long]; Y. Wu and
others (2016), "Google's Neural Machine Translation System" [wu2016google].

What was new in 1997: a cell that keeps its value until a gate lets it change, so that errors reach
back over many steps. In 2016: eight such layers on either side, linked by attention, in use.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cnnhistory._util.checks import check_counts, check_share
from cnnhistory._util.tokens import PAD
from cnnhistory.nn.sequence.states import DecoderState, Encoded, check_tokens
from cnnhistory.system import PAIRS, ModelCard

_TINY = {"vocabulary": 50, "embedding": 8, "units": 8, "layers": 3, "positions": 32}
MODELS = {
    "gnmt": ModelCard(
        (32,),
        _TINY,
        (8,),
        PAIRS,
        {"vocabulary": 1000},
        {"vocabulary": 1000, "embedding": 64, "units": 64},
    ),
    "gnmt_small": ModelCard((16,), _TINY, (8,), PAIRS, {"vocabulary": 1000}, {"vocabulary": 1000}),
}


class GNMT(nn.Module):
    """Encode a source by LSTM layers; score each next token of a target by LSTM layers.

    Encoder: a layer that reads the source in both directions, then `layers` - 1 that read it from
    the left; from the third layer on the input of a layer is added to its output. Decoder: `layers`
    layers from the left. The output y of the lowest one at the token before is compared with every
    output z_j of the encoder, v tanh(W y + U z_j); the sum of the z_j, weighted by the softmax of
    that, is part of the input of every layer. With `tied` the words of sources, of targets and the
    last layer share one matrix, and a dense layer before it has as many outputs as words have
    numbers.

    Shape: as `ConvS2S`: source (N, S) and target (N, T) tokens, output (N, T, vocabulary).

    Raises:
        ValueError: a number is out of range, or a batch has another form than the above.

    Source: wu2016google, Section 3, Figure 1; `positions` is the longest sequence that is taken.

    Deviations: the residual links and the two directions are the paper's; states of the decoder
    begin at 0, of which the paper says nothing; initial weights of all but the words are those of
    torch, uniform up to 1 / sqrt(units), instead of up to 0.04. `tied` is not in the paper.
    """

    def __init__(
        self,
        vocabulary: int,
        embedding: int,
        units: int,
        layers: int,
        dropout: float = 0.2,
        positions: int = 1024,
        tied: bool = False,
    ) -> None:
        super().__init__()
        check_counts(4, vocabulary=vocabulary)
        check_counts(embedding=embedding, units=units, positions=positions)
        check_counts(2, layers=layers)
        check_share("dropout", dropout)
        self.vocabulary, self.positions, self.units = vocabulary, positions, units
        self.source_words = nn.Embedding(vocabulary, embedding)
        self.target_words = None if tied else nn.Embedding(vocabulary, embedding)
        for words in (self.source_words, self.target_words):
            if words is not None:
                nn.init.normal_(words.weight, std=0.1)
        self.dropout = nn.Dropout(dropout)
        self.forwards = nn.LSTM(embedding, units, batch_first=True)
        self.backwards = nn.LSTM(embedding, units, batch_first=True)
        self.encoder = nn.ModuleList(
            nn.LSTM(2 * units if layer == 1 else units, units, batch_first=True)
            for layer in range(1, layers)
        )
        self.key = nn.Linear(units, units, bias=False)
        self.query = nn.Linear(units, units)
        self.compare = nn.Linear(units, 1, bias=False)
        self.lowest = nn.LSTMCell(embedding + units, units)
        self.decoder = nn.ModuleList(
            nn.LSTM(2 * units, units, batch_first=True) for _ in range(1, layers)
        )
        self.target_out = nn.Linear(units, embedding) if tied else nn.Identity()
        self.score = None if tied else nn.Linear(units, vocabulary)
        self.score_bias = nn.Parameter(torch.zeros(vocabulary)) if tied else None

    def encode(self, source: Tensor) -> Encoded:
        """Encode sources."""
        check_tokens("source", source, self.vocabulary, self.positions)
        mask = source != PAD
        embedded = self.dropout(self.source_words(source))
        turned = reversal(mask)
        back, _ = self.backwards(embedded.gather(1, turned.expand_as(embedded)))
        ahead, _ = self.forwards(embedded)
        x = torch.cat([ahead, back.gather(1, turned.expand_as(back))], -1)  # (N, S, 2 units)
        for i, layer in enumerate(self.encoder):
            above, _ = layer(self.dropout(x))
            x = above + x if i > 0 else above
        return Encoded(self.key(x), x, mask)

    def _attend(self, below: Tensor, encoded: Encoded) -> tuple[Tensor, Tensor]:
        """Return what (N, K) outputs of the lowest layer attend to, and the weights (N, K, S)."""
        pairs = (self.query(below)[:, :, None] + encoded.keys[:, None]).tanh()  # (N, K, S, units)
        scores = self.compare(pairs).squeeze(-1)
        weights = scores.masked_fill(~encoded.mask[:, None], -math.inf).softmax(-1)
        return weights @ encoded.values, weights

    def _embed_target(self, target: Tensor) -> Tensor:
        words = self.source_words if self.target_words is None else self.target_words
        return self.dropout(words(target))

    def _scores(self, x: Tensor) -> Tensor:
        x = self.dropout(self.target_out(x))
        if self.score is None:
            return F.linear(x, self.source_words.weight, self.score_bias)
        return self.score(x)

    def decode(
        self, target: Tensor, encoded: Encoded, attention: list[Tensor] | None = None
    ) -> Tensor:
        """Score what follows each token of the targets.

        The weights of the attention, (N, T, S), are appended to `attention`.
        """
        check_tokens("target", target, self.vocabulary, self.positions)
        embedded = self._embed_target(target)
        h = c = encoded.values.new_zeros(len(target), self.units)
        outputs, contexts, weights = [], [], []
        for token in embedded.unbind(1):
            context, weight = self._attend(h[:, None], encoded)
            h, c = self.lowest(torch.cat([token, context[:, 0]], -1), (h, c))
            outputs.append(h)
            contexts.append(context)
            weights.append(weight)
        x, context = torch.stack(outputs, 1), torch.cat(contexts, 1)
        if attention is not None:
            attention.append(torch.cat(weights, 1))
        for i, layer in enumerate(self.decoder):
            above, _ = layer(torch.cat([self.dropout(x), context], -1))
            x = above + x if i > 0 else above
        return self._scores(x)

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        """Return the scores of what follows each token of the targets."""
        return self.decode(target, self.encode(source))

    def start(self, encoded: Encoded) -> DecoderState:
        """Return the state before the first token, for one target of each source."""
        zeros = encoded.values.new_zeros(len(encoded.mask), 1, self.units)
        return DecoderState(encoded, [zeros] * (2 * (len(self.decoder) + 1)))

    def step(self, tokens: Tensor, state: DecoderState) -> Tensor:
        """Read one more token of each target, (N, K); return the scores of the next."""
        memory, form = state.memory, tokens.shape
        context, _ = self._attend(memory[0], state.encoded)
        x = torch.cat([self._embed_target(tokens), context], -1).flatten(0, 1)
        x, c = self.lowest(x, (memory[0].flatten(0, 1), memory[1].flatten(0, 1)))
        memory[0], memory[1] = x.unflatten(0, form), c.unflatten(0, form)
        for i, layer in enumerate(self.decoder, start=1):
            h, c = (part.flatten(0, 1)[None] for part in memory[2 * i : 2 * i + 2])
            inputs = torch.cat([x, context.flatten(0, 1)], -1)
            _, (h, c) = layer(inputs[:, None], (h, c))
            memory[2 * i], memory[2 * i + 1] = h[0].unflatten(0, form), c[0].unflatten(0, form)
            x = h[0] + x if i > 1 else h[0]
        state.position += 1
        return self._scores(x.unflatten(0, form))


def reversal(mask: Tensor) -> Tensor:
    """Return the order that turns each sequence around and leaves its padding at the end.

    Shape: mask (N, S), True where there is a token; output (N, S, 1) indices.

    >>> reversal(torch.tensor([[True, True, True], [True, True, False]]))[..., 0].tolist()
    [[2, 1, 0], [1, 0, 2]]
    """
    place = torch.arange(mask.shape[1], device=mask.device).expand_as(mask)
    last = mask.sum(1, keepdim=True) - 1
    return torch.where(mask, last - place, place)[..., None]


def gnmt(
    vocabulary: int = 32_000,
    embedding: int = 1024,
    units: int = 1024,
    layers: int = 8,
    dropout: float = 0.2,
    positions: int = 1024,
) -> GNMT:
    """The network of the paper, with 32,000 word pieces and eight layers on either side."""
    return GNMT(vocabulary, embedding, units, layers, dropout, positions)


def gnmt_small(
    vocabulary: int = 1600,
    embedding: int = 96,
    units: int = 74,
    layers: int = 2,
    dropout: float = 0.2,
    positions: int = 128,
    tied: bool = True,
) -> GNMT:
    """A network of the same kind with as many weights as `convs2s_small`."""
    return GNMT(vocabulary, embedding, units, layers, dropout, positions, tied)
