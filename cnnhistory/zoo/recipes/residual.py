"""Recorded runs of residual networks and their plain counterparts, and their ablations."""

from typing import Any

from cnnhistory.zoo.recipes.base import CIFAR10, AblationRecipe, Spec, TrainingRecipe, sgd


def _degradation(model: str) -> TrainingRecipe:
    """Plain and residual networks of 20 and 56 layers, at half the width of he2016deep.

    Deviations: half the maps, random crops of 24 instead of 32 pixels, 8 epochs with one cycle
    of the rate instead of 164 with three steps, products in bfloat16: what two cores can do.
    """
    return TrainingRecipe(
        id=f"{model}_cifar10",
        model=model,
        epochs=8,
        batch_size=128,
        optimizer=sgd(0.1, weight_decay=1e-4),
        data=Spec(CIFAR10, {"crop": 24, "pad": 0, "val_size": 0}),
        network_args={"width": 0.5},
        seeds=(0, 1),
        tolerance=4.0,
        precision="bf16-mixed",
    )


def _shape(id: str, model: str, **network_args: Any) -> TrainingRecipe:
    """What to spend parameters on: depth, width or cardinality.

    Wide residual networks of 10 and 28 layers, and blocks as those of ResNeXt for CIFAR-10 at a
    quarter of the width. Thin and deep, wide and shallow, and grouped ones have about as many
    parameters: 370,000 in 28 layers and 304,000 in 10; 121,000 in 20 layers, 128,000 in 11, and
    124,000 in 11 with 16 paths.

    All have the rate, the momentum, the weight decay and the batch that both papers have.

    Resolves: for three seeds, each tested on 10,000 images, with a standard deviation of 0.7
    points between seeds, Welch's t test finds a difference of 2.1 points with a probability of
    80 %.

    Deviations: random crops of 24 instead of 32 pixels, 3 epochs with one cycle of the rate
    instead of 200 or 300 with steps, products in bfloat16.
    """
    return TrainingRecipe(
        id=f"{id}_cifar10",
        model=model,
        epochs=3,
        batch_size=128,
        optimizer=Spec(
            "cnnhistory.training.recipes.SGD",
            {"lr": 0.1, "momentum": 0.9, "weight_decay": 5e-4, "nesterov": True},
        ),
        data=Spec(CIFAR10, {"crop": 24, "pad": 0, "val_size": 0}),
        network_args=network_args,
        seeds=(0, 1, 2),
        tolerance=4.0,
        precision="bf16-mixed",
    )


def _paths(depth: int, cardinality: int, base_width: int) -> TrainingRecipe:
    """Blocks of `cardinality` paths, of `base_width` maps at full width."""
    return _shape(
        f"resnext{depth}_{cardinality}x{base_width}d",
        "resnext29_8x64d",
        depth=depth,
        cardinality=cardinality,
        base_width=base_width,
        width=0.25,
    )


def _ablations(run: str) -> AblationRecipe:
    """Sections 4 and 5 of veit2016residual, on networks of half the width."""
    settings = {
        "single_images": 2500,
        "images": 1000,
        "counts": [1, 2, 3, 4, 6, 8, 10, 12, 16, 20],
        "swaps": [1, 2, 4, 8, 12, 16, 24],
        "draws": 8,
        "path_images": 32,
        "path_draws": 10,
    }
    return AblationRecipe(f"ablations_{run}", run, settings)


RECIPES = (
    _degradation("plain20"),
    _degradation("resnet20"),
    _degradation("plain56"),
    _degradation("resnet56"),
    _shape("wrn_10_1", "wrn_16_4", depth=10, widen=1),
    _shape("wrn_10_2", "wrn_16_4", depth=10, widen=2),
    _shape("wrn_28_1", "wrn_16_4", depth=28, widen=1),
    _paths(20, 1, 36),
    _paths(11, 1, 64),
    _paths(11, 16, 8),
    _ablations("resnet20_cifar10"),
    _ablations("resnet56_cifar10"),
    _ablations("plain20_cifar10"),
    _ablations("vgg16_bn_cifar10"),
)
