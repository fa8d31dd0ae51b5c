"""TextCNN, a convolutional network for sentences.

Y. Kim (2014), "Convolutional Neural Networks for Sentence Classification" [kim2014convolutional].

What was new: one layer of convolutions over word vectors, the strongest answer of each filter, and
one dense layer are enough for sentences, if the vectors were learned beforehand from much text.
Filters are as wide as a word vector, so they move along the sentence only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cnnhistory._util.checks import check_counts, check_share
from cnnhistory._util.lookup import check_one_of, expected
from cnnhistory._util.tokens import PAD
from cnnhistory.system import SENTENCES, ModelCard


class Filters(NamedTuple):
    """Some filters: how many words each of them reads at once, and how many there are."""

    window: int
    maps: int


class Channels(NamedTuple):
    """The word vectors of a variant: some that are trained, some that stay as they are, or both."""

    trained: bool
    fixed: bool


# Section 3.1: 300 filters, weights of a class no longer than 3, vectors of 300 numbers.
FILTERS = (Filters(3, 100), Filters(4, 100), Filters(5, 100))
LONGEST = 3.0
DIM = 300
# Section 3.3. "rand" and "non-static" differ in the vectors that they begin with.
VARIANTS = {
    "rand": Channels(trained=True, fixed=False),
    "static": Channels(trained=False, fixed=True),
    "non-static": Channels(trained=True, fixed=False),
    "multichannel": Channels(trained=True, fixed=True),
}

MODELS = {
    "textcnn": ModelCard(
        (56,),
        tiny={"vocabulary": 50, "dim": 8, "filters": [[3, 6], [4, 5], [5, 4]]},
        tiny_shape=(7,),
        data=SENTENCES,
        data_args={"batch_size": 50, "most": 10_000},
        network_args={"vocabulary": 10_000},
    )
}


class TextCNN(nn.Module):
    """Score the classes of a sentence by the strongest answer of each of some filters.

    With x_i the vector of word i, and x_i ... x_(i+h-1) the vectors of h words in a row, a filter
    w gives c_i = max(0, w (x_i ... x_(i+h-1)) + b) in each place and keeps m = max over i of c_i.
    From all filters' m follow the scores W (r m) + b. While training, r is 0 with the probability
    `dropout` and else 1, for each filter and sentence anew; afterwards r = 1 - dropout throughout.
    With two kinds of vectors each filter is applied to both, and the results are added.

    Before a sentence, and behind it without end, stand zeros, so that the scores of a sentence do
    not depend on what it is batched with. One without any words has m = max(0, b).

    `constrain`, to be called after every update, shortens the weights of a class to a length of 3.

    Shape: tokens (N, L), numbers of words filled up with PAD at the end, L at least 1; output
    (N, num_classes), unnormalized log-probabilities.

    Args:
        vocabulary: how many numbers of words there are.
        num_classes: of sentences.
        variant: "rand", "static", "non-static" or "multichannel"; see `VARIANTS`.
        dim: numbers of a word vector.
        filters: pairs of window and maps.
        dropout: the share of filters that is silenced in training.
        sparse: gradients of word vectors only for the words of a batch, which the optimizer has to
            know how to use, as `cnnhistory.optim.adadelta.AdaDelta` does.

    Raises:
        ValueError: a setting is out of range, or tokens are not as above.

    Source: kim2014convolutional, Section 2; zeros around the sentence, and all initial weights,
    from the authors' code.

    Deviations: none; that code has as many zeros as the longest sentence of the data needs.
    """

    fixed_words: Tensor | None

    def __init__(
        self,
        vocabulary: int,
        num_classes: int = 2,
        variant: str = "rand",
        dim: int = DIM,
        filters: Sequence[Sequence[int]] = FILTERS,
        dropout: float = 0.5,
        sparse: bool = False,
    ) -> None:
        super().__init__()
        check_counts(2, vocabulary=vocabulary)
        check_counts(num_classes=num_classes, dim=dim)
        check_one_of("variant", variant, VARIANTS)
        check_share("dropout", dropout)
        rows = _rows(filters)
        self.vocabulary, self.variant, channels = vocabulary, variant, VARIANTS[variant]
        self.sparse = sparse
        start = torch.empty(vocabulary, dim).uniform_(-0.25, 0.25)
        start[PAD] = 0
        self.words: nn.Embedding | None = None
        if channels.trained:
            self.words = nn.Embedding(vocabulary, dim, padding_idx=PAD, sparse=sparse)
            self.words.weight = nn.Parameter(start.clone())
        self.register_buffer("fixed_words", start if channels.fixed else None)
        self.windows = [row.window for row in rows]
        convs = [nn.Conv1d(dim, row.maps, row.window) for row in rows]
        self.convs = nn.ModuleList(convs)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(sum(row.maps for row in rows), num_classes)
        for conv in convs:
            nn.init.uniform_(conv.weight, -0.01, 0.01)
        nn.init.zeros_(self.output.weight)
        for bias in [self.output.bias, *(conv.bias for conv in convs)]:
            assert bias is not None
            nn.init.zeros_(bias)

    @torch.no_grad()
    def set_vectors(self, table: Tensor) -> None:
        """Begin with these word vectors, in every channel; padding becomes zero.

        Shape: table (vocabulary, dim).

        Raises:
            ValueError: the table has another shape.
        """
        for mine in self._tables():
            if table.shape != mine.shape:
                raise expected("table", f"shape {tuple(mine.shape)}", tuple(table.shape))
            mine.copy_(table)
            mine[PAD] = 0

    def _tables(self) -> list[Tensor]:
        tables = [] if self.words is None else [self.words.weight]
        return tables if self.fixed_words is None else [*tables, self.fixed_words]

    def embed(self, tokens: Tensor) -> Tensor:
        """Return the word vectors, (N, L, dim), the sum of both channels where there are two.

        A filter is linear: it answers to the sum with the sum of its answers.
        """
        _check_tokens(tokens, self.vocabulary)
        fixed = None
        if self.fixed_words is not None:
            fixed = F.embedding(tokens, self.fixed_words)
        if self.words is None:
            assert fixed is not None
            return fixed
        trained: Tensor = self.words(tokens)
        return trained if fixed is None else trained + fixed

    def answers(self, vectors: Tensor) -> list[Tensor]:
        """Return what the filters of each window say in each place, (N, maps, L + window).

        The first window ends with the first word, the last one has no word at all.
        """
        x = vectors.transpose(1, 2)  # (N, dim, L)
        found = []
        for conv, window in zip(self.convs, self.windows, strict=True):
            found.append(conv(F.pad(x, (window - 1, window))).relu())  # (N, maps, L + window)
        return found

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the scores of all classes."""
        if _can_be_looked_at(tokens) and (self.training or self.sparse):
            strongest = self._strongest_by_words(tokens)  # the same, in less time
        else:
            answers = self.answers(self.embed(tokens))
            strongest = torch.cat([answer.amax(2) for answer in answers], 1)  # (N, all maps)
        kept = self.dropout(strongest) * (1 - self.dropout.p)  # r m; torch divides by 1 - p
        return self.output(kept)

    def _strongest_by_words(self, tokens: Tensor) -> Tensor:
        """Return the strongest answers from the product of every filter with every word, once.

        An answer is a sum over the words of its window. Which window is the strongest is found
        without gradients; only its words have any.

        Shape: (N, all maps).
        """
        _check_tokens(tokens, self.vocabulary)
        some = torch.cat([tokens.new_full((1,), PAD), tokens.flatten()])
        words, rows = some.unique(return_inverse=True)  # in order: PAD, which is 0, has row 0
        rows, vectors = rows[1:].view(tokens.shape), self.embed(words[None])[0]
        found = []
        for conv, window in zip(self.convs, self.windows, strict=True):
            assert isinstance(conv, nn.Conv1d)
            kernel = conv.weight.permute(1, 2, 0)  # (dim, window, maps)
            products = (vectors @ kernel.flatten(1)).unflatten(1, kernel.shape[1:])
            at = F.pad(rows, (window - 1, window))
            places = tokens.shape[1] + window
            with torch.no_grad():
                sums = F.embedding(at[:, :places], products[:, 0])
                for n in range(1, window):
                    sums += F.embedding(at[:, n : n + places], products[:, n])
                best = sums.max(1).indices  # (N, maps); quicker than argmax
            chosen = torch.stack([at.gather(1, best + n) for n in range(window)], 1)
            parts = products[chosen, torch.arange(window)[:, None], torch.arange(conv.out_channels)]
            found.append((parts.sum(1) + conv.bias).relu())  # (N, maps)
        return torch.cat(found, 1)

    @torch.no_grad()
    def strongest(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Return the strongest answer of each filter and where its window begins.

        Shape: (N, all maps) both. The first word of a sentence has place 0; windows that begin
        before it have negative places.
        """
        answers = self.answers(self.embed(tokens))
        found = [answer.max(2) for answer in answers]
        places = [
            best.indices + 1 - window for best, window in zip(found, self.windows, strict=True)
        ]
        return torch.cat([best.values for best in found], 1), torch.cat(places, 1)

    @torch.no_grad()
    def constrain(self) -> None:
        """Shorten the output weights of each class to a length of 3 where they are longer."""
        weight = self.output.weight
        weight.mul_(LONGEST / weight.norm(dim=1, keepdim=True).clamp(min=LONGEST))


def _rows(filters: Sequence[Sequence[int]]) -> tuple[Filters, ...]:
    try:
        rows = tuple(Filters(*row) for row in filters)
    except TypeError:
        raise expected("filters", "pairs of window and maps", filters) from None
    if not rows:
        raise expected("filters", "at least one pair of window and maps", filters)
    for row in rows:
        check_counts(filters=row.window)
        check_counts(filters=row.maps)
    return rows


def _check_tokens(tokens: Tensor, vocabulary: int) -> None:
    form = tuple(tokens.shape)
    if tokens.dim() != 2 or tokens.is_floating_point() or not form[1]:
        kind = str(tokens.dtype).removeprefix("torch.")
        raise ValueError(f"tokens: expected integers (N, length), got {kind} {form}")
    if tokens.numel() and _can_be_looked_at(tokens):
        low, high = int(tokens.min()), int(tokens.max())
        if low < 0 or high >= vocabulary:
            raise expected("tokens", f"numbers from 0 to {vocabulary - 1}", f"{low} to {high}")


def _can_be_looked_at(tokens: Tensor) -> bool:
    # elsewhere looking would stall the queue, and a graph has no values to look at
    return tokens.device.type == "cpu" and not torch.compiler.is_compiling()


def textcnn(
    vocabulary: int = 20_000,
    num_classes: int = 2,
    variant: str = "rand",
    dim: int = DIM,
    filters: Sequence[Sequence[int]] = FILTERS,
    dropout: float = 0.5,
    sparse: bool = False,
) -> TextCNN:
    """The network of all data sets of the paper; how many words there are follows from the data."""
    return TextCNN(vocabulary, num_classes, variant, dim, filters, dropout, sparse)
