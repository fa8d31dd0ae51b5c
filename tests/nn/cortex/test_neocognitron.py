"""The neocognitron: cells that can be worked out by hand, and what it learns."""

import math

import pytest
import torch
from torch.nn import functional as F

from cnnhistory.data.digits import DigitsDataModule
from cnnhistory.nn.cortex.neocognitron import (
    STAGES,
    CLayer,
    Neocognitron,
    SLayer,
    nearness,
    representatives,
)


def blank(maps=1, side=5):
    return torch.zeros(1, maps, side, side, dtype=torch.double)


def one_cell(r=1.0, q=1.0, maps=1, planes=1):
    """Return S-cells that read one window, without the small weights that learning starts from."""
    layer = SLayer(maps, planes, padding=0, selectivity=r, speed=q, column=1).double()
    layer.excitation.zero_()
    return layer


def cosine(p, u, weights):
    return (
        (weights * p * u).sum() / ((weights * p * p).sum() * (weights * u * u).sum()).sqrt()
    ).item()


def test_weights_of_a_window():
    assert nearness(5, 0.9)[2].tolist() == pytest.approx([0.81, 0.9, 1, 0.9, 0.81])
    assert nearness(2, 0.25)[0].tolist() == pytest.approx([0.25**0.5**0.5] * 2)
    for maps in (1, 3):
        c = SLayer(maps, 2, 0, 4.0, 1.0, 5).weighting
        assert c.shape == (1, maps, 5, 5)
        assert c.sum().item() == pytest.approx(1)


def test_a_lesson_in_numbers():
    # One pixel of ink in the middle, where c is m. a becomes q m, b becomes q/2 sqrt(m), v is
    # sqrt(m). With r = 1 and q m = 1: (1 + 1) / (1 + 1 * 1/2) - 1 = 1/3.
    u = blank()
    u[0, 0, 2, 2] = 1
    layer = one_cell()
    m = layer.weighting[0, 0, 2, 2].item()
    layer.speed = 1 / m
    layer.excitation += 1e-9  # who answers nothing learns nothing
    answer = layer.learn(u)
    assert layer.excitation[0, 0, 2, 2].item() == pytest.approx(1)
    assert layer.excitation[0, 0, 0, 0].item() == pytest.approx(1e-9)
    assert layer.inhibition.item() == pytest.approx(0.5 / math.sqrt(m))
    assert layer.activity(u).item() == pytest.approx(math.sqrt(m))
    assert answer.item() == pytest.approx(1 / 3)


@pytest.mark.parametrize("r", [1.5, 4.0])
def test_a_learned_cell_measures_an_angle(r):
    torch.manual_seed(0)
    layer = one_cell(r, q=1e6, maps=2)
    layer.excitation += 1e-9
    p, other = torch.rand(2, 1, 2, 5, 5, dtype=torch.double)
    layer.learn(p)
    for share in (0.0, 0.1, 0.3, 0.5, 1.0):
        u = (1 - share) * p + share * other
        s = cosine(p, u, layer.weighting)
        hand = max(0.0, (1 + r) * s - r)
        assert layer(u).item() == pytest.approx(hand, abs=1e-3)
        assert layer(3 * u).item() == pytest.approx(hand, abs=1e-3)  # contrast does not matter
    left = blank(2)
    left[:, :, :, :1] = p[:, :, :, :1]
    assert cosine(p, left, layer.weighting) < r / (1 + r)
    assert layer(left).item() == 0


def test_who_represents():
    answers = torch.zeros(3, 6, 6)
    assert representatives(answers, 3) == []  # nobody answers
    answers[1, 2, 2] = 1.0
    assert representatives(answers, 3) == [(1, 14)]
    answers[2, 2, 3] = 0.9  # in columns of its own at the right, 3 wide
    assert representatives(answers, 3) == [(1, 14), (2, 15)]
    answers[1, 2, 5] = 2.0  # the same plane, louder, and louder than plane 2 in all its columns
    answers[1, 2, 4] = 0.95
    assert representatives(answers, 3) == [(1, 17)]
    assert representatives(answers, 99) == [(1, 17)]


def test_only_the_planes_of_representatives_learn():
    torch.manual_seed(0)
    layer = SLayer(1, 4, 2, 4.0, 16.0, 5)
    before = layer.excitation.clone()
    u = torch.zeros(1, 1, 5, 5)
    u[..., 2] = 1
    chosen = [plane for plane, _ in representatives(layer(u)[0], 5)]
    layer.learn(u)
    changed = (layer.excitation != before).flatten(1).any(1)
    assert changed.nonzero().flatten().tolist() == chosen
    assert (layer.inhibition > 0).tolist() == changed.tolist()


