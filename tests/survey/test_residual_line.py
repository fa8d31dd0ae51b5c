"""The verdicts about wide and dense networks, and that each follows from what is computed."""

import pytest
from torch import nn

from cnnhistory.claims import list_statements, statement, verify
from cnnhistory.nn import dense_block
from cnnhistory.nn.residual import Bottleneck

SYSTEMS = ("wrn", "resnext", "wsl_resnext", "densenet", "skip_connections")
IDS = [id for system in SYSTEMS for id in list_statements(system=system)]


def test_verdicts_of_the_literature():
    assert {id: statement(id).verdict for id in IDS} == {
        "wrn.c1": "correct",
        "wrn.c2": "correct",
        "wrn.c3": "opinion",
        "wrn.c4": "correct",
        "resnext.c1": "correct",
        "resnext.c2": "correct",
        "resnext.c3": "correct",
        "wsl_resnext.c1": "imprecise",
        "wsl_resnext.c2": "correct",
        "densenet.c1": "imprecise",
        "densenet.c2": "correct",
        "densenet.c3": "correct",
        "densenet.c4": "wrong",
        "densenet.c5": "correct",
        "densenet.c6": "correct",
        "skip_connections.c1": "correct",
    }


def test_the_rest_is_computed():
    cited = [id for id in IDS if statement(id).decide is None]
    assert cited == ["resnext.c2", "resnext.c3", "wsl_resnext.c1"]


@pytest.mark.parametrize(
    ("id", "facts"),
    [
        ("wrn.c1", ["160, 320, 640", "16, 32, 64"]),
        ("wrn.c2", ["a ResNet has 2", "has 4 convolutions", "3 shortcuts"]),
        ("resnext.c1", ["25,028,904", "25,557,032"]),
        ("wsl_resnext.c2", ["101 layers, 32 paths of 48 maps", "828,411,176"]),
        # 21 + 78 + 300 + 136 links within the blocks
        ("densenet.c1", ["4 blocks of 58 layers with 535 links", "need 1711"]),
        ("densenet.c2", ["add 12 to 48 maps", "4 times"]),
        ("densenet.c3", ["20,013,928", "44,549,160"]),
        ("densenet.c4", ["4,291,365,888", "7,570,194,432", "57 %"]),
        # 2 L k0 + k L (L - 1) + 8 k L maps with k0 = 8 and k = 4: 41,088 and 11,328
        ("densenet.c5", ["keeps 3.6 times", "2.0 times, and the gradients are equal"]),
    ],
)
def test_computed_facts(id, facts):
    computed = verify(id).computed
    for fact in facts:
        assert fact in computed


def test_widening_one_stage_only_would_be_wrong(changed):
    def thin(net):
        for name, block in net.blocks.named_children():
            if name.startswith("conv4"):
                block.conv2 = nn.Conv2d(320, 320, 3)

    changed("wrn_28_10", thin)
    assert verify("wrn.c1").verdict == "wrong"


def test_another_depth_would_be_wrong(changed):
    changed("resnet20", lambda net: net.register_module("more", nn.Linear(2, 2)))
    assert verify("wrn.c2").verdict == "wrong"


def test_a_larger_resnext_would_be_wrong(renamed):
    renamed(resnext50_32x4d="resnext101_32x4d")
    assert verify("resnext.c1").verdict == "wrong"


def test_the_name_would_be_wrong_for_other_paths(renamed, changed):
    renamed(resnext101_32x48d="resnext101_64x4d")
    assert "64 paths of 4 maps" in verify("wsl_resnext.c2").computed
    assert verify("wsl_resnext.c2").verdict == "wrong"

    def replace_one(net):
        for name, module in net.blocks.named_children():
            if isinstance(module, Bottleneck) and name.startswith("conv5"):
                module.conv2 = nn.Conv2d(8, 8, 3)

    changed("resnext101_32x48d", replace_one)
    assert verify("wsl_resnext.c2").verdict == "wrong"


def test_all_layers_of_a_single_block_would_be_connected(changed):
    def keep_one(net):
        del net.stages[1:]

    changed("densenet121", keep_one)
    finding = verify("densenet.c1")
    assert finding.verdict == "correct"
    assert "1 blocks of 6 layers with 21 links" in finding.computed


def test_a_layer_that_reads_only_the_last_would_be_wrong(changed):
    def forget(net):
        net.stages[0].layers[3] = dense_block.DenseLayer(32, 32)

    changed("densenet121", forget)
    assert verify("densenet.c1").verdict == "wrong"


def test_wide_layers_would_be_wrong(changed):
    def widen(net):
        net.stages[0].layers[0].layers.conv2 = nn.Conv2d(128, 128, 3)
        net.stages[0].layers[0].layers.conv1 = nn.Conv2d(64, 512, 1)

    changed("densenet121", widen)
    assert verify("densenet.c2").verdict == "wrong"


def test_against_smaller_networks_parameters_and_computing_would_not_be_less(renamed):
    renamed(resnet101="resnet18")
    assert verify("densenet.c3").verdict == "wrong"
    assert verify("densenet.c4").verdict == "correct"


def test_shortcuts_that_do_not_help_would_not_be_confirmed(monkeypatch):
    from cnnhistory import zoo

    record = zoo.record

    def swapped(name):
        other = {"plain56_cifar10": "resnet56_cifar10", "resnet56_cifar10": "plain56_cifar10"}
        return record(other[name])

    monkeypatch.setattr(zoo, "record", swapped)
    assert verify("skip_connections.c1").verdict == "unverified"


def test_concatenations_that_take_no_memory_would_not_be_confirmed(monkeypatch):
    from cnnhistory.accounting import memory

    kept = iter([100, 200, 100, 200])
    monkeypatch.setattr(memory, "kept_bytes", lambda *args, **settings: next(kept))
    finding = verify("densenet.c5")
    assert finding.verdict == "wrong"
    assert "keeps 2.0 times" in finding.computed
