"""ReLU, and what the survey says about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnhistory.survey._checks import right_or_wrong
from cnnhistory.system import Finding, System, decided

if TYPE_CHECKING:
    from torch import Tensor

SYSTEM = System(
    id="relu",
    name="ReLU",
    year=2010,
    era="activations",
    task="activation",
    paper="nair2010rectified",
    see_also=("glorot2011deep",),
    object="nn.activation.ReLU",
    chapter="toolbox/activations",
    digest="relu",
)


def _slopes() -> tuple[Tensor, Tensor]:
    """Return points on both sides of 0, and the derivative of ReLU there."""
    import torch

    from cnnhistory.nn.activation import ReLU

    x = torch.tensor([-3.0, -0.5, 0.5, 3.0], requires_grad=True)
    (slope,) = torch.autograd.grad(ReLU()(x).sum(), x)
    return x.detach(), slope


@decided(
    "relu.c1",
    text="The derivative of ReLU is the sign function.",
    check="algebra",
    verdict="wrong",
    truth="It is the step function, 0 for negative and 1 for positive inputs; the sign function "
    "is -1 for negative ones. At 0 there is no derivative.",
    source="glorot2011deep, Section 3.1",
    quoted=("At 0 there is no derivative",),
)
def c1() -> Finding:
    import torch

    x, slope = _slopes()
    return Finding(
        right_or_wrong(torch.equal(slope, x.sign())),
        f"at {x.tolist()} the derivative is {slope.tolist()}, the sign {x.sign().tolist()}",
        (
            f"{slope[0]:g} for negative and {slope[-1]:g} for positive inputs",
            f"is {x.sign()[0]:g} for negative ones",
        ),
    )


@decided(
    "relu.c2",
    text="For positive inputs the derivative is 1, which eases the vanishing of gradients.",
    check="algebra",
    verdict="correct",
    truth="As stated: back through 30 layers with fitting weights the mean square of the gradient "
    "stays within a factor of ten, with sigmoids it shrinks to less than 1e-15 of what it was.",
    source="glorot2011deep, Section 3.1",
)
def c2() -> Finding:
    """Compare the derivative with 1, and gradients in the first and the last of 30 layers."""
    x, slope = _slopes()
    is_one = bool((slope[x > 0] == 1).all())
    relu, sigmoid = (through_layers(name, 30) for name in ("ReLU", "sigmoid"))
    eases = 1 / 10 < relu < 10 and sigmoid < 1e-15
    return Finding(
        "correct" if is_one and eases else "imprecise" if is_one else "wrong",
        f"derivatives {slope[x > 0].tolist()}; mean square of the gradient by the first layer's "
        f"outputs over that by the last one's: {relu:.2g} with ReLU, {sigmoid:.1g} with sigmoids",
        ("30 layers", *["a factor of ten", "less than 1e-15"] * eases),
    )


def through_layers(activation: str, layers: int) -> float:
    """Return the mean square of the gradient in the first of many layers over that in the last."""
    from torch.nn import functional as F

    from cnnhistory.survey import activation_runs as runs
    from cnnhistory.visualize.gradients import gradient_flow

    data = runs.digits().train_set
    network = runs.tower(activation, layers).double()
    x = runs.pixels(data.images[:100]).double()
    ends = ["fc1", f"fc{layers}"]
    flow = gradient_flow(network, x, data.labels[:100], ends, F.cross_entropy)
    return (flow[ends[0]].gradient / flow[ends[1]].gradient) ** 2


@decided(
    "relu.c3",
    text="Many units are 0, about half of them after random initialization: the network is sparse.",
    check="exp",
    verdict="correct",
    truth="As stated: about half of the outputs of random networks of five layers are zero, "
    "which ones depends on the image.",
    source="glorot2011deep, Section 3.1",
)
def c3() -> Finding:
    """Count zeros behind the ReLUs of twenty random networks, for digits."""
    import torch

    from cnnhistory.nn.activation import ReLU
    from cnnhistory.survey import activation_runs as runs

    x = runs.pixels(runs.digits().train_set.images[:200])
    zeros, always = [], []
    for _ in range(20):
        y = x
        with torch.no_grad():
            for layer in runs.tower("ReLU", 5):
                y = layer(y)
                if isinstance(layer, ReLU):
                    zeros.append(float((y == 0).float().mean()))
                    always.append(float((y == 0).all(0).float().mean()))
    share, fixed = sum(zeros) / len(zeros), sum(always) / len(always)
    return Finding(
        right_or_wrong(0.4 < share < 0.6),
        f"{100 * share:.0f} % of the outputs are 0, {100 * fixed:.1f} % for each of 200 digits",
        ("five layers",),
    )


@decided(
    "relu.c4",
    text="Training converges faster than with sigmoid or tanh.",
    check="exp",
    verdict="imprecise",
    truth="Faster than with sigmoids. With tanh and weights that fit it, a dense network of five "
    "layers is ahead of ReLU after 30 steps, each at its best rate. The paper's network reaches a "
    "training error of 25 % six times sooner with ReLU than with tanh, with weights of its time.",
    source="krizhevsky2012imagenet, Section 3.1, Figure 1",
    quoted=("25 % six times sooner",),
)
def c4() -> Finding:
    """Train at the best of four rates and two gains, and compare the loss early in the run."""
    from statistics import fmean

    from cnnhistory.survey import activation_runs as runs

    loss = {
        name: fmean(
            runs.trained(name, *runs.best(name), seed)[1][runs.EARLY // 10 - 1] for seed in range(3)
        )
        for name in ("ReLU", "sigmoid", "tanh")
    }
    ahead = [loss["ReLU"] < loss[name] for name in ("sigmoid", "tanh")]
    return Finding(
        "correct" if all(ahead) else "imprecise" if any(ahead) else "wrong",
        f"validation loss after {runs.EARLY} steps, mean of three seeds: "
        + ", ".join(f"{value:.2f} with {name}" for name, value in loss.items()),
        ("five layers", f"after {runs.EARLY} steps"),
    )
