"""What was trained for the zoo, and how: the settings that `cnnhistory record` follows."""

import difflib
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Recipe:
    """The settings of a recorded run.

    The settings were chosen on a validation split of the training data; the recorded run then
    trains on all of it, and the test data are only looked at, never used to choose.

    `data` is "digits", "cifar10" or "patches", `data_args` the keywords of its data module.

    Units: `tolerance` is the largest distance, in percentage points of test error, between the
    recorded mean and one training run repeated from this recipe.
    """

    id: str
    model: str
    epochs: int
    batch_size: int
    lr: float
    loss: str | None = None
    weight_decay: float = 0.0
    optimizer: str = "adam"
    schedule: str = "one_cycle"
    data: str = "digits"
    data_args: dict[str, Any] = field(default_factory=dict)
    network_args: dict[str, Any] = field(default_factory=dict)
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    tolerance: float = 0.3
    precision: str = "32-true"


def _degradation(model: str, seeds: tuple[int, ...] = (0, 1)) -> Recipe:
    """Plain and residual networks of 20 and 56 layers, at half the width of he2016deep.

    Deviations: half the maps, random crops of 24 instead of 32 pixels, 8 passes with one cycle
    of the rate instead of 164 with three steps, products in bfloat16: what two cores can do.
    """
    return Recipe(
        id=f"{model}_cifar10",
        model=model,
        epochs=8,
        batch_size=128,
        lr=0.1,
        weight_decay=1e-4,
        optimizer="sgd",
        data="cifar10",
        data_args={"crop": 24, "pad": 0, "val_size": 0},
        network_args={"width": 0.5},
        seeds=seeds,
        tolerance=4.0,
        precision="bf16-mixed",
    )


def _zip_code(model: str, pad_to: int, epochs: int, lr: float, seeds: tuple[int, ...]) -> Recipe:
    """The experiments of 1989 and 1990, on as many digits: 7,291 to train, 2,007 to test.

    Deviations: digits of MNIST; plain steps of one rate instead of steps scaled by the diagonal
    of the Hessian; a new order in every pass.
    """
    return Recipe(
        id=f"{model}_online",
        model=model,
        epochs=epochs,
        batch_size=1,
        lr=lr,
        optimizer="plain_sgd",
        schedule="constant",
        data_args={
            "scale": "full",
            "levels": "symmetric",
            "size": 16,
            "pad_to": pad_to,
            "train_size": 7291,
            "test_size": 2007,
            "val_size": 0,
        },
        seeds=seeds,
        tolerance=1.5,
    )


def _figure1(activation: str, lr: float, start: str = "") -> Recipe:
    """Figure 1 of krizhevsky2012imagenet: passes over CIFAR-10 to a training error of 25 %.

    No regularization, as in the paper. The rate is the one with the lowest training error in the
    second pass, out of rates a factor of two apart, for each activation and start on its own.
    With `start="_2012"` pixels and initial weights are those of the paper's large network.

    Deviations: the middle 24x24 pixels of each image, products in bfloat16, 12 passes.
    """
    old = start == "_2012"
    return Recipe(
        id=f"alexnet_cifar4_{activation}{start}",
        model="alexnet_cifar4",
        epochs=12,
        batch_size=64,
        lr=lr,
        optimizer="sgd",
        schedule="constant",
        data="cifar10",
        data_args={"crop": 24, "augment": False, "val_size": 0}
        | ({"levels": "bytes"} if old else {}),
        network_args={"image_size": 24, "activation": activation} | ({"std": 0.01} if old else {}),
        seeds=(0, 1) if activation == "relu" and not old else (0,),
        tolerance=3.0,
        precision="bf16-mixed",
    )


def _stack(
    kernels: tuple[int, ...], maps: int, relu_between: bool = True, seeds: int = 5
) -> Recipe:
    """Stacks of small kernels beside one large one, at an equal number of parameters."""
    name = "_".join(map(str, kernels))
    return Recipe(
        id=f"stack_{name}{'' if relu_between else '_linear'}_patches",
        model="kernel_stacks",
        epochs=16,
        batch_size=64,
        lr=5e-3,
        data="patches",
        data_args={"val_size": 0},
        network_args={"kernels": list(kernels), "maps": maps, "relu_between": relu_between},
        seeds=tuple(range(seeds)),
        tolerance=6.0,
    )


def _alexnet_part(part: str = "", lr: float = 0.001, **changes: Any) -> Recipe:
    """AlexNet at an eighth of its width on patches of photographs, with one part changed.

    The rate of "" serves for all that have ReLU; it and the one of tanh have the lowest training
    error after 8 passes, out of rates a factor of two apart.

    Deviations: 64x64 pixels with two zeros around them, 16 classes, 2,400 patches; Adam.
    """
    shape = {"num_classes": 16, "image_size": 64, "padding": 2, "width": 0.125}
    return Recipe(
        id="alexnet_patches" + part,
        model="alexnet",
        epochs=20,
        batch_size=32,
        lr=lr,
        data="patches",
        data_args={"side": 64, "levels": "bytes"},
        network_args=shape | changes,
        seeds=(0, 1, 2),
        tolerance=8.0,
    )


def _zfnet_part(part: str = "", model: str = "zfnet", seeds: int = 3, **changes: Any) -> Recipe:
    """ZFNet at an eighth of its width on patches, whole and changed; AlexNet for comparison.

    Of no weight decay, 2 and 5, none had the lowest validation error, for one seed of "".

    Deviations: 64x64 pixels, 16 classes, 2,400 patches; Adam; filters are not limited.
    """
    shape = {"num_classes": 16, "image_size": 64, "width": 0.125}
    return Recipe(
        id="zfnet_patches" + part,
        model=model,
        epochs=20,
        batch_size=32,
        lr=1e-3,
        data="patches",
        data_args={"side": 64, "levels": "bytes"},
        network_args=shape | changes,
        seeds=tuple(range(seeds)),
        tolerance=8.0,
    )


