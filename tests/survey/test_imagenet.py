"""The verdicts about the ImageNet years, and that each follows from what is computed."""

from statistics import mean

import pytest
import torch
from torch import nn

import cnnhistory
from cnnhistory import accounting, registry, zoo
from cnnhistory.claims import list_statements, statement, verify
from cnnhistory.compression.pruning import magnitude_mask
from cnnhistory.metrics.crossing import epochs_to
from cnnhistory.models import nin, vgg
from cnnhistory.registry import create_model

SYSTEMS = ("accuracy_cost_chart", "alexnet", "zfnet", "vgg", "nin")
IDS = [id for system in SYSTEMS for id in list_statements(system=system)]


@pytest.fixture
def changed(monkeypatch):
    """Hand the checkers a network in which layers are replaced, by their full names."""

    def replace(name, **layers):
        def create(wanted, **settings):
            model = create_model(wanted, **settings)
            for path, layer in layers.items() if wanted == name else ():
                parent, _, last = path.replace("__", ".").rpartition(".")
                setattr(model.get_submodule(parent), last, layer)
            return model

        for place in (cnnhistory, registry):
            monkeypatch.setattr(place, "create_model", create)

    return replace


def test_verdicts_of_the_literature():
    assert {id: statement(id).verdict for id in IDS} == {
        "accuracy_cost_chart.c1": "imprecise",
        "alexnet.c1": "correct",
        "alexnet.c2": "correct",
        "alexnet.c3": "correct",
        "alexnet.c4": "imprecise",
        "alexnet.c5": "wrong",
        "alexnet.c6": "correct",
        "alexnet.c7": "opinion",
        "alexnet.c8": "correct",
        "zfnet.c1": "correct",
        "zfnet.c2": "imprecise",
        "zfnet.c3": "correct",
        "vgg.c1": "correct",
        "vgg.c2": "imprecise",
        "vgg.c3": "correct",
        "vgg.c4": "correct",
        "vgg.c5": "correct",
        "vgg.c6": "correct",
        "vgg.c7": "correct",
        "nin.c1": "correct",
    }


def test_places_prices_and_inventors_are_taken_from_the_papers():
    cited = ["accuracy_cost_chart.c1", "alexnet.c4", "alexnet.c6", "zfnet.c2", "vgg.c1", "vgg.c6"]
    assert [id for id in IDS if statement(id).decide is None] == cited


@pytest.mark.parametrize(
    ("id", "facts"),
    [
        ("alexnet.c1", ["5 convolutional and 3 dense layers, 1,000 outputs"]),
        (
            "alexnet.c2",
            [
                "conv1 1 × 96 kernels of 11×11×3, stride 4",
                "conv2 2 × 128 kernels of 5×5×48",
                "conv3 1 × 384 kernels of 3×3×256",
                "conv4 2 × 192 kernels of 3×3×192",
                "conv5 2 × 128 kernels of 3×3×192",
            ],
        ),
        ("alexnet.c3", ["724,406,816", "1,135,256,096 with one: 36 % less"]),
        ("alexnet.c5", ["the derivative is 0, 0, 1, 1, the sign -1, -1, 1, 1"]),
        ("alexnet.c7", ["seven ReLU layers", "of its weights 0 %"]),
        ("alexnet.c8", ["5 of 5 layers", "3 planes of 11×11"]),
        ("zfnet.c1", ["alexnet: 11×11 stride 4, 5×5 stride 1; of zfnet: 7×7 stride 2, 5×5 stride"]),
        ("vgg.c2", ["3×3 alone: A, A-LRN, B, D, E; C: 1×1 and 3×3"]),
        ("vgg.c3", ["6 configurations: 4096, 4096, 1000"]),
        ("vgg.c4", ["2 layers of 3×3 see 5×5, 3 layers of 3×3 see 7×7"]),
        ("vgg.c5", ["18 and 25 weights", "28 % less"]),
        ("vgg.c7", ["13 of 13 convolutions", "padding is 1"]),
        ("nin.c1", ["squared error of 0.25", "chosen weights 0.00"]),
    ],
)
def test_computed_facts(id, facts):
    computed = verify(id).computed
    for fact in facts:
        assert fact in computed


def test_alexnet_c1_would_be_wrong_for_other_layers(changed):
    changed("alexnet", classifier__fc8=nn.Linear(4096, 10))
    assert verify("alexnet.c1").verdict == "wrong"
    changed("alexnet", classifier__fc7=nn.Identity())
    assert verify("alexnet.c1").verdict == "wrong"


def test_alexnet_c2_would_be_wrong_for_another_kernel(changed):
    changed("alexnet", features__conv3=nn.Conv2d(256, 384, 3, padding=1, groups=2))
    assert verify("alexnet.c2").verdict == "wrong"


def test_alexnet_c3_would_be_wrong_if_groups_saved_nothing(changed, monkeypatch):
    monkeypatch.setattr(accounting, "count_multiply_adds", lambda network, shape: 5)
    assert verify("alexnet.c3").verdict == "wrong"


def test_alexnet_c5_would_be_correct_for_the_absolute_value(changed):
    class Absolute(nn.Module):
        def forward(self, x):
            return x.abs()

    changed("alexnet", features__relu1=Absolute())
    assert verify("alexnet.c5").verdict == "correct"


