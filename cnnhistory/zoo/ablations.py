"""Recording what a trained network does without some of its parts."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from cnnhistory.zoo import store
from cnnhistory.zoo.format import SeedResult
from cnnhistory.zoo.recipes import AblationRecipe, training_recipe
from cnnhistory.zoo.recording import OneSeed, SeedRun

if TYPE_CHECKING:
    from torch import nn

    from cnnhistory.data.tensors import LabeledImages

METRICS = ("error", "error_single", "error_images")


def prepare_ablations(plan: AblationRecipe) -> tuple[OneSeed, dict[str, Any]]:
    """Return the function that measures the weights of one seed, and the data's description."""
    source = training_recipe(plan.run)
    data = source.data.build(batch_size=source.batch_size)
    return lambda seed, folder: measure_seed(plan, seed, data), data.describe()


def measure_seed(plan: AblationRecipe, seed: int, data: Any) -> SeedRun:
    """Measure the network that one seed of a recorded run left."""
    import torch

    from cnnhistory.registry import create_model

    source = training_recipe(plan.run)
    start = time.perf_counter()
    network = create_model(source.model, **source.network_args)
    network.load_state_dict(store.load_weights(plan.run, seed))
    network.to(memory_format=torch.channels_last).eval()
    found = ablations(network, data.test_set, **plan.settings)
    seconds = time.perf_counter() - start
    n = len(data.test_set.labels)
    error = found["error"]
    weights = store.record(plan.run).result(seed).artifacts["weights"]
    result = SeedResult(
        seed=seed,
        metrics={"test_error": error, **{key: found[key] for key in METRICS[1:]}},
        counts={"test_error": (round(error * n), n)},
        details={key: value for key, value in found.items() if key not in METRICS},
        inputs={plan.run: weights.trained_sha256 or weights.sha256},
        seconds=round(seconds, 1),
    )
    return SeedRun(result, {}, f"{plan.id}: error {100 * error:.2f} %, {seconds:.0f} s")


def ablations(
    network: nn.Module,
    test_set: LabeledImages,
    single_images: int,
    images: int,
    counts: list[int],
    swaps: list[int],
    draws: int,
    path_images: int,
    path_draws: int,
) -> dict[str, Any]:
    """Delete, reorder and follow paths; see the functions of `cnnhistory.visualize`.

    Errors are fractions of the first `single_images` (for parts deleted one by one and for the
    whole network) or `images` test images. Orders and paths are measured where there are blocks
    with shortcuts.
    """
    import torch
    from torch.nn import functional as F

    from cnnhistory.data.tensors import LabeledImages
    from cnnhistory.tasks.classification import evaluate
    from cnnhistory.visualize import paths
    from cnnhistory.visualize.ablation_curves import delete_each, delete_several, reorder

    generator = torch.Generator().manual_seed(0)

    def error_on(count: int) -> Callable[[nn.Module], float]:
        some = LabeledImages(test_set.images[:count], test_set.labels[:count])
        return lambda damaged: evaluate(damaged, some, batch_size=250).error

    error_of = error_on(images)
    single = delete_each(network, error_on(single_images))
    found: dict[str, Any] = {
        "error": error_on(len(test_set))(network),
        "error_single": error_on(single_images)(network),
        "error_images": error_of(network),
        "single": single,
        "several": delete_several(
            network, error_of, [c for c in counts if c < len(single)], draws, generator
        ),
    }
    blocks = getattr(network, "blocks", None)
    if blocks is None or blocks[0].shortcut is None:
        return found
    found["orders"] = reorder(network, error_of, swaps, draws, generator)
    x, y = test_set.images[:path_images], test_set.labels[:path_images]
    loss = partial(F.cross_entropy, reduction="sum")
    sums = paths.gradients_by_length(network, x, y, loss)
    found["path_norms"] = [paths.mean_norm(g) for g in sums]
    found["path_projections"] = paths.projections(sums)
    found["sampled_norms"] = paths.sampled_norms(network, x, y, loss, path_draws, generator)
    return found
