"""How good translations are: BLEU and chrF by sacreBLEU, and its paired bootstrap.

Source: papineni2002bleu; popovic2015chrf; post2018call (what a signature is for);
koehn2004statistical (the bootstrap).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnnhistory._util.checks import check_counts
from cnnhistory._util.lookup import expected
from cnnhistory.metrics.comparison import Comparison, check_open, p_text

SEED = 12345  # sacreBLEU's own


@dataclass(frozen=True)
class Score:
    """A score of translations, and the signature that says how it was computed.

    Units: `value` from 0 to 100, more is better.
    """

    name: str
    value: float
    signature: str

    def __str__(self) -> str:
        return f"{self.name} {self.value:.1f} ({self.signature})"


def bleu(translations: Sequence[str], references: Sequence[str]) -> Score:
    """Return the BLEU of translations, each with one reference.

    The geometric mean of the precisions p_n of 1 to 4 words in a row, over all sentences together,
    times exp(1 - r / c) if the c words of all translations are fewer than the r of the references.
    Case counts; words are sacreBLEU's ("13a"), whatever a network's subwords are.

    Raises:
        ValueError: not as many translations as references and at least one.
        ModuleNotFoundError: sacrebleu is not installed.

    >>> bleu(["the cat sat on the mat"], ["the cat sat on a mat"]).value.__round__(1)
    53.7
    """
    return _score(_metric("BLEU"), translations, references)


def chrf(translations: Sequence[str], references: Sequence[str]) -> Score:
    """Return the chrF of translations, each with one reference.

    F of the precision and recall of 1 to 6 letters in a row, where recall counts twice as much.

    Raises:
        ValueError: not as many translations as references and at least one.
        ModuleNotFoundError: sacrebleu is not installed.
    """
    return _score(_metric("CHRF"), translations, references)


@dataclass(frozen=True, kw_only=True)
class PairedScores(Comparison):
    """Two systems that translated the same sentences, compared by resampling the sentences.

    Units: `score_a` and `score_b` as `Score.value`; `intervals` hold 95 % of the resampled scores,
    for A and for B; `smallest_difference` is the difference that would have been found with a
    probability of 80 %, if differences of resamples are normally distributed.
    """

    metric: str
    n: int
    score_a: float
    score_b: float
    intervals: tuple[tuple[float, float], tuple[float, float]]
    smallest_difference: float
    samples: int
    signature: str

    @property
    def difference(self) -> float:
        """The score of A minus that of B."""
        return self.score_a - self.score_b

    @property
    def conclusion(self) -> str:
        """What the test says, without numbers."""
        if self.lower is None:
            return self.undecided
        return f"{self.higher} translates better than {self.lower}"

    @property
    def evidence(self) -> str:
        """The numbers, with the smallest difference that could have been seen if none was."""
        a, b = self.names
        missed = (
            ""
            if self.significant
            else f"; a difference of {self.smallest_difference:.1f} would have been seen with a "
            "probability of 80 %"
        )
        return (
            f"{self.metric} {self.score_a:.1f} of {a}, {self.score_b:.1f} of {b} on {self.n:,} "
            f"sentences; paired bootstrap, {self.samples:,} samples, p = {p_text(self.p_value)}"
            f"{missed}"
        )


def paired_bootstrap(
    a: Sequence[str],
    b: Sequence[str],
    references: Sequence[str],
    *,
    metric: str = "BLEU",
    samples: int = 1000,
    level: float = 0.05,
    names: tuple[str, str] = ("A", "B"),
) -> PairedScores:
    """Compare two systems on the same sentences by sacreBLEU's paired bootstrap.

    Sentences are drawn with replacement, the same ones for both systems, and both are scored. The
    p value is how often the difference of a sample is as far from the mean difference as the
    difference itself is from 0 (of samples and 1, of which one more).

    Raises:
        ValueError: not as many translations of both as references and at least one, or a number
            or the metric ("BLEU" or "CHRF") is out of range.
        ModuleNotFoundError: sacrebleu is not installed.

    Source: koehn2004statistical; post2018call.
    """
    _check(a, references)
    _check(b, references)
    return _paired(_metric(metric), a, b, references, samples, level, names)


Counts = Sequence[Sequence[int]]
COUNTED = ("words", "reference", *(f"{what}{n}" for what in ("right", "all") for n in range(1, 5)))


def sentence_counts(translations: Sequence[str], references: Sequence[str]) -> list[list[int]]:
    """Return what the BLEU of a corpus is computed from, a row of `COUNTED` for each sentence.

    The words of a translation and of its reference, how many of its 1 to 4 words in a row the
    reference has, and how many there are. No sentence can be read from them.

    Raises:
        ValueError: not as many translations as references and at least one.
        ModuleNotFoundError: sacrebleu is not installed.

    >>> sentence_counts(["the cat sat on the mat"], ["the cat sat on a mat"])
    [[6, 6, 5, 3, 2, 1, 6, 5, 4, 3]]
    """
    _check(translations, references)
    found = _metric("BLEU")._extract_corpus_statistics(list(translations), [list(references)])
    return [[int(number) for number in row] for row in found]


def paired_bootstrap_of_counts(
    a: Counts,
    b: Counts,
    *,
    samples: int = 1000,
    level: float = 0.05,
    names: tuple[str, str] = ("A", "B"),
) -> PairedScores:
    """Compare two systems by BLEU as `paired_bootstrap` does, from their `sentence_counts`.

    Raises:
        ValueError: the systems have not as many rows and at least one, or a number is out of range.
        ModuleNotFoundError: sacrebleu is not installed.
    """
    if len(a) != len(b) or not a:
        raise ValueError(
            f"counts: expected as many rows of both systems and at least one, got {len(a)} "
            f"and {len(b)}"
        )
    metric = _metric("BLEU")
    metric._extract_corpus_statistics = lambda counts, references: [list(row) for row in counts]
    metric.num_refs = 1
    return _paired(metric, a, b, [""] * len(a), samples, level, names)


def _paired(
    metric: Any,
    a: Sequence[Any],
    b: Sequence[Any],
    references: Sequence[str],
    samples: int,
    level: float,
    names: tuple[str, str],
) -> PairedScores:
    check_counts(samples=samples)
    check_open("level", level)
    from sacrebleu.significance import PairedTest

    systems: list[tuple[str, Sequence[Any]]] = [(names[0], list(a)), (f"{names[1]} (B)", list(b))]
    test: Any = PairedTest(systems, {"score": metric}, [list(references)], "bs", samples)
    signatures, scores = test()
    (key,) = signatures
    ours, theirs = scores[key]
    return PairedScores(
        metric=str(key),
        n=len(references),
        score_a=float(ours.score),
        score_b=float(theirs.score),
        intervals=(_interval(ours), _interval(theirs)),
        smallest_difference=2.8 * _spread(metric, a, b, references, min(samples, 300)),
        samples=samples,
        signature=str(signatures[key]),
        p_value=float(theirs.p_value),
        level=level,
        names=names,
    )


def _interval(found: Any) -> tuple[float, float]:
    return float(found.mean - found.ci), float(found.mean + found.ci)


def _spread(
    metric: Any, a: Sequence[Any], b: Sequence[Any], references: Sequence[str], samples: int
) -> float:
    """Return the standard deviation of the difference over resampled sentences.

    A test at the 5 % level finds 1.96 + 0.84 = 2.8 of them with a probability of 80 %.
    """
    sides = [
        np.array(metric._extract_corpus_statistics(list(s), [list(references)]), float)
        for s in (a, b)
    ]
    random = np.random.default_rng(SEED)
    differences = []
    for _ in range(samples):
        rows = random.integers(0, len(references), len(references))
        one, other = (metric._compute_score_from_stats(side[rows].sum(0)).score for side in sides)
        differences.append(one - other)
    return float(np.std(differences))


def _metric(name: str) -> Any:
    if name not in ("BLEU", "CHRF"):
        raise expected("metric", "BLEU or CHRF", name)
    try:
        import sacrebleu.metrics
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "translations are scored by the package sacrebleu: pip install 'cnnhistory[nlp]'"
        ) from error
    return getattr(sacrebleu.metrics, name)()


def _check(translations: Sequence[str], references: Sequence[str]) -> None:
    if len(translations) != len(references) or not references:
        raise ValueError(
            f"translations: expected as many as references and at least one, got "
            f"{len(translations)} and {len(references)}"
        )


def _score(metric: Any, translations: Sequence[str], references: Sequence[str]) -> Score:
    _check(translations, references)
    found = metric.corpus_score(list(translations), [list(references)])
    return Score(found.name, float(found.score), str(metric.get_signature()))
