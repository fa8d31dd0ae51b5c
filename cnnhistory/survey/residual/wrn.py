"""Wide ResNet, and what the survey says about it."""

from __future__ import annotations

from cnnhistory.papers import Figure
from cnnhistory.survey._checks import convolutions, dense, in_words, right_or_wrong
from cnnhistory.system import Finding, System, decided

SYSTEM = System(
    id="wrn",
    name="Wide ResNet",
    year=2016,
    era="residual",
    task="classification",
    paper="zagoruyko2016wide",
    figures=(
        *(
            Figure("parameters", value, "parameters", 50_000, "Section 3", model, checked=True)
            for model, value in (
                ("wrn_40_4", 8_900_000),
                ("wrn_16_8", 11_000_000),
                ("wrn_28_10", 36_500_000),
                ("wrn_50_2", 68_900_000),
            )
        ),
        *(
            Figure("CIFAR-10 test error", value, "%", 0.3, "Section 3", model)
            for model, value in (("wrn_40_4", 4.53), ("wrn_16_8", 4.27), ("wrn_28_10", 4.00))
        ),
        Figure("ImageNet top-1 error, one crop", 21.9, "%", 0.3, "Section 3", "wrn_50_2"),
    ),
    deviations=(
        "weights start as in he2015delving",
        "`wrn_50_2` takes its stride in the first 1x1 convolution of a block, as ResNet's paper; "
        "`stride_in_3x3=True` gives the later form that torchvision has",
    ),
    models=(
        "wrn_16_4",
        "wrn_16_8",
        "wrn_28_10",
        "wrn_40_4",
        "wrn_50_2",
    ),
    chapter="residual/wide_resnet",
    digest="wrn",
)


@decided(
    "wrn.c1",
    text="The 16, 32 and 64 maps of the three stages are multiplied by a factor k.",
    check="count",
    verdict="correct",
    truth="As stated: 160, 320 and 640 maps for k = 10. The first convolution keeps its 16.",
    source="zagoruyko2016wide, Table 1",
)
def c1() -> Finding:
    from cnnhistory.models.resnet import ResNet
    from cnnhistory.models.wrn import WideBlock, WideResNet
    from cnnhistory.nn.residual import BasicBlock
    from cnnhistory.registry import on_meta

    wide, thin = on_meta("wrn_28_10"), on_meta("resnet20")
    assert isinstance(wide, WideResNet)
    assert isinstance(thin, ResNet)
    maps = list(
        dict.fromkeys(b.conv2.out_channels for b in wide.modules() if isinstance(b, WideBlock))
    )
    base = list(dict.fromkeys(b.out_channels for b in thin.modules() if isinstance(b, BasicBlock)))
    factors = {w / b for w, b in zip(maps, base, strict=False)}
    first = wide.conv1.out_channels
    factor = min(factors)
    holds = len(factors) == 1 and factor > 1 and base == [16, 32, 64] and len(maps) == 3
    return Finding(
        right_or_wrong(holds),
        f"stages of {', '.join(map(str, maps))} maps; ResNet has {', '.join(map(str, base))}",
        (
            f"{', '.join(map(str, maps[:-1]))} and {maps[-1]} maps for k = {factor:g}",
            f"The first convolution keeps its {first}",
        ),
    )


