"""The verdicts about graphics, and that each follows from what is computed."""

import pytest
import torch

from cnnhistory.claims import list_statements, statement, verify
from cnnhistory.graphics.octree import tree

SYSTEMS = ("o_cnn",)
IDS = [id for system in SYSTEMS for id in list_statements(system=system)]


def test_verdicts_of_the_literature():
    assert {id: statement(id).verdict for id in IDS} == {
        "o_cnn.c1": "correct",
        "o_cnn.c2": "correct",
    }


def test_only_the_list_of_tasks_is_taken_from_the_paper():
    assert [id for id in IDS if statement(id).decide is None] == ["o_cnn.c2"]


@pytest.mark.parametrize(
    ("id", "facts"), [("o_cnn.c1", ["100 of 100 leaves", "the empty ones is 0"])]
)
def test_computed_facts(id, facts):
    computed = verify(id).computed
    for fact in facts:
        assert fact in computed


def test_the_first_normal_instead_of_the_mean_would_be_noticed(monkeypatch):
    build = tree.build_octree

    def first(clouds, depth, full_depth=None):
        octree = build(clouds, depth, full_depth)
        for leaf in octree.occupied(depth).nonzero()[:, 0].tolist():
            point = int((octree.octant_of == leaf).nonzero()[0, 0])
            octree.signal[leaf] = torch.as_tensor(clouds.normals[point])
        return octree

    monkeypatch.setattr(tree, "build_octree", first)
    assert statement("o_cnn.c1").decide().verdict == "wrong"
