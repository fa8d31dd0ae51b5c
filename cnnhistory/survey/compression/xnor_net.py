"""XNOR-Net, and what the survey says about it."""

from cnnhistory.papers import Figure
from cnnhistory.survey._checks import in_words
from cnnhistory.system import Finding, Statement, System, decided

SYSTEM = System(
    id="xnor_net",
    name="XNOR-Net",
    year=2016,
    era="compression",
    task="compression",
    paper="rastegari2016xnor",
    see_also=("courbariaux2016binarized",),
    figures=(
        Figure("AlexNet, ILSVRC-2012 top-1 accuracy", 44.2, "%", tolerance=1.0, where="Table 1"),
        Figure("AlexNet, ILSVRC-2012 top-5 accuracy", 69.2, "%", tolerance=1.0, where="Table 1"),
        Figure(
            "AlexNet in full precision, top-1 accuracy", 56.6, "%", tolerance=1.0, where="Table 1"
        ),
        Figure(
            "AlexNet in full precision, top-5 accuracy", 80.2, "%", tolerance=1.0, where="Table 1"
        ),
        Figure("ResNet-18, ILSVRC-2012 top-1 accuracy", 51.2, "%", tolerance=1.0, where="Table 2"),
        Figure("ResNet-18, ILSVRC-2012 top-5 accuracy", 73.2, "%", tolerance=1.0, where="Table 2"),
        Figure(
            "one convolution, times faster in theory",
            62.27,
            "times",
            tolerance=0.01,
            where="Section 4.1",
            checked=True,
        ),
        Figure(
            "one convolution, times faster on a CPU",
            58.0,
            "times",
            tolerance=1.0,
            where="Section 4.1",
        ),
    ),
    deviations=(
        "not trained on ImageNet: the layout is that of BNN's network for CIFAR-10",
        "normalizations have a scale and a shift, and kernels keep their mean, unlike in the "
        "authors' program",
    ),
    chapter="compression/xnor",
    models=("xnor_cifar", "xnor_digits"),
    module="compression.xnor",
    digest="xnor-net",
)


def speed_up(channels: int, window: int, word: int = 64) -> float:
    """Return how many times fewer operations a binary convolution has, as the paper counts.

    S = 64 c N_W / (c N_W + 64): of c N_W multiply-adds of a sum 64 become one operation, and one
    real product, of the scales, remains.

    Source: rastegari2016xnor, Section 4.1.

    >>> round(speed_up(256, 9), 2)
    62.27
    """
    products = channels * window
    return word * products / (products + word)


c1 = Statement(
    "xnor_net.c1",
    text="XNOR-Net compresses and speeds up without loss of accuracy.",
    check="cite",
    verdict="wrong",
    truth="AlexNet's top-1 accuracy falls from 56.6 to 44.2 %, by 12.4 points, ResNet-18's "
    "from 69.3 to 51.2 %. With binary weights and real inputs AlexNet keeps its accuracy, "
    "56.8 %; ResNet-18 does not, 60.8 %.",
    source="rastegari2016xnor, Section 4.2, Tables 1 and 2",
)


@decided(
    "xnor_net.c2",
    text="XNOR-Net is 58 times faster.",
    check="algebra",
    verdict="imprecise",
    truth="58 is the measured speed-up of one convolution on a CPU, where counting 64 bits as one "
    "operation gives 62. It depends on the channels, and the real first and last layers "
    "keep a whole network far below it.",
    source="rastegari2016xnor, Section 4.1",
    quoted=("58 is the measured speed-up",),
)
def c2() -> Finding:
    from cnnhistory.accounting import summarize
    from cnnhistory.registry import on_meta

    usual, first = speed_up(256, 9), speed_up(3, 9)
    rows = [row for row in summarize(on_meta("alexnet"), (3, 227, 227)).rows if row.parameters]
    work = [row.multiply_adds for row in rows]
    total, real = sum(work), work[0] + work[-1]
    whole = total / (real + (total - real) / usual)
    verdict = "correct" if whole >= 58 else "imprecise" if usual >= 58 else "wrong"
    return Finding(
        verdict,
        f"64 bits to an operation: {usual:.2f} times fewer for 256 channels and 3×3 windows, "
        f"{first:.1f} for 3 channels; AlexNet with a real first and last layer: {whole:.1f}",
        (f"counting 64 bits as one operation gives {usual:.0f}",),
    )


@decided(
    "xnor_net.c3",
    text="The weights take 1/32 of the memory.",
    check="count",
    verdict="correct",
    truth="As stated, for the layers that are binary. The real first and last layers of "
    "AlexNet make the whole network some ten times smaller.",
    source="rastegari2016xnor, Section 4.1",
)
def c3() -> Finding:
    from torch import nn

    from cnnhistory.kernels.words import word_count
    from cnnhistory.registry import on_meta

    network = on_meta("alexnet")
    weights = [m.weight for m in network.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    real = weights[0].nbytes + weights[-1].nbytes
    binary = sum(weight.nbytes for weight in weights[1:-1])
    # the channels of a tap fill whole words
    words = sum(w[:, 0].numel() * word_count(w.shape[1]) for w in weights[1:-1])
    ratio, whole = binary / (8 * words), (real + binary) / (real + 8 * words)
    return Finding(
        "correct" if round(ratio) == 32 else "wrong",
        f"AlexNet's weights between the first and the last layer take {binary / 1e6:.1f} MB as "
        f"floats and {8 * words / 1e6:.1f} MB in words, {ratio:.1f} times fewer; all weights, with "
        f"those two layers real, {whole:.1f} times fewer",
        (f"the whole network some {in_words(round(whole))} times smaller",),
    )


c4 = Statement(
    "xnor_net.c4",
    text="XNOR-Net improves on the method of reference 17.",
    check="cite",
    verdict="wrong",
    truth="Reference 17 is about deconvolution; BNN, reference 73, is meant.",
    source="rastegari2016xnor, Sections 2 and 4.2",
)


c5 = Statement(
    "xnor_net.c5",
    text="In XNOR-Net the kernels and the inputs of convolutions and dense layers are all binary.",
    check="cite",
    verdict="imprecise",
    truth="The first and the last layer stay real.",
    source="rastegari2016xnor, Section 4.1; the authors' program",
)
