"""Statements about binary networks: BNN, the Binary-Weight-Network, XNOR-Net."""

from __future__ import annotations

import torch
from torch import nn

from cnnhistory import create_model
from cnnhistory.accounting import summarize
from cnnhistory.claims.record import Finding, Statement, check
from cnnhistory.kernels import pack_weight
from cnnhistory.kernels.reference import pack_signs, popcount
from cnnhistory.kernels.words import word_count
from cnnhistory.nn.binary import BinaryConv2d, BinaryLinear
from cnnhistory.nn.sign import signs

STATEMENTS = (
    Statement(
        id="bnn.c1",
        system="bnn",
        text="In a binarized network both the weights and the activations are binary.",
        check="exp",
        verdict="correct",
        truth="As stated, when it is used, except for the input of the first layer. Training keeps "
        "a real number behind every weight.",
        source="courbariaux2016binarized, Sections 1.1 and 1.2, Algorithm 1",
    ),
    Statement(
        id="bnn.c2",
        system="bnn",
        text="Binary weights take a thirty-second of the memory.",
        check="count",
        verdict="correct",
        truth="As stated, against 32-bit floats; filled-up words and thresholds come on top.",
        source="courbariaux2016binarized, Section 3.1",
    ),
    Statement(
        id="bnn.c3",
        system="bnn",
        text="Multiplying and adding becomes a logical operation and a count of bits.",
        check="exp",
        verdict="correct",
        truth="As stated: the sum of n products of signs is n minus twice the number of bits that "
        "differ.",
        source="courbariaux2016binarized, Section 3.2; Algorithm 5",
    ),
    Statement(
        id="bwn.c1",
        system="bwn",
        text="In the Binary-Weight-Network the weights are binary and the inputs real.",
        check="cite",
        verdict="correct",
        truth="As stated; each filter has a real scale besides.",
        source="rastegari2016xnor, Section 3.1",
    ),
    Statement(
        id="xnor-net.c1",
        system="xnor_net",
        text="XNOR-Net compresses and speeds up without loss of accuracy.",
        check="cite",
        verdict="wrong",
        truth="AlexNet's top-1 accuracy falls from 56.6 to 44.2 %, by 12.4 points, ResNet-18's "
        "from 69.3 to 51.2 %. With binary weights and real inputs AlexNet keeps its accuracy, "
        "56.8 %; ResNet-18 does not, 60.8 %.",
        source="rastegari2016xnor, Section 4.2, Tables 1 and 2",
    ),
    Statement(
        id="xnor-net.c2",
        system="xnor_net",
        text="XNOR-Net is 58 times faster.",
        check="algebra",
        verdict="imprecise",
        truth="58 is the measured speed-up of one convolution on a CPU, where counting 64 bits as "
        "one operation gives 62. It depends on the channels, and the real first and last layers "
        "keep a whole network far below it.",
        source="rastegari2016xnor, Section 4.1",
    ),
    Statement(
        id="xnor-net.c3",
        system="xnor_net",
        text="The weights take 1/32 of the memory.",
        check="count",
        verdict="correct",
        truth="As stated, for the layers that are binary. The real first and last layers of "
        "AlexNet make the whole network some ten times smaller.",
        source="rastegari2016xnor, Section 4.1",
    ),
    Statement(
        id="xnor-net.c4",
        system="xnor_net",
        text="XNOR-Net improves on the method of reference 17.",
        check="cite",
        verdict="wrong",
        truth="Reference 17 is about deconvolution; BNN, reference 73, is meant.",
        source="rastegari2016xnor, Sections 2 and 4.2",
    ),
    Statement(
        id="xnor-net.c5",
        system="xnor_net",
        text="In XNOR-Net the kernels and the inputs of convolutions and dense layers are all "
        "binary.",
        check="cite",
        verdict="imprecise",
        truth="The first and the last layer stay real.",
        source="rastegari2016xnor, Section 4.1; the authors' program",
    ),
)


@check("bnn.c1")
@torch.no_grad()
def _signals() -> Finding:
    """Run a small network and collect what its layers multiply."""
    network = create_model("bnn_digits", width=1 / 4).eval()
    weights: set[float] = set()
    inputs: list[set[float]] = []

    def note(layer: nn.Module, args: tuple[torch.Tensor]) -> None:
        inputs.append(set(args[0].unique().tolist()))

    layers = [m for m in network.modules() if isinstance(m, BinaryConv2d | BinaryLinear)]
    for layer in layers:
        layer.register_forward_pre_hook(note)
        weights |= set(signs(layer.weight).unique().tolist())
    network(torch.rand(8, 1, 28, 28))
    binary = sum(values == {-1.0, 1.0} for values in inputs)
    holds = weights == {-1.0, 1.0} and binary == len(layers) - 1
    return Finding(
        "correct" if holds else "wrong",
        f"values of the weights that multiply: {sorted(weights)}; inputs of {binary} of "
        f"{len(layers)} layers are all +1 or -1, the first layer's are pixels",
    )


@check("bnn.c2")
def _memory() -> Finding:
    network = create_model("bnn_cifar")
    layers = [m for m in network.modules() if isinstance(m, BinaryConv2d | BinaryLinear)]
    real = sum(layer.weight.nbytes for layer in layers)
    packed = sum(pack_weight(layer.weight).nbytes for layer in layers)
    return Finding(
        "correct" if round(real / packed) == 32 else "wrong",
        f"the weights of the network for CIFAR-10 take {real:,} bytes as floats and {packed:,} in "
        f"words: {real / packed:.2f} times fewer",
    )


@check("bnn.c3")
def _dot_products() -> Finding:
    equal, most = 0, 200
    for n in range(1, most + 1):
        x, w = torch.randn(2, n)
        differ = int(popcount(pack_signs(x) ^ pack_signs(w)).sum())
        equal += n - 2 * differ == int((signs(x) * signs(w)).sum())
    return Finding(
        "correct" if equal == most else "wrong",
        f"n - 2 popcount(x xor w) is the sum for {equal} of {most} lengths n from 1 to {most}",
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


@check("xnor-net.c2")
def _speed_up() -> Finding:
    usual, first = speed_up(256, 9), speed_up(3, 9)
    with torch.device("meta"):
        network = create_model("alexnet")
    rows = [row for row in summarize(network, (3, 227, 227)).rows if row.parameters]
    work = [row.multiply_adds for row in rows]
    total, real = sum(work), work[0] + work[-1]
    whole = total / (real + (total - real) / usual)
    verdict = "correct" if min(usual, first, whole) >= 58 else "imprecise"
    return Finding(
        verdict if usual >= 58 else "wrong",
        f"64 bits to an operation: {usual:.2f} times fewer for 256 channels and 3×3 windows, "
        f"{first:.1f} for 3 channels; AlexNet with a real first and last layer: {whole:.1f}",
    )


@check("xnor-net.c3")
def _memory_of_layers() -> Finding:
    with torch.device("meta"):
        network = create_model("alexnet")
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
    )
