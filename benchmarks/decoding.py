"""Translating with cached states of the layers against doing without, and against an LSTM.

The networks are `convs2s_small` and `gnmt_small`, which have as many weights, and are not trained:
END is made so unlikely that each target has as many tokens as are asked for. Normalized weights
are computed once, before. Cases "recomputation"
compare the search of ConvS2S with itself computing all positions anew for each token; tokens and
scores are seen to be equal first. Cases "lstm" compare it with the LSTM, whose states are its own.
"""

import argparse
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn

from benchmarks.timing import Record, compare
from cnnhistory import create_model
from cnnhistory._util.tokens import END
from cnnhistory.accounting import count_parameters
from cnnhistory.nlp.decoding import Hypothesis, beam_search, greedy
from cnnhistory.nn.sequence.weight_norm import folded

KINDS = ("recomputation", "lstm")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark."""
    parser.add_argument("--only", nargs="+", choices=KINDS, default=KINDS, metavar="KIND")
    parser.add_argument("--batches", nargs="+", type=int, default=(32, 1), metavar="N")
    parser.add_argument("--lengths", nargs="+", type=int, default=(30,), metavar="TOKENS")
    parser.add_argument("--beams", nargs="+", type=int, default=(1, 5), metavar="BEAM")
    parser.add_argument("--vocabulary", type=int, default=1600, help="subwords (1600)")


def run(options: argparse.Namespace) -> Iterator[Record]:
    """Compare what is asked for."""
    ours, theirs = (endless(name, options.vocabulary) for name in ("convs2s_small", "gnmt_small"))
    # without the lengths of normalized weights
    weights = f"{count_parameters(theirs):,} weights to our {count_parameters(ours):,}"
    for length in options.lengths:
        for batch in options.batches:
            generator = torch.Generator().manual_seed(0)
            source = torch.randint(4, options.vocabulary, (batch, length), generator=generator)
            for beam in options.beams:
                kind = "greedy" if beam == 1 else f"beam of {beam}"
                threads = torch.get_num_threads()
                on = f"{threads} thread{'s' * (threads > 1)}"
                case = f"{length} tokens batch {batch} {kind} on {on}"
                cached = search(ours, source, length, beam)
                if "recomputation" in options.only:
                    anew = search(ours, source, length, beam, incremental=False)
                    apart = difference(case, cached(), anew(), length)
                    name = f"{case}, against recomputation"
                    peer = "all positions computed anew for each token"
                    yield compare(name, cached, peer, anew, options.repeat, deviation=apart)
                if "lstm" in options.only:
                    peer = f"LSTM with attention, {weights}"
                    lstm = search(theirs, source, length, beam)
                    yield compare(f"{case}, against an LSTM", cached, peer, lstm, options.repeat)


def endless(name: str, vocabulary: int) -> nn.Module:
    """Return a network that never ends a target by itself."""
    torch.manual_seed(0)
    network = create_model(name, vocabulary=vocabulary).eval()
    assert isinstance(network.score_bias, Tensor)
    network.score_bias.data[END] = -100
    return folded(network)


def search(
    network: nn.Module, source: Tensor, length: int, beam: int, incremental: bool = True
) -> Callable[[], list[Hypothesis]]:
    """Return a function that translates the sources."""
    if beam == 1:
        return lambda: greedy(network, source, length, incremental)  # type: ignore[arg-type]
    return lambda: [
        found[0]
        for found in beam_search(network, source, beam, length, incremental=incremental)  # type: ignore[arg-type]
    ]


def difference(
    case: str, ours: Sequence[Hypothesis], theirs: Sequence[Hypothesis], length: int
) -> float:
    """Return how far the scores are apart, as part of the largest.

    Raises:
        RuntimeError: the tokens differ, or a target has another length.
    """
    for one, other in zip(ours, theirs, strict=True):
        if one.tokens != other.tokens or len(one.tokens) != length:
            raise RuntimeError(f"{case}: expected equal targets of {length} tokens, they differ")
    apart = max(abs(a.score - b.score) for a, b in zip(ours, theirs, strict=True))
    return apart / max(abs(one.score) for one in ours)
