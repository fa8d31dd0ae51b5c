"""Recorded runs of compressed and of binary networks."""

from typing import Any

from cnnhistory.zoo.recipes.base import (
    CIFAR10,
    DIGITS,
    CompressionRecipe,
    Spec,
    TrainingRecipe,
    adam,
)

_MNIST = Spec(DIGITS, {"scale": "full", "pad_to": 28, "val_size": 0})


def _stretch(epochs: int, lr: float, weight_decay: float, **others: Any) -> dict[str, Any]:
    """Return the settings of a stretch of training, with images moved by up to one pixel."""
    return {"epochs": epochs, "lr": lr, "weight_decay": weight_decay, "shift": 1, **others}


def _photographs(
    epochs: int, lr: float, weight_decay: float = 0.05, **others: Any
) -> dict[str, Any]:
    """Return the same for photographs, moved by up to two pixels, half of them mirrored."""
    return {
        "epochs": epochs, "lr": lr, "weight_decay": weight_decay, "batch_size": 128,
        "shift": 2, "mirror": True, "bfloat16": True, **others,
    }  # fmt: skip


def _binary(id: str, model: str, lr: float = 3e-3, **network_args: Any) -> TrainingRecipe:
    """Binary networks and their float counterpart in the layout of courbariaux2016binarized.

    Of the rates 0.001, 0.003 and 0.01 the one with the lowest validation error after two or three
    epochs, for BNN and for XNOR-Net with K; the others have the rate of XNOR-Net.

    Deviations: 24, 48 and 96 maps instead of 128, 256 and 512, random crops of 24 instead of 32
    pixels, mirrored, 8 epochs with one cycle of the rate instead of 500, products in bfloat16.
    """
    return TrainingRecipe(
        id=f"{id}_cifar10",
        model=model,
        epochs=8,
        batch_size=128,
        optimizer=adam(lr),
        data=Spec(CIFAR10, {"crop": 24, "pad": 0, "val_size": 0}),
        network_args={"image_size": 24, "width": 3 / 16, **network_args},
        seeds=(0, 1, 2),
        tolerance=4.0,
        precision="bf16-mixed",
    )


def _binary_digits(id: str, **network_args: Any) -> TrainingRecipe:
    """Networks for the live figure of XNOR-Net: 4,000 digits to learn, 1,000 to test.

    Rate and epochs are those of the runs on photographs and of no search; both networks have the
    same. Digits fill their 20 pixels, without a border.
    """
    image = {"scale": "small", "size": 20, "pad_to": 20, "levels": "symmetric", "val_size": 0}
    return TrainingRecipe(
        id=f"{id}_digits4000",
        model="xnor_digits",
        epochs=8,
        batch_size=128,
        optimizer=adam(3e-3),
        data=Spec(DIGITS, image),
        network_args={"image_size": 20, "width": 0.5, **network_args},
        seeds=(0,),
        tolerance=1.5,
    )


RECIPES = (
    # The settings of both LeNets were chosen by the error of the compressed network on 10,000
    # digits held out of the training data, with other initial weights than the recorded ones. They
    # replace two earlier recordings, which had lost more on the test digits.
    CompressionRecipe(
        id="lenet300_100_deep_compression",
        schedule={
            "model": "lenet300_100",
            "densities": {"1": 0.047, "3": 0.122, "5": 0.5},
            "base": _stretch(15, 2e-3, 0.1, batch_size=128),
            "rounds": 12,
            "prune": _stretch(1, 4e-3, 0.02, batch_size=128),
            "retrain": _stretch(45, 4e-3, 0.02, batch_size=128),
            "share": _stretch(3, 5e-4, 0.0, batch_size=128),
            "bits": {"dense": 4},
        },
        index_bits={"dense": 8},
        data=_MNIST,
    ),
    CompressionRecipe(
        id="lenet5_deep_compression",
        schedule={
            "model": "lenet5_caffe",
            "densities": {"conv1": 1.0, "conv2": 0.28, "ip1": 0.033, "ip2": 0.28},
            "base": _stretch(5, 2e-3, 0.02, bfloat16=True),
            "rounds": 4,
            "prune": _stretch(1, 3e-3, 0.02, floor=1.0, bfloat16=True),
            "retrain": _stretch(12, 3e-3, 0.02, bfloat16=True),
            "share": _stretch(2, 5e-4, 0.0, bfloat16=True),
            "bits": {"convolution": 5, "dense": 4},
        },
        index_bits={"dense": 8},
        data=_MNIST,
    ),
    # A VGG-style network on photographs, at the width that two cores train. Nothing was tried
    # out: densities like those of the paper's VGG-16, bits of its AlexNet.
    CompressionRecipe(
        id="vgg11_deep_compression",
        schedule={
            "model": "vgg11_bn",
            "network_args": {"num_classes": 10, "image_size": 32, "width": 0.25},
            "densities": {
                "features.conv1_1": 0.6,
                "features.conv2_1": 0.35,
                "features.conv3_1": 0.25,
                "features.conv3_2": 0.2,
                "features.conv4_1": 0.15,
                "features.conv4_2": 0.1,
                "features.conv5_1": 0.1,
                "features.conv5_2": 0.1,
                "classifier.fc6": 0.03,
                "classifier.fc7": 0.03,
                "classifier.fc8": 0.15,
            },
            "base": _photographs(6, 3e-3),
            "rounds": 2,
            "prune": _photographs(1, 1e-3, floor=1.0),
            "retrain": _photographs(5, 2e-3),
            "share": _photographs(1, 3e-4, weight_decay=0.0),
        },
        index_bits={"convolution": 8, "dense": 8},
        data=Spec(CIFAR10, {"val_size": 0}),
        seeds=(0, 1),
        tolerance=2.0,
        least_ratio=15.0,
    ),
    _binary("bnn", "bnn_cifar", lr=1e-2),
    _binary("bnn_float", "bnn_cifar", float_counterpart=True),
    _binary("bwn", "bwn_cifar"),
    _binary("xnor", "xnor_cifar", input_scale=False),
    _binary("xnor_k", "xnor_cifar"),
    _binary("xnor_float", "xnor_cifar", float_counterpart=True),
    _binary_digits("xnor", input_scale=False),
    _binary_digits("xnor_float", float_counterpart=True),
)
