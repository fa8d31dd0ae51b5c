"""Architecture search with reinforcement learning."""

from cnnhistory.papers import Figure
from cnnhistory.system import System

SYSTEM = System(
    id="nas_rl",
    name="Architecture search with reinforcement learning",
    year=2016,
    era="inception",
    task="architecture search",
    paper="zoph2017neural",
    figures=(
        Figure("CIFAR-10 test error", 3.65, "%", 0.3, "Table 1"),
        Figure("parameters", 37_400_000, "parameters", 50_000, "Table 1"),
        Figure("networks trained in the search", 12_800, "networks", 0, "Section 4.1"),
    ),
    deviations=(
        "the space of cells is that of zoph2018learning, with two blocks and three operations",
        "children are trained for two epochs on 1,280 digits, and 200 of them make a search",
        "the controller is that of zoph2018learning; the paper's has two layers of 35 units, and "
        "anchors for skip connections",
        "the reward is the accuracy; the paper takes its cube, the best of the last epochs",
    ),
    models=("cell_network",),
    module="search.network",
    digest="nas-rl",
)