def test_c_cells_in_numbers():
    # Two planes, one S-cell of plane 0 gives 1, in the middle: its sum is 1, the mean over planes
    # 1/2: (1 + 1) / (1 + 1/2) - 1 = 1/3; psi(1/3) = (1/3) / (1/2 + 1/3) = 0.4. Plane 1: below 0.
    u = torch.zeros(1, 2, 5, 5)
    u[0, 0, 2, 2] = 1
    assert CLayer(5)(u).flatten().tolist() == pytest.approx([0.4, 0])
    u = u.roll(1, 3)  # a cell beside the middle counts 0.8
    x = 1.8 / 1.4 - 1
    assert CLayer(5)(u).flatten().tolist() == pytest.approx([x / (0.5 + x), 0])
    u[0, 1] = u[0, 0]  # all planes alike: no one stands out
    assert CLayer(5)(u).flatten().tolist() == pytest.approx([0, 0], abs=1e-6)


def test_the_layers_have_the_papers_sizes():
    sizes = [tuple(layer.shape[1:]) for layer in Neocognitron().layers(torch.zeros(1, 1, 16, 16))]
    assert sizes == [(24, n, n) for n in (16, 10, 8, 6, 2, 1)]
    assert len(STAGES) == 3
    weights = [tuple(s.excitation.shape) for s in Neocognitron().s]
    assert weights == [(24, 1, 5, 5), (24, 24, 5, 5), (24, 24, 5, 5)]
    assert not list(Neocognitron().parameters())


def test_nothing_seen_nothing_said():
    torch.manual_seed(0)
    net = Neocognitron(6)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    net.learn(torch.zeros(2, 1, 16, 16))
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())
    assert net(torch.zeros(1, 1, 16, 16)).abs().max() == 0


def test_s_cells_move_with_the_image():
    torch.manual_seed(0)
    net = Neocognitron(6)
    x = F.pad(torch.rand(1, 1, 6, 6), [5] * 4)
    moved = net.layers(x.roll((1, 2), (2, 3)))[0]
    torch.testing.assert_close(moved, net.layers(x)[0].roll((1, 2), (2, 3)))


@pytest.fixture(scope="module")
def digits():
    data = DigitsDataModule(size=16, pad_to=16, batch_size=1000)
    data.prepare_data()
    data.setup("fit")
    images, labels = next(iter(data.val_dataloader()))
    return torch.stack([images[labels == k][0] for k in range(5)])


def test_five_digits_get_cells_of_their_own_without_a_teacher(digits):
    winners = []
    for seed in range(2):
        torch.manual_seed(seed)
        net = Neocognitron()
        net.learn(digits, presentations=8)
        said = net(digits)
        assert said.max() > 0
        winners.append(len(set(said.argmax(1).tolist())))
    assert max(winners) == 5
    assert min(winners) >= 3


def test_learning_is_repeatable_and_state_round_trips(digits):
    nets = []
    for _ in range(2):
        torch.manual_seed(3)
        nets.append(Neocognitron(8))
        nets[-1].learn(digits[:2])
    assert torch.equal(nets[0](digits), nets[1](digits))
    other = Neocognitron(8)
    other.load_state_dict(nets[0].state_dict())
    assert torch.equal(other(digits), nets[0](digits))


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"planes": 0}, "planes"),
        ({"selectivity": (4.0, 0.0, 6.0)}, "selectivity"),
        ({"selectivity": (4.0, 6.0)}, "selectivity"),
        ({"speed": (1.0, math.nan, 1.0)}, "speed"),
        ({"speed": (1.0,) * 4}, "speed"),
    ],
)
def test_bad_settings_are_refused(settings, name):
    with pytest.raises(ValueError, match=f"^{name}: expected "):
        Neocognitron(**settings)


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: SLayer(0, 1, 0, 1.0, 1.0, 1), "maps"),
        (lambda: SLayer(1, 1, -1, 1.0, 1.0, 1), "padding"),
        (lambda: SLayer(1, 1, 0, 1.0, 1.0, 0), "column"),
        (lambda: CLayer(0), "window"),
        (lambda: CLayer(5, 0), "stride"),
        (lambda: Neocognitron()(torch.zeros(1, 1, 28, 28)), "x"),
        (lambda: Neocognitron()(torch.zeros(1, 16, 16)), "x"),
        (lambda: Neocognitron().learn(torch.zeros(1, 3, 16, 16)), "x"),
        (lambda: Neocognitron().learn(-torch.ones(1, 1, 16, 16)), "images"),
        (lambda: Neocognitron().learn(math.nan * torch.ones(1, 1, 16, 16)), "images"),
        (lambda: Neocognitron().learn(torch.ones(1, 1, 16, 16), 0), "presentations"),
    ],
)
def test_bad_input_is_refused(make, name):
    with pytest.raises(ValueError, match=f"^{name}: expected "):
        make()
