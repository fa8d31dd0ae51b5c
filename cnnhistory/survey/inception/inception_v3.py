"""Inception-v3, and what the survey says about it."""

from __future__ import annotations

from itertools import pairwise
from statistics import fmean

from cnnhistory.papers import Figure
from cnnhistory.survey import small_runs
from cnnhistory.survey._checks import convolutions, in_words, right_or_wrong
from cnnhistory.survey._inception import pieces
from cnnhistory.system import Finding, Statement, System, decided

SYSTEM = System(
    id="inception_v3",
    name="Inception-v3",
    year=2015,
    era="inception",
    task="classification",
    paper="szegedy2016rethinking",
    figures=(
        # Counted: 5.7 billion.
        Figure(
            "multiply-adds",
            5_000_000_000,
            "multiply-adds",
            tolerance=500_000_000,
            where="Abstract",
            model="inception_v3",
        ),
        Figure("ImageNet top-1 error, one crop", 21.2, "%", 0.3, "Table 3", "inception_v3"),
        Figure("ImageNet top-5 error, one crop", 5.6, "%", 0.2, "Table 3", "inception_v3"),
        Figure("ImageNet top-5 test error, four networks", 3.58, "%", 0.1, "Section 9"),
    ),
    deviations=(
        "sizes that the paper leaves out are those of the authors' release, which also leaves one "
        "5x5 convolution whole",
        "the auxiliary head only on request, `aux_heads=True`; it runs in training alone",
        "weights start as in he2015delving; the paper does not give their start",
    ),
    chapter="inception/inception_v3",
    models=("inception_v3",),
    digest="inception-v3",
)


@decided(
    "inception_v3.c1",
    text="7×7 convolutions are split into 1×7 and 7×1, which needs fewer weights.",
    check="count",
    verdict="correct",
    truth="As stated: 14 weights for a pair of maps in place of 49, 71 % less.",
    source="szegedy2016rethinking, Section 3.2",
)
def c1() -> Finding:
    rows, columns, whole = pieces("inception_v3", 7)
    weights, square = 7 + 7, 7 * 7
    less = 100 * (1 - weights / square)
    return Finding(
        right_or_wrong(rows == columns > 0 and whole == 0),
        f"{rows} convolutions of 1×7, {columns} of 7×1, {whole} of 7×7; {weights} weights for "
        f"{square}",
        (f"{weights} weights for a pair of maps in place of {square}, {less:.0f} % less",),
    )


@decided(
    "inception_v3.c2",
    text="3×3 convolutions are split into 1×3 and 3×1.",
    check="count",
    verdict="correct",
    truth="As stated, in the last modules alone: 6 weights in place of 9, 33 % less. The two lie "
    "side by side there, not one behind the other.",
    source="szegedy2016rethinking, Section 6, Figure 7",
)
def c2() -> Finding:
    """Find the pairs, and whether both read the same maps."""
    from cnnhistory.nn.branches import Branches
    from cnnhistory.registry import on_meta

    rows, columns, whole = pieces("inception_v3", 3)
    beside = 0
    for module in on_meta("inception_v3").modules():
        if isinstance(module, Branches):
            kernels = [convolutions(branch)[0].kernel_size for branch in module.branches.values()
                       if convolutions(branch)]  # fmt: skip
            beside += sorted(kernels) == [(1, 3), (3, 1)]
    weights, square = 3 + 3, 3 * 3
    less = 100 * (1 - weights / square)
    return Finding(
        right_or_wrong(rows == columns > 0),
        f"{rows} convolutions of 1×3 and {columns} of 3×1, {beside} pairs side by side; {whole} "
        "of 3×3 stay",
        (
            f"{weights} weights in place of {square}, {less:.0f} % less",
            *["The two lie side by side"] * (beside == rows),
        ),
    )


c3 = Statement(
    "inception_v3.c3",
    text="RMSProp was proposed in this work, as an improvement of AdaGrad.",
    check="cite",
    verdict="wrong",
    truth="T. Tieleman and G. Hinton showed it in a lecture of 2012; this work uses it.",
    source="tieleman2012lecture, slide 29",
)


@decided(
    "inception_v3.c4",
    text="AdaGrad adds up all squared gradients; RMSProp takes a running average, so that its "
    "steps do not die.",
    check="algebra",
    verdict="correct",
    truth="As stated: under equal gradients the step of AdaGrad falls as 1/√t, that of RMSProp "
    "stays.",
    source="tieleman2012lecture, slide 29",
)
def c4() -> Finding:
    """Give both the same gradient again and again and measure the steps."""
    import torch
    from torch import nn

    from cnnhistory.optim.adagrad import AdaGrad
    from cnnhistory.optim.rmsprop import RMSProp

    shares = {}
    for name, rule in (("AdaGrad", AdaGrad), ("RMSProp", RMSProp)):
        w = nn.Parameter(torch.zeros(1, dtype=torch.double))
        optimizer, steps = rule([w], lr=0.01), []
        for _ in range(1600):
            before = w.item()
            w.grad = torch.ones_like(w)
            optimizer.step()
            steps.append(abs(w.item() - before))
        shares[name] = steps[1599] / steps[399]
    dies, stays = abs(shares["AdaGrad"] - 0.5) < 0.01, shares["RMSProp"] > 0.95
    return Finding(
        right_or_wrong(dies and stays),
        "the 1600th step as a part of the 400th: "
        + ", ".join(f"{name} {share:.2f}" for name, share in shares.items()),
        (*["falls as 1/√t"] * dies, *["RMSProp stays"] * stays),
    )


