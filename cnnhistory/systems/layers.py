"""Improvements by component: layers."""

from cnnhistory.papers import Figure
from cnnhistory.system import System

SYSTEMS = (
    System(
        id="conv_as_matrix",
        name="Convolution as a matrix product",
        year=2016,
        era="layers",
        task="layer",
        paper="dumoulin2016guide",
    ),
    System(
        id="small_kernels",
        name="Small kernels",
        year=2014,
        era="layers",
        task="layer",
        paper="simonyan2015very",
        deviations=(
            "`kernel_stacks` is a network of ours that holds the paper's argument and nothing "
            "else; its own comparison is of configuration B with `vgg.SHALLOW_B`",
        ),
        models=("kernel_stacks",),
    ),
    System(
        id="conv_1x1",
        name="1x1 convolution",
        year=2013,
        era="layers",
        task="layer",
        paper="lin2014network",
    ),
    System(
        id="nin",
        name="Network in Network",
        year=2013,
        era="layers",
        task="classification",
        paper="lin2014network",
        figures=(
            Figure(
                "CIFAR-10 test error",
                10.41,
                "%",
                tolerance=0.3,
                where="Table 1",
                model="nin_cifar",
            ),
            Figure(
                "CIFAR-10 test error, trained with shifted and mirrored images",
                8.81,
                "%",
                tolerance=0.3,
                where="Table 1",
                model="nin_cifar",
            ),
        ),
        deviations=(
            "the ImageNet network is the one that the authors published for Caffe; the paper has "
            "none",
            "layer sizes and initial weights come from the authors' code, since the paper does "
            "not list them",
            "the second pooling of the CIFAR-10 network takes the largest value, as the paper "
            "says of all its pooling; later files of the authors average there",
        ),
        models=("nin", "nin_cifar"),
        chapter="imagenet/nin_googlenet",
    ),
    System(
        id="global_average_pooling",
        name="Global average pooling",
        year=2013,
        era="pooling",
        task="pooling",
        paper="lin2014network",
    ),
    System(
        id="conv_factorization",
        name="Convolution factorization",
        year=2015,
        era="layers",
        task="layer",
        paper="szegedy2016rethinking",
    ),
    System(
        id="grouped_conv",
        name="Grouped convolution",
        year=2012,
        era="layers",
        task="layer",
        paper="krizhevsky2012imagenet",
    ),
    System(
        id="deconvolution",
        name='Transposed convolution ("deconvolution")',
        year=2010,
        era="layers",
        task="layer",
        paper="zeiler2010deconvolutional",
        see_also=("dumoulin2016guide",),
    ),
    System(
        id="multi_scale",
        name="Multi-scale feature merging",
        year=2014,
        era="layers",
        task="layer",
        paper="szegedy2015going",
        see_also=("liu2016ssd", "li2015convolutional", "huang2015densebox"),
    ),
    System(
        id="skip_connections",
        name="Shortcut connections",
        year=2015,
        era="layers",
        task="layer",
        paper="he2016deep",
        see_also=("srivastava2015training",),
    ),
    System(
        id="residual_block",
        name="Residual block",
        year=2015,
        era="layers",
        task="layer",
        paper="he2016deep",
    ),
    System(
        id="atrous_conv",
        name="Atrous (dilated) convolution",
        year=2014,
        era="layers",
        task="layer",
        paper="chen2018deeplab",
        see_also=("yu2016multi",),
    ),
    System(
        id="max_unpooling",
        name="Max-unpooling with stored indices",
        year=2014,
        era="layers",
        task="layer",
        paper="zeiler2014visualizing",
        see_also=("badrinarayanan2017segnet",),
    ),
)
