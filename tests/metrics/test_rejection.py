import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cnnhistory.metrics.rejection import margin, rejection_curve


def test_margin_by_hand():
    scores = torch.tensor([[1.0, -1.0, 0.5], [-3.0, -3.0, -4.0], [-1.0, 2.0, -1.5]])
    assert margin(scores).tolist() == [0.5, 0.0, 3.0]


def test_curve_by_hand():
    """Five cases; the two least confident, of equal confidence, can only go together."""
    confidence = torch.tensor([0.9, 0.2, 0.5, 0.2, 0.7])
    wrong = torch.tensor([False, True, True, False, False])
    curve = rejection_curve(confidence, wrong)
    torch.testing.assert_close(curve.rejected, torch.tensor([0, 0.4, 0.6, 0.8]).double())
    torch.testing.assert_close(curve.error, torch.tensor([2 / 5, 1 / 3, 0, 0]).double())
    torch.testing.assert_close(curve.threshold, torch.tensor([0.2, 0.5, 0.7, 0.9]))
    assert curve.at_error(0.4) == 0
    assert curve.at_error(0.35) == pytest.approx(0.4)
    assert curve.at_error(0.0) == pytest.approx(0.6)
    assert curve.threshold_at_error(0.0) == pytest.approx(0.7)
    assert [curve.at_rejection(s) for s in (0.0, 0.39, 0.4, 0.99)] == pytest.approx(
        [0.4, 0.4, 1 / 3, 0]
    )


def test_accepting_all_at_the_lowest_threshold_is_the_curve_s_start():
    confidence, wrong = torch.rand(100), torch.rand(100) < 0.2
    curve = rejection_curve(confidence, wrong)
    assert curve.rejected[0] == 0
    assert float(curve.error[0]) == pytest.approx(wrong.double().mean().item())
    for rejected, error, threshold in zip(*vars(curve).values(), strict=True):
        kept = confidence >= threshold
        assert float(rejected) == pytest.approx(1 - kept.double().mean().item())
        assert float(error) == pytest.approx(wrong[kept].double().mean().item())


def test_a_perfect_doubter_rejects_only_errors():
    wrong = torch.tensor([True] * 3 + [False] * 7)
    curve = rejection_curve((~wrong).float() + torch.arange(10) / 100, wrong)
    assert curve.at_error(0.0) == pytest.approx(0.3)
    assert curve.at_rejection(0.3) == 0


def test_no_threshold_may_be_good_enough():
    curve = rejection_curve(torch.tensor([1.0, 0.5]), torch.tensor([True, False]))
    assert curve.at_error(0.4) is None
    assert curve.threshold_at_error(0.4) is None
    assert curve.at_error(0.5) == 0


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=30))
def test_the_order_of_the_cases_does_not_matter(cases):
    confidence = torch.tensor([c for c, _ in cases]).float()
    wrong = torch.tensor([w for _, w in cases])
    curve = rejection_curve(confidence, wrong)
    back = rejection_curve(confidence.flip(0), wrong.flip(0))
    assert torch.equal(curve.error, back.error)
    assert len(curve.error) == len(set(confidence.tolist()))
    assert curve.rejected.diff().gt(0).all()


@pytest.mark.parametrize(
    ("confidence", "wrong", "message"),
    [
        (torch.zeros(0), torch.zeros(0, dtype=torch.bool), "length of at least 1"),
        (torch.zeros(2), torch.zeros(3, dtype=torch.bool), r"got \(2,\) and \(3,\)"),
        (torch.tensor([float("nan")]), torch.tensor([True]), "got NaN"),
    ],
)
def test_bad_input(confidence, wrong, message):
    with pytest.raises(ValueError, match=message):
        rejection_curve(confidence, wrong)


def test_bad_scores_and_shares():
    with pytest.raises(ValueError, match=r"scores: expected shape \(N, K\) with K > 1"):
        margin(torch.zeros(5, 1))
    with pytest.raises(ValueError, match="share: expected a fraction"):
        rejection_curve(torch.ones(1), torch.tensor([True])).at_rejection(1.0)
