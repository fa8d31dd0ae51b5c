"""Engineering: compression."""

from cnnhistory.papers import Figure
from cnnhistory.system import System

SYSTEMS = (
    System(
        id="model_size",
        name="Model size",
        year=2012,
        era="compression",
        task="analysis",
        paper="krizhevsky2012imagenet",
        see_also=("simonyan2015very",),
        deviations=("sizes are computed from the layers, four bytes for each parameter",),
        chapter="compression/pruning",
    ),
    System(
        id="weight_pruning",
        name="Magnitude pruning",
        year=2015,
        era="compression",
        task="compression",
        paper="han2015learning",
        figures=(
            Figure(
                "AlexNet, times fewer parameters",
                9.0,
                "times",
                tolerance=0.5,
                where="Tables 1 and 4",
                checked=True,
            ),
            Figure(
                "VGG-16, times fewer parameters",
                13.0,
                "times",
                tolerance=0.5,
                where="Tables 1 and 5",
                checked=True,
            ),
            Figure(
                "LeNet-300-100, times fewer parameters",
                12.0,
                "times",
                tolerance=0.5,
                where="Tables 1 and 2",
                checked=True,
            ),
            Figure(
                "LeNet-5 of Caffe, times fewer parameters",
                12.0,
                "times",
                tolerance=0.5,
                where="Tables 1 and 3",
                checked=True,
            ),
            Figure(
                "LeNet-300-100, MNIST test error, dense",
                1.64,
                "%",
                tolerance=0.2,
                where="Table 1",
            ),
            Figure(
                "LeNet-300-100, MNIST test error, pruned",
                1.59,
                "%",
                tolerance=0.2,
                where="Table 1",
            ),
            Figure(
                "LeNet-5 of Caffe, MNIST test error, dense",
                0.8,
                "%",
                tolerance=0.15,
                where="Table 1",
            ),
            Figure(
                "LeNet-5 of Caffe, MNIST test error, pruned",
                0.77,
                "%",
                tolerance=0.15,
                where="Table 1",
            ),
        ),
        deviations=(
            "AlexNet and VGG-16 are not trained here: their reductions are computed from the "
            "densities that the paper reports",
            "a layer's threshold follows from a density, so that sizes are known beforehand; the "
            "paper's own, a multiple of the standard deviation, is there as well",
            "the networks of the recorded runs see digits shifted by up to one pixel",
        ),
        chapter="compression/pruning",
    ),
    System(
        id="deep_compression",
        name="Deep Compression",
        year=2015,
        era="compression",
        task="compression",
        paper="han2016deep",
        figures=(
            Figure(
                "LeNet-300-100, times smaller",
                40.0,
                "times",
                tolerance=1.0,
                where="Table 1",
            ),
            Figure(
                "LeNet-300-100, MNIST test error, compressed",
                1.58,
                "%",
                tolerance=0.2,
                where="Table 1",
            ),
            Figure(
                "LeNet-5 of Caffe, times smaller",
                39.0,
                "times",
                tolerance=1.0,
                where="Table 1",
            ),
            Figure(
                "LeNet-5 of Caffe, MNIST test error, compressed",
                0.74,
                "%",
                tolerance=0.15,
                where="Table 1",
            ),
            Figure(
                "AlexNet, times smaller",
                35.0,
                "times",
                tolerance=1.0,
                where="Table 1",
            ),
            Figure(
                "AlexNet, top-1 error, before and after",
                42.78,
                "%",
                tolerance=0.2,
                where="Table 1",
            ),
            Figure(
                "VGG-16, times smaller",
                49.0,
                "times",
                tolerance=1.0,
                where="Table 1",
            ),
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
    ),
    System(
        id="quantization",
        name="Weight quantization",
        year=2016,
        era="compression",
        task="compression",
        paper="han2016deep",
        see_also=("gong2014compressing",),
        chapter="compression/deep_compression",
    ),
    System(
        id="huffman_coding",
        name="Huffman coding",
        year=1952,
        era="compression",
        task="compression",
        paper="huffman1952method",
        chapter="compression/deep_compression",
    ),
    System(
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
                "weights, times smaller",
                32.0,
                "times",
                tolerance=0,
                where="Section 3.1",
                checked=True,
            ),
            Figure(
                "MNIST network on a GPU, times faster",
                7.0,
                "times",
                tolerance=1.0,
                where="Section 4",
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
    ),
    System(
        id="bwn",
        name="Binary-Weight-Network",
        year=2016,
        era="compression",
        task="compression",
        paper="rastegari2016xnor",
        figures=(
            Figure(
                "AlexNet, ILSVRC-2012 top-1 accuracy", 56.8, "%", tolerance=1.0, where="Table 1"
            ),
            Figure(
                "AlexNet, ILSVRC-2012 top-5 accuracy", 79.4, "%", tolerance=1.0, where="Table 1"
            ),
            Figure(
                "ResNet-18, ILSVRC-2012 top-1 accuracy", 60.8, "%", tolerance=1.0, where="Table 2"
            ),
            Figure(
                "ResNet-18, ILSVRC-2012 top-5 accuracy", 83.0, "%", tolerance=1.0, where="Table 2"
            ),
            Figure(
                "weights, times smaller",
                32.0,
                "times",
                tolerance=0,
                where="Section 1",
                checked=True,
            ),
        ),
        deviations=("not trained on ImageNet: the layout is that of BNN's network for CIFAR-10",),
        chapter="compression/xnor",
        models=("bwn_cifar", "bwn_digits"),
        module="compression.xnor",
    ),
    System(
        id="xnor_net",
        name="XNOR-Net",
        year=2016,
        era="compression",
        task="compression",
        paper="rastegari2016xnor",
        see_also=("courbariaux2016binarized",),
        figures=(
            Figure(
                "AlexNet, ILSVRC-2012 top-1 accuracy", 44.2, "%", tolerance=1.0, where="Table 1"
            ),
            Figure(
                "AlexNet, ILSVRC-2012 top-5 accuracy", 69.2, "%", tolerance=1.0, where="Table 1"
            ),
            Figure(
                "AlexNet in full precision, top-1 accuracy",
                56.6,
                "%",
                tolerance=1.0,
                where="Table 1",
            ),
            Figure(
                "AlexNet in full precision, top-5 accuracy",
                80.2,
                "%",
                tolerance=1.0,
                where="Table 1",
            ),
            Figure(
                "ResNet-18, ILSVRC-2012 top-1 accuracy", 51.2, "%", tolerance=1.0, where="Table 2"
            ),
            Figure(
                "ResNet-18, ILSVRC-2012 top-5 accuracy", 73.2, "%", tolerance=1.0, where="Table 2"
            ),
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
    ),
)
