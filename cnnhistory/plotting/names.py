"""Names of models as people write them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

_WRITTEN: Mapping[str, str] = MappingProxyType(
    {
        "lenet1989": "LeNet (1989)",
        "lenet1989_dense": "LeNet (1989), dense",
        "lenet1990": "LeNet (1990)",
        "lenet5": "LeNet-5",
        "lenet5_modern": "LeNet-5, modern",
        "lenet5_caffe": "LeNet-5, Caffe",
        "lenet300_100": "LeNet-300-100",
        "linear_classifier": "linear classifier",
        "alexnet": "AlexNet",
        "zfnet": "ZFNet",
        "nin": "NIN",
        "nin_cifar": "NIN, CIFAR",
        "googlenet": "GoogLeNet",
        "residual_inception": "small residual Inception network",
        "xception": "Xception",
        "xception_steps": "steps to Xception",
        "alexnet_cifar4": "AlexNet's four layers",
        "convs2s": "ConvS2S",
        "convs2s_en_fr": "ConvS2S, English-French",
        "convs2s_small": "ConvS2S, small",
        "gnmt": "GNMT",
        "gnmt_small": "GNMT, small",
        "cell_network": "network of cells",
        "bn_mlp": "MLP with BN",
        "bnn_cifar": "BNN, CIFAR",
        "bnn_digits": "BNN, digits",
        "bnn_mlp": "BNN, MLP",
        "bwn_cifar": "BWN, CIFAR",
        "bwn_digits": "BWN, digits",
        "deep_convnet": "deep CNN",
        "deep_mlp": "deep MLP",
        "highway": "highway network",
        "highway_conv": "convolutional highway network",
        "highway_plain": "plain network",
        "kernel_stacks": "stacks of kernels",
        "textcnn": "TextCNN",
        "mobilenet_v1_full": "MobileNet v1, full convolutions",
        "xnor_cifar": "XNOR-Net, CIFAR",
        "xnor_digits": "XNOR-Net, digits",
    }
)
# Families: what stands before the depth or the size, and how it is written.
_FAMILIES = (
    (r"vgg(\d+)_bn", r"VGG-\1 with BN"),
    (r"vgg(\d+)", r"VGG-\1"),
    (r"resnet(\d+)", r"ResNet-\1"),
    (r"plain(\d+)", r"plain-\1"),
    (r"wrn_(\d+)_(\d+)", r"WRN-\1-\2"),
    (r"resnext(\d+)_(\d+)x(\d+)d", r"ResNeXt-\1 \2×\3d"),
    (r"densenet(\d+)_(\d+)", r"DenseNet-\1, k = \2"),
    (r"densenet_bc_(\d+)_(\d+)", r"DenseNet-BC-\1, k = \2"),
    (r"densenet(\d+)", r"DenseNet-\1"),
    (r"mobilenet_v(\d)", r"MobileNet v\1"),
    (r"inception_v(\d)", r"Inception-v\1"),
    (r"inception_resnet_v(\d)", r"Inception-ResNet-v\1"),
    (r"nasnet_a_(\w+)", r"NASNet-A, \1"),
)


def model_name(model: str) -> str:
    """Return the name of a model, as `create_model` takes it, in the spelling of its paper.

    A model that has no spelling of its own keeps its words.

    >>> [model_name(name) for name in ("resnet50", "wrn_28_10", "lenet5", "made_up")]
    ['ResNet-50', 'WRN-28-10', 'LeNet-5', 'made up']
    """
    return _spelling(model) or model.replace("_", " ")


def display_name(label: str) -> str:
    """Return what a label of a figure or table says: a model's name, or any other text as it is.

    >>> display_name("lenet5"), display_name("without LRN"), display_name("x_1")
    ('LeNet-5', 'without LRN', 'x_1')
    """
    return _spelling(label) or label


def _spelling(model: str) -> str | None:
    if model in _WRITTEN:
        return _WRITTEN[model]
    for pattern, written in _FAMILIES:
        if found := re.fullmatch(pattern, model):
            return found.expand(written)
    return None
