"""Do trained networks give the same answers in bfloat16? On patches of photographs they do."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from cnnhistory import create_model, zoo
from cnnhistory.data.patches import PatchesDataModule
from cnnhistory.nn.inference import optimize_for_inference

# Recorded networks and the side of the patches that they read. Those for CIFAR-10 do not know the
# pictures: their answers are as much in doubt as any. Networks with random weights would tell
# nothing, since all their scores are nearly the same.
RUNS = {
    "alexnet_patches": 64,
    "zfnet_patches": 64,
    "nin_patches": 32,
    "stack_3_3_3_patches": 32,
    "stack_7_patches": 32,
    "resnet20_cifar10": 32,
    "resnet56_cifar10": 32,
    "vgg16_bn_cifar10": 32,
}
IMAGES = 1000


@dataclass(frozen=True)
class AgreementRecord:
    """How often two forms of a network give the same answer, and how far their scores differ.

    `deviation` is the largest difference of a score over the largest score.
    """

    case: str
    images: int
    same: int
    deviation: float

    def __str__(self) -> str:
        return (
            f"{self.case:44} same answer on {self.same} of {self.images} patches, "
            f"largest deviation {self.deviation:.2%} of the largest score"
        )


def patches(side: int, images: int = IMAGES) -> Tensor:
    """Return patches that no network was trained on, a fixed random choice.

    Shape: (images, 3, side, side).
    """
    data = PatchesDataModule(batch_size=images, side=side)
    data.setup()
    found = torch.cat([data.test_set.images, data.val_set.images])
    return found[torch.randperm(len(found), generator=torch.Generator().manual_seed(0))[:images]]


def agreement(run: str, x: Tensor) -> AgreementRecord:
    """Compare the answers of a recorded network in bfloat16 and in float32."""
    recipe = zoo.training_recipe(run)
    network = create_model(recipe.model, **recipe.network_args)
    network.load_state_dict(zoo.load_weights(run, seed=0))
    fast = optimize_for_inference(network.eval(), tuple(x.shape[1:]), torch.bfloat16)
    with torch.no_grad():
        scores, fast_scores = (
            torch.cat([net(part) for part in x.split(250)]) for net in (network, fast)
        )
    return AgreementRecord(
        f"{run}, answers in bfloat16 and in float32",
        len(x),
        int((scores.argmax(1) == fast_scores.argmax(1)).sum()),
        round(float((scores - fast_scores).abs().max() / scores.abs().max()), 5),
    )


def agreements() -> Iterator[AgreementRecord]:
    """Yield the records of all networks."""
    for run, side in RUNS.items():
        yield agreement(run, patches(side))
