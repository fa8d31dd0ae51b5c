"""Why early CNNs stalled, and what the survey says about it."""

from itertools import pairwise

from cnnhistory.system import Finding, Statement, System, decided

SYSTEM = System(
    id="early_obstacles",
    name="Why early CNNs stalled",
    year=2010,
    era="early",
    task="analysis",
    paper="glorot2010understanding",
    see_also=("bengio1994learning",),
    deviations=(
        "100 units a layer instead of 1,000, and digits of 16x16 instead of the paper's shapes",
    ),
    chapter="early/why_it_stalled",
    models=("deep_mlp", "deep_convnet"),
    digest="early-obstacles",
)

DEPTHS = (5, 10, 20, 30)


def gradient_ratio(activation: str, depth: int, start: str = "standard") -> float:
    """Return the gradient at the first hidden layer of a dense network over that at the last."""
    import torch
    from torch import nn

    from cnnhistory import create_model
    from cnnhistory.visualize.gradients import gradient_flow

    torch.manual_seed(0)
    net = create_model("deep_mlp", depth=depth, activation=activation, start=start).double()
    x = 2 * torch.rand(100, 1, 16, 16, dtype=torch.double) - 1
    target = torch.arange(100) % 10
    first, last = "layers.0", f"layers.{depth - 1}"
    flow = gradient_flow(net, x, target, [first, last], nn.CrossEntropyLoss())
    return flow[first].gradient / flow[last].gradient


@decided(
    "early_obstacles.c1",
    text="In deep networks with sigmoid or tanh units the gradient vanishes.",
    check="exp",
    verdict="correct",
    truth="As stated, for initial weights as they were usual. How fast depends on their range: "
    "the one that Glorot and Bengio propose nearly stops it for tanh, not for the sigmoid.",
    source="glorot2010understanding, Sections 3 and 4",
)
def c1() -> Finding:
    ratios = {
        activation: [gradient_ratio(activation, depth) for depth in DEPTHS]
        for activation in ("tanh", "sigmoid")
    }
    falls = all(a > 3 * b for values in ratios.values() for a, b in pairwise(values))
    small = all(values[-1] < 1e-3 for values in ratios.values())
    facts = "; ".join(
        f"{activation} " + ", ".join(f"{value:.0e}" for value in values)
        for activation, values in ratios.items()
    )
    return Finding(
        "correct" if falls and small else "imprecise" if falls else "wrong",
        f"gradient at the first hidden layer over that at the last, {', '.join(map(str, DEPTHS))} "
        f"layers of 100 units, weights from U[-1/sqrt(n), 1/sqrt(n)]: {facts}",
    )


c2 = Statement(
    "early_obstacles.c2",
    text="The remedy that the analysis of 2010 proposes did not become mainstream.",
    check="cite",
    verdict="wrong",
    truth="If the work meant is Glorot and Bengio's, as is likely: their range for the initial "
    "weights is offered by every large framework, and is the default of some.",
    source="glorot2010understanding, Section 4.2.1, equation (16)",
)


c3 = Statement(
    "early_obstacles.c3",
    text="Too few training data and too slow machines were the other two obstacles.",
    check="cite",
    verdict="opinion",
    truth="A judgment that most share. That more data and longer computing help can be "
    "measured; that nothing else was missing cannot.",
    source="krizhevsky2012imagenet, Section 1",
)
