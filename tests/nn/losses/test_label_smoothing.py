import pytest
import torch
from torch.nn import functional as F

from cnnhistory.nn.losses.label_smoothing import LabelSmoothingLoss


@pytest.mark.parametrize("eps", [0.0, 0.1, 0.6])
def test_label_smoothing_is_that_of_torch(eps):
    torch.manual_seed(0)
    scores = torch.randn(5, 7, dtype=torch.double, requires_grad=True)
    target = torch.randint(7, (5,))
    ours = LabelSmoothingLoss(eps)(scores, target)
    theirs = F.cross_entropy(scores, target, label_smoothing=eps)
    torch.testing.assert_close(ours, theirs)
    gradients = [torch.autograd.grad(loss, scores)[0] for loss in (ours, theirs)]
    torch.testing.assert_close(*gradients)


def test_smoothed_labels_are_met_by_finite_scores():
    # q = (0.9 + 0.1 / 4, 0.1 / 4, 0.1 / 4, 0.1 / 4), where the gradient is zero
    q = torch.tensor([[0.925, 0.025, 0.025, 0.025]], dtype=torch.double)
    scores = q.log().requires_grad_()
    loss = LabelSmoothingLoss(0.1)(scores, torch.tensor([0]))
    assert loss.item() == pytest.approx(-(q * q.log()).sum().item())
    loss.backward()
    assert scores.grad.abs().max() < 1e-12
    with pytest.raises(ValueError, match="eps: expected at least 0 and below 1"):
        LabelSmoothingLoss(1.0)