def _nin(name: str, **network_args: Any) -> Recipe:
    """Network in network and its two ablations on patches, settings as in the stored record."""
    return Recipe(
        id=f"{name}_patches",
        model="nin_cifar",
        epochs=30,
        batch_size=64,
        lr=0.005,
        data="patches",
        data_args={"crop": 24, "val_size": 0},
        network_args={"num_classes": 16, "width": 0.125, "dropout": 0.0, **network_args},
        seeds=(0, 1, 2),
        tolerance=6.0,
    )


def _binary(id: str, model: str, lr: float = 3e-3, **network_args: Any) -> Recipe:
    """Binary networks and their float counterpart in the layout of courbariaux2016binarized.

    Of the rates 0.001, 0.003 and 0.01 the one with the lowest validation error after two or three
    passes, for BNN and for XNOR-Net with K; the others have the rate of XNOR-Net.

    Deviations: 24, 48 and 96 maps instead of 128, 256 and 512, random crops of 24 instead of 32
    pixels, mirrored, 8 passes with one cycle of the rate instead of 500, products in bfloat16.
    """
    return Recipe(
        id=f"{id}_cifar10",
        model=model,
        epochs=8,
        batch_size=128,
        lr=lr,
        data="cifar10",
        data_args={"crop": 24, "pad": 0, "val_size": 0},
        network_args={"image_size": 24, "width": 3 / 16, **network_args},
        seeds=(0, 1, 2),
        tolerance=4.0,
        precision="bf16-mixed",
    )


RECIPES = {
    recipe.id: recipe
    for recipe in (
        Recipe(
            id="lenet5_mnist",
            model="lenet5",
            epochs=20,
            batch_size=64,
            lr=3e-3,
            weight_decay=0.1,
            loss="map",
            data_args={"scale": "full", "levels": "paper", "val_size": 0},
        ),
        Recipe(
            id="lenet5_modern_mnist",
            model="lenet5_modern",
            epochs=20,
            batch_size=64,
            lr=3e-3,
            weight_decay=0.3,
            data_args={"scale": "full", "levels": "unit", "val_size": 0},
        ),
        _zip_code("lenet1989", pad_to=16, epochs=23, lr=0.025, seeds=(0, 1)),
        _zip_code("lenet1990", pad_to=28, epochs=12, lr=0.02, seeds=(0,)),
        _figure1("relu", lr=0.005),
        _figure1("tanh", lr=0.01),
        _figure1("relu", lr=0.001, start="_2012"),
        _figure1("tanh", lr=0.01, start="_2012"),
        _alexnet_part(),
        _alexnet_part("_tanh", lr=0.001, activation="tanh"),
        _alexnet_part("_no_dropout", dropout=0.0),
        _alexnet_part("_no_lrn", lrn=False),
        _alexnet_part("_plain_pooling", overlapping_pooling=False),
        _alexnet_part("_one_group", groups=1),
        _zfnet_part(seeds=3),
        _zfnet_part("_alexnet", "alexnet", seeds=3, groups=1, padding=2),
        _zfnet_part("_no_conv34", seeds=2, without=("conv3", "conv4")),
        _zfnet_part("_no_fc67", seeds=2, without=("fc6", "fc7")),
        _zfnet_part("_shallow", seeds=2, without=("conv3", "conv4", "fc6", "fc7")),
        _degradation("plain20"),
        _degradation("resnet20"),
        _degradation("plain56"),
        _degradation("resnet56"),
        _stack((3, 3), maps=20),
        _stack((5,), maps=17),
        _stack((3, 3), maps=20, relu_between=False, seeds=3),
        _stack((3, 3, 3), maps=16, seeds=3),
        _stack((7,), maps=12, seeds=3),
        _nin("nin"),
        _nin("nin_open", last_relu=False),
        _nin("nin_plain", plain=True, last_relu=False),
        _nin("nin_dense", dense_for=24, last_relu=False),
        _binary("bnn", "bnn_cifar", lr=1e-2),
        _binary("bnn_float", "bnn_cifar", float_counterpart=True),
        _binary("bwn", "bwn_cifar"),
        _binary("xnor", "xnor_cifar", input_scale=False),
        _binary("xnor_k", "xnor_cifar"),
        _binary("xnor_float", "xnor_cifar", float_counterpart=True),
        Recipe(  # for resnet_ensembles: what a network without shortcuts does without a layer
            id="vgg16_bn_cifar10",
            model="vgg16_bn",
            epochs=8,
            batch_size=128,
            lr=0.05,
            weight_decay=5e-4,
            optimizer="sgd",
            data="cifar10",
            data_args={"val_size": 0},
            network_args={"num_classes": 10, "image_size": 32, "width": 0.11},
            seeds=(0,),
            tolerance=5.0,
            precision="bf16-mixed",
        ),
    )
}


def recipe(id: str) -> Recipe:
    """Return the recipe of a recorded run.

    Raises:
        KeyError: there is none of that id; the message suggests the nearest.
    """
    if id not in RECIPES:
        near = difflib.get_close_matches(id, RECIPES, 3, 0.4) or list(RECIPES)
        raise KeyError(f"no recorded run {id!r}; did you mean {', '.join(near)}?")
    return RECIPES[id]
