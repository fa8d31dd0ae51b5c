"""DenseNet, and what the survey says about it."""

from __future__ import annotations

from cnnhistory.papers import Figure
from cnnhistory.survey._checks import convolutions, in_words, millions, multiply_adds, parameters
from cnnhistory.system import Finding, System, decided

SYSTEM = System(
    id="densenet",
    name="DenseNet",
    year=2016,
    era="residual",
    task="classification",
    paper="huang2017densely",
    see_also=("pleiss2017memory",),
    figures=(
        *(
            Figure("parameters", value, "parameters", 50_000, "Table 2", model, checked=True)
            for model, value in (
                ("densenet40_12", 1_000_000),
                ("densenet_bc_100_12", 800_000),
                ("densenet_bc_190_40", 25_600_000),
            )
        ),
        *(
            Figure("ImageNet top-1 error, one crop", value, "%", 0.3, "Table 3", model)
            for model, value in (
                ("densenet121", 25.02),
                ("densenet169", 23.80),
                ("densenet201", 22.58),
            )
        ),
        *(
            Figure("CIFAR-10 test error", value, "%", 0.3, "Table 2", model)
            for model, value in (
                ("densenet40_12", 5.24),
                ("densenet_bc_100_12", 4.51),
                ("densenet_bc_190_40", 3.46),
            )
        ),
    ),
    deviations=(
        "the linear layer starts like the convolutions, from N(0, 2 / fan-in)",
        "`densenet264` has the 265 layers of the paper's Table 1",
        "`save_memory=True` computes the wide maps again instead of keeping them, as "
        "pleiss2017memory",
    ),
    chapter="residual/densenet",
    models=(
        "densenet121",
        "densenet161",
        "densenet169",
        "densenet201",
        "densenet264",
        "densenet40_12",
        "densenet_bc_100_12",
        "densenet_bc_190_40",
    ),
    digest="densenet",
)


@decided(
    "densenet.c1",
    text="Any two layers are connected: each reads the outputs of all layers before it.",
    check="count",
    verdict="imprecise",
    truth="Within a dense block they are, L layers by L(L+1)/2 links. What goes from one block to "
    "the next has been mixed and halved by a transition.",
    source="huang2017densely, Section 3",
)
def c1() -> Finding:
    """Find in how many outputs a layer's input comes: all of its block, or all of the network?"""
    from cnnhistory.models.densenet import DenseNet
    from cnnhistory.nn.dense_block import DenseBlock
    from cnnhistory.registry import on_meta

    net = on_meta("densenet121")
    assert isinstance(net, DenseNet)
    blocks = [stage for stage in net.stages if isinstance(stage, DenseBlock)]
    within, links, layers = True, 0, 0
    for block in blocks:
        reads = [convolutions(layer)[0].in_channels for layer in block.layers]
        makes = [convolutions(layer)[-1].out_channels for layer in block.layers]
        wanted = [reads[0] + sum(makes[:n]) for n in range(len(reads))]
        within &= reads == wanted
        links += len(reads) * (len(reads) + 1) // 2
        layers += len(reads)
    mixed = [convolutions(stage) for stage in net.stages if not isinstance(stage, DenseBlock)]
    halved = all(conv.out_channels * 2 == conv.in_channels for (conv,) in mixed)
    anywhere = within and not mixed
    return Finding(
        "correct" if anywhere else "imprecise" if within else "wrong",
        f"DenseNet-121: {len(blocks)} blocks of {layers} layers with {links} links, between them "
        f"{len(mixed)} transitions by a convolution; any two layers would need "
        f"{layers * (layers + 1) // 2} links",
        ("L(L+1)/2 links", *["halved by a transition"] * halved) if within else (),
    )


@decided(
    "densenet.c2",
    text="The layers are narrow: fewer than 100 maps each.",
    check="count",
    verdict="correct",
    truth="As stated: a layer adds 12 to 48 maps. With a bottleneck it makes four times as many "
    "for itself.",
    source="huang2017densely, Section 3",
)
def c2() -> Finding:
    from cnnhistory.nn.dense_block import DenseLayer
    from cnnhistory.registry import on_meta

    made, inside = set(), set()
    for name in SYSTEM.models:
        for layer in on_meta(name).modules():
            if isinstance(layer, DenseLayer):
                *inner, last = (conv.out_channels for conv in convolutions(layer))
                made.add(last)
                inside |= {maps / last for maps in inner}
    (times,) = inside or {0.0}
    return Finding(
        "correct" if max(made) < 100 else "wrong",
        f"in {len(SYSTEM.models)} networks the layers add {min(made)} to {max(made)} maps; "
        f"bottlenecks have {times:g} times as many",
        (f"adds {min(made)} to {max(made)} maps", f"{in_words(round(times))} times as many"),
    )


