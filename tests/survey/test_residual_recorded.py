"""What recorded runs and studies would have to say for another verdict."""

from types import SimpleNamespace

import pytest

from cnnhistory import zoo
from cnnhistory.claims import verify


@pytest.fixture
def recorded(monkeypatch):
    """Put made-up last training errors, one a seed, in the place of the recorded runs."""

    def put(**errors):
        def record(id):
            seeds = errors[id.removesuffix("_cifar10")]
            histories = [[{"train_error": 0.9}, {"train_error": error}] for error in seeds]
            return SimpleNamespace(results=[SimpleNamespace(history=h) for h in histories])

        monkeypatch.setattr(zoo, "record", record)

    return put


@pytest.fixture
def studied(monkeypatch):
    """Put made-up measurements of ResNet-56 and VGG-16 in the place of the study."""

    def put(vgg=None, **resnet):
        results = {"resnet56_cifar10": resnet, "vgg16_bn_cifar10": vgg}

        def record(id):
            result = SimpleNamespace(metrics={}, details=results[id.removeprefix("ablations_")])
            return SimpleNamespace(results=[result])

        monkeypatch.setattr(zoo, "record", record)

    return put


@pytest.mark.parametrize(
    ("plain56", "verdict"), [((0.6, 0.5), "correct"), ((0.6, 0.36), "unverified")]
)
def test_degradation_needs_every_seed(recorded, plain56, verdict):
    recorded(plain20=(0.35, 0.37), plain56=plain56, resnet20=(0.3,), resnet56=(0.2,))
    finding = verify("resnet.c6")
    assert finding.verdict == verdict
    assert "mean over seeds (2): plain 36.0 % with 20 layers" in finding.computed


def single(rises, base=0.3):
    return {"error_single": base, "single": {str(i): base + r for i, r in enumerate(rises)}}


@pytest.mark.parametrize(
    ("resnet", "vgg", "verdict"),
    [
        ([0.01] * 22 + [0.2] * 5, [0.2, 0.6], "correct"),
        ([0.01] * 21 + [0.2] * 6, [0.2, 0.6], "wrong"),  # not few exceptions
        ([0.06] * 27, [0.2, 0.6], "wrong"),  # not little
        ([0.01] * 27, [0.05, 0.6], "wrong"),  # not every layer of the VGG
    ],
)
def test_one_deleted(studied, resnet, vgg, verdict):
    studied(vgg=single(vgg), **single(resnet))
    assert verify("resnet_ensemble_view.c3").verdict == verdict


@pytest.mark.parametrize(
    ("several", "by_order", "verdict"),
    [
        ([0.35, 0.5, 0.7], [0.8, 0.6, 0.4], "correct"),
        ([0.35, 0.7, 0.7], [0.8, 0.6, 0.4], "wrong"),  # a jump
        ([0.35, 0.5, 0.4], [0.8, 0.6, 0.4], "wrong"),  # a fall
        ([0.35, 0.5, 0.7], [0.8, 0.3, 0.4], "wrong"),  # not with the order
    ],
)
def test_several_deleted(studied, several, by_order, verdict):
    studied(
        error_images=0.3,
        several={str(count): [e - 0.01, e + 0.01] for count, e in enumerate(several, 1)},
        orders=[[tau, e] for tau, e in zip([0.1, 0.5, 0.9], by_order, strict=True)],
    )
    finding = verify("resnet_ensemble_view.c4")
    assert finding.verdict == verdict
    assert "with 0, 1, 2, 3 blocks deleted: 30, 35" in finding.computed


@pytest.mark.parametrize(
    ("norms", "verdict"),
    [
        ([0.1**k for k in range(11)], "correct"),
        ([0.7**k for k in range(11)], "imprecise"),
        ([1.0] * 11, "wrong"),  # every path alike: half of them are not short
    ],
)
def test_short_paths(studied, norms, verdict):
    studied(sampled_norms=[[norm, norm] for norm in norms])
    finding = verify("resnet_ensemble_view.c5")
    assert finding.verdict == verdict
    assert "paths have 5 blocks on average" in finding.computed
    # with norms a^k the gradient is binomial with p = a / (1 + a)
    if verdict == "correct":
        assert "comes through 0.9" in finding.computed
