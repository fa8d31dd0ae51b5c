"""Recorded runs: what takes longer than a chapter may, with its weights and its log.

Every record says how it was made (recipe, data hash, code, libraries, machine, seconds) and which
one command makes it again: ``cnnhistory record ID``.
"""

from cnnhistory.zoo.format import Artifact, Provenance, Record, SeedResult
from cnnhistory.zoo.recipes import RECIPES, Recipe, recipe, training_recipe
from cnnhistory.zoo.store import artifact, list_records, load_weights, record

__all__ = [
    "RECIPES",
    "Artifact",
    "Provenance",
    "Recipe",
    "Record",
    "SeedResult",
    "artifact",
    "list_records",
    "load_weights",
    "recipe",
    "record",
    "training_recipe",
]
