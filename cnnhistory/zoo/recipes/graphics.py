"""Recorded runs of the applications in graphics."""

from cnnhistory.zoo.recipes.base import FluidRecipe, Spec

# Scenes with stars, which are not among the obstacles of the training: balls and turned blocks.
UNSEEN = Spec("cnnhistory.graphics.fluid.training.SceneSet", {"boxes": 4, "steps": 16})

FLUIDNET_64 = FluidRecipe(
    id="fluidnet_64",
    network={"channels": [8, 16], "levels": 5},
    training={"iterations": 500, "sizes": [64, 64], "boxes": 8, "lr": 0.003, "later": [1, 8]},
    data=UNSEEN,
)

RECIPES = (FLUIDNET_64,)
