"""The verdicts about GoogLeNet, and that each follows from what is computed."""

import pytest
import torch
from torch import nn

import cnnhistory
from cnnhistory import registry
from cnnhistory.claims import list_statements, statement, verify
from cnnhistory.models.googlenet import MODULES
from cnnhistory.registry import create_model

SYSTEMS = ("googlenet", "inception_module")
IDS = [id for system in SYSTEMS for id in list_statements(system=system)]


def test_verdicts_of_the_literature():
    assert {id: statement(id).verdict for id in IDS} == {
        "googlenet.c1": "correct",
        "googlenet.c2": "correct",
        "googlenet.c3": "wrong",
        "googlenet.c4": "wrong",
        "googlenet.c5": "wrong",
        "googlenet.c6": "imprecise",
        "googlenet.c7": "correct",
        "googlenet.c8": "correct",
        "googlenet.c9": "correct",
        "googlenet.c10": "imprecise",
        "inception_module.c1": "correct",
    }


def test_only_places_and_inventors_are_taken_from_the_papers():
    assert [id for id in IDS if statement(id).decide is None] == ["googlenet.c1", "googlenet.c9"]


@pytest.mark.parametrize(
    ("id", "facts"),
    [
        ("googlenet.c2", ["3 layers", "18 in them", "make 22", "make 27"]),
        ("googlenet.c3", ["60,965,224 / 6,998,552 = 8.7", "without the linear layer 10.2"]),
        # 58,631,144 / 60,965,224 and 123,642,856 / 138,357,544
        ("googlenet.c4", ["AlexNet 96.2 %", "VGG-16 89.4 %"]),
        ("googlenet.c5", ["1 dense layer of 1,025,000", "1,024 to 1,000", "3 of 58,631,144"]),
        (
            "googlenet.c6",
            ["9 of 1×1; 9 of 1×1, 3×3; 9 of 1×1, 5×5; 9 of pooling, 1×1; in 27 of 36", "18 before"],
        ),
        ("googlenet.c7", ["163,696 with", "393,472 without", "6,998,552 and 25,305,944"]),
        ("googlenet.c8", ["37 of 37 1×1 convolutions"]),
        # 3a: (192 * 64 + 9 * 96 * 128 + 25 * 16 * 32) / (25 * 224 * 304)
        (
            "googlenet.c10",
            ["are one of 5×5 in 9 of 9 modules", "at most 8 % are not", "largest kernel"],
        ),
        ("inception_module.c1", ["14×13 for 14×13 in 9 of 9"]),
    ],
)
def test_computed_facts(id, facts):
    computed = verify(id).computed
    for fact in facts:
        assert fact in computed


def test_c2_would_be_wrong_with_a_module_less(changed):
    changed("googlenet", lambda net: net.inception.pop("4c"))
    assert verify("googlenet.c2").verdict == "wrong"


def test_c3_would_be_correct_for_a_larger_alexnet(changed):
    with torch.device("meta"):
        more = nn.Linear(4_000, 5_750)
    changed("alexnet", lambda net: net.register_module("more", more))
    assert verify("googlenet.c3").verdict == "correct"


def test_c4_would_be_correct_with_more_convolutions(changed):
    # 4.5 million, on top of the 2.3 million of AlexNet's convolutions
    with torch.device("meta"):
        more = nn.Conv2d(500, 1_000, 3)
    changed("alexnet", lambda net: net.register_module("more", more))
    assert verify("googlenet.c4").verdict == "correct"


def test_c5_would_be_correct_without_the_last_layer(changed):
    changed("googlenet", lambda net: net.register_module("fc", nn.Identity()))
    assert verify("googlenet.c5").verdict == "correct"


def reduced(branch, maps):
    return nn.Sequential(nn.Conv2d(maps, 9, 1), branch)


