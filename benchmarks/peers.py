"""The networks that are compared, and those of torchvision and timm that compute the same."""

import copy
from dataclasses import dataclass, field
from typing import Any

import timm
import torch
import torchvision
from timm.layers.pool2d_same import AvgPool2dSame
from torch import Tensor, nn

from cnnhistory import create_model
from cnnhistory.nn.same import SamePool2d
from cnnhistory.registry import model_card

SETTLING = 8  # images that normalizations see; from one, a deep network magnifies rounding


@dataclass(frozen=True)
class Peer:
    """Another library's network, and the settings of ours that make the two the same.

    `saving` are the settings by which the peer keeps less for the backward pass, if it has any;
    `side` is the height and width of the images, by default those of the paper.
    """

    name: str
    library: str = "torchvision"
    ours: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    saving: dict[str, Any] = field(default_factory=dict)
    side: int | None = None


_STRIDE = {"stride_in_3x3": True}
_HEADS = {"init_weights": False, "aux_logits": False}
_SAVING = {"memory_efficient": True}
_PLAIN = {"dropout": 0.0}  # timm leaves it out unless asked
PEERS: dict[str, Peer] = {
    "alexnet": Peer("alexnet", ours={"one_tower": True}, side=224),
    "vgg11": Peer("vgg11"),
    "vgg16": Peer("vgg16"),
    "vgg16_bn": Peer("vgg16_bn"),
    "googlenet": Peer("googlenet", ours={"torchvision_port": True}, settings=_HEADS),
    "resnet18": Peer("resnet18"),
    "resnet34": Peer("resnet34"),
    "resnet50": Peer("resnet50", ours=_STRIDE),
    "resnet101": Peer("resnet101", ours=_STRIDE),
    "resnet152": Peer("resnet152", ours=_STRIDE),
    "wrn_50_2": Peer("wide_resnet50_2", ours=_STRIDE),
    "resnext50_32x4d": Peer("resnext50_32x4d"),
    "resnext101_32x8d": Peer("resnext101_32x8d"),
    "densenet121": Peer("densenet121", saving=_SAVING),
    "densenet169": Peer("densenet169", saving=_SAVING),
    "densenet161": Peer("densenet161", saving=_SAVING),
    "inception_v3": Peer("inception_v3", settings=_HEADS),
    "inception_v4": Peer("inception_v4", "timm", ours=_PLAIN),
    "inception_resnet_v2": Peer("inception_resnet_v2", "timm", ours=_PLAIN),
    "xception": Peer("legacy_xception", "timm", ours=_PLAIN),
    "nasnet_a_large": Peer("nasnetalarge", "timm", ours=_PLAIN),
    "mobilenet_v1": Peer("mobilenetv1_100", "timm", ours=_PLAIN),
    "mobilenet_v2": Peer("mobilenet_v2"),
}
LIBRARIES = {"torchvision": torchvision, "timm": timm}


def side_of(name: str) -> int:
    """Return the height and width of the images that a network is made for."""
    return PEERS[name].side or model_card(name).input_shape[1]


def title(name: str) -> str:
    """Return library, version and name of a network's peer."""
    peer = PEERS[name]
    return f"{peer.library} {LIBRARIES[peer.library].__version__} {peer.name}"


def make_peer(name: str, **settings: object) -> nn.Module:
    """Build the peer's network, with two operators replaced that compute something else.

    timm's MobileNet has ReLU6 where the paper has ReLU, and its NASNet counts the zeros beyond the
    edge in averages with a stride, which the authors' release does not.
    """
    peer = PEERS[name]
    settings = {**peer.settings, **settings}
    if peer.library == "torchvision":
        return torchvision.models.get_model(peer.name, weights=None, **settings)
    network = timm.create_model(peer.name, pretrained=False, **settings)
    for key, module in list(network.named_modules()):
        if name == "mobilenet_v1" and isinstance(module, nn.ReLU6):
            network.set_submodule(key, nn.ReLU(inplace=module.inplace))
        elif name == "nasnet_a_large" and isinstance(module, AvgPool2dSame):
            network.set_submodule(key, SamePool2d("avg", 3, 2))
    return network


def in_our_order(name: str, peer: nn.Module) -> list[Tensor]:
    """Return the peer's parameters and buffers in the order in which ours are listed."""
    state = peer.state_dict()
    if name != "nasnet_a_large":
        return list(state.values())
    values = []
    for child, _ in peer.named_children():
        own = [key for key in state if key.startswith(f"{child}.")]
        # where a cell halves the older input, timm lists the newer one first
        newer = [key for key in own if key.startswith(f"{child}.conv_1x1.")]
        older = [key for key in own if key not in newer]
        if any(".path_1." in key for key in own):
            count = next(n for n, key in enumerate(older) if "comb_iter" in key)
            own = older[:count] + newer + older[count:]
        values += [state[key] for key in own]
    return values


def pair(name: str, shape: tuple[int, ...]) -> tuple[nn.Module, nn.Module]:
    """Return our network and the peer's with the same weights, in evaluation mode.

    The normalizations of both have seen one batch of noise; so the values of deep networks stay in
    bounds.
    """
    torch.manual_seed(0)
    peer = make_peer(name)
    ours = create_model(name, **PEERS[name].ours)
    norms = [module for module in peer.modules() if isinstance(module, nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 1.0
    if norms:
        generator = torch.Generator().manual_seed(1)
        with torch.no_grad():
            peer.train()(torch.randn(SETTLING, *shape, generator=generator))
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    load(name, ours, peer)
    return ours.eval(), peer.eval()


def load(name: str, ours: nn.Module, peer: nn.Module) -> None:
    """Copy the peer's weights into ours."""
    state = zip(ours.state_dict().items(), in_our_order(name, peer), strict=True)
    ours.load_state_dict({key: value.reshape(mine.shape) for (key, mine), value in state})


def saving_memory(name: str, ours: nn.Module, peer: nn.Module) -> list[nn.Module | None]:
    """Return both networks with the keyword by which they keep less, None where there is none."""
    saving = create_model(name, **PEERS[name].ours, save_memory=True)
    saving.load_state_dict(ours.state_dict())
    if not PEERS[name].saving:
        return [saving, None]
    peer_saving = make_peer(name, **PEERS[name].saving)
    peer_saving.load_state_dict(copy.deepcopy(peer.state_dict()))
    return [saving, peer_saving]
