import math

import pytest
import torch

from cnnhistory.search.policy import Policy, PolicySettings, ppo_loss, reinforce_loss

ARMS = torch.tensor([0.1, 0.2, 0.9, 0.4, 0.3])


def play(settings, steps=60):
    policy = Policy((5,), settings, seed=0)
    for _ in range(steps):
        drawn = policy.draw(settings.batch)
        policy.learn(drawn, ARMS[drawn[:, 0]])
    return policy.controller(torch.arange(5)[:, None])[0].exp().flatten()


@pytest.mark.parametrize("method", ["reinforce", "ppo"])
def test_the_best_arm_of_a_bandit_is_found(method):
    shares = play(PolicySettings(method=method, lr=0.02, hidden=8))
    assert shares.argmax() == ARMS.argmax()
    assert shares.max() > 0.9


def test_without_learning_all_arms_stay_even():
    shares = play(PolicySettings(lr=1e-12, hidden=8))
    assert shares.max() < 0.3


def test_the_loss_worked_out_by_hand():
    log_probs = torch.tensor([[-1.0, -2.0], [-0.5, -0.5]])
    loss = reinforce_loss(log_probs, torch.tensor([2.0, -1.0]))
    assert loss.item() == pytest.approx(-(2 * -3 + -1 * -1) / 2)


def test_the_gradient_is_that_of_the_expected_reward():
    """Over all decisions, weighted by their probabilities, with any baseline."""
    scores = torch.tensor([0.3, -0.2, 0.5], dtype=torch.double, requires_grad=True)
    rewards = torch.tensor([1.0, 3.0, 2.0], dtype=torch.double)
    (wanted,) = torch.autograd.grad((scores.softmax(0) * rewards).sum(), scores)
    for baseline in (0.0, 1.7):
        # a child k counts p_k times; the loss is a mean over 3
        weights = scores.softmax(0).detach() * (rewards - baseline) * 3
        loss = reinforce_loss(scores.log_softmax(0)[:, None], weights)
        (found,) = torch.autograd.grad(loss, scores)
        torch.testing.assert_close(-found, wanted)


@pytest.mark.parametrize(
    ("ratio", "advantage", "value", "slope"),
    [
        (1.0, 2.0, -2.0, -2.0),  # at the start as REINFORCE
        (1.5, 2.0, -2.4, 0.0),  # already 1.2 times as probable: no more
        (0.5, 2.0, -1.0, -2.0),  # wrong way: pulled back
        (0.5, -2.0, 1.6, 0.0),
        (1.5, -2.0, 3.0, 2.0),
    ],
)
def test_the_clip(ratio, advantage, value, slope):
    log_probs = torch.tensor([[math.log(ratio)]], dtype=torch.double, requires_grad=True)
    before = torch.zeros(1, 1, dtype=torch.double)
    loss = ppo_loss(log_probs, before, torch.tensor([advantage]).double(), clip=0.2)
    assert loss.item() == pytest.approx(value)
    (found,) = torch.autograd.grad(loss, log_probs)
    assert found.item() == pytest.approx(slope * ratio)


def test_one_pass_of_ppo_is_reinforce():
    """Before the first step all ratios are 1, where both losses have the same gradient."""
    states = []
    for method in ("reinforce", "ppo"):
        policy = Policy((3, 2), PolicySettings(method=method, passes=1, hidden=4), seed=2)
        for _ in range(3):
            drawn = policy.draw(6)
            policy.learn(drawn, drawn.sum(1).float())
        states.append(policy.controller.state_dict())
    for one, other in zip(*(state.values() for state in states), strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-4)


def test_the_baseline_is_a_moving_average():
    policy = Policy((2,), PolicySettings(decay=0.75, hidden=2))
    drawn = policy.draw(2)
    policy.learn(drawn, torch.tensor([0.2, 0.4]))
    assert policy.baseline == pytest.approx(0.3)
    policy.learn(drawn, torch.tensor([1.0, 0.4]))
    assert policy.baseline == pytest.approx(0.75 * 0.3 + 0.25 * 0.7)


def test_rewards_at_the_baseline_teach_nothing():
    policy = Policy((3,), PolicySettings(hidden=2), seed=1)
    before = {key: value.clone() for key, value in policy.controller.state_dict().items()}
    policy.learn(policy.draw(4), torch.full((4,), 0.5))
    for key, value in policy.controller.state_dict().items():
        torch.testing.assert_close(value, before[key])


def test_entropy_keeps_the_choice_open():
    closed = play(PolicySettings(lr=0.02, hidden=8))
    opened = play(PolicySettings(lr=0.02, hidden=8, entropy=0.5))
    assert opened.max() < closed.max()


def test_a_policy_leaves_the_global_generator_alone():
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    Policy((3,), seed=5).draw(3)
    assert torch.equal(torch.rand(1), expected)


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"method": "q"}, "method"),
        ({"lr": 0}, "lr"),
        ({"batch": 0}, "batch"),
        ({"passes": 0}, "passes"),
        ({"decay": 1.0}, "decay"),
        ({"clip": 0.0}, "clip"),
        ({"entropy": math.inf}, "entropy"),
    ],
)
def test_wrong_settings_are_refused(settings, name):
    with pytest.raises(ValueError, match=f"{name}: expected"):
        PolicySettings(**settings)


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="log_probs, advantages: expected shapes"):
        reinforce_loss(torch.zeros(2, 3), torch.zeros(3))
    with pytest.raises(ValueError, match="log_probs, advantages: expected shapes"):
        ppo_loss(torch.zeros(2, 3), torch.zeros(3, 3), torch.zeros(2), 0.2)
