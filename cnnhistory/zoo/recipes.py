"""What was trained for the zoo, and how: the settings that `cnnhistory record` follows."""

import difflib
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Recipe:
    """The settings of a recorded run.

    The settings were chosen on a validation split of the training data; the recorded run then
    trains on all of it, and the test data are only looked at, never used to choose.

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
