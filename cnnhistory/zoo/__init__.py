"""Recorded runs: training that takes longer than a chapter may, with its weights and its log.

Every record says how it was made (recipe, data hash, versions, machine, seconds) and which one
command makes it again: ``cnnhistory record ID``. A recorded study measures such networks further:
``cnnhistory study ID``.
"""

from cnnhistory.zoo.recipes import RECIPES, Recipe, recipe
from cnnhistory.zoo.store import Record, SeedResult, list_records, load_weights, record
from cnnhistory.zoo.study import STUDIES, Study, StudyRecord, study_record

__all__ = [
    "RECIPES",
    "STUDIES",
    "Recipe",
    "Record",
    "SeedResult",
    "Study",
    "StudyRecord",
    "list_records",
    "load_weights",
    "recipe",
    "record",
    "study_record",
]
