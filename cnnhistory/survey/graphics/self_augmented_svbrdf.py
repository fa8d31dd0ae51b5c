"""Surface reflectance from one photograph."""

from cnnhistory.system import System

SYSTEM = System(
    id="self_augmented_svbrdf",
    name="Surface reflectance from one photograph",
    year=2017,
    era="graphics",
    task="appearance capture",
    paper="li2017modeling",
    digest="self-augmented-svbrdf",
)
