import pytest
import torch

from cnnhistory.nn.losses.divergence_loss import DivergenceLoss, divergence


def field(*batch, cells=(4, 5), seed=0):
    """Return random velocities on the faces of a grid."""
    generator = torch.Generator().manual_seed(seed)
    shapes = []
    for axis in range(len(cells)):
        shape = list(cells)
        shape[-1 - axis] += 1
        shapes.append((*batch, *shape))
    return [torch.randn(*shape, dtype=torch.double, generator=generator) for shape in shapes]


def curl(stream):
    """Return the velocity of a stream function on the corners: it has no divergence."""
    return stream.diff(dim=-2), -stream.diff(dim=-1)


def test_divergence_by_hand():
    u = torch.tensor([[0.0, 1.0, 0.0], [0.0, -2.0, 0.0]])
    v = torch.tensor([[0.0, 0.0], [3.0, 0.0], [0.0, 0.0]])
    # left column: 1 + 3, -2 - 3; right: -1 + 0, 2 + 0
    assert divergence((u, v)).tolist() == [[4.0, -1.0], [-5.0, 2.0]]
    assert DivergenceLoss()((u, v)).item() == 16 + 1 + 25 + 4
    weight = torch.tensor([[1.0, 2.0], [0.0, 3.0]])
    assert DivergenceLoss()((u, v), weight).item() == 16 + 2 + 0 + 12


def test_later_steps_by_hand():
    u, v = torch.tensor([[0.0, 1.0, 0.0]]), torch.zeros(2, 2)

    def double(velocity):
        return [2 * part for part in velocity]

    assert DivergenceLoss(double, at=(0, 2))((u, v)).item() == 2 * (1 + 16)
    assert DivergenceLoss(double, at=range(3))((u, v)).item() == 2 * (1 + 4 + 16)
    assert DivergenceLoss(double, at=(2,))((u, v)).item() == 2 * 16


def test_what_leaves_a_cell_enters_another_or_the_outside():
    u, v = field(3)
    inside = divergence((u, v)).sum((-2, -1))
    out = (u[..., -1] - u[..., 0]).sum(-1) + (v[:, -1] - v[:, 0]).sum(-1)
    torch.testing.assert_close(inside, out)


@pytest.mark.parametrize("batch", [(), (2,), (2, 3)])
def test_a_stream_function_has_none(batch):
    stream = field(*batch, cells=(6, 6))[0]
    assert divergence(curl(stream)).abs().max() < 1e-12
    assert DivergenceLoss()(curl(stream)).item() < 1e-24


def test_three_dimensions_are_a_sum_of_differences():
    u, v, w = field(2, cells=(3, 4, 5))
    found = divergence((u, v, w))
    assert found.shape == (2, 3, 4, 5)
    torch.testing.assert_close(found, u.diff(dim=-1) + v.diff(dim=-2) + w.diff(dim=-3))


def test_gradient_is_the_formula():
    u, v = (part.requires_grad_() for part in field())
    weight = torch.rand(4, 5, dtype=torch.double, generator=torch.Generator().manual_seed(1))
    DivergenceLoss()((u, v), weight).backward()
    leaves = weight * divergence((u.detach(), v.detach()))
    torch.testing.assert_close(u.grad[:, 1:-1], 2 * (leaves[:, :-1] - leaves[:, 1:]))
    torch.testing.assert_close(v.grad[1:-1], 2 * (leaves[:-1] - leaves[1:]))
    torch.testing.assert_close(u.grad[:, 0], -2 * leaves[:, 0])


def test_gradients_come_back_through_the_steps():
    factor = torch.tensor(0.5, dtype=torch.double, requires_grad=True)
    loss = DivergenceLoss(lambda velocity: [factor * part for part in velocity], at=(0, 3))
    now = DivergenceLoss()(field()).item()
    found = loss(field())
    assert found.item() == pytest.approx(now * (1 + 0.5**6))
    found.backward()
    assert factor.grad.item() == pytest.approx(now * 6 * 0.5**5)


def test_a_batch_is_averaged():
    velocity = field(3)
    each = [DivergenceLoss()([part[i] for part in velocity]) for i in range(3)]
    torch.testing.assert_close(DivergenceLoss()(velocity), torch.stack(each).mean())


U, V = torch.zeros(2, 4), torch.zeros(3, 3)


@pytest.mark.parametrize(
    ("name", "build"),
    [
        ("at", lambda: DivergenceLoss(at=())),
        ("at", lambda: DivergenceLoss(at=(-1,))),
        ("at", lambda: DivergenceLoss(at=(0.5,))),
        ("step", lambda: DivergenceLoss(at=(0, 4))),
        ("velocity", lambda: DivergenceLoss()([])),
        ("velocity", lambda: divergence((U, U))),
        ("velocity", lambda: divergence((U, V[0]))),
        ("velocity", lambda: divergence((torch.zeros(0, 4), torch.zeros(1, 3)))),
        ("weight", lambda: DivergenceLoss()((U, V), torch.ones(3, 2))),
    ],
)
def test_bad_input_is_refused_by_name(name, build):
    with pytest.raises(ValueError, match=f"^{name}: expected "):
        build()
