"""What was recorded for the zoo, and how: the settings that `cnnhistory record` follows."""

from cnnhistory._util.lookup import expected, unknown_id
from cnnhistory.zoo.recipes import (
    compression,
    early,
    graphics,
    imagenet,
    inception,
    mobile,
    residual,
    search,
    sentences,
    translation,
)
from cnnhistory.zoo.recipes.base import (
    AblationRecipe,
    CompressionRecipe,
    FluidRecipe,
    FoldsRecipe,
    ReaderRecipe,
    Recipe,
    SearchRecipe,
    Spec,
    TextureRecipe,
    TrainingRecipe,
    TranslationRecipe,
)

__all__ = [
    "RECIPES",
    "WAITING",
    "AblationRecipe",
    "CompressionRecipe",
    "FluidRecipe",
    "FoldsRecipe",
    "ReaderRecipe",
    "Recipe",
    "SearchRecipe",
    "Spec",
    "TextureRecipe",
    "TrainingRecipe",
    "TranslationRecipe",
    "recipe",
    "training_recipe",
]

RECIPES: dict[str, Recipe] = {
    recipe.id: recipe
    for part in (
        early,
        imagenet,
        inception,
        residual,
        mobile,
        search,
        graphics,
        sentences,
        translation,
        compression,
    )
    for recipe in part.RECIPES
}

# Recipes whose run has not been made yet, so that `cnnhistory record` can make it on any machine.
# Nothing in the book may rest on them.
WAITING: frozenset[str] = frozenset({
    "densenet_bc_34_6_cifar10",
    "resnet20_6_cifar10",
})  # fmt: skip


def recipe(id: str) -> Recipe:
    """Return the recipe of a recorded run.

    Raises:
        UnknownIdError: there is none of that id; a KeyError whose message suggests the nearest.
    """
    if id not in RECIPES:
        raise unknown_id("recorded run", id, RECIPES)
    return RECIPES[id]


def training_recipe(id: str) -> TrainingRecipe:
    """Return the recipe of a recorded training.

    Raises:
        UnknownIdError: there is none of that id; a KeyError whose message suggests the nearest.
        ValueError: the run is of another kind.
    """
    found = recipe(id)
    if not isinstance(found, TrainingRecipe):
        raise expected("id", "a run in which a network was trained", id)
    return found