def test_alexnet_c6_says_what_the_recorded_runs_took():
    def took(name):
        seeds = zoo.record(f"alexnet_cifar4_{name}").results
        return len(seeds), mean(epochs_to(0.45, seed.curve("train_error")) for seed in seeds)

    old, new = ([took(f"{unit}{start}") for unit in ("relu", "tanh")] for start in ("_2012", ""))
    assert old[1][0] == new[1][0] == 1  # "a single seed of tanh for each start"
    truth = statement("alexnet.c6").truth
    assert f"{old[0][1]:.1f} epochs with ReLU and {old[1][1]:.1f} with tanh" in truth
    assert f"{new[0][1]:.1f} and {new[1][1]:.1f} with weights scaled" in truth


@pytest.fixture
def alexnet_weights(monkeypatch):
    """Put changed weights in the place of the recorded ones."""
    weights = zoo.load_weights("alexnet_patches")

    def put(change):
        changed = {key: change(key, value) for key, value in weights.items()}
        monkeypatch.setattr(zoo, "load_weights", lambda id: changed)
        return verify("alexnet.c7")

    return put


def test_alexnet_c7_would_be_wrong_for_units_that_are_always_on(alexnet_weights):
    finding = alexnet_weights(lambda key, value: value + 1e6 if "bias" in key else 0 * value)
    assert finding.verdict == "wrong"
    assert "a trained network 0 % are 0, 0 % for each" in finding.computed
    assert "of its weights 100 %" in finding.computed


def test_alexnet_c7_would_be_correct_for_zeros_that_stay(alexnet_weights):
    def no_weights(key, value):
        return value * magnitude_mask(value, 0.45) if value.dim() > 1 else value

    def dead_units(key, value):
        if "bias" not in key or "fc8" in key:
            return value
        return value - 1e6 * (torch.arange(len(value)) % 3 > 0)

    for change, share in ((no_weights, "weights 55 %"), (dead_units, "weights 0 %")):
        finding = alexnet_weights(change)
        assert finding.verdict == "correct"
        assert share in finding.computed


@pytest.mark.parametrize(
    ("layer", "settings"),
    [("conv1", (3, 6, 11, 4)), ("conv4", (24, 24, 3, 1, 1, 1, 2))],
)
def test_alexnet_c8_would_be_wrong_for_a_layer_that_adds_something(changed, layer, settings):
    class More(nn.Conv2d):
        def forward(self, x):
            return super().forward(x) + 1e-6

    changed("alexnet", **{f"features__{layer}": More(*settings)})
    finding = verify("alexnet.c8")
    assert finding.verdict == "wrong"
    assert "4 of 5 layers" in finding.computed


def test_zfnet_c1_would_be_wrong_for_another_stride(changed):
    changed("zfnet", features__conv1=nn.Conv2d(3, 96, 7, 4))
    assert verify("zfnet.c1").verdict == "wrong"


def test_vgg_c2_would_be_correct_without_c(monkeypatch):
    rows = dict(vgg.CONFIGURATIONS)
    only_c = {"C": rows.pop("C")}
    monkeypatch.setattr(vgg, "CONFIGURATIONS", rows)
    assert verify("vgg.c2").verdict == "correct"
    monkeypatch.setattr(vgg, "CONFIGURATIONS", only_c)
    assert verify("vgg.c2").verdict == "wrong"


def test_vgg_c3_would_be_wrong_for_narrower_layers(monkeypatch):
    narrow = vgg.VGG
    monkeypatch.setattr(vgg, "VGG", lambda name: narrow(name, width=1 / 2))
    assert verify("vgg.c3").verdict == "wrong"


def test_vgg_c4_and_c5_would_be_wrong_for_other_kernels(monkeypatch):
    monkeypatch.setattr(vgg, "CONFIGURATIONS", {"E": ("512 512/1 512",)})
    assert verify("vgg.c4").verdict == "wrong"
    assert verify("vgg.c5").verdict == "wrong"


def test_vgg_c7_would_be_wrong_without_padding(changed):
    changed("vgg16", features__conv5_1=nn.Conv2d(512, 512, 3, device="meta"))
    assert verify("vgg.c7").verdict == "wrong"


def test_nin_c1_would_be_wrong_for_a_block_that_is_linear(monkeypatch):
    class Linear(nin.MLPConv):
        def forward(self, x):
            for layer in self:
                x = layer(x) if isinstance(layer, nn.Conv2d) else x
            return x

    monkeypatch.setattr(nin, "MLPConv", Linear)
    assert verify("nin.c1").verdict == "wrong"


def test_no_linear_filter_does_better_than_the_one_of_nin_c1():
    """For any filter f(0,0) + f(1,1) = f(0,1) + f(1,0), but the wanted sums are 0 and 2."""
    w, b = torch.randn(100, 2), torch.randn(100, 1)
    pairs = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    f = w @ pairs.T + b
    torch.testing.assert_close(f[:, 0] + f[:, 3], f[:, 1] + f[:, 2])
    assert (f - torch.tensor([0.0, 1, 1, 0])).square().mean(1).min() >= 0.25
