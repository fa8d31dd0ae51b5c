"""Deep Compression, and what the survey says about it."""

from cnnhistory.papers import Figure
from cnnhistory.system import Statement, System

SYSTEM = System(
    id="deep_compression",
    name="Deep Compression",
    year=2015,
    era="compression",
    task="compression",
    paper="han2016deep",
    figures=(
        Figure("LeNet-300-100, times smaller", 40.0, "times", tolerance=1.0, where="Table 1"),
        Figure(
            "LeNet-300-100, MNIST test error, compressed", 1.58, "%", tolerance=0.2, where="Table 1"
        ),
        Figure("LeNet-5 of Caffe, times smaller", 39.0, "times", tolerance=1.0, where="Table 1"),
        Figure(
            "LeNet-5 of Caffe, MNIST test error, compressed",
            0.74,
            "%",
            tolerance=0.15,
            where="Table 1",
        ),
        Figure("AlexNet, times smaller", 35.0, "times", tolerance=1.0, where="Table 1"),
        Figure(
            "AlexNet, top-1 error, before and after", 42.78, "%", tolerance=0.2, where="Table 1"
        ),
        Figure("VGG-16, times smaller", 49.0, "times", tolerance=1.0, where="Table 1"),
    ),
    deviations=(
        "a gap between weights is written as the number of zeros, one less than the paper's "
        "difference of places",
        "a code is kept for the zeros that fill wide gaps, so that b bits give 2^b - 1 values",
        "the networks of the recorded runs see digits shifted by up to one pixel, keep fewer "
        "weights and use fewer bits than the paper; two earlier recordings with other settings "
        "were replaced",
    ),
    chapter="compression/deep_compression",
    object="compression.deep_compression.deep_compress",
    digest="deep-compression",
)


c1 = Statement(
    "deep_compression.c1",
    text="Deep Compression has three steps, pruning, quantization that shares weights, and "
    "Huffman coding, and does not cost accuracy.",
    check="cite",
    verdict="correct",
    truth="As the paper reports, for four networks that become 35 to 49 times smaller.",
    source="han2016deep, Table 1",
)
