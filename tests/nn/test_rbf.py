import pytest
import torch

from cnnhistory.nn.rbf import EuclideanRBF, bitmap


def test_hand_worked():
    layer = EuclideanRBF(torch.tensor([[1.0, -1.0], [0.0, 2.0]]))
    # (3-1)^2 + (1+1)^2 = 8;  3^2 + (1-2)^2 = 10
    assert layer(torch.tensor([[3.0, 1.0]])).tolist() == [[8.0, 10.0]]


def test_a_code_is_at_distance_zero_from_itself():
    codes = torch.randn(5, 7)
    assert EuclideanRBF(codes)(codes).diagonal().abs().max() == 0


def test_codes_are_not_trained_but_saved():
    layer = EuclideanRBF(torch.zeros(2, 3))
    assert list(layer.parameters()) == []
    assert set(layer.state_dict()) == {"codes"}


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="codes"):
        EuclideanRBF(torch.zeros(3))
    with pytest.raises(ValueError, match="expected 3 features, got 4"):
        EuclideanRBF(torch.zeros(2, 3))(torch.zeros(1, 4))
    with pytest.raises(ValueError, match="rows"):
        bitmap("#x")
