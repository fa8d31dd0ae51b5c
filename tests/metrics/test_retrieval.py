import pytest
import torch
from sklearn.metrics import average_precision_score

from cnnhistory.metrics.retrieval import average_precisions


def test_precisions_by_hand():
    # from the first: rank 1 is of its kind, rank 2 not, rank 3 is: (1/1 + 2/3) / 2
    angles = torch.tensor([0.0, 0.1, 0.2, 0.3])
    keys = torch.stack([angles.cos(), angles.sin()], 1)
    found = average_precisions(keys, torch.tensor([0, 0, 1, 0]))
    assert found.shape == (3,)  # the third has no like
    assert found[0].item() == pytest.approx((1 + 2 / 3) / 2)


def test_the_length_of_a_key_does_not_matter():
    torch.manual_seed(0)
    keys, labels = torch.randn(30, 5), torch.arange(30) % 4
    longer = keys * torch.rand(30, 1).add(0.1)
    torch.testing.assert_close(average_precisions(keys, labels), average_precisions(longer, labels))


def test_equals_scikit_learn():
    torch.manual_seed(0)
    keys, labels = torch.randn(40, 6), torch.randint(0, 5, (40,))
    unit = torch.nn.functional.normalize(keys)
    near, alike = unit @ unit.T, labels[:, None] == labels
    others = ~torch.eye(40, dtype=torch.bool)
    theirs = [average_precision_score(alike[i][others[i]], near[i][others[i]]) for i in range(40)]
    torch.testing.assert_close(average_precisions(keys, labels), torch.tensor(theirs).float())


def test_random_keys_find_as_many_as_there_are():
    torch.manual_seed(0)
    labels = torch.arange(600) % 3
    assert average_precisions(torch.randn(600, 9), labels).mean().item() == pytest.approx(
        1 / 3, abs=0.02
    )


def test_what_cannot_be_searched_is_refused():
    for keys, labels, message in (
        (torch.randn(3, 2), torch.zeros(2), "labels: expected 3, one a key"),
        (torch.full((2, 2), torch.nan), torch.zeros(2), "keys: expected finite numbers"),
        (torch.randn(3, 2), torch.arange(3), "labels: expected two that are alike"),
    ):
        with pytest.raises(ValueError, match=message):
            average_precisions(keys, labels)
