"""Functions, losses and networks made of nodes, against torch's."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from cnnhistory.data.digits import DigitsDataModule
from cnnhistory.nn.autograd.functions import (
    check_gradient,
    cross_entropy,
    exp,
    log,
    patches,
    relu,
    tanh,
)
from cnnhistory.nn.autograd.node import Node


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(exp, torch.exp), (log, torch.log), (tanh, torch.tanh), (relu, torch.relu)],
    ids=["exp", "log", "tanh", "relu"],
)
def test_functions_equal_torch(ours, theirs):
    values = np.random.default_rng(0).uniform(0.1, 2, (3, 4)) * (1 if ours is log else -1)
    x, peer = Node(values), torch.tensor(values, requires_grad=True)
    ours(x).sum().backward()
    theirs(peer).sum().backward()
    np.testing.assert_allclose(x.grad, peer.grad.numpy())
    assert check_gradient(lambda x: ours(x).sum(), values) < 1e-7


def test_relu_has_no_gradient_at_0():
    x = Node([-1.0, 0.0, 2.0])
    relu(x).sum().backward()
    assert x.grad.tolist() == [0.0, 0.0, 1.0]


def test_cross_entropy_and_its_gradient():
    scores = Node([[0.0, np.log(3.0)], [1000.0, 0.0]])  # p = 1/4, 3/4; 1, 0
    loss = cross_entropy(scores, [1, 0])
    loss.backward()
    assert float(loss.value) == pytest.approx(np.log(4 / 3) / 2)
    np.testing.assert_allclose(scores.grad, [[0.125, -0.125], [0.0, 0.0]])
    random = np.random.default_rng(0)
    values, labels = random.normal(size=(6, 5)), [0, 1, 2, 3, 4, 4]
    ours, theirs = Node(values), torch.tensor(values, requires_grad=True)
    cross_entropy(ours, labels).backward()
    F.cross_entropy(theirs, torch.tensor(labels)).backward()
    np.testing.assert_allclose(ours.grad, theirs.grad.numpy())


def test_a_convolution_is_a_product_with_patches():
    random = np.random.default_rng(0)
    image, kernel = random.normal(size=(2, 3, 6, 5)), random.normal(size=(4, 3, 3, 3))
    x, w = Node(image), Node(kernel)
    out = patches(x, 3) @ w.reshape(4, 27).T
    theirs = [torch.tensor(v, requires_grad=True) for v in (image, kernel)]
    peer = F.conv2d(*theirs)
    assert out.value.shape == (2 * 4 * 3, 4)
    np.testing.assert_allclose(
        out.value.reshape(2, 4, 3, 4).transpose(0, 3, 1, 2), peer.detach().numpy()
    )
    (out**2.0).sum().backward()
    peer.square().sum().backward()
    np.testing.assert_allclose(x.grad, theirs[0].grad.numpy())
    np.testing.assert_allclose(w.grad, theirs[1].grad.numpy())


def test_a_network_learns_digits_as_torch_does():
    """The same weights, the same steps: the same network, which reads digits."""
    data = DigitsDataModule(pad_to=28)
    images = data.train_set.images.flatten(1).double()
    labels = data.train_set.labels
    random = np.random.default_rng(0)
    start = [random.normal(size=s) / s[0] ** 0.5 for s in ((784, 30), (30, 10))]
    ours = [Node(w) for w in start]
    theirs = [torch.tensor(w, requires_grad=True) for w in start]
    for step in range(100):
        rows = slice(step * 35 % 3500, step * 35 % 3500 + 35)
        x, y = images[rows], labels[rows]
        for w in ours:
            w.grad = np.zeros_like(w.value)
        cross_entropy(tanh(Node(x.numpy()) @ ours[0]) @ ours[1], y.numpy()).backward()
        loss = F.cross_entropy((x @ theirs[0]).tanh() @ theirs[1], y)
        gradients = torch.autograd.grad(loss, theirs)
        for w, other, g in zip(ours, theirs, gradients, strict=True):
            w.value = w.value - 0.2 * w.grad
            other.data -= 0.2 * g
    for w, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(w.value, other.detach().numpy(), rtol=1e-8, atol=1e-10)
    test = data.test_set.images.flatten(1).double().numpy()
    answers = (np.tanh(test @ ours[0].value) @ ours[1].value).argmax(1)
    assert (answers != data.test_set.labels.numpy()).mean() < 0.2


def test_bad_input():
    with pytest.raises(ValueError, match="scores: expected"):
        cross_entropy(Node(np.ones((0, 3))), [])
    for labels in ([0], [0, 3], [0, -1], [0, 0.5]):
        with pytest.raises(ValueError, match="labels: expected one class from 0 to 2"):
            cross_entropy(Node(np.ones((2, 3))), labels)
    for kernel in (0, 4):
        with pytest.raises(ValueError, match="x, kernel: expected"):
            patches(Node(np.ones((1, 1, 3, 5))), kernel)
    with pytest.raises(ValueError, match="step: expected a positive number"):
        check_gradient(lambda x: x, 1.0, step=0)
    with pytest.raises(ValueError, match="inputs: expected at least one"):
        check_gradient(lambda: Node(1.0))
