"""Architecture search with reinforcement learning."""

from cnnhistory.system import System

SYSTEM = System(
    id="nas_rl",
    name="Architecture search with reinforcement learning",
    year=2016,
    era="inception",
    task="architecture search",
    paper="zoph2017neural",
    digest="nas-rl",
)
