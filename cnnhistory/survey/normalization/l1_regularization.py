"""L1 regularization, and what the survey says about it."""

from __future__ import annotations

from cnnhistory.system import Finding, System, decided

SYSTEM = System(
    id="l1_regularization",
    name="L1 regularization",
    year=1996,
    era="normalization",
    task="regularization",
    paper="tibshirani1996regression",
    see_also=("glorot2011deep",),
    chapter="toolbox/normalization",
    object="nn.regularization.l1_regularization.L1Penalty",
    digest="l1-regularization",
)


@decided(
    "l1_regularization.c1",
    text="The zeros that ReLU makes act like L1 regularization.",
    check="exp",
    verdict="opinion",
    truth="They are other zeros. L1 makes weights zero, for all inputs at once; ReLU makes outputs "
    "zero, for each input others, and leaves no weight at zero. What fits: a ReLU with a bias of "
    "-λ is the very step by which L1 of the strength λ makes nonnegative outputs sparse.",
    source="tibshirani1996regression, Section 2",
)
def c1() -> Finding:
    """Count zeros of weights and outputs in networks trained with either, and compare the step."""
    import torch

    from cnnhistory.nn.regularization.l1_regularization import soft_threshold
    from cnnhistory.survey.small_runs import zeros_on_digits

    x = torch.linspace(-3, 3, 601)
    a = torch.linspace(0, 3, 301)[:, None]
    least = a[((a - x) ** 2 / 2 + 0.5 * a).argmin(0), 0]  # of all nonnegative answers
    same_step = float((least - torch.relu(x - 0.5)).abs().max()) < 0.01 and torch.equal(
        soft_threshold(x, 0.5, nonnegative=True), torch.relu(x - 0.5)
    )
    relu, l1 = zeros_on_digits("relu", 0.0), zeros_on_digits("tanh", 1e-3)
    other_zeros = relu.weights == 0 < relu.outputs and l1.outputs == 0 < l1.weights
    return Finding(
        "correct" if same_step and not other_zeros else "opinion" if same_step else "wrong",
        f"with ReLU alone {100 * relu.weights:.0f} % of the weights and {100 * relu.outputs:.0f} % "
        f"of the outputs are zero, with L1 and tanh {100 * l1.weights:.0f} % and "
        f"{100 * l1.outputs:.0f} %",
        (
            *["leaves no weight at zero"] * (relu.weights == 0),
            *["a ReLU with a bias"] * same_step,
        ),
    )
