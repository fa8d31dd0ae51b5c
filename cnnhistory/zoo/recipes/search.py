"""Recorded runs of architecture search: a table of all children, and what became of the cells."""

from cnnhistory.zoo.recipes.base import DIGITS, SearchRecipe, Spec

# 1,280 digits of 16x16 pixels to learn from, 2,720 to give the reward; the test part is not used.
SMALL_DIGITS = Spec(
    DIGITS, {"scale": "small", "size": 16, "pad_to": 16, "levels": "symmetric", "val_size": 2720}
)

# Rate and number of epochs were chosen by the validation errors of five cells with two seeds each:
# with 0.04 two epochs tell cells apart about as well as three (the spread of the cells' means is
# 1.6 times that between seeds), at two thirds of the cost. Two tables, since the one that a search
# learns from flatters what it finds; the other one judges. The errors of two cells with one seed
# each differ by chance by some 2.5 points, so a search is judged by means over many repeats.
CELLS = SearchRecipe(
    id="nas_cells_digits",
    space={"blocks": 2, "operations": ["none", "max3", "sep3"]},
    network={"plan": "nr", "maps": 8},
    training={"epochs": 2, "lr": 0.04, "batch_size": 32},
    data=SMALL_DIGITS,
)

RECIPES = (CELLS,)
