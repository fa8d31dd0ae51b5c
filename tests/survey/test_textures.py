"""The verdicts about textures, and that each follows from what is computed."""

import pytest

from cnnhistory.claims import list_statements, statement, verify
from cnnhistory.graphics.texture import synthesis
from cnnhistory.nn.losses import gram_loss

SYSTEMS = ("texture_gatys", "texture_deep_correlations")
IDS = [id for system in SYSTEMS for id in list_statements(system=system)]


def test_verdicts_of_the_literature():
    assert {id: statement(id).verdict for id in IDS} == {
        "texture_gatys.c1": "correct",
        "texture_gatys.c2": "correct",
        "texture_deep_correlations.c1": "wrong",
        "texture_deep_correlations.c2": "correct",
    }


def test_only_what_the_program_adds_up_is_taken_from_the_paper():
    assert [id for id in IDS if statement(id).decide is None] == ["texture_deep_correlations.c1"]


@pytest.mark.parametrize(
    ("id", "fact"),
    [
        ("texture_gatys.c1", "the energy falls from "),
        ("texture_gatys.c2", "the pixels of two results correlate by "),
        ("texture_deep_correlations.c2", "the Gram matrix changes by "),
    ],
)
def test_computed_facts(id, fact):
    assert fact in verify(id).computed


def test_a_start_without_noise_would_be_noticed(monkeypatch):
    noise = synthesis.white_noise
    monkeypatch.setattr(synthesis, "white_noise", lambda size, seed=0: noise(size, 0))
    assert statement("texture_gatys.c2").decide().verdict == "wrong"


def test_a_gram_matrix_with_places_would_be_noticed(monkeypatch):
    monkeypatch.setattr(gram_loss, "gram_matrix", lambda maps: maps.flatten(-2))
    assert statement("texture_deep_correlations.c2").decide().verdict == "wrong"
