"""What the chapter on theory says of the scattering transform with all of MNIST."""

import os

import pytest
import torch

from cnnhistory.data.digits import DigitsDataModule
from cnnhistory.nn.scattering.transform import Scattering2d
from cnnhistory.visualize.probe import linear_probe
from cnnhistory.zoo import record


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_with_all_digits_a_linear_classifier_is_behind_a_network():
    if "CNNHISTORY_DATA" not in os.environ:
        pytest.skip("needs all digits: set CNNHISTORY_DATA to a folder with them")
    data = DigitsDataModule(scale="full", levels="unit", val_size=5000)
    data.setup()
    scatter = Scattering2d(32, scales=3, angles=6)
    train, val, test = (
        torch.cat([(scatter(batch) + 1e-3).log().flatten(1) for batch in part.images.split(50)])
        for part in (data.train_set, data.val_set, data.test_set)
    )
    errors = []
    for penalty in (0.1, 1.0, 10.0):
        scores = linear_probe(train, data.train_set.labels, torch.cat([val, test]), 10, penalty)
        wrong = scores.argmax(1) != torch.cat([data.val_set.labels, data.test_set.labels])
        errors.append((wrong[:5000].sum().item(), wrong[5000:].sum().item()))
    _, found = min(errors)
    assert abs(found - 81) <= 8
    assert found / 10_000 > record("lenet5_modern_mnist").mean()
