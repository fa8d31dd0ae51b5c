"""Binarized neural network (BNN), and what the survey says about it."""

from cnnhistory.papers import Figure
from cnnhistory.system import Finding, System, decided

SYSTEM = System(
    id="bnn",
    name="Binarized neural network (BNN)",
    year=2016,
    era="compression",
    task="compression",
    paper="courbariaux2016binarized",
    see_also=("hubara2016binarized",),
    figures=(
        Figure("MNIST test error, Theano", 0.96, "%", tolerance=0.2, where="Table 1"),
        Figure("MNIST test error, Torch", 1.40, "%", tolerance=0.2, where="Table 1"),
        Figure("CIFAR-10 test error, Theano", 11.40, "%", tolerance=1.0, where="Table 1"),
        Figure("CIFAR-10 test error, Torch", 10.15, "%", tolerance=1.0, where="Table 1"),
        Figure("SVHN test error, Theano", 2.80, "%", tolerance=0.3, where="Table 1"),
        Figure("SVHN test error, Torch", 2.53, "%", tolerance=0.3, where="Table 1"),
        Figure(
            "weights, times smaller", 32.0, "times", tolerance=0, where="Section 3.1", checked=True
        ),
        Figure(
            "MNIST network on a GPU, times faster", 7.0, "times", tolerance=1.0, where="Section 4"
        ),
    ),
    deviations=(
        "weights start in U[-H, H] and are clipped there, instead of in U[-1, 1] with a "
        "learning rate multiplied by 1/H: under Adam the same in another unit",
        "no dropout, no shift-based batch normalization and AdaMax",
        "the networks that are trained here have fewer maps and see far fewer epochs",
    ),
    chapter="compression/bnn",
    models=("bnn_cifar", "bnn_mlp", "bnn_digits"),
    module="compression.bnn",
    digest="bnn",
)


@decided(
    "bnn.c1",
    text="In a binarized network both the weights and the activations are binary.",
    check="exp",
    verdict="correct",
    truth="As stated, when it is used, except for the input of the first layer. Training keeps "
    "a real number behind every weight.",
    source="courbariaux2016binarized, Sections 1.1 and 1.2, Algorithm 1",
)
def c1() -> Finding:
    """Run a small network and collect what its layers multiply."""
    import torch
    from torch import nn

    from cnnhistory import create_model
    from cnnhistory.nn.binary import BinaryConv2d, BinaryLinear
    from cnnhistory.nn.sign import signs

    with torch.no_grad():
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


@decided(
    "bnn.c2",
    text="Binary weights take a thirty-second of the memory.",
    check="count",
    verdict="correct",
    truth="As stated, against 32-bit floats; filled-up words and thresholds come on top.",
    source="courbariaux2016binarized, Section 3.1",
)
def c2() -> Finding:
    from cnnhistory import create_model
    from cnnhistory.kernels import pack_weight
    from cnnhistory.nn.binary import BinaryConv2d, BinaryLinear

    network = create_model("bnn_cifar")
    layers = [m for m in network.modules() if isinstance(m, BinaryConv2d | BinaryLinear)]
    real = sum(layer.weight.nbytes for layer in layers)
    packed = sum(pack_weight(layer.weight).nbytes for layer in layers)
    return Finding(
        "correct" if round(real / packed) == 32 else "wrong",
        f"the weights of the network for CIFAR-10 take {real:,} bytes as floats and {packed:,} in "
        f"words: {real / packed:.2f} times fewer",
        (f"against {8 * layers[0].weight.element_size()}-bit floats",),
    )


@decided(
    "bnn.c3",
    text="Multiplying and adding becomes a logical operation and a count of bits.",
    check="exp",
    verdict="correct",
    truth="As stated: the sum of n products of signs is n minus twice the number of bits that "
    "differ.",
    source="courbariaux2016binarized, Section 3.2; Algorithm 5",
)
def c3() -> Finding:
    import torch

    from cnnhistory.kernels.reference import pack_signs, popcount
    from cnnhistory.nn.sign import signs

    equal, most = 0, 200
    for n in range(1, most + 1):
        x, w = torch.randn(2, n)
        differ = int(popcount(pack_signs(x) ^ pack_signs(w)).sum())
        equal += n - 2 * differ == int((signs(x) * signs(w)).sum())
    return Finding(
        "correct" if equal == most else "wrong",
        f"n - 2 popcount(x xor w) is the sum for {equal} of {most} lengths n from 1 to {most}",
    )
