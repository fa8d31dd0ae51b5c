"""Recorded runs: training that takes longer than a chapter may, with its weights and its log.

Every record says how it was made (recipe, data hash, versions, machine, seconds) and which one
command makes it again: ``cnnhistory record ID``.
"""

from cnnhistory.zoo.recipes import RECIPES, Recipe, recipe
from cnnhistory.zoo.store import Record, SeedResult, list_records, load_weights, record

__all__ = [
    "RECIPES",
    "Recipe",
    "Record",
    "SeedResult",
    "list_records",
    "load_weights",
    "recipe",
    "record",
]