@decided(
    "densenet.c3",
    text="It needs fewer parameters.",
    check="count",
    verdict="correct",
    truth="As stated: DenseNet-201 has 20.0 million, ResNet-101 of about the same error 44.5 "
    "million.",
    source="huang2017densely, Section 4.4, Figure 3",
)
def c3() -> Finding:
    ours, resnet = parameters("densenet201"), parameters("resnet101")
    return Finding(
        "correct" if ours < resnet else "wrong",
        f"{ours:,} parameters, ResNet-101 has {resnet:,}",
        (f"has {millions(ours)}", f"{millions(resnet)}"),
    )


@decided(
    "densenet.c4",
    text="Because of the concatenations, computing does not become noticeably less.",
    check="count",
    verdict="wrong",
    truth="It does: DenseNet-201 has 4.3 billion multiply-adds, ResNet-101 of about the same error "
    "7.6 billion.",
    source="huang2017densely, Section 4.4, Figure 3",
)
def c4() -> Finding:
    ours, resnet = multiply_adds("densenet201"), multiply_adds("resnet101")
    share = ours / resnet
    return Finding(
        "wrong" if share < 0.75 else "correct",
        f"multiply-adds: {ours:,}, ResNet-101 {resnet:,}; {100 * share:.0f} % of it",
        (f"{ours / 1e9:.1f} billion multiply-adds", f"{resnet / 1e9:.1f} billion"),
    )


@decided(
    "densenet.c5",
    text="Concatenating takes much memory in training.",
    check="exp",
    verdict="correct",
    truth="As stated, if every concatenation is kept: with twice the layers a block keeps 3.6 "
    "times as much, nearly the square. Concatenations that are made again for the backward pass "
    "leave 2.0 times as much, and the same gradients.",
    source="pleiss2017memory, Section 3",
)
def c5() -> Finding:
    """Measure what a block of many layers and one of twice as many keep to go backward."""
    from functools import partial

    import torch

    from cnnhistory.accounting.memory import kept_bytes
    from cnnhistory.nn.dense_block import DenseBlock

    x = torch.randn(2, 8, 4, 4, dtype=torch.double, requires_grad=True)
    kept: dict[tuple[bool, int], int] = {}
    gradients: list[torch.Tensor] = []
    for save in (False, True):
        for layers in (48, 96):
            torch.manual_seed(0)
            block = DenseBlock(8, layers, 4, save_memory=save).double()
            there = (*block.parameters(), *block.buffers())
            kept[save, layers] = kept_bytes(partial(block, x), without=there)
        gradients += torch.autograd.grad(block(x).square().sum(), x)
    naive, saving = (kept[save, 96] / kept[save, 48] for save in (False, True))
    same = torch.allclose(gradients[0], gradients[1])
    return Finding(
        "correct" if naive > 3 else "wrong",
        f"a block of 96 layers keeps {naive:.1f} times what one of 48 keeps; without the "
        f"concatenations {saving:.1f} times, and the gradients are {'' if same else 'not '}equal",
        (f"{naive:.1f} times as much, nearly the square" if naive > 3 else f"{naive:.1f} times",
         f"{saving:.1f} times as much", *["the same gradients"] * same),
    )  # fmt: skip


@decided(
    "densenet.c6",
    text="It does well on small data sets.",
    check="exp",
    verdict="correct",
    truth="As stated, against residual networks: from 500 digits DenseNet-BC learned to a mean "
    "test error of 4.9 % over 5 seeds, ResNet-20 of as many parameters to 6.7 %, of three times as "
    "many to 5.9 %.",
    source="huang2017densely, Section 4.3, Overfitting",
)
def c6() -> Finding:
    """Compare recorded runs on 500 digits: as many parameters, and three times as many."""
    from cnnhistory.metrics.seeds import t_test
    from cnnhistory.zoo import record

    errors = {
        name: [100 * error for error in record(f"{name}_digits500").values()]
        for name in ("densenet_bc_34_6", "resnet20_6", "resnet20_10")
    }
    ours, *others = errors.values()
    tests = [t_test(ours, other, names=("DenseNet", "ResNet")) for other in others]
    means = [sum(values) / len(values) for values in errors.values()]
    better = [test.lower == "DenseNet" for test in tests]
    if any(test.lower == "ResNet" for test in tests):
        verdict = "wrong"
    else:
        verdict = "correct" if all(better) else "imprecise" if better[0] else "unverified"
    dense, large = (
        parameters(name, in_channels=1, **settings)
        for name, settings in (
            ("densenet_bc_100_12", {"depth": 34, "growth": 6}),
            ("resnet20", {"width": 10 / 16}),
        )
    )
    many = f"{in_words(round(large / dense))} times as many"
    return Finding(
        verdict,
        f"test error after 500 training digits, means of {len(ours)} seeds: DenseNet-BC "
        f"{means[0]:.1f} %, ResNet-20 of as many parameters {means[1]:.1f} %, of {many} "
        f"{means[2]:.1f} %",
        (*(f"{mean:.1f} %" for mean in means), f"{len(ours)} seeds", "500 digits", many),
    )
