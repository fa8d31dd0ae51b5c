import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge
from torch import nn

from cnnhistory.visualize.probe import layer_features, linear_probe


@pytest.mark.parametrize("features", [5, 90])  # fewer and more than examples
def test_it_is_ridge_regression(features):
    torch.manual_seed(0)
    train, test = 3 + 2 * torch.randn(40, features), 3 + 2 * torch.randn(7, features)
    labels = torch.arange(40) % 3
    found = linear_probe(train, labels, test, classes=3, penalty=0.5)
    mean, std = train.mean(0), train.std(0)
    peer = Ridge(alpha=0.5 * 40 / features).fit(
        ((train - mean) / std).numpy(), (2 * np.eye(3)[labels] - 1)
    )
    expected = torch.from_numpy(peer.predict(((test - mean) / std).numpy()))
    torch.testing.assert_close(found, expected.float(), atol=1e-4, rtol=1e-4)


def test_it_learns_what_is_linear_and_not_more():
    torch.manual_seed(0)
    x = torch.randn(400, 2)
    quarter = (x[:, 0] > 0).long() + 2 * (x[:, 1] > 0).long()
    scores = linear_probe(x[:300], quarter[:300], x[300:], 4)
    assert (scores.argmax(1) == quarter[300:]).float().mean() > 0.9
    differ = ((x[:, 0] > 0) ^ (x[:, 1] > 0)).long()  # no line tells these apart
    scores = linear_probe(x[:300], differ[:300], x[300:], 2)
    assert 0.3 < (scores.argmax(1) == differ[300:]).float().mean() < 0.7


def test_units_that_are_silent_do_no_harm():
    x = torch.cat([torch.randn(30, 2), torch.zeros(30, 3)], dim=1)
    labels = (x[:, 0] > 0).long()
    full = linear_probe(x, labels, x, 2, penalty=0.5)
    assert full.isfinite().all()
    # the penalty is per feature, so two features get it at 2 / 5 of the strength
    torch.testing.assert_close(full, linear_probe(x[:, :2], labels, x[:, :2], 2, penalty=0.2))


def test_features_are_pooled_and_flattened():
    network = nn.Sequential(nn.Conv2d(1, 2, 1), nn.Flatten(), nn.Linear(2 * 36, 5))
    images = torch.randn(5, 1, 6, 6)
    found = layer_features(network, images, ["0", "2"], side=2, batch_size=2)
    assert {name: tuple(value.shape) for name, value in found.items()} == {
        "0": (5, 8),
        "2": (5, 5),
    }
    quarter = network[0](images)[3, 1, :3, 3:].mean()
    torch.testing.assert_close(found["0"][3, 4 + 1], quarter)


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match=r"labels: expected shape \(4,\), got \(3,\)"):
        linear_probe(torch.zeros(4, 2), torch.zeros(3).long(), torch.zeros(1, 2), 2)
    with pytest.raises(ValueError, match="penalty: expected a positive number, got 0"):
        linear_probe(torch.zeros(4, 2), torch.zeros(4).long(), torch.zeros(1, 2), 2, penalty=0)
