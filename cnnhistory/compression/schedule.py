"""The whole of Deep Compression on a small network: train, prune in rounds, share, code.

One `Schedule` says everything, so that a chapter can run it on a few thousand digits in seconds
and a recorded run on all of MNIST. Beside the compressed network a counterpart is trained that is
never pruned or quantized but gets the same stretches of training, on the same examples in the same
order: what compression costs is the difference to that counterpart.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from cnnhistory.compression.deep_compression import deep_compress
from cnnhistory.compression.pruning import LayerDensity, densities
from cnnhistory.compression.quantization import Bits
from cnnhistory.registry import create_model
from cnnhistory.training.loop import Training, train

STAGES = ("base", "prune", "retrain", "share")


@dataclass(frozen=True)
class Schedule:
    """How a network is trained and compressed.

    `base` trains the dense network. Then `rounds` times: prune, and train as `prune` says; the
    densities fall by the same factor each time, from 1 to `densities`. `retrain` is the long
    training after the last round, `share` the training of the shared values. `network_args` are
    keywords of the model's builder.

    Units: `densities` are fractions of each layer's weights that are left, by name of the layer.
    """

    model: str
    densities: Mapping[str, float]
    base: Training
    rounds: int
    prune: Training
    retrain: Training
    share: Training
    bits: Bits = field(default_factory=Bits)
    network_args: Mapping[str, Any] = field(default_factory=dict)

    @property
    def epochs(self) -> int:
        """Epochs of the compressed network, and of its counterpart."""
        return (
            self.base.epochs
            + self.rounds * self.prune.epochs
            + self.retrain.epochs
            + self.share.epochs
        )

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> "Schedule":
        """Return the schedule that plain settings describe, as a recorded run stores them.

        Raises:
            TypeError: a setting has another name.
        """
        stretches = {key: Training(**settings[key]) for key in STAGES}
        return cls(**{**settings, **stretches, "bits": Bits(**settings.get("bits", {}))})


@dataclass(frozen=True)
class Compressed:
    """What a schedule made.

    `compressed` has the shared weights, `counterpart` was trained as long and never compressed;
    both are ordinary networks. `curve` and `counterpart_curve` hold what `measure` said after each
    epoch, with the stage of the epoch, one of `STAGES`; `densities` how many weights are left.
    """

    compressed: nn.Module
    counterpart: nn.Module
    curve: list[tuple[str, float]]
    counterpart_curve: list[tuple[str, float]]
    densities: tuple[LayerDensity, ...]


def run(
    schedule: Schedule,
    images: Tensor,
    labels: Tensor,
    seed: int,
    measure: Callable[[nn.Module], float] | None = None,
    with_counterpart: bool = True,
) -> Compressed:
    """Train, prune, share and train again, and the same without compression.

    The same call gives the same networks: initial weights and the order of the examples follow
    from `seed`.

    Args:
        schedule: what to do.
        images: all training inputs.
        labels: their classes.
        seed: of everything random.
        measure: called with the network after each epoch; nothing is chosen by it.
        with_counterpart: False leaves the counterpart as the base network, untrained since.

    Shape: images (N, C, H, W), labels (N,).

    Source: han2016deep, Sections 2 and 3.
    """
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        network, counterpart = (
            create_model(schedule.model, **schedule.network_args) for _ in range(2)
        )
    curves: dict[nn.Module, list[tuple[str, float]]] = {network: [], counterpart: []}
    lengths = {"prune": schedule.prune, "retrain": schedule.retrain, "share": schedule.share}
    left: list[tuple[LayerDensity, ...]] = []

    def stretch(net: nn.Module, stage: str, settings: Training) -> None:
        def after_epoch(net: nn.Module) -> None:
            if measure is not None:
                curves[net].append((stage, measure(net)))

        # The examples come in an order that follows from the seed and the number of the epoch.
        train(net, images, labels, settings, seed, after_epoch, first_epoch=done[net])
        done[net] += settings.epochs

    def retrain(net: nn.Module, stage: str) -> None:
        if stage == "retrain":
            left.append(densities(net))
        stretch(net, stage, lengths[stage])

    done = {network: 0, counterpart: schedule.base.epochs}
    stretch(network, "base", schedule.base)
    counterpart.load_state_dict(network.state_dict())
    curves[counterpart] = list(curves[network])
    deep_compress(network, schedule.densities, schedule.rounds, retrain, schedule.bits)
    if with_counterpart:
        for stage in [*["prune"] * schedule.rounds, "retrain", "share"]:
            stretch(counterpart, stage, lengths[stage])
    return Compressed(
        network.eval(), counterpart.eval(), curves[network], curves[counterpart], left[0]
    )
