"""Search for the target that a network from sequences to sequences thinks most likely.

A network says how likely each token is after those before it. The probability of a target y of
a source x is the product over its tokens, END included; there are far too many targets to try them
all. `greedy` takes the likeliest token each time, `beam_search` keeps several beginnings.

Source: gehring2017convolutional, Section 4 (a beam of 5; log-probabilities divided by lengths).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cnnhistory._util.checks import check_counts, check_finite
from cnnhistory._util.lookup import expected
from cnnhistory._util.modes import evaluating
from cnnhistory._util.tokens import BEGIN, END, PAD
from cnnhistory.nn.sequence.states import DecoderState, Encoded, Translator

NEVER = [PAD, BEGIN]  # what a target never continues with


@dataclass(frozen=True)
class Hypothesis:
    """A target that a search found: its tokens without BEGIN and END.

    Units: `log_probability` is the natural logarithm of the probability, END included; `score` is
    that divided by a power of the number of tokens, END included.
    """

    tokens: tuple[int, ...]
    log_probability: float
    score: float


class Recomputed:
    """A state of decoding that remembers tokens alone: all is computed again for each new one.

    It has the methods of `DecoderState` that a search uses, and is what the cached states are
    compared with, in results and in time.
    """

    def __init__(self, encoded: Encoded, tokens: Tensor) -> None:
        self.encoded, self.tokens = encoded, tokens

    def select(self, sources: Tensor, targets: Tensor) -> Recomputed:
        """Return the state of some targets of some sources, as `DecoderState.select`."""
        encoded = Encoded(*(part[sources] for part in self.encoded))
        return Recomputed(encoded, self.tokens[sources[:, None], targets])

    def step(self, network: Translator, tokens: Tensor) -> Tensor:
        """Return the scores (N, K, vocabulary) of the next token after one more, (N, K)."""
        self.tokens = torch.cat([self.tokens, tokens[..., None]], -1)
        number = self.tokens.shape[1]
        encoded = Encoded(*(part.repeat_interleave(number, 0) for part in self.encoded))
        scores = network.decode(self.tokens.flatten(0, 1), encoded)[:, -1]
        return scores.unflatten(0, tokens.shape)


class Cached:
    """A state of decoding that remembers what the layers need of earlier tokens."""

    def __init__(self, state: DecoderState) -> None:
        self.state = state

    def select(self, sources: Tensor, targets: Tensor) -> Cached:
        """Return the state of some targets of some sources, as `DecoderState.select`."""
        return Cached(self.state.select(sources, targets))

    def step(self, network: Translator, tokens: Tensor) -> Tensor:
        """Return the scores (N, K, vocabulary) of the next token after one more, (N, K)."""
        return network.step(tokens, self.state)


def begin(network: Translator, source: Tensor, incremental: bool) -> Cached | Recomputed:
    """Encode sources and return the state before the first token of one target of each."""
    encoded = network.encode(source)
    if incremental:
        return Cached(network.start(encoded))
    return Recomputed(encoded, source.new_zeros(len(source), 1, 0))


def greedy(
    network: Translator, source: Tensor, longest: int | None = None, incremental: bool = True
) -> list[Hypothesis]:
    """Take the likeliest token each time, until END or until the target has `longest` tokens.

    The score is the log-probability divided by the number of tokens.

    Shape, arguments and errors as for `beam_search`.
    """
    limits = _limits(network, source, longest)
    total = torch.zeros(len(source), device=source.device)
    chosen: list[Tensor] = []
    ended = torch.zeros(len(source), dtype=torch.bool, device=source.device)
    with evaluating(_module(network)):
        state = begin(network, source, incremental)
        token = torch.full_like(source[:, :1], BEGIN)
        while not bool(ended.all()):
            scores = log_probabilities(state.step(network, token))[:, 0]
            best, token = scores.max(-1)
            over = limits <= len(chosen)
            token = token.where(~over, END)
            total = total + best.where(~over, scores[:, END]).masked_fill(ended, 0)
            token = token.masked_fill(ended, END)
            chosen.append(token)
            ended |= token == END
            token = token[:, None]
    rows = torch.stack(chosen, 1).tolist()
    found = [tuple(row[: row.index(END)]) for row in rows]
    return [
        Hypothesis(tokens, value, value / (len(tokens) + 1))
        for tokens, value in zip(found, total.tolist(), strict=True)
    ]


def beam_search(
    network: Translator,
    source: Tensor,
    beam: int = 5,
    longest: int | None = None,
    length_power: float = 1.0,
    incremental: bool = True,
) -> list[list[Hypothesis]]:
    """Return the best targets of each source, the best one first, by a beam search.

    Of all continuations of the `beam` likeliest beginnings by one token the `beam` likeliest that
    do not end are kept. One that ends is a result if it is among the `beam` likeliest of all. A
    source is done when it has `beam` results or its beginnings have reached their length. Results
    are ordered by log p / m ** length_power, with m tokens, END included.

    Args:
        network: what is searched with; it is in evaluation mode meanwhile.
        source: the sources.
        beam: how many beginnings are kept.
        longest: tokens that a target may have without END; default: twice as many as its source,
            and 10. Never more than the positions of the network leave room for.
        length_power: 0 compares probabilities themselves, which prefers short targets.
        incremental: remember the states of the layers; False computes all of them anew for each
            token, which gives the same.

    Shape: source (N, S), filled up with PAD at the end; N lists of 1 to `beam` results.

    Raises:
        ValueError: a number is out of range, or `source` is no batch of the network.

    Source: gehring2017convolutional, Section 4; when to stop, from its implementation.
    """
    check_counts(beam=beam)
    check_finite("length_power", length_power)
    limits = _limits(network, source, longest).tolist()
    results: list[list[Hypothesis]] = [[] for _ in source]
    device = source.device

    def finish(sentence: int, tokens: list[int], log_probability: float) -> None:
        score = log_probability / (len(tokens) + 1) ** length_power
        results[sentence].append(Hypothesis(tuple(tokens), log_probability, score))

    with evaluating(_module(network)):
        state = begin(network, source, incremental)
        waiting = list(range(len(source)))  # sentences that are not done, as the rows of the state
        token = torch.full_like(source[:, :1], BEGIN)
        total = torch.zeros(token.shape, device=device)
        texts = source.new_zeros(len(source), 1, 0)
        while waiting:
            scores = log_probabilities(state.step(network, token))
            length, kept, size = texts.shape[2], scores.shape[1], scores.shape[2]
            ends = total + scores[..., END]
            for row, sentence in enumerate(waiting):
                if limits[sentence] <= length:
                    for one, value in zip(texts[row].tolist(), ends[row].tolist(), strict=True):
                        finish(sentence, one, value)
            every = (total[..., None] + scores).flatten(1)
            best, place = every.topk(min(2 * beam, every.shape[1]))
            parent, word = place // size, place % size
            over = word == END
            for row, column in over[:, :beam].nonzero().tolist():
                sentence = waiting[row]
                if limits[sentence] > length:
                    text = texts[row, int(parent[row, column])].tolist()
                    finish(sentence, text, best[row, column].item())
            left = [
                row
                for row, sentence in enumerate(waiting)
                if limits[sentence] > length and len(results[sentence]) < beam
            ]
            rows = torch.tensor(left, dtype=torch.long, device=device)
            # The first that do not end, in the order in which they are; PAD and BEGIN are last.
            going_on = min(beam, kept * (size - len(NEVER) - 1))
            order = over[rows].to(torch.int8).sort(dim=1, stable=True).indices[:, :going_on]
            parent, token = parent[rows].gather(1, order), word[rows].gather(1, order)
            total = best[rows].gather(1, order)
            texts = torch.cat([texts[rows[:, None], parent], token[..., None]], 2)
            waiting = [waiting[row] for row in left]
            if waiting:
                state = state.select(rows, parent)
    return [sorted(found, key=lambda one: -one.score)[:beam] for found in results]


def search_all(
    network: Translator,
    sources: Sequence[Sequence[int]],
    search: Callable[[Translator, Tensor], list[Hypothesis]] = greedy,
    batch_size: int = 64,
) -> list[Hypothesis]:
    """Search a target for each of many sources, those of like length in one batch.

    Args:
        network: what is searched with.
        sources: their tokens, END included.
        search: gets the network and a batch; default: `greedy`.
        batch_size: sources in a batch.

    Raises:
        ValueError: a number is out of range, or a source is empty or no source of the network.
    """
    check_counts(batch_size=batch_size)
    order = sorted(range(len(sources)), key=lambda i: len(sources[i]))
    device = next(_module(network).parameters()).device
    found: list[Hypothesis | None] = [None] * len(sources)
    for start in range(0, len(order), batch_size):
        chosen = order[start : start + batch_size]
        batch = nn.utils.rnn.pad_sequence(
            [torch.tensor(sources[i], dtype=torch.long) for i in chosen], True, PAD
        )
        for i, one in zip(chosen, search(network, batch.to(device)), strict=True):
            found[i] = one
    return [one for one in found if one is not None]


def best_of_beam(
    beam: int = 5, longest: int | None = None, length_power: float = 1.0, incremental: bool = True
) -> Callable[[Translator, Tensor], list[Hypothesis]]:
    """Return the search of `beam_search` that gives the best target alone, for `search_all`."""

    def search(network: Translator, source: Tensor) -> list[Hypothesis]:
        found = beam_search(network, source, beam, longest, length_power, incremental)
        return [several[0] for several in found]

    return search


def log_probabilities(scores: Tensor) -> Tensor:
    """Return the log-probabilities of the next token; PAD and BEGIN are never next.

    Shape: (..., vocabulary).
    """
    scores = scores.float() if scores.dtype in (torch.bfloat16, torch.float16) else scores
    logs = F.log_softmax(scores, -1)
    logs[..., NEVER] = -torch.inf
    return logs


def log_probability(network: Translator, source: Tensor, target: Sequence[int]) -> float:
    """Return the log-probability of one target, END included, of one source.

    Shape: source (1, S); `target` has neither BEGIN nor END.
    """
    with evaluating(_module(network)):
        given = torch.tensor([[BEGIN, *target]], device=source.device)
        logs = F.log_softmax(network.decode(given, network.encode(source)), -1)[0]
        following = torch.tensor([*target, END], device=source.device)
        return float(logs.gather(1, following[:, None]).sum())


def _module(network: Translator) -> nn.Module:
    if not isinstance(network, nn.Module):
        raise expected("network", "a torch module", type(network).__name__)
    return network


def _limits(network: Translator, source: Tensor, longest: int | None) -> Tensor:
    """Return how many tokens the target of each source may have, END aside."""
    room = network.positions - 1
    lengths = (source != PAD).sum(-1)
    if longest is None:
        return (2 * lengths + 10).clamp(max=room)
    check_counts(longest=longest)
    return torch.full_like(lengths, min(longest, room))
