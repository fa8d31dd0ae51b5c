"""Zip-code network of 1989, and what the survey says about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from cnnhistory.papers import Figure, paper
from cnnhistory.survey._checks import SCALED_TANH, in_words, size, tanh_or_scaled
from cnnhistory.system import Finding, Statement, System, decided

if TYPE_CHECKING:
    from cnnhistory.models.lenet1989 import LeNet1989

SYSTEM = System(
    id="lenet1989",
    name="Zip-code network of 1989",
    year=1989,
    era="early",
    task="classification",
    paper="lecun1989backprop",
    figures=(
        Figure(
            "parameters",
            9_760,
            "parameters",
            tolerance=0,
            where="Section 3.3",
            model="lenet1989",
            checked=True,
        ),
        Figure(
            "connections",
            64_660,
            "connections",
            tolerance=0,
            where="Section 3.3",
            model="lenet1989",
            checked=True,
        ),
        Figure(
            "units",
            1_256,
            "units",
            tolerance=0,
            where="Section 3.3",
            model="lenet1989",
            checked=True,
        ),
        # 102 of 2,007 digits: a binomial 95 % interval reaches about one point either way.
        Figure(
            "test error on zip codes", 5.0, "%", tolerance=1.0, where="Section 5", model="lenet1989"
        ),
        Figure(
            "rejected for 1 % error on the rest",
            12.1,
            "%",
            tolerance=1.5,
            where="Section 5",
            model="lenet1989",
        ),
        Figure(
            "connections of the control without convolution",
            10_690,
            "connections",
            tolerance=0,
            where="Section 5",
            model="lenet1989_dense",
            checked=True,
        ),
        Figure(
            "test error of the control on zip codes",
            8.1,
            "%",
            tolerance=1.2,
            where="Section 5",
            model="lenet1989_dense",
        ),
    ),
    deviations=(
        "each map of H2 reads 8 neighboring maps of H1, going round; the paper does not say "
        "which 8",
        "Adam with a one-cycle schedule by default instead of steps scaled by the diagonal of "
        "the Hessian",
    ),
    chapter="early/lenet1989",
    models=("lenet1989", "lenet1989_dense"),
    digest="lenet-1989",
)

SURVEY_YEAR = 2018


def _lenet1989() -> LeNet1989:
    from cnnhistory import create_model
    from cnnhistory.models.lenet1989 import LeNet1989

    return cast(LeNet1989, create_model("lenet1989"))


@decided(
    "lenet1989.c1",
    text="The input is a gray image of 16×16, the output ten classes; of the three hidden "
    "layers H1 and H2 are convolutional, H3 is fully connected.",
    check="count",
    verdict="correct",
    truth="As stated: 9,760 parameters and 64,660 connections.",
    source="lecun1989backprop, Section 3.3, Figure 3",
)
def c1() -> Finding:
    from torch import nn

    from cnnhistory.accounting import summarize
    from cnnhistory.nn.conv import PartialConv2d

    model = _lenet1989()
    table = summarize(model, (1, 16, 16))
    layers = {row.name: row for row in table if row.connections}
    kinds = {name: type(model.get_submodule(name)) for name in layers}
    stated = {"h1": PartialConv2d, "h2": PartialConv2d, "h3": nn.Linear, "output": nn.Linear}
    return Finding(
        "correct" if kinds == stated and table.total.output_shape == (10,) else "wrong",
        ", ".join(
            f"{name.upper() if name[0] == 'h' else name} {size(row.output_shape or ())}"
            for name, row in layers.items()
        )
        + f"; {table.total.parameters:,} parameters, {table.total.connections:,} connections",
        (f"{table.total.parameters:,} parameters", f"{table.total.connections:,} connections"),
    )


c2 = Statement(
    "lenet1989.c2",
    text="It introduced weight sharing and the notion of a feature map.",
    check="cite",
    verdict="correct",
    truth="It did for networks trained by back-propagation. Fukushima's Neocognitron of 1980 "
    "had planes of replicated features, which were not trained that way.",
    source="lecun1989backprop, Section 3.2",
)


@decided(
    "lenet1989.c3",
    text="The activation function is tanh.",
    check="exp",
    verdict="imprecise",
    truth="It is 1.7159 tanh(2x/3), in the output layer too.",
    source="lecun1989backprop, Section 4",
)
def c3() -> Finding:
    import torch

    model = _lenet1989()
    with torch.no_grad():
        model.output.weight.zero_()
        model.output.bias.fill_(100)  # drives the output to its limits
        limit = model(torch.rand(4, 1, 16, 16)).abs().max().item()
    is_tanh, is_scaled, fact = tanh_or_scaled(model.activation)
    at_output = abs(limit - (1 if is_tanh else 1.7159)) < 1e-3
    if is_tanh and at_output:
        verdict = "correct"
    else:
        verdict = "imprecise" if is_tanh or is_scaled else "wrong"
    return Finding(
        verdict,
        f"{fact}; the outputs reach {limit:.4f} at most",
        (SCALED_TANH,) if is_scaled and at_output else (),
    )


@decided(
    "lenet1989.c4",
    text="The loss is the mean squared error.",
    check="exp",
    verdict="correct",
    truth="As stated, between the ten outputs and targets of +1 and -1.",
    source="lecun1989backprop, Section 4",
)
def c4() -> Finding:
    import torch
    from torch.nn import functional as F

    model = _lenet1989()
    target = torch.arange(10)
    scores = model(torch.rand(10, 1, 16, 16)).detach()
    loss = model.criterion(scores, target).item()
    mse = F.mse_loss(scores, 2 * torch.eye(10) - 1).item()
    holds = abs(loss - mse) < 1e-6
    return Finding(
        "correct" if holds else "wrong",
        f"on random images the loss is {loss / mse:.3f} times the mean squared difference to "
        "+1 and -1",
        (f"the {in_words(scores.shape[1])} outputs", *["targets of +1 and -1"] * holds),
    )


@decided(
    "lenet1989.c5",
    text="The initial weights are drawn from a uniform distribution.",
    check="exp",
    verdict="correct",
    truth="As stated: from -2.4/F to 2.4/F, where F is the number of inputs of the unit.",
    source="lecun1989backprop, Section 4",
)
def c5() -> Finding:
    import torch

    model = _lenet1989()
    farthest, count = 0.0, 0
    for name, fan_in in (("h1", 25), ("h2", 8 * 25), ("h3", 192), ("output", 30)):
        weights = model.get_submodule(name).get_parameter("weight").detach().flatten()
        count += weights.numel()
        # In units of the range the weights should be spread evenly from 0 to 1.
        place = (weights * fan_in / 2.4 + 1) / 2
        even = (torch.arange(place.numel()) + 0.5) / place.numel()
        distance = (place.sort().values - even).abs().max().item()
        # An even sample stays below 1.95 / sqrt(n) in 999 cases of 1,000.
        farthest = max(farthest, distance * place.numel() ** 0.5 / 1.95)
    return Finding(
        "correct" if farthest < 1 else "wrong",
        f"{count:,} weights of 4 layers: their Kolmogorov-Smirnov distance to U[-2.4/F, 2.4/F] is "
        f"at most {farthest:.2f} of the one that 1 even sample in 1,000 exceeds",
        ("from -2.4/F to 2.4/F",) if farthest < 1 else (),
    )


c6 = Statement(
    "lenet1989.c6",
    text="The weights are updated by online stochastic gradient descent, one sample a step.",
    check="cite",
    verdict="imprecise",
    truth="The updates are online, but each step is scaled by an estimate of the second "
    "derivative, the diagonal of the Hessian.",
    source="lecun1989backprop, Section 4",
)


@decided(
    "lenet1989.c7",
    text="The first real convolutional network appeared 29 years before the survey.",
    check="algebra",
    verdict="correct",
    truth="As stated: the survey was written in 2018.",
    source="lecun1989backprop, title page",
)
def c7() -> Finding:
    from cnnhistory import registry
    from cnnhistory.accounting import summarize

    records = [registry.system(id) for id in registry.list_systems(era="early")]
    first = min(paper(record.paper).year for record in records if record.models)
    total = summarize(_lenet1989(), (1, 16, 16)).total
    uses = total.connections / total.parameters  # about 1 where no kernel moves
    holds = first == SYSTEM.year == SURVEY_YEAR - 29 and uses > 2
    return Finding(
        "correct" if holds else "wrong",
        f"{SURVEY_YEAR} - {first} = {SURVEY_YEAR - first}; in the network of {SYSTEM.year} a "
        f"parameter serves {uses:.1f} connections",
        (f"in {SURVEY_YEAR}",),
    )
