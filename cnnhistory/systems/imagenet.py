"""The networks of the ImageNet years, up to GoogLeNet and VGG."""

from cnnhistory.registry import System

SYSTEMS = (
    System(
        id="accuracy_cost_chart",
        name="Accuracy, parameters and operations in one chart",
        year=2016,
        era="imagenet-era",
        task="analysis",
        paper="canziani2016analysis",
        see_also=("bianco2018benchmark",),
    ),
    System(
        id="alexnet",
        name="AlexNet",
        year=2012,
        era="imagenet-era",
        task="classification",
        paper="krizhevsky2012imagenet",
    ),
    System(
        id="zfnet",
        name="ZFNet",
        year=2013,
        era="imagenet-era",
        task="classification",
        paper="zeiler2014visualizing",
    ),
    System(
        id="deconvnet_visualization",
        name="Deconvnet feature visualization",
        year=2014,
        era="theory",
        task="analysis",
        paper="zeiler2014visualizing",
        see_also=("zeiler2011adaptive",),
    ),
    System(
        id="googlenet",
        name="GoogLeNet",
        year=2014,
        era="imagenet-era",
        task="classification",
        paper="szegedy2015going",
    ),
    System(
        id="inception_module",
        name="Inception module",
        year=2014,
        era="inception-family",
        task="layer",
        paper="szegedy2015going",
    ),
    System(
        id="vgg",
        name="VGG",
        year=2014,
        era="imagenet-era",
        task="classification",
        paper="simonyan2015very",
    ),
)
