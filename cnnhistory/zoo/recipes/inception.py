"""Recorded runs of the Inception line, in small."""

from typing import Any

from cnnhistory.zoo.recipes.base import PATCHES, Spec, TrainingRecipe, adam


def _steps(name: str, **network_args: Any) -> TrainingRecipe:
    """A step from Inception to Xception, or Xception's with a part changed, on patches.

    All have 30,500 to 31,100 parameters. The rate is 0.02 for all: out of 0.005, 0.01 and 0.02,
    with 8 epochs and one other seed, each of the four has its lowest validation error there.

    Said before the recording: if seeds spread by 1.5 points, five against five find a difference of
    their means with a probability of 80 % from about 3 points on. Three of the five were recorded
    first.

    Deviations: twelve convolutions, 24x24 pixels, 16 classes, 3,600 patches; Adam.
    """
    return TrainingRecipe(
        id=f"steps_{name}_patches",
        model="xception_steps",
        epochs=8,
        batch_size=64,
        optimizer=adam(0.02),
        data=Spec(PATCHES, {"crop": 24, "val_size": 0}),
        network_args=network_args,
        seeds=(0, 1, 2, 3, 4),
        tolerance=6.0,
    )


RECIPES = (
    _steps("towers", maps=24, towers=3, mix_first=True, between="relu"),
    _steps("separable", maps=41),
    _steps("separable_relu", maps=41, between="relu"),
    # more maps, so that it has as many parameters without the projections of the shortcuts
    _steps("plain", maps=44, residual=False),
)
