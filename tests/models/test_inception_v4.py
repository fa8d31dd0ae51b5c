import copy
import functools

import pytest
import torch
from peer_helpers import assert_equals_peer

from cnnhistory import registry
from cnnhistory.accounting import count_multiply_adds, count_parameters, summarize

on_meta = functools.cache(registry.on_meta)


def test_counts():
    net = on_meta("inception_v4")
    assert count_parameters(net) == 42_679_816
    assert count_multiply_adds(net, (3, 299, 299)) == 12_253_974_624


def test_stages_of_figure_9():
    rows = summarize(on_meta("inception_v4"), (3, 299, 299)).view(depth=2)
    shapes = [row.output_shape for row in rows if row.name.startswith("inception.")]
    assert shapes == ([(384, 35, 35)] * 4 + [(1024, 17, 17)] * 8 + [(1536, 8, 8)] * 4)


@pytest.mark.peer
def test_equals_timm_weight_for_weight():
    torch.manual_seed(0)
    peer = pytest.importorskip("timm").create_model("inception_v4")
    x = torch.randn(3, 3, 96, 96, dtype=torch.double)
    assert_equals_peer(copy.deepcopy(on_meta("inception_v4")), peer, x)
