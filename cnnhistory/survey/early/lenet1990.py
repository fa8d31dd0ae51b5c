"""Zip-code network of 1990, and what the survey says about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from cnnhistory.papers import Figure
from cnnhistory.survey._checks import (
    SCALED_TANH,
    in_words,
    partial,
    size,
    tanh_or_scaled,
    trained_subsampling,
)
from cnnhistory.system import Finding, Statement, System, decided

if TYPE_CHECKING:
    from cnnhistory.models.lenet1990 import LeNet1990

SYSTEM = System(
    id="lenet1990",
    name="Zip-code network of 1990",
    year=1990,
    era="early",
    task="classification",
    paper="lecun1990handwritten",
    figures=(
        Figure(
            "parameters",
            2_578,
            "parameters",
            tolerance=0,
            where="page 402",
            model="lenet1990",
            checked=True,
        ),
        Figure(
            "connections",
            98_442,
            "connections",
            tolerance=0,
            where="page 402",
            model="lenet1990",
            checked=True,
        ),
        Figure(
            "test error on handwritten and printed digits",
            3.4,
            "%",
            tolerance=0.7,
            where="pages 402 and 403",
            model="lenet1990",
        ),
        Figure(
            "rejected for 1 % error on the rest, handwritten digits",
            9.0,
            "%",
            tolerance=1.5,
            where="pages 402 and 403",
            model="lenet1990",
        ),
    ),
    deviations=(
        "Adam with a one-cycle schedule by default instead of steps scaled by the diagonal of "
        "the Hessian",
    ),
    chapter="early/lenet1990",
    models=("lenet1990",),
    digest="lenet-1990",
)


def _lenet1990() -> LeNet1990:
    from cnnhistory import create_model
    from cnnhistory.models.lenet1990 import LeNet1990

    return cast(LeNet1990, create_model("lenet1990"))


c1 = Statement(
    "lenet1990.c1",
    text="It reads postal codes with 1 % error at 9 % rejection.",
    check="cite",
    verdict="correct",
    truth="As stated, for handwritten digits alone. With printed digits among them, 5.7 % "
    "have to be rejected.",
    source="lecun1990handwritten, pages 402 and 403",
)


@decided(
    "lenet1990.c2",
    text="The input is 28×28; H1 has 4 maps of 24×24, H2 4 of 12×12, H3 12 of 8×8, H4 12 of 4×4.",
    check="count",
    verdict="correct",
    truth="As stated.",
    source="lecun1990handwritten, pages 399 to 402",
)
def c2() -> Finding:
    from cnnhistory.accounting import summarize

    stated = {"h1": (4, 24, 24), "h2": (4, 12, 12), "h3": (12, 8, 8), "h4": (12, 4, 4)}
    table = summarize(_lenet1990(), (1, 28, 28))
    found = {name: table[name].output_shape or () for name in stated}
    return Finding(
        "correct" if found == stated else "wrong",
        ", ".join(f"{name.upper()} {size(shape)}" for name, shape in found.items()),
    )


@decided(
    "lenet1990.c3",
    text="Each map of H3 reads only some maps of H2, which saves parameters.",
    check="count",
    verdict="correct",
    truth="As stated: 20 of the 48 possible pairs are connected, which leaves 512 parameters "
    "of 1,212.",
    source="lecun1990handwritten, page 400, Table 1",
)
def c3() -> Finding:
    return partial(_lenet1990().h3, maps=4, every=True)


@decided(
    "lenet1990.c4",
    text="The output layer gives the probabilities of the ten classes.",
    check="exp",
    verdict="imprecise",
    truth="It gives ten scores of 1.7159 tanh(2x/3), which may be negative and have no fixed sum. "
    "The squared error trains them to 2p - 1, where p is the probability of the class.",
    source="lecun1990handwritten, pages 399 to 402",
)
def c4() -> Finding:
    """Look for probabilities in the outputs, whatever the last weights, and in what is learned."""
    import torch

    model = _lenet1990()
    with torch.no_grad():
        for parameter in model.output.parameters():
            parameter.normal_()
        scores = model(torch.rand(50, 1, 28, 28) * 2 - 1)
    sums, classes = scores.sum(1), scores.shape[1]
    are = bool((scores >= 0).all()) and torch.allclose(sums, torch.ones(50), atol=1e-4)
    # Where the expected loss is least the scores are what training wants.
    p = torch.linspace(1, 2, classes)
    p = p / p.sum()
    learned = []
    for name, wanted in (("p", p), ("2p - 1", 2 * p - 1), ("log p", p.log())):
        s = wanted.clone().requires_grad_()
        losses = [model.criterion(s[None], torch.tensor([k])) for k in range(classes)]
        (slope,) = torch.autograd.grad(torch.stack(losses) @ p, s)
        learned += [name] * bool(slope.abs().max() < 1e-5)
    _, is_scaled, _ = tanh_or_scaled(model.activation)
    return Finding(
        "correct" if are else "imprecise" if learned else "wrong",
        f"{classes} scores for random images and last weights: {scores.min():.2f} to "
        f"{scores.max():.2f}, their sums {sums.min():.2f} to {sums.max():.2f}; the expected loss "
        f"is least at {' and '.join(learned) or 'nothing of the kind'}, where p are probabilities",
        (
            f"{in_words(classes)} scores",
            *[SCALED_TANH] * is_scaled,
            *(f"trains them to {name}" for name in learned),
        ),
    )


@decided(
    "lenet1990.c5",
    text="H2 and H4 down-sample their input by 2×2.",
    check="count",
    verdict="imprecise",
    truth="They sum four inputs, multiply by a weight, add a bias and squash; each map "
    "learns its own weight and bias. Average pooling is the special case 1/4 and 0.",
    source="lecun1990handwritten, pages 399 to 402",
)
def c5() -> Finding:
    model = _lenet1990()
    return trained_subsampling(model.h2, model.h4)
