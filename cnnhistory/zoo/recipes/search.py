"""Recorded runs of architecture search: a table of all children, and what became of the cells."""

from cnnhistory.zoo.recipes.base import DIGITS, PATCHES, SearchRecipe, Spec, TrainingRecipe, adam

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

# Cells for the larger network, and how many maps give it about 24,000 parameters. The first is the
# best child of `search(space, reward, 100, seed=0)` on the table of seed 0; the random ones
# are the five that `CellSpace().sample` draws from seed 0, whatever their score.
FOUND = ("sep3(0)+sep3(1) | sep3(1)+sep3(1)", 10)
HAND = ("none(1)+sep3(1) | none(2)+sep3(2)", 16)
RANDOM = (
    ("sep3(0)+sep3(1) | max3(2)+none(2)", 15),
    ("none(1)+sep3(1) | max3(1)+none(2)", 22),
    ("none(1)+none(1) | sep3(2)+sep3(2)", 16),
    ("none(0)+sep3(1) | none(2)+sep3(0)", 15),
    ("max3(1)+none(1) | max3(0)+max3(2)", 33),
)


def _larger(name: str, cell: str, maps: int, seeds: int) -> TrainingRecipe:
    """A network of five cells for patches of photographs, color images of sixteen classes.

    The rate was chosen for the hand-made cell (of 0.01 and 0.03, by validation errors after four
    epochs on crops of 24 pixels) and serves all cells, which favors that one. Five networks on
    1,200 test patches against five others resolve about 2.5 points.
    """
    return TrainingRecipe(
        id=f"cells_{name}_patches",
        model="cell_network",
        epochs=8,
        batch_size=64,
        optimizer=adam(0.03),
        data=Spec(PATCHES, {"crop": 16, "val_size": 0}),
        network_args={
            "num_classes": 16, "in_channels": 3, "cell": cell, "plan": "nnrnn", "maps": maps,
            "first": 16,
        },
        seeds=tuple(range(seeds)),
        tolerance=6.0,
    )  # fmt: skip


RECIPES = (
    CELLS,
    _larger("found", *FOUND, seeds=5),
    _larger("hand", *HAND, seeds=5),
    *(_larger(f"random{n}", *cell, seeds=1) for n, cell in enumerate(RANDOM)),
)
