"""Recorded runs of MobileNets: separable against full convolutions, linear bottlenecks or not."""

from typing import Any

from cnnhistory.zoo.recipes.base import PATCHES, Spec, TrainingRecipe, adam


def _mobile(name: str, model: str, lr: float, **network_args: Any) -> TrainingRecipe:
    """A MobileNet at an eighth of its width on patches, and what it is compared with.

    Asked is whether separable convolutions are still far behind full ones after 30 epochs
    (howard2017mobilenets, Table 4: 1.1 points on ImageNet), and whether a linear bottleneck is
    better than one with ReLU6 for every seed (sandler2018mobilenetv2, Figure 6).

    Resolves: three seeds and 1,200 test patches; with a standard deviation of 1.5 points between
    seeds a difference of 4.6 points with a probability of 80 % by Welch's t test. So one point
    cannot be seen; whether the gap of the first epochs, some 13 points, closes, can.

    Out of 0.005, 0.01, 0.02 and 0.04 each rate had the lowest validation error after 3 epochs, for
    one seed, or one that is less than a point above it.

    Deviations: patches of 24x24 pixels; the first of five halvings left out; Adam; no dropout.
    """
    return TrainingRecipe(
        id=f"{name}_patches",
        model=model,
        epochs=30,
        batch_size=64,
        optimizer=adam(lr),
        data=Spec(PATCHES, {"crop": 24, "val_size": 0}),
        network_args={"num_classes": 16, "width": 0.125, "halvings": 4, **network_args},
        seeds=(0, 1, 2),
        tolerance=6.0,
    )


RECIPES = (
    _mobile("mobilenet_v1", "mobilenet_v1", 0.04),
    _mobile("mobilenet_v1_full", "mobilenet_v1_full", 0.005),
    _mobile("mobilenet_v2", "mobilenet_v2", 0.01, dropout=0.0),
    _mobile("mobilenet_v2_relu6", "mobilenet_v2", 0.01, dropout=0.0, linear=False),
)
