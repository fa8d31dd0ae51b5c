"""What was recorded for the zoo, and how: the settings that `cnnhistory record` follows."""

from cnnhistory._util.lookup import expected, unknown_id
from cnnhistory.zoo.recipes import (
    compression,
    early,
    imagenet,
    inception,
    mobile,
    residual,
    search,
)
from cnnhistory.zoo.recipes.base import (
    AblationRecipe,
    CompressionRecipe,
    Recipe,
    SearchRecipe,
    Spec,
    TrainingRecipe,
)

__all__ = [
    "RECIPES",
    "AblationRecipe",
    "CompressionRecipe",
    "Recipe",
    "SearchRecipe",
    "Spec",
    "TrainingRecipe",
    "recipe",
    "training_recipe",
]

RECIPES: dict[str, Recipe] = {
    recipe.id: recipe
    for part in (early, imagenet, inception, residual, mobile, search, compression)
    for recipe in part.RECIPES
}


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