@decided(
    "wrn.c2",
    text="The ResNets for CIFAR-10 have 6N + 2 layers in three stages of 16, 32 and 64 maps.",
    check="count",
    verdict="correct",
    truth="As stated. Wide networks are counted otherwise, 6N + 4 layers: with the convolutions "
    "of three shortcuts and without the linear layer.",
    source="zagoruyko2016wide, Section 3",
)
def c2() -> Finding:
    """Take the 2N layers of each of three stages away and see how many are left."""
    from torch import nn

    from cnnhistory.models.resnet import ResNet
    from cnnhistory.models.wrn import WideBlock
    from cnnhistory.registry import on_meta

    left, left_wide, projections = set(), set(), set()
    for name in ("resnet20", "resnet56"):
        net = on_meta(name)
        assert isinstance(net, ResNet)
        left.add(len(convolutions(net)) + len(dense(net)) - 2 * len(net.blocks))
    for name in ("wrn_28_10", "wrn_16_8"):
        net = on_meta(name)
        blocks = [m for m in net.modules() if isinstance(m, WideBlock)]
        left_wide.add(len(convolutions(net)) - 2 * len(blocks))
        projections.add(sum(isinstance(block.project, nn.Conv2d) for block in blocks))
    rest, wide, shortcuts = (
        " or ".join(map(str, sorted(s))) for s in (left, left_wide, projections)
    )
    return Finding(
        right_or_wrong(left == {2}),
        f"beside the layers of its blocks a ResNet has {rest}; a wide network has {wide} "
        f"convolutions, those of {shortcuts} shortcuts among them",
        (f"6N + {wide} layers", f"of {in_words(projections.pop())} shortcuts"),
    )


@decided(
    "wrn.c3",
    text="In a very deep ResNet few blocks learn useful features.",
    check="exp",
    verdict="opinion",
    truth="A hypothesis of the paper, which does not test it. Deletion speaks both ways: in a "
    "trained ResNet-56 the error rises by 3.1 points in the middle case if one of the 27 blocks "
    "goes, but to 81 % if ten go. Blocks can be spared one by one; it does not follow that they "
    "are useless.",
    source="zagoruyko2016wide, Sections 1 and 2",
)
def c3() -> Finding:
    """Delete blocks of a recorded network, one at a time and several at once."""
    from statistics import mean, median

    from cnnhistory.zoo import record

    result = record("ablations_resnet56_cifar10").results[0]
    single, whole = result.details["single"], result.metrics["error_single"]
    rise = median(error - whole for error in single.values())
    ten = mean(result.details["several"]["10"])
    spared, needed = rise < 0.05, ten - result.metrics["error_images"] > 0.3
    return Finding(
        ("opinion" if needed else "correct") if spared else "wrong",
        f"ResNet-56 on CIFAR-10: {100 * rise:.1f} points more in the middle case without one of "
        f"{len(single)} blocks; {100 * ten:.0f} % on average without ten random ones, "
        f"{100 * result.metrics['error_images']:.0f} % with all",
        (
            f"the error rises by {100 * rise:.1f} points in the middle case if one of the "
            f"{len(single)} blocks goes",
            f"to {100 * ten:.0f} % if ten go",
        ),
    )


@decided(
    "wrn.c4",
    text="At the same depth a wider network is more accurate.",
    check="exp",
    verdict="correct",
    truth="As stated, here for ten layers at half width after three epochs of CIFAR-10: the mean "
    "test error falls from 38.9 % with k = 1 to 33.9 % with k = 2.",
    source="zagoruyko2016wide, Section 3",
)
def c4() -> Finding:
    """Compare two recorded networks of the same depth over their seeds."""
    from statistics import mean

    from cnnhistory.metrics.seeds import t_test
    from cnnhistory.zoo import record
    from cnnhistory.zoo.recipes import training_recipe

    plan = training_recipe("wrn_10_2_cifar10")
    thin, wide = (
        [100 * error for error in record(f"wrn_10_{k}_cifar10").values("test_error")]
        for k in (1, 2)
    )
    test = t_test(thin, wide, names=("k = 1", "k = 2"))
    return Finding(
        "correct" if test.lower == "k = 2" else "wrong" if test.lower else "unverified",
        f"test error on CIFAR-10, %: {test.evidence}",
        (
            f"for {in_words(plan.network_args['depth'])} layers",
            f"after {in_words(plan.epochs)} epochs",
            f"falls from {mean(thin):.1f} % with k = 1 to {mean(wide):.1f} % with k = 2",
        ),
    )