@decided(
    "inception_v3.c5",
    text="RMSProp is the better one on non-convex problems.",
    check="exp",
    verdict="opinion",
    truth="It depends on the problem. Both tuned alike, RMSProp has the lower cross-entropy in "
    "softmax regression, which is convex, and AdaGrad in a dense network, which is not. The paper "
    "compares RMSProp with momentum alone, on one network, and reports 0.3 points.",
    source="szegedy2016rethinking, Section 8, Table 3",
    quoted=("0.3 points",),
)
def c5() -> Finding:
    """Train on a convex and on a non-convex problem with both rules, from five seeds."""
    from cnnhistory.metrics.seeds import t_test

    rules = ("RMSProp", "AdaGrad")
    lower, said = {}, []
    for problem in (small_runs.CONVEX, small_runs.NOT_CONVEX):
        losses = [
            [seen.test.log_loss for seen in small_runs.rule_on_digits(problem, rule)]
            for rule in rules
        ]
        lower[problem] = t_test(*losses, names=rules).lower
        said.append(f"{problem} {fmean(losses[0]):.3f} and {fmean(losses[1]):.3f}")
    not_convex = lower[small_runs.NOT_CONVEX]
    opposite = lower[small_runs.CONVEX] == "RMSProp" and not_convex == "AdaGrad"
    return Finding(
        "correct" if not_convex == "RMSProp" else "opinion" if opposite else "wrong",
        f"mean cross-entropy of 1,000 test digits over {small_runs.SEEDS} seeds with RMSProp and "
        f"with AdaGrad: {'; '.join(said)}",
        ("RMSProp has the lower cross-entropy in softmax regression",) if opposite else (),
    )


@decided(
    "inception_v3.c6",
    text="Label smoothing adds noise to the labels.",
    check="exp",
    verdict="imprecise",
    truth="Nothing is drawn: the target is 1 - ε + ε/K for the right class and ε/K for the others. "
    "It is the mean of labels that noise replaces with probability ε.",
    source="szegedy2016rethinking, Section 7",
)
def c6() -> Finding:
    """Compute the loss twice, and compare it with the mean over noisy labels."""
    import torch
    from torch.nn import functional as F

    from cnnhistory.nn.losses.label_smoothing import LabelSmoothingLoss

    classes, eps = 10, 0.1
    scores, target = torch.randn(8, classes, dtype=torch.double), torch.arange(8)
    smoothed = [LabelSmoothingLoss(eps)(scores, target) for _ in range(2)]
    q = torch.full((8, classes), eps / classes, dtype=torch.double)
    q[torch.arange(8), target] += 1 - eps
    is_mixture = torch.allclose(smoothed[0], F.cross_entropy(scores, q))
    # every label that noise can give, weighted with its probability
    noisy = (1 - eps) * F.cross_entropy(scores, target) + eps * sum(
        F.cross_entropy(scores, torch.full((8,), k)) for k in range(classes)
    ) / classes
    is_mean = torch.allclose(smoothed[0], noisy)
    drawn = bool(smoothed[0] != smoothed[1])
    return Finding(
        "correct" if drawn else "imprecise" if is_mixture and is_mean else "wrong",
        f"computed twice, the loss is {smoothed[0]:.6f} and {smoothed[1]:.6f}; the mean over noisy "
        f"labels is {noisy:.6f}",
        ("1 - ε + ε/K for the right class and ε/K for the others",) if is_mixture else (),
    )


@decided(
    "inception_v3.c7",
    text="The pair of smaller convolutions is deeper and less linear than the one in its place.",
    check="count",
    verdict="correct",
    truth="As stated: two convolutions, and a ReLU behind each, in place of one.",
    source="szegedy2016rethinking, Sections 3.1 and 3.2",
)
def c7() -> Finding:
    """Look at what stands between a 1×7 and the 7×1 next to it."""
    from torch import nn

    from cnnhistory.registry import on_meta

    between = []
    for module in on_meta("inception_v3").modules():
        if not isinstance(module, nn.Sequential):
            continue
        parts = list(module.children())
        for one, two in pairwise(parts):
            kernels = [[c.kernel_size for c in convolutions(part)] for part in (one, two)]
            if sorted(kernels) == [[(1, 7)], [(7, 1)]]:
                between.append(any(isinstance(m, nn.ReLU) for m in one.modules()))
    return Finding(
        right_or_wrong(all(between) and bool(between)),
        f"{len(between)} times a 1×7 and a 7×1 follow each other, {sum(between)} times with a ReLU "
        "in between",
        (f"{in_words(2)} convolutions",) if between else (),
    )
