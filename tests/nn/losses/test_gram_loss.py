import pytest
import torch

from cnnhistory.nn.losses.gram_loss import GramLoss, gram_matrix

MAPS = torch.tensor([[[1.0, 2.0]], [[0.0, 3.0]]])  # N = 2 maps of M = 2 places


def maps(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, dtype=torch.double, generator=generator)


def test_gram_matrix_by_hand():
    # 1*1 + 2*2, 1*0 + 2*3, 0*0 + 3*3
    assert gram_matrix(MAPS).tolist() == [[5.0, 6.0], [6.0, 9.0]]


def test_loss_by_hand():
    target = torch.tensor([[[1.0, 0.0]], [[0.0, 1.0]]])  # A = identity
    # (4^2 + 6^2 + 6^2 + 8^2) / (4 N^2 M^2) = 152 / 64
    assert GramLoss([target])([MAPS]).item() == 152 / 64
    assert GramLoss([target], [0.5])([MAPS]).item() == 76 / 64
    assert GramLoss([target, MAPS])([MAPS, MAPS]).item() == 152 / 64


def test_gram_matrix_is_a_sum_over_places():
    found, x = gram_matrix(maps(4, 3, 5)), maps(4, 3, 5)
    torch.testing.assert_close(found, torch.einsum("ihw,jhw->ij", x, x))
    assert (torch.linalg.eigvalsh(found) > -1e-9).all()
    torch.testing.assert_close(found, found.mT)


def test_it_does_not_see_where_anything_is():
    x = maps(2, 4, 3, 5)
    order = torch.randperm(15, generator=torch.Generator().manual_seed(1))
    mixed = x.flatten(2)[..., order].unflatten(2, (5, 3))
    torch.testing.assert_close(gram_matrix(mixed), gram_matrix(x))
    assert GramLoss([x])([mixed]).item() == pytest.approx(0, abs=1e-25)
    # but another order in each map is another style
    alone = torch.cat([mixed[:, :1].flatten(2).unflatten(2, (3, 5)), x[:, 1:]], 1)
    assert GramLoss([x])([alone]).item() > 1e-3


def test_gradient_is_the_formula():
    x, target = maps(3, 4, 4).requires_grad_(), maps(3, 4, 4, seed=1)
    GramLoss([target])([x]).backward()
    n, m = 3, 16
    off = gram_matrix(x.detach()) / m - gram_matrix(target) / m
    torch.testing.assert_close(
        x.grad, (off @ x.detach().flatten(1)).unflatten(1, (4, 4)) / (n * n * m)
    )
    assert torch.autograd.gradcheck(lambda x: GramLoss([target])([x]), x)


def test_an_example_of_another_size_is_compared_place_for_place():
    x = maps(3, 4, 4)
    twice = torch.cat([x, x], -1)
    torch.testing.assert_close(gram_matrix(twice), 2 * gram_matrix(x))
    assert GramLoss([x])([twice]).item() == pytest.approx(0, abs=1e-25)


def test_a_batch_is_averaged():
    x, target = maps(5, 3, 4, 4), maps(3, 4, 4, seed=1)
    loss = GramLoss([target])
    each = torch.stack([loss([one]) for one in x])
    torch.testing.assert_close(loss([x]), each.mean())


def test_targets_travel_with_the_module():
    loss = GramLoss([maps(3, 4, 4)]).float()
    assert loss.target0.dtype == torch.float
    assert not loss.target0.requires_grad
    assert set(loss.state_dict()) == {"target0"}


@pytest.mark.parametrize(
    ("name", "build"),
    [
        ("example", lambda: GramLoss([])),
        ("weights", lambda: GramLoss([MAPS], [1.0, 2.0])),
        ("weights", lambda: GramLoss([MAPS], [float("nan")])),
        ("maps", lambda: GramLoss([MAPS[0]])),
        ("maps", lambda: gram_matrix(torch.zeros(2, 0, 3))),
        ("picture", lambda: GramLoss([MAPS])([MAPS, MAPS])),
        ("picture", lambda: GramLoss([MAPS])([MAPS[:1]])),
    ],
)
def test_bad_input_is_refused_by_name(name, build):
    with pytest.raises(ValueError, match=f"^{name}: expected "):
        build()
