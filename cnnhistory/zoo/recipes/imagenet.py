"""Recorded runs of the networks of the ImageNet era, in small, and of their parts."""

from typing import Any

from cnnhistory.zoo.recipes.base import CIFAR10, CONSTANT, PATCHES, Spec, TrainingRecipe, adam, sgd


def _figure1(activation: str, lr: float, start: str = "") -> TrainingRecipe:
    """Figure 1 of krizhevsky2012imagenet: epochs over CIFAR-10 to a training error of 25 %.

    No regularization, as in the paper. The rate is the one with the lowest training error in the
    second epoch, out of rates a factor of two apart, for each activation and start on its own.
    With `start="_2012"` pixels and initial weights are those of the paper's large network.

    Deviations: the middle 24x24 pixels of each image, products in bfloat16, 12 epochs.
    """
    old = start == "_2012"
    settings = {"crop": 24, "augment": False, "val_size": 0}
    return TrainingRecipe(
        id=f"alexnet_cifar4_{activation}{start}",
        model="alexnet_cifar4",
        epochs=12,
        batch_size=64,
        optimizer=sgd(lr),
        schedule=CONSTANT,
        data=Spec(CIFAR10, settings | ({"levels": "bytes"} if old else {})),
        network_args={"image_size": 24, "activation": activation} | ({"std": 0.01} if old else {}),
        seeds=(0, 1) if activation == "relu" and not old else (0,),
        tolerance=3.0,
        precision="bf16-mixed",
    )


def _stack(
    kernels: tuple[int, ...], maps: int, relu_between: bool = True, seeds: int = 5
) -> TrainingRecipe:
    """Stacks of small kernels beside one large one, at an equal number of parameters."""
    name = "_".join(map(str, kernels))
    return TrainingRecipe(
        id=f"stack_{name}{'' if relu_between else '_linear'}_patches",
        model="kernel_stacks",
        epochs=16,
        batch_size=64,
        optimizer=adam(5e-3),
        data=Spec(PATCHES, {"val_size": 0}),
        network_args={"kernels": list(kernels), "maps": maps, "relu_between": relu_between},
        seeds=tuple(range(seeds)),
        tolerance=6.0,
    )


def _large_patches(
    id: str,
    model: str,
    batch_size: int,
    seeds: int,
    settings: dict[str, Any],
    lr: float = 0.001,
) -> TrainingRecipe:
    """A network at an eighth of its width on patches of 64x64 pixels."""
    return TrainingRecipe(
        id=id,
        model=model,
        epochs=20,
        batch_size=batch_size,
        optimizer=adam(lr),
        data=Spec(PATCHES, {"side": 64, "levels": "bytes"}),
        network_args={"num_classes": 16, "image_size": 64, "width": 0.125, **settings},
        seeds=tuple(range(seeds)),
        tolerance=8.0,
    )


def _alexnet_part(part: str = "", **changes: Any) -> TrainingRecipe:
    """AlexNet at an eighth of its width on patches of photographs, with one part changed.

    The rate of "" serves for all that have ReLU; it and the one of tanh have the lowest training
    error after 8 epochs, out of rates a factor of two apart.

    Deviations: 64x64 pixels with two zeros around them, 16 classes, 2,400 patches; Adam.
    """
    return _large_patches(f"alexnet_patches{part}", "alexnet", 32, 3, {"padding": 2, **changes})


def _zfnet_part(
    part: str = "", model: str = "zfnet", seeds: int = 3, lr: float = 0.001, **changes: Any
) -> TrainingRecipe:
    """ZFNet at an eighth of its width on patches, whole and changed; AlexNet for comparison.

    The rates of ZFNet and AlexNet have the lowest mean validation error of two other seeds, out of
    rates a factor of two apart: of 0.0005, 0.001 and 0.002 ZFNet had 38.6, 36.1 and 42.8 %, and
    AlexNet 40.4, 42.7 and 48.3 % (0.00025: 45.0 %). The parts of ZFNet have its rate. Of no weight
    decay, 2 and 5, none had the lowest validation error, for one seed of "".

    Deviations: 64x64 pixels, 16 classes, 2,400 patches; Adam; filters are not limited.
    """
    return _large_patches(f"zfnet_patches{part}", model, 32, seeds, changes, lr)


def _nin(name: str, lr: float, **network_args: Any) -> TrainingRecipe:
    """Network in network and what it is compared with, on patches.

    Out of 0.0025, 0.005, 0.01 and 0.02 each rate has the lowest validation error after 12 epochs,
    for one seed, or one that is less than a point above it.
    """
    return TrainingRecipe(
        id=f"{name}_patches",
        model="nin_cifar",
        epochs=30,
        batch_size=64,
        optimizer=adam(lr),
        data=Spec(PATCHES, {"crop": 24, "val_size": 0}),
        network_args={"num_classes": 16, "width": 0.125, "dropout": 0.0, **network_args},
        seeds=(0, 1, 2),
        tolerance=6.0,
    )


RECIPES = (
    _figure1("relu", lr=0.005),
    _figure1("tanh", lr=0.01),
    _figure1("relu", lr=0.001, start="_2012"),
    _figure1("tanh", lr=0.01, start="_2012"),
    _alexnet_part(),
    _alexnet_part("_tanh", activation="tanh"),
    _alexnet_part("_no_dropout", dropout=0.0),
    _alexnet_part("_no_lrn", lrn=False),
    _alexnet_part("_plain_pooling", overlapping_pooling=False),
    _alexnet_part("_one_group", groups=1),
    _zfnet_part(seeds=5),
    _zfnet_part("_alexnet", "alexnet", seeds=5, lr=0.0005, groups=1, padding=2),
    _zfnet_part("_no_conv34", without=("conv3", "conv4")),
    _zfnet_part("_no_fc67", without=("fc6", "fc7")),
    _zfnet_part("_shallow", without=("conv3", "conv4", "fc6", "fc7")),
    _stack((3, 3), maps=20),
    _stack((5,), maps=17),
    _stack((3, 3), maps=20, relu_between=False, seeds=3),
    _stack((3, 3, 3), maps=16, seeds=3),
    _stack((7,), maps=12, seeds=3),
    _nin("nin", 0.005),
    _nin("nin_open", 0.01, last_relu=False),
    # fewer maps, so that it has about as many parameters as the others
    _nin("nin_plain", 0.005, plain=True, last_relu=False, width=22 / 192),
    _nin("nin_dense", 0.005, dense_for=24, last_relu=False),
    TrainingRecipe(  # for the ablations: what a network without shortcuts does without a layer
        id="vgg16_bn_cifar10",
        model="vgg16_bn",
        epochs=8,
        batch_size=128,
        optimizer=sgd(0.05, weight_decay=5e-4),
        data=Spec(CIFAR10, {"val_size": 0}),
        network_args={"num_classes": 10, "image_size": 32, "width": 0.11},
        seeds=(0,),
        tolerance=5.0,
        precision="bf16-mixed",
    ),
)
