"""The verdicts about occlusion and the deconvnet, and that each follows from what is computed."""

import torch
from torch import nn

from cnnhistory.claims import list_statements, verify
from cnnhistory.survey.imagenet import zfnet
from cnnhistory.visualize import deconvnet, occlusion


def test_verdicts_and_facts():
    assert list_statements(system="deconvnet_visualization") == ["deconvnet_visualization.c1"]
    assert "over 90 % of 50 new images" in verify("zfnet.c3").computed
    facts = verify("deconvnet_visualization.c1")
    assert facts.verdict == "correct"
    assert "digit 0.6; with the switches of another digit 0.1, and 0.5" in facts.computed


def test_zfnet_c3_would_be_wrong_for_a_network_that_learned_nothing(monkeypatch):
    trained = zfnet._detector
    monkeypatch.setattr(zfnet, "_detector", lambda steps: trained(0))
    finding = verify("zfnet.c3")
    assert finding.verdict == "wrong"
    assert "over 90" not in finding.computed


def test_zfnet_c3_would_be_wrong_if_the_square_did_not_cover(monkeypatch):
    def blind(image, measure, square):
        return measure(image[None].expand(196, 1, 16, 16)).view(14, 14)

    monkeypatch.setattr(occlusion, "occlusion_map", blind)
    assert verify("zfnet.c3").verdict == "wrong"


def test_the_deconvnet_would_be_wrong_without_switches(monkeypatch):
    """Every value is put back to the first corner of its window."""
    with_switches = deconvnet.record

    def without(chain, x):
        run = with_switches(chain, x)
        flat = with_switches(chain, torch.zeros_like(x))
        assert all(isinstance(step.layer, nn.Module) for step in flat.steps)
        return type(run)(run.output, flat.steps)

    monkeypatch.setattr(deconvnet, "record", without)
    assert verify("deconvnet_visualization.c1").verdict == "wrong"
