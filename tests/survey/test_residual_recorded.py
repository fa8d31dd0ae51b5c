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
    """Put made-up measurements of networks without some parts in the place of the study."""

    def put(**networks):
        def record(id):
            name = id.removeprefix("ablations_").removesuffix("_cifar10")
            return SimpleNamespace(results=[SimpleNamespace(metrics={}, details=networks[name])])

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


FEW, MANY, ALL = ([0.01] * 22 + [0.2] * 5, [0.01] * 21 + [0.2] * 6, [0.06] * 27)
CHAIN = [0.2, 0.6]


@pytest.mark.parametrize(
    ("deep", "shallow", "plain", "vgg", "verdict"),
    [
        (FEW, FEW, CHAIN, CHAIN, "correct"),
        (FEW, MANY, CHAIN, CHAIN, "imprecise"),
        (ALL, FEW, CHAIN, CHAIN, "imprecise"),
        (MANY, ALL, CHAIN, CHAIN, "wrong"),  # not few exceptions, not little
        (FEW, FEW, CHAIN, [0.05, 0.6], "wrong"),  # not every layer of the VGG
        (FEW, FEW, [0.05, 0.6], CHAIN, "wrong"),  # not every layer of the plain network
    ],
)
def test_one_deleted(studied, deep, shallow, plain, vgg, verdict):
    studied(
        resnet56=single(deep), resnet20=single(shallow), plain20=single(plain), vgg16_bn=single(vgg)
    )
    assert verify("resnet_ensemble_view.c3").verdict == verdict


def several(deleted, by_order):
    return {
        "error_images": 0.3,
        "several": {str(count): [e - 0.01, e + 0.01] for count, e in enumerate(deleted, 1)},
        "orders": [[tau, e] for tau, e in zip([0.1, 0.5, 0.9], by_order, strict=True)],
    }


SMOOTH = several([0.35, 0.5, 0.7], [0.8, 0.6, 0.4])
JUMP = several([0.35, 0.7, 0.7], [0.8, 0.6, 0.4])
FALL = several([0.35, 0.5, 0.4], [0.8, 0.6, 0.4])
ANY_ORDER = several([0.35, 0.5, 0.7], [0.8, 0.3, 0.4])
NEITHER = several([0.35, 0.7, 0.7], [0.8, 0.3, 0.4])


@pytest.mark.parametrize(
    ("deep", "shallow", "verdict"),
    [
        (SMOOTH, SMOOTH, "correct"),
        (SMOOTH, JUMP, "imprecise"),
        (FALL, SMOOTH, "imprecise"),
        (SMOOTH, ANY_ORDER, "imprecise"),
        (NEITHER, ANY_ORDER, "imprecise"),  # one half, for one of them
        (NEITHER, NEITHER, "wrong"),
    ],
)
def test_several_deleted(studied, deep, shallow, verdict):
    studied(resnet56=deep, resnet20=shallow)
    finding = verify("resnet_ensemble_view.c4")
    assert finding.verdict == verdict
    assert "with 0, 1, 2, 3 blocks deleted: 30, 35" in finding.computed


SHORT, SHORTER, ALIKE = ([a**k for k in range(11)] for a in (0.1, 0.7, 1.0))


@pytest.mark.parametrize(
    ("deep", "shallow", "verdict"),
    [
        (SHORT, SHORT, "correct"),
        (SHORT, SHORTER, "imprecise"),
        (SHORTER, SHORTER, "imprecise"),
        (ALIKE, SHORT, "imprecise"),
        (ALIKE, ALIKE, "wrong"),  # every path alike: half of them are not short
    ],
)
def test_short_paths(studied, deep, shallow, verdict):
    networks = {"resnet56": deep, "resnet20": shallow}
    studied(**{name: {"sampled_norms": [[n, n] for n in v]} for name, v in networks.items()})
    finding = verify("resnet_ensemble_view.c5")
    assert finding.verdict == verdict
    assert "paths have 5 blocks on average" in finding.computed
    # with norms a^k the gradient is binomial with p = a / (1 + a)
    if verdict == "correct":
        assert "comes through 0.9" in finding.computed


LOW, HIGH, WIDE = (0.03, 0.031, 0.032), (0.06, 0.061, 0.062), (0.02, 0.03, 0.05)


@pytest.mark.parametrize(
    ("dense", "same", "large", "verdict"),
    [
        (LOW, HIGH, HIGH, "correct"),
        (LOW, HIGH, WIDE, "imprecise"),  # not better than one of three times the parameters
        (LOW, WIDE, HIGH, "unverified"),
        (HIGH, LOW, HIGH, "wrong"),
        (HIGH, WIDE, LOW, "wrong"),
    ],
)
def test_little_data(monkeypatch, dense, same, large, verdict):
    runs = {"densenet_bc_34_6": dense, "resnet20_6": same, "resnet20_10": large}

    def record(id):
        return SimpleNamespace(values=lambda: list(runs[id.removesuffix("_digits500")]))

    monkeypatch.setattr(zoo, "record", record)
    finding = verify("densenet.c6")
    assert finding.verdict == verdict
    assert "means of 3 seeds" in finding.computed
