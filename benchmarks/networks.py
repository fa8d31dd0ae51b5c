"""Our networks against torchvision's of the same layers, weights and inputs.

Five cases for each network: the forward pass as both are shipped, with ours optimized for
inference, and with the same done to the peer; the training step (forward, backward, SGD with
momentum) as shipped, and with the peer's kernels in the layout of ours.
"""

import argparse
import copy
from collections.abc import Callable, Iterator, Sequence

import torch
import torchvision
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.timing import Record, compare
from cnnhistory import create_model, list_models
from cnnhistory.nn.inference import optimize_for_inference

# model -> the settings that make it torchvision's
SETTINGS: dict[str, dict[str, object]] = {
    "alexnet": {"one_tower": True},
    "vgg11": {},
    "vgg16": {},
    "vgg16_bn": {},
    "googlenet": {"torchvision_port": True},
    "resnet18": {},
    "resnet34": {},
    "resnet50": {"stride_in_3x3": True},
    "resnet101": {"stride_in_3x3": True},
    "resnet152": {"stride_in_3x3": True},
}
PEER_SETTINGS: dict[str, dict[str, object]] = {
    "googlenet": {"init_weights": False, "aux_logits": False},
}
TOLERANCE = 1e-4  # of the largest score
SETTLING = 8  # images that normalizations see; from one, a deep network magnifies rounding
KINDS = ("forward", "training")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark."""
    known = [name for name in SETTINGS if name in list_models()]
    parser.add_argument("--only", nargs="+", choices=known, default=known, metavar="MODEL")
    parser.add_argument("--kind", choices=KINDS, help="only these cases (default: both)")
    parser.add_argument("--batch", type=int, default=8, help="images in a batch (8)")
    parser.add_argument("--size", type=int, default=224, help="height and width (224)")


def run(options: argparse.Namespace) -> Iterator[Record]:
    """Compare every network asked for."""
    for name in options.only:
        kinds = [options.kind] if options.kind else KINDS
        yield from compare_network(name, options.batch, options.size, options.repeat, kinds)


def pair(name: str, x: Tensor) -> tuple[nn.Module, nn.Module]:
    """Return our network and the peer's with the same weights, seen to give the same outputs."""
    torch.manual_seed(0)
    peer = torchvision.models.get_model(name, weights=None, **PEER_SETTINGS.get(name, {}))
    ours = create_model(name, **SETTINGS[name])
    # Normalizations that have seen a batch keep the values of deep networks in bounds.
    norms = [module for module in peer.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = 1.0
    if norms:
        generator = torch.Generator().manual_seed(1)
        with torch.no_grad():
            peer.train()(torch.randn(SETTLING, *x.shape[1:], generator=generator))
    for norm in norms:
        norm.momentum = 0.1
    state = zip(ours.state_dict().items(), peer.state_dict().values(), strict=True)
    ours.load_state_dict({key: value.reshape(mine.shape) for (key, mine), value in state})
    check_equal(name, ours.eval(), peer.eval(), x)
    return ours, peer


def check_equal(case: str, ours: nn.Module, peer: nn.Module, x: Tensor) -> None:
    """Refuse to time two networks that do not compute the same.

    A hundred layers of random weights magnify rounding beyond 1e-4. Then the two may differ as
    much as the peer differs from itself in double precision, within a factor of four.

    Raises:
        RuntimeError: the outputs differ by more than 1e-4 of the largest, and not by rounding.
    """
    with torch.no_grad():
        found, expected = ours(x), peer(x)
        difference = _difference(found, expected)
        if difference <= TOLERANCE:
            return
        exact = copy.deepcopy(peer).double()(x.double())
    if not difference <= 4 * _difference(expected, exact):
        raise RuntimeError(
            f"{case}: expected the outputs of the peer to {TOLERANCE}, they differ by "
            f"{difference:.1e} of the largest"
        )


def _difference(found: Tensor, expected: Tensor) -> float:
    return float((found - expected).abs().max() / expected.abs().max())


def forward(network: nn.Module, x: Tensor) -> Callable[[], object]:
    """Return a function that runs the network once."""

    def function() -> object:
        with torch.no_grad():
            return network(x)

    return function


def training_step(network: nn.Module, x: Tensor, target: Tensor) -> Callable[[], object]:
    """Return a function that trains the network by one step."""
    network.train()
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-3, momentum=0.9)

    def function() -> object:
        optimizer.zero_grad()
        loss = F.cross_entropy(network(x), target)
        loss.backward()
        optimizer.step()
        return loss.item()

    return function


def compare_network(
    name: str, batch: int, size: int, repeat: int, kinds: Sequence[str] = KINDS
) -> Iterator[Record]:
    """Yield the records of one network."""
    peer_name = f"torchvision {torchvision.__version__} {name}"
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(batch, 3, size, size, generator=generator)
    target = torch.randint(1000, (batch,), generator=generator)
    ours, peer = pair(name, x)
    if "forward" in kinds:
        yield from compare_forward(name, ours, peer, peer_name, x, repeat)
    if "training" in kinds:
        yield from compare_training(name, ours, peer, peer_name, x, target, repeat)


def compare_forward(
    name: str, ours: nn.Module, peer: nn.Module, peer_name: str, x: Tensor, repeat: int
) -> Iterator[Record]:
    """Yield the records of the forward pass."""
    case = f"{name}, forward, as shipped"
    yield compare(case, forward(ours, x), peer_name, forward(peer, x), repeat)

    shape = tuple(x.shape[1:])
    fast, fast_peer = (optimize_for_inference(network, shape) for network in (ours, peer))
    case = f"{name}, forward, ours optimized"
    check_equal(case, fast, peer, x)
    yield compare(case, forward(fast, x), peer_name, forward(peer, x), repeat)
    case = f"{name}, forward, both optimized"
    check_equal(case, fast, fast_peer, x)
    yield compare(case, forward(fast, x), f"{peer_name}, optimized", forward(fast_peer, x), repeat)


def compare_training(
    name: str,
    ours: nn.Module,
    peer: nn.Module,
    peer_name: str,
    x: Tensor,
    target: Tensor,
    repeat: int,
) -> Iterator[Record]:
    """Yield the records of the training step."""
    treated = copy.deepcopy(peer).to(memory_format=torch.channels_last)
    our_step, peer_step, treated_step = (
        training_step(network, x, target) for network in (ours, peer, treated)
    )
    case = f"{name}, training step, as shipped"
    check_same_loss(case, our_step, peer_step, treated_step)
    yield compare(case, our_step, peer_name, peer_step, repeat)
    case = f"{name}, training step, both channels-last"
    yield compare(case, our_step, f"{peer_name}, channels-last", treated_step, repeat)


def check_same_loss(case: str, *steps: Callable[[], object]) -> None:
    """Refuse to time training steps that do not start with the same loss.

    Raises:
        RuntimeError: they do not.
    """
    losses = []
    for step in steps:
        torch.manual_seed(0)  # for dropout
        losses.append(float(step()))  # type: ignore[arg-type]
    if max(losses) - min(losses) > TOLERANCE * max(losses):
        raise RuntimeError(f"{case}: expected equal losses, got {losses}")
