import pytest
import torch

from cnnhistory import create_model
from cnnhistory.compression.quantization import Bits
from cnnhistory.compression.schedule import STAGES, Schedule, run
from cnnhistory.compression.weights import compressible, current_weight
from cnnhistory.data.digits import DigitsDataModule
from cnnhistory.tasks.classification import evaluate
from cnnhistory.training.loop import Training


def tiny(**changes):
    settings = {
        "model": "lenet300_100",
        "densities": {"1": 0.05, "3": 0.1, "5": 0.5},
        "base": Training(2, 3e-3),
        "rounds": 2,
        "prune": Training(1, 2e-3),
        "retrain": Training(1, 2e-3),
        "share": Training(1, 1e-3),
        "bits": Bits(dense=3),
        **changes,
    }
    return Schedule(**settings)


@pytest.fixture(scope="module")
def digits():
    data = DigitsDataModule(scale="small", pad_to=28)
    return data.train_set.images[:600], data.train_set.labels[:600]


def test_the_networks_are_what_the_schedule_says(digits):
    schedule = tiny()
    assert schedule.epochs == 6
    made = run(schedule, *digits, seed=0)
    assert [(layer.name, layer.kept) for layer in made.densities] == [
        ("1", 11_760), ("3", 3_000), ("5", 500),
    ]  # fmt: skip
    for layer in compressible(made.compressed).values():
        assert len(current_weight(layer).unique()) <= 8
    for layer in compressible(made.counterpart).values():
        assert (current_weight(layer) != 0).all()
    for net in (made.compressed, made.counterpart):
        assert sorted(net.state_dict()) == sorted(create_model("lenet300_100").state_dict())
        assert not net.training


def test_a_network_with_settings_of_its_own():
    settings = {"num_classes": 2, "image_size": 32, "width": 1 / 16}
    x = torch.randn(6, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    made = run(
        tiny(
            model="vgg11_bn",
            network_args=settings,
            densities={"features.conv5_2": 0.25},
            base=Training(1, 1e-3, shift=2, mirror=True),
            bits=Bits(),
        ),
        x,
        torch.tensor([0, 1] * 3),
        seed=0,
    )
    expected = create_model("vgg11_bn", **settings).state_dict()
    for net in (made.compressed, made.counterpart):
        assert {k: v.shape for k, v in net.state_dict().items()} == {
            k: v.shape for k, v in expected.items()
        }
    left = {layer.name: layer.density for layer in made.densities}
    assert left["features.conv5_2"] == pytest.approx(0.25, abs=1e-3)
    assert left["features.conv5_1"] == 1


def test_the_counterpart_is_the_same_network_up_to_the_first_pruning_and_trained_as_long(digits):
    seen = []

    def measure(net):
        seen.append([current_weight(layer).sum().item() for layer in compressible(net).values()])
        return float(len(seen))

    made = run(tiny(), *digits, seed=0, measure=measure)
    stages = ["base"] * 2 + ["prune"] * 2 + ["retrain"] + ["share"]
    assert (
        [stage for stage, _ in made.curve]
        == stages
        == [stage for stage, _ in made.counterpart_curve]
    )
    assert set(stages) == set(STAGES)
    assert made.curve[:2] == made.counterpart_curve[:2]
    assert made.curve[2:] != made.counterpart_curve[2:]


def test_without_pruning_and_sharing_it_is_the_counterpart(digits):
    """Density 1 and as many bits as there are values: compression that does nothing."""
    schedule = tiny(densities={"5": 1.0}, share=Training(0, 1e-3), bits=Bits(dense=8))
    made = run(schedule, *digits, seed=1)
    ours, theirs = made.compressed.state_dict(), made.counterpart.state_dict()
    assert torch.equal(ours["1.bias"], theirs["1.bias"])
    assert torch.equal(ours["5.bias"], theirs["5.bias"])


def test_same_seed_same_networks_whatever_was_drawn_before(digits):
    schedule = tiny(base=Training(1, 3e-3), rounds=1, retrain=Training(0, 1e-3))
    torch.rand(5)
    first = run(schedule, *digits, seed=3, with_counterpart=False)
    torch.rand(7)
    second = run(schedule, *digits, seed=3, with_counterpart=False)
    other = run(schedule, *digits, seed=4, with_counterpart=False)
    for key, value in first.compressed.state_dict().items():
        assert torch.equal(value, second.compressed.state_dict()[key])
    assert not torch.equal(first.counterpart[1].weight, other.counterpart[1].weight)
    assert len(first.counterpart_curve) == 0


def test_the_random_state_is_left_alone(digits):
    schedule = tiny(base=Training(0, 3e-3), rounds=1, prune=Training(0, 1e-3),
                    retrain=Training(0, 1e-3), share=Training(0, 1e-3))  # fmt: skip
    torch.manual_seed(9)
    expected = torch.rand(2)
    torch.manual_seed(9)
    run(schedule, *digits, seed=0)
    assert torch.equal(torch.rand(2), expected)


def test_plain_settings_describe_a_schedule():
    stretch = {"epochs": 1, "lr": 1e-3}
    found = Schedule.from_settings(
        {
            "model": "lenet300_100",
            "densities": {"1": 0.05},
            "rounds": 3,
            **dict.fromkeys(STAGES, stretch),
            "bits": {"dense": 4},
        }
    )
    assert found.retrain == Training(1, 1e-3)
    assert found.bits == Bits(8, 4)
    assert found.epochs == 6
    with pytest.raises(TypeError, match="epoch"):
        Schedule.from_settings({"model": "x", **{stage: {"epoch": 1} for stage in STAGES}})


def test_a_small_run_compresses_thirty_times_at_a_small_cost():
    """4,000 digits, a few seconds: the file is small and the network still reads."""
    from cnnhistory.compression.cnnz import dumps
    from cnnhistory.compression.deep_compression import compress_state, float_bytes

    data = DigitsDataModule(scale="small", pad_to=28)
    schedule = tiny(
        densities={"1": 0.06, "3": 0.15, "5": 0.5},
        base=Training(6, 4e-3, batch_size=64),
        rounds=4,
        prune=Training(1, 4e-3, batch_size=64),
        retrain=Training(4, 4e-3, batch_size=64),
        share=Training(1, 1e-3, batch_size=64),
    )
    images, labels = data.train_set.images, data.train_set.labels
    made = run(schedule, images, labels, seed=0, with_counterpart=False)
    size = len(dumps("lenet300_100", {}, compress_state(made.compressed.state_dict())))
    assert float_bytes(made.compressed) / size > 30
    assert evaluate(made.compressed, data.val_set).error < 0.1
