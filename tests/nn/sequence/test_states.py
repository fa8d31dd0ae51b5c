import pytest
import torch

from cnnhistory.nn.sequence.states import DecoderState, Encoded, ScaleGradient, check_tokens


def test_a_selection_by_hand():
    numbers = torch.arange(2 * 3).reshape(2, 3, 1)  # two sources with three targets
    keys = torch.tensor([[[10.0]], [[20.0]]])
    state = DecoderState(Encoded(keys, keys, keys[..., 0] > 0), [numbers], 4)
    same = state.select(torch.tensor([0, 1]), torch.tensor([[2, 2], [0, 1]]))
    assert same.memory[0][..., 0].tolist() == [[2, 2], [3, 4]]
    assert same.encoded is state.encoded
    fewer = state.select(torch.tensor([1]), torch.tensor([[1]]))
    assert fewer.memory[0][..., 0].tolist() == [[4]]
    assert fewer.encoded.keys.tolist() == [[[20]]]
    assert fewer.position == 4


def test_gradients_are_scaled_and_values_are_not():
    x = torch.tensor([2.0, 3.0], requires_grad=True)
    y = ScaleGradient.apply(x, 0.25)
    assert y.tolist() == [2, 3]
    (y * torch.tensor([4.0, 8.0])).sum().backward()
    assert x.grad.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        (torch.zeros(2, 3), r"integers \(N, length\), got float32 \(2, 3\)"),
        (torch.ones(3).long(), r"integers \(N, length\), got int64 \(3,\)"),
        (torch.ones(2, 0).long(), r"integers \(N, length\), got int64 \(2, 0\)"),
        (torch.ones(2, 6).long(), "at most 5 tokens, as many as the network has positions, got 6"),
        (torch.tensor([[1, 10]]), "tokens from 0 to 9, got 1 to 10"),
        (torch.tensor([[1, -1]]), "tokens from 0 to 9, got -1 to 1"),
        (torch.tensor([[1, 2], [0, 0]]), "at least one token a sequence, got padding alone"),
    ],
)
def test_refuses_what_is_no_batch(tokens, message):
    with pytest.raises(ValueError, match=f"^source: expected {message}$"):
        check_tokens("source", tokens, 10, 5)
