import math

import pytest
import torch

from cnnhistory.search.controller import Controller
from cnnhistory.search.space import CellSpace


def sigmoid(value):
    return 1 / (1 + math.exp(-value))


def test_log_probabilities_worked_out_by_hand():
    """One unit, three decisions; every step of the LSTM written out in plain numbers."""
    torch.manual_seed(0)
    net = Controller((2, 3, 2), hidden=1).double()
    w_in, w_state = (w.flatten().tolist() for w in (net.cell.weight_ih, net.cell.weight_hh))
    bias = (net.cell.bias_ih + net.cell.bias_hh).tolist()
    decisions, h, c, x, expected = [1, 2, 0], 0.0, 0.0, net.start.item(), []
    for step, choice in enumerate(decisions):
        i, f, g, o = (w_in[k] * x + w_state[k] * h + bias[k] for k in range(4))
        c = sigmoid(f) * c + sigmoid(i) * math.tanh(g)
        h = sigmoid(o) * math.tanh(c)
        head = net.heads[step]
        scores = [
            w * h + b
            for w, b in zip(head.weight.flatten().tolist(), head.bias.tolist(), strict=True)
        ]
        expected.append(scores[choice] - math.log(sum(map(math.exp, scores))))
        if step < 2:
            x = net.embeddings[step].weight[choice].item()
    found, entropies = net(torch.tensor([decisions]))
    assert found[0].tolist() == pytest.approx(expected, abs=1e-12)
    assert ((entropies > 0) & (entropies <= torch.tensor([2.0, 3, 2]).log() + 1e-9)).all()


def test_all_sequences_together_have_probability_one():
    torch.manual_seed(1)
    space = CellSpace(1)
    net = Controller(space.choices, hidden=7).double()
    for weight in net.parameters():
        weight.data *= 20  # far from even
    everything = torch.tensor(list(space.sequences()))
    log_probs, entropies = net(everything)
    shares = log_probs.sum(1).exp()
    assert shares.sum().item() == pytest.approx(1, abs=1e-12)
    assert shares.max() > 3 * shares.min()
    # the entropy of the whole is the mean of the sums over the steps
    whole = -(shares * log_probs.sum(1)).sum()
    assert (shares * entropies.sum(1)).sum().item() == pytest.approx(whole.item())


def test_samples_follow_the_probabilities_and_the_generator():
    torch.manual_seed(1)
    net = Controller((2, 2), hidden=3)
    for weight in net.parameters():
        weight.data *= 20
    drawn = net.sample(8000, torch.Generator().manual_seed(0))
    assert torch.equal(drawn, net.sample(8000, torch.Generator().manual_seed(0)))
    pairs = torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1]])
    shares = net(pairs)[0].sum(1).exp()
    for pair, share in zip(pairs, shares.tolist(), strict=True):
        found = (drawn == pair).all(1).float().mean().item()
        assert found == pytest.approx(share, abs=0.02)


def test_sampled_cells_are_valid():
    space = CellSpace()
    known = space.cells()
    drawn = Controller(space.choices, 8).sample(200, torch.Generator().manual_seed(0))
    assert all(space.canonical(row) in known for row in drawn.tolist())


def test_it_starts_small_and_nearly_even():
    net = Controller(CellSpace().choices)
    assert all(weight.abs().max() <= 0.1 for weight in net.parameters())
    assert net.cell.hidden_size == 100
    entropies = net(torch.zeros(1, 8, dtype=torch.long))[1][0]
    even = torch.tensor(net.choices).float().log()
    assert (even - entropies).max() < 0.02


def test_bad_input_is_refused():
    for choices, hidden in (((), 3), ((2, 0), 3), ((2,), 0)):
        with pytest.raises(ValueError, match="expected a whole number, at least 1"):
            Controller(choices, hidden)
    with pytest.raises(ValueError, match=r"decisions: expected shape \(N, 2\)"):
        Controller((2, 2), 3)(torch.zeros(1, 3, dtype=torch.long))
