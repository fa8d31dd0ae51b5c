"""Inception-v2 (BN-Inception), and what the survey says about it."""

from __future__ import annotations

from typing import Any

from cnnhistory.papers import Figure
from cnnhistory.survey._checks import convolutions, right_or_wrong
from cnnhistory.system import Finding, Statement, System, decided

SYSTEM = System(
    id="inception_v2",
    name="Inception-v2 (BN-Inception)",
    year=2015,
    era="inception",
    task="classification",
    paper="ioffe2015batch",
    see_also=("szegedy2016rethinking",),
    figures=(
        Figure("ImageNet top-1 error, one crop", 25.2, "%", 0.3, "Figure 4", "inception_v2"),
        Figure("ImageNet top-5 error, one crop", 7.82, "%", 0.2, "Figure 4", "inception_v2"),
        Figure("ImageNet top-1 error, 144 crops", 21.99, "%", 0.3, "Figure 4", "inception_v2"),
        Figure("ImageNet top-5 test error, six networks", 4.82, "%", 0.1, "Figure 4"),
    ),
    deviations=(
        "conv1 is an ordinary convolution, where the authors' has a depthwise step of eight maps "
        "for each color",
        "no auxiliary heads",
        "without `batch_norm` the convolutions have biases instead, to compare",
        "weights start as in he2015delving",
    ),
    models=("inception_v2", "bn_mlp"),
    chapter="inception/batch_norm",
    digest="inception-v2",
)


c1 = Statement(
    "inception_v2.c1",
    text="Its top-1 error is 2 points lower than GoogLeNet's.",
    check="cite",
    verdict="imprecise",
    truth="With batch normalization alone GoogLeNet goes from 29.0 % to 26.8 %, by 2.2 points. "
    "BN-Inception has 25.2 %, 3.8 points less.",
    source="szegedy2016rethinking, Table 3",
)


@decided(
    "inception_v2.c2",
    text="Batch normalization gives the outputs of every layer the distribution N(0, 1).",
    check="exp",
    verdict="imprecise",
    truth="The values of a channel get mean 0 and variance 1 over the batch. Their distribution "
    "keeps its form, normal or not, and a learned scale and shift follows.",
    source="ioffe2015batch, Section 3, Algorithm 1",
)
def c2() -> Finding:
    """Normalize values with a skew distribution and see what becomes of it."""
    import torch

    from cnnhistory.nn.unit import conv_norm

    norm = conv_norm(4, 4, 1).get_submodule("bn").double().train()
    x = torch.empty(64, 4, 16, 16, dtype=torch.double).exponential_()
    scale, shift = torch.tensor([0.5, 2.0, -1.0, 3.0]), torch.tensor([1.0, 0.0, -2.0, 5.0])

    def moments(y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        y = y.detach().transpose(0, 1).flatten(1)
        mean, std = y.mean(1), y.std(1, correction=0)
        return mean, std, (((y - mean[:, None]) / std[:, None]) ** 3).mean(1)

    mean, std, skew = moments(norm(x))
    before = moments(x)[2]
    standard = bool(mean.abs().max() < 1e-6) and bool((std - 1).abs().max() < 1e-3)
    same_form = bool((skew - before).abs().max() < 1e-2) and bool(skew.min() > 1)
    with torch.no_grad():
        norm.get_parameter("weight").copy_(scale)
        norm.get_parameter("bias").copy_(shift)
    mean_after, std_after, _ = moments(norm(x))
    learned = bool((mean_after - shift).abs().max() < 1e-3) and bool(
        (std_after - scale.abs()).abs().max() < 1e-2
    )
    exact = standard and not same_form and not learned
    return Finding(
        "correct" if exact else "imprecise" if standard else "wrong",
        f"mean {mean.abs().max():.2f}, standard deviation {std.mean():.2f}; skewness "
        f"{before.mean():.1f} before and {skew.mean():.1f} after, 0 for a normal distribution; "
        "scale and shift "
        f"{'give' if learned else 'do not give'} another standard deviation and mean",
        ("mean 0 and variance 1",) if standard else (),
    )


@decided(
    "inception_v2.c3",
    text="Two 3×3 convolutions in place of each 5×5 save weights.",
    check="count",
    verdict="correct",
    truth="As stated: 18 weights for a pair of maps in place of 25, where all have as many maps. "
    "The pair sees a square of 5×5.",
    source="ioffe2015batch, Section 4.2",
)
def c3() -> Finding:
    """Compare the pair of 3×3 in each module with one 5×5 from and to the same maps."""
    from cnnhistory.models.inception_v2 import MODULES
    from cnnhistory.registry import on_meta

    network = on_meta("inception_v2")
    saves, sees, kernels = 0, set(), set()
    for name in MODULES:
        branch = network.get_submodule(f"inception.{name}.branches.three_twice")
        first, second = convolutions(branch)[-2:]
        pair = first.weight.numel() + second.weight.numel()
        saves += pair < 25 * first.in_channels * second.out_channels
        kernels.add(first.kernel_size[0] ** 2 + second.kernel_size[0] ** 2)
        # behind each other, strides of 1: what the second sees is larger by what the first does
        sees.add(first.kernel_size[0] + second.kernel_size[0] - 1)
    largest = max(
        c.kernel_size[0]
        for n in MODULES
        for c in convolutions(network.get_submodule(f"inception.{n}"))
    )
    holds = saves == len(MODULES) and largest == 3
    return Finding(
        right_or_wrong(holds),
        f"in {saves} of {len(MODULES)} modules the pair has fewer weights; "
        f"the largest kernel in them is {largest}×{largest}",
        (
            f"{max(kernels)} weights for a pair of maps in place of {max(sees) ** 2}",
            f"a square of {max(sees)}×{max(sees)}",
        ),
    )


@decided(
    "inception_v2.c4",
    text="Batch normalization reduces internal covariate shift, and therefore training is faster.",
    check="exp",
    verdict="imprecise",
    truth="It does reduce the drift of the means and variances, and training is faster. But with "
    "noise that moves them more than in a network without normalization, training is as fast as "
    "before: the one is not the reason of the other.",
    source="santurkar2018how, Section 2.1, Figure 2",
)
def c4() -> Finding:
    """Train for 300 steps without normalization, with it, and with it and noise behind it."""
    from statistics import fmean

    from cnnhistory.survey import _batch_norm

    arms: dict[str, dict[str, Any]] = {
        "without": {"batch_norm": False}, "with": {}, "noise": {"noise": 3.0}
    }  # fmt: skip
    drift, wrong = {}, {}
    for name, settings in arms.items():
        shifts: list[float] = []
        wrong[name] = _batch_norm.error(_batch_norm.learned(300, 2.0, shifts=shifts, **settings))
        drift[name] = fmean(shifts)
    reduced, faster = drift["with"] < drift["without"], wrong["with"] < 0.5 * wrong["without"]
    gained = wrong["without"] - wrong["with"]
    other_reason = drift["noise"] > drift["without"] and (
        wrong["without"] - wrong["noise"] > 0.8 * gained
    )
    return Finding(
        "wrong" if not (reduced and faster) else "imprecise" if other_reason else "correct",
        "a step moves the mean of an input by "
        + ", ".join(f"{drift[name]:.2f}" for name in arms)
        + " of its standard deviation without it, with it and with noise behind it; after 300 "
        "steps "
        + ", ".join(f"{100 * wrong[name]:.0f}" for name in arms)
        + " % of the digits are wrong",
    )
