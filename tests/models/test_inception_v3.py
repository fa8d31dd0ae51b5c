import copy
import functools

import pytest
import torch
from peer_helpers import assert_equals_peer, copy_in_order, settle, without_dropout

from cnnhistory import create_model, registry
from cnnhistory.accounting import count_multiply_adds, count_parameters, summarize
from cnnhistory.models.inception_v3 import Scores

on_meta = functools.cache(registry.on_meta)


def test_counts():
    assert count_parameters(on_meta("inception_v3")) == 23_834_568
    assert count_parameters(on_meta("inception_v3", aux_heads=True)) == 27_161_264
    assert count_multiply_adds(on_meta("inception_v3"), (3, 299, 299)) == 5_713_216_096


def test_stages():
    rows = summarize(on_meta("inception_v3"), (3, 299, 299)).view(depth=2)
    shapes = {r.name.partition(".")[2]: r.output_shape for r in rows if "." in r.name}
    assert shapes["pool2"] == (192, 35, 35)
    assert [shapes[f"a{n}"] for n in (1, 2, 3)] == [(256, 35, 35), (288, 35, 35), (288, 35, 35)]
    assert [shapes[name] for name in ("b", "c1", "c2", "c3", "c4")] == [(768, 17, 17)] * 5
    assert [shapes[name] for name in ("d", "e1", "e2")] == [
        (1280, 8, 8), (2048, 8, 8), (2048, 8, 8)
    ]  # fmt: skip


def test_the_head_runs_in_training_only():
    torch.manual_seed(0)
    net = create_model("inception_v3", num_classes=5, aux_heads=True, width=1 / 16)
    x = torch.rand(2, 3, 299, 299)
    with torch.no_grad():
        scores = net.train()(x)
        assert isinstance(scores, Scores)
        assert [tuple(s.shape) for s in scores] == [(2, 5), (2, 5)]
        assert net.criterion(scores, torch.tensor([0, 1])).isfinite()
        assert tuple(net.eval()(x[..., :75, :75]).shape) == (2, 5)
        with pytest.raises(ValueError, match="x: expected"):
            net.train()(x[..., :75, :75])


@pytest.mark.peer
@pytest.mark.parametrize("library", ["torchvision", "timm"])
def test_equals_the_peer_weight_for_weight(library):
    torch.manual_seed(0)
    if library == "torchvision":
        models = pytest.importorskip("torchvision").models
        peer = models.inception_v3(init_weights=False, aux_logits=False)
    else:
        peer = pytest.importorskip("timm").create_model("inception_v3", aux_logits=False)
    x = torch.randn(4, 3, 96, 96, dtype=torch.double)
    assert_equals_peer(copy.deepcopy(on_meta("inception_v3")), peer, x)


@pytest.mark.peer
def test_the_auxiliary_head_equals_torchvision_s():
    torch.manual_seed(0)
    peer = pytest.importorskip("torchvision").models.inception_v3(init_weights=False)
    peer, x = without_dropout(peer.double()), torch.randn(2, 3, 299, 299, dtype=torch.double)
    settle(peer, x)
    # torchvision lists its head in front of the last three modules
    state = peer.state_dict()
    order = [key for key in state if not key.startswith("AuxLogits.")]
    head = [key for key in state if key.startswith("AuxLogits.")]
    ours = copy.deepcopy(on_meta("inception_v3", aux_heads=True))
    mine = [key for key in ours.state_dict() if not key.startswith("aux.")]
    own_head = [key for key in ours.state_dict() if key.startswith("aux.")]
    pairs = zip(mine + own_head, order + head, strict=True)
    ours.load_state_dict({key: state[other] for key, other in pairs}, assign=True)
    without_dropout(ours).train()
    with torch.no_grad():
        expected, found = peer.train()(x), ours(x)
    torch.testing.assert_close(found.main, expected.logits, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(found.aux, expected.aux_logits, atol=1e-5, rtol=1e-5)


def test_helpers_notice_another_shape():
    with pytest.raises(AssertionError):
        copy_in_order(torch.nn.Linear(2, 3), torch.nn.Linear(3, 2))
