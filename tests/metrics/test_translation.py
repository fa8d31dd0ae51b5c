import math

import pytest

pytest.importorskip("sacrebleu")

from cnnhistory.metrics.translation import (
    COUNTED,
    bleu,
    chrf,
    paired_bootstrap,
    paired_bootstrap_of_counts,
    sentence_counts,
)

REFERENCES = [f"the {noun} is {word} today ." for noun in ("cat", "dog", "cow", "hen", "fish")
              for word in ("here", "there", "old", "new", "small", "large")]  # fmt: skip


def test_bleu_by_hand():
    # five words, the third one wrong: 4 of 5, 2 of 4, 0 of 3 and 0 of 2 n-grams; with one more
    # word at the end 5 of 6, 3 of 5, 1 of 4 and 0 of 3, the last counted as half of one
    score = bleu(["a b x d e f"], ["a b c d e f"])
    assert score.value == pytest.approx(100 * (5 / 6 * 3 / 5 * 1 / 4 * 1 / 6) ** 0.25)
    # four right words of six: exp(1 - 6 / 4)
    assert bleu(["a b c d"], ["a b c d e f"]).value == pytest.approx(100 * math.exp(-0.5))
    assert bleu(REFERENCES, REFERENCES).value == pytest.approx(100)


def test_case_counts_and_the_signature_says_so():
    score = bleu([text.upper() for text in REFERENCES], REFERENCES)
    assert score.value < 5
    assert "case:mixed" in score.signature
    assert "tok:13a" in score.signature
    assert "version:" in str(score)


def test_chrf_of_equals():
    assert chrf(REFERENCES, REFERENCES).value == pytest.approx(100)
    assert chrf(["xyz"], ["abc"]).value == 0
    assert "nc:6" in chrf(["a"], ["b"]).signature


def test_a_better_system_is_found():
    worse = [text.replace("today", "now") for text in REFERENCES]
    found = paired_bootstrap(REFERENCES, worse, REFERENCES, names=("right", "wrong"), samples=200)
    assert (found.lower, found.higher) == ("wrong", "right")
    assert found.score_a == pytest.approx(100)
    assert found.difference == pytest.approx(100 - bleu(worse, REFERENCES).value)
    assert found.intervals[1] == pytest.approx((found.score_b, found.score_b), abs=1e-4)
    assert "right translates better than wrong" in str(found)
    assert "paired bootstrap, 200 samples, p = 0.005" in found.evidence
    assert "bs:200" in found.signature


def test_counts_are_enough_for_the_bootstrap():
    worse = [text.replace("today", "now") for text in REFERENCES]
    sides = [sentence_counts(side, REFERENCES) for side in (REFERENCES, worse)]
    assert {len(row) for side in sides for row in side} == {len(COUNTED)}
    found = paired_bootstrap_of_counts(*sides, samples=200, names=("right", "wrong"))
    assert found == paired_bootstrap(
        REFERENCES, worse, REFERENCES, samples=200, names=("right", "wrong")
    )
    for one, other in (sides[0], sides[1][:-1]), ([], []):
        with pytest.raises(ValueError, match=r"counts: expected as many rows.*, got"):
            paired_bootstrap_of_counts(one, other)


def test_the_same_system_cannot_be_told_apart():
    ours = [text if n % 3 else text.replace("is", "was") for n, text in enumerate(REFERENCES)]
    theirs = [
        text if n % 3 != 1 else text.replace("is", "was") for n, text in enumerate(REFERENCES)
    ]
    found = paired_bootstrap(ours, theirs, REFERENCES, samples=200)
    assert found.lower is None
    assert found.smallest_difference > 1
    assert "would have been seen" in found.evidence
    again = paired_bootstrap(ours, theirs, REFERENCES, samples=200)
    assert again == found
    assert paired_bootstrap(ours, theirs, REFERENCES, metric="CHRF", samples=50).metric == "chrF2"


@pytest.mark.parametrize("metric", [bleu, chrf])
def test_refuses_other_numbers_of_sentences(metric):
    for translations, references in ((["a"], []), ([], []), (["a"], ["a", "b"])):
        with pytest.raises(ValueError, match=r"^translations: expected as many as references"):
            metric(translations, references)


def test_refusals_of_the_bootstrap():
    with pytest.raises(ValueError, match=r"^translations: expected"):
        paired_bootstrap(["a"], ["a", "b"], ["a"])
    with pytest.raises(ValueError, match=r"^metric: expected BLEU or CHRF"):
        paired_bootstrap(["a"], ["a"], ["a"], metric="TER")
    with pytest.raises(ValueError, match=r"^samples: expected a whole number"):
        paired_bootstrap(["a"], ["a"], ["a"], samples=0)
    with pytest.raises(ValueError, match=r"^level: expected"):
        paired_bootstrap(["a"], ["a"], ["a"], level=0)
