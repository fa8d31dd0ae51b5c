"""Losses of several tasks in one: a class and a box, several heads, weights that are learned."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cnnhistory._util.checks import check_finite
from cnnhistory._util.lookup import check_one_of, expected
from cnnhistory.nn.size import check_scores


class FastRCNNLoss(nn.Module):
    """Add the loss of a class and, unless it is the background, the loss of its box.

    E = mean over the regions of -log p_u + weight [u >= 1] sum over the four numbers of
    s(b_u - v), with s(x) = x^2 / 2 where |x| < 1 and |x| - 1/2 elsewhere: u is the right class, 0
    the background, p a softmax over the scores, v the right offsets and b_u those that the network
    gives for class u. The slope of s is never above 1, so that one box far off does not rule.

    Shape: scores (N, K + 1), boxes (N, K + 1, 4) with a row for each class, the background's
    unused; target (N,) of class indices, offsets (N, 4). The loss is a scalar.

    Units: offsets as the network gives them; their unit weighs the two losses against each other.

    Raises:
        ValueError: the weight is not finite, there is no region, or the shapes do not fit.

    Source: girshick2015fast, with weight 1.

    >>> scores, boxes = torch.zeros(1, 2), torch.tensor([[[9.0] * 4, [0.0, 0.5, 3.0, 0.0]]])
    >>> loss = FastRCNNLoss()(scores, boxes, torch.tensor([1]), torch.zeros(1, 4))
    >>> round(loss.item(), 4)  # log 2 + 0.125 + 2.5
    3.3181
    """

    def __init__(self, weight: float = 1.0) -> None:
        super().__init__()
        check_finite("weight", weight)
        self.weight = weight

    def forward(self, scores: Tensor, boxes: Tensor, target: Tensor, offsets: Tensor) -> Tensor:
        """Return the mean over the regions."""
        check_scores(scores)
        if boxes.shape != (*scores.shape, 4):
            wanted = (*scores.shape, 4)
            raise ValueError(f"boxes: expected shape {wanted}, got {tuple(boxes.shape)}")
        if offsets.shape != (len(scores), 4):
            raise ValueError(
                f"offsets: expected shape {(len(scores), 4)}, got {tuple(offsets.shape)}"
            )
        own = boxes[torch.arange(len(boxes), device=boxes.device), target]  # (N, 4)
        far = F.smooth_l1_loss(own, offsets, reduction="none").sum(1)
        return F.cross_entropy(scores, target) + self.weight * (far * (target >= 1)).mean()

    def extra_repr(self) -> str:
        """Show the constant."""
        return f"weight={self.weight}"


class WeightedSum(nn.Module):
    """Add losses, each with a fixed weight.

    E = sum over the tasks of w_i E_i. The weights trade the tasks' units against each other:
    twice the weight is the same as a loss in half the unit.

    Shape: a scalar loss for each task; the sum is a scalar.

    Raises:
        ValueError: there is no weight, one is not finite, or there is not one loss for each.

    Source: girshick2015fast, for two.

    >>> WeightedSum([1.0, 0.5])([torch.tensor(2.0), torch.tensor(3.0)]).item()
    3.5
    """

    def __init__(self, weights: Sequence[float]) -> None:
        super().__init__()
        if not weights:
            raise expected("weights", "at least one", weights)
        for weight in weights:
            check_finite("weights", weight)
        self.weights = list(weights)

    def forward(self, losses: Sequence[Tensor]) -> Tensor:
        """Return the weighted sum."""
        if len(losses) != len(self.weights):
            raise ValueError(f"losses: expected {len(self.weights)}, got {len(losses)}")
        return torch.stack([w * e for w, e in zip(self.weights, losses, strict=True)]).sum()

    def extra_repr(self) -> str:
        """Show the weights."""
        return f"{self.weights}"


class UncertaintySum(nn.Module):
    """Add losses with weights that are trained along: the noise of each task.

    E = sum over the tasks of c_i exp(-s_i) E_i + s_i / 2, s_i = log sigma_i^2 trained, with
    c_i = 1/2 for a squared error ("number") and 1 for a cross-entropy ("class"). A squared error
    is seen as the logarithm of a normal density of variance sigma^2; s_i / 2 keeps sigma from
    growing without bound. For a fixed E_i the best s_i is log(2 c_i E_i), so that a task weighs
    about as much as its loss is small; there the gradient of E is half that of log E_i.

    Shape: a scalar loss for each task; the sum is a scalar, and may be negative.

    Raises:
        ValueError: there is no kind, one is another word, or there is not one loss for each.

    Source: kendall2018multi, which trains s, the logarithm of the variance, too.

    >>> joined = UncertaintySum(["number", "class"])
    >>> joined([torch.tensor(2.0), torch.tensor(3.0)]).item()  # s = 0: 2 / 2 + 3
    4.0
    """

    def __init__(self, kinds: Sequence[str]) -> None:
        super().__init__()
        if not kinds:
            raise expected("kinds", "at least one", kinds)
        for kind in kinds:
            check_one_of("kinds", kind, ("number", "class"))
        self.kinds = tuple(kinds)
        self.log_variances = nn.Parameter(torch.zeros(len(self.kinds)))

    def weights(self) -> list[float]:
        """Return what each loss is multiplied with now."""
        return [
            float(s.exp().reciprocal()) * (0.5 if kind == "number" else 1.0)
            for kind, s in zip(self.kinds, self.log_variances.detach(), strict=True)
        ]

    def forward(self, losses: Sequence[Tensor]) -> Tensor:
        """Return the sum."""
        if len(losses) != len(self.kinds):
            raise ValueError(f"losses: expected {len(self.kinds)}, got {len(losses)}")
        halves = self.log_variances.new_tensor([0.5 if k == "number" else 1.0 for k in self.kinds])
        s = self.log_variances
        return (halves * (-s).exp() * torch.stack(list(losses)) + s / 2).sum()

    def extra_repr(self) -> str:
        """Show the kinds."""
        return f"{list(self.kinds)}"


class ClassAndNumberLoss(nn.Module):
    """Join the cross-entropy of a class and the squared error of a number, as some sum says.

    E = total([cross-entropy of the first K outputs, mean of (y - v / unit)^2]), y the last output
    and v the right number. The unit is that in which the network gives the number.

    Shape: outputs (N, K + 1), targets (N, 2) of class indices and numbers; the loss is a scalar.

    Raises:
        ValueError: the unit is not positive, or the shapes do not fit.

    Source: girshick2015fast, for the sum of a class and of numbers.
    """

    def __init__(self, total: nn.Module, unit: float = 1.0) -> None:
        super().__init__()
        check_finite("unit", unit, positive=True)
        self.total, self.unit = total, unit

    def forward(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the joined loss."""
        if outputs.dim() != 2 or outputs.shape[1] < 3 or targets.shape != (len(outputs), 2):
            raise ValueError(
                f"targets: expected a class and a number for each of {tuple(outputs.shape)} "
                f"outputs, got {tuple(targets.shape)}"
            )
        named = F.cross_entropy(outputs[:, :-1], targets[:, 0].long())
        told = F.mse_loss(outputs[:, -1], targets[:, 1] / self.unit)
        joined: Tensor = self.total([named, told])
        return joined


class AuxiliaryLoss(nn.Module):
    """Add the cross-entropies of all heads of a network, those of the auxiliary ones weighted.

    E = H(main) + weight (H(aux_1) + H(aux_2) + ...), H the cross-entropy of a softmax over the
    scores.

    Shape: scores a tuple of (N, K), the main head's first, or those of the main head alone; target
    (N,) of class indices; the loss is a scalar.

    Raises:
        ValueError: `weight` is not finite.

    Source: szegedy2015going, Section 5, with weight 0.3.
    """

    def __init__(self, weight: float = 0.3) -> None:
        super().__init__()
        check_finite("weight", weight)
        self.weight = weight

    def forward(self, scores: tuple[Tensor, ...] | Tensor, target: Tensor) -> Tensor:
        """Return the mean over the examples."""
        if isinstance(scores, Tensor):
            return F.cross_entropy(scores, target)
        main, *auxiliary = (F.cross_entropy(head, target) for head in scores)
        return main + self.weight * sum(auxiliary)
