import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torchmetrics.functional.classification import multiclass_calibration_error

from cnnhistory.metrics.calibration import calibration


def test_by_hand():
    """Four items, two bins of which one is empty: 0.6 twice, right once; 0.9 twice, both right."""
    p = torch.tensor([[0.6, 0.4], [0.4, 0.6], [0.9, 0.1], [0.1, 0.9]], dtype=torch.double)
    found = calibration(p.log() + 3, torch.tensor([0, 0, 0, 1]), bins=4)
    assert found.share.tolist() == [0, 0, 0.5, 0.5]
    torch.testing.assert_close(
        found.bin_confidence[2:], torch.tensor([0.6, 0.9], dtype=torch.double)
    )
    torch.testing.assert_close(found.bin_accuracy[2:], torch.tensor([0.5, 1.0], dtype=torch.double))
    assert found.bin_accuracy[:2].isnan().all()
    assert found.rows() == [[0.5, 0.6, 0.5], [0.5, 0.9, 1.0]]
    assert found.confidence == pytest.approx(0.75)
    assert found.accuracy == 0.75
    assert found.excess == pytest.approx(0, abs=1e-12)
    assert found.error == pytest.approx(0.5 * 0.1 + 0.5 * 0.1)
    assert found.log_loss == pytest.approx(-math.log(0.6 * 0.4 * 0.9 * 0.9) / 4)


def test_an_edge_belongs_to_the_lower_bin():
    scores = torch.tensor([[0.0, 0.0]])  # a confidence of exactly 1/2
    assert calibration(scores, torch.tensor([0]), bins=2).share.tolist() == [1, 0]


@given(
    seed=st.integers(0, 10_000),
    n=st.integers(1, 300),
    classes=st.integers(2, 12),
    bins=st.integers(1, 30),
    size=st.floats(0.1, 3),
)
def test_equals_the_librarys(seed, n, classes, bins, size):
    random = torch.Generator().manual_seed(seed)
    # Not so large that a confidence is 1, for which the library has a bin of its own.
    scores = size * torch.randn(n, classes, generator=random, dtype=torch.double)
    targets = torch.randint(classes, (n,), generator=random)
    theirs = multiclass_calibration_error(scores.softmax(1), targets, classes, bins, norm="l1")
    ours = calibration(scores, targets, bins)
    assert ours.error == pytest.approx(float(theirs), abs=2e-6)
    assert float(ours.share.sum()) == pytest.approx(1)
    assert ours.error >= abs(ours.excess) - 1e-9


def test_wrong_input_is_refused():
    good = torch.zeros(3, 2)
    for scores, targets in ((good, torch.zeros(2).long()), (good[0], good[0]), (good[:0],) * 2):
        with pytest.raises(ValueError, match="scores, targets: expected"):
            calibration(scores, targets)
    with pytest.raises(ValueError, match="scores: expected finite"):
        calibration(good.log() * 0, torch.zeros(3).long())
    with pytest.raises(ValueError, match="bins: expected"):
        calibration(good, torch.zeros(3).long(), bins=0)