def test_c6_would_be_correct_with_reductions_in_front_everywhere(changed):
    def reduce_all(net, modules=MODULES):
        for name in modules:
            module = net.inception[name]
            maps = module.branch1x1[0].in_channels
            module.branch1x1 = reduced(module.branch1x1, maps)
            module.branch_pool = reduced(module.branch_pool, maps)

    changed("googlenet", reduce_all)
    assert verify("googlenet.c6").verdict == "correct"
    changed("googlenet", lambda net: reduce_all(net, list(MODULES)[:-1]))
    assert verify("googlenet.c6").verdict == "imprecise"


def test_c6_would_be_wrong_if_no_1x1_convolution_reduced(changed):
    def without(net):
        for name in MODULES:
            module = net.inception[name]
            module.branch3x3[0] = module.branch5x5[0] = module.branch_pool[1] = nn.Identity()

    def widened(net):
        for name in MODULES:
            module = net.inception[name]
            maps = module.branch1x1[0].in_channels
            for branch, place in ((module.branch3x3, 0), (module.branch5x5, 0)):
                branch[place] = nn.Conv2d(maps, maps, 1)
            module.branch_pool[1] = nn.Conv2d(maps, maps, 1)

    for change in (without, widened):
        changed("googlenet", change)
        assert verify("googlenet.c6").verdict == "wrong"


def test_c7_would_be_wrong_for_wide_reductions(changed):
    def widen(net):
        net.inception["5b"].branch5x5[0] = nn.Conv2d(832, 8_192, 1)

    changed("googlenet", widen)
    assert verify("googlenet.c7").verdict == "wrong"


def test_c8_would_be_wrong_for_a_module_whose_1x1_convolution_skips(changed):
    def skip(net):
        net.inception["5b"].branch1x1[0] = nn.Conv2d(832, 384, 1, stride=2, device="meta")
        for branch in ("branch3x3", "branch5x5"):
            getattr(net.inception["5b"], branch)[0][0].stride = (2, 2)
        net.inception["5b"].branch_pool[0] = nn.MaxPool2d(3, stride=2, padding=1)

    changed("googlenet", skip)
    finding = verify("googlenet.c8")
    assert finding.verdict == "wrong"
    assert "34 of 37" in finding.computed


def test_c8_would_be_wrong_with_padding_in_the_stem(changed):
    def pad(net):
        for layer in net.stem.modules():
            if isinstance(layer, nn.Conv2d) and layer.kernel_size == (1, 1):
                layer.padding = (1, 1)

    changed("googlenet", pad)
    assert verify("googlenet.c8").verdict == "wrong"


def test_c10_would_be_correct_without_large_kernels(monkeypatch):
    def port(name, **settings):
        return create_model(name, torchvision_port=True, **settings)

    for place in (cnnhistory, registry):
        monkeypatch.setattr(place, "create_model", port)
    assert verify("googlenet.c10").verdict == "correct"


def test_c10_would_be_wrong_if_a_branch_were_no_convolution(changed):
    class Bent(nn.Conv2d):
        def forward(self, x):
            return super().forward(x) + x.mean()

    def bend(net):
        old = net.inception["4d"].branch5x5[1][0]
        net.inception["4d"].branch5x5[1][0] = Bent(
            old.in_channels, old.out_channels, old.kernel_size, padding=old.padding
        )

    changed("googlenet", bend)
    finding = verify("googlenet.c10")
    assert finding.verdict == "wrong"
    assert "in 8 of 9" in finding.computed


def test_c10_would_be_wrong_if_little_were_zero(changed):
    def crowd(net):
        module = net.inception["5b"]
        one = module.branch1x1[0]
        # the last convolution of the first branch is large, too, and the others are narrow
        module.branch1x1[0] = nn.Conv2d(one.in_channels, 4096, 5, padding=2)

    changed("googlenet", crowd)
    assert verify("googlenet.c10").verdict == "wrong"


def test_branches_of_different_sizes_would_be_wrong(changed):
    def thin(net):
        net.inception["4d"].branch_pool[0] = nn.MaxPool2d(3, stride=2, padding=1)

    changed("googlenet", thin)
    finding = verify("inception_module.c1")
    assert finding.verdict == "wrong"
    assert "8 of 9" in finding.computed
