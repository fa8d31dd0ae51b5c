"""The command `cnnhistory study`: measure networks of the zoo again."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from cnnhistory import create_model
from cnnhistory.cli.make import data_module, machine, versions
from cnnhistory.data.tensors import LabeledImages
from cnnhistory.tasks.classification import evaluate
from cnnhistory.visualize import paths
from cnnhistory.visualize.ablation_curves import delete_each, delete_several, reorder
from cnnhistory.zoo import recipe, record
from cnnhistory.zoo import study as studies
from cnnhistory.zoo.store import load_weights


def study(options: argparse.Namespace) -> None:
    """Measure every network of a study and store the results."""
    settings = studies.study(options.id)
    start = time.perf_counter()
    results, data = {}, {}
    for run in settings.runs:
        made = recipe(run)
        source = data_module(made.data)(batch_size=made.batch_size, **made.data_args)
        network = create_model(made.model, **made.network_args)
        network.load_state_dict(load_weights(run))
        network.to(memory_format=torch.channels_last).eval()
        results[run] = MEASURES[options.id](network, source.test_set, **settings.settings)
        data[run] = source.describe()
        seconds = round(time.perf_counter() - start, 1)
        print(f"{run}: error {100 * results[run]['error']:.2f} %, {seconds} s so far", flush=True)
    path = studies.write_study(
        studies.StudyRecord(
            id=options.id,
            settings=settings.settings,
            results=results,
            weights={run: record(run).weights_sha256 for run in settings.runs},
            data=data,
            versions=versions(),
            machine=machine(),
            seconds=round(time.perf_counter() - start, 1),
            command=studies.command(options.id),
        ),
        Path(options.output) if options.output else studies.FOLDER,
    )
    print(path)


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


MEASURES: dict[str, Callable[..., dict[str, Any]]] = {"lesions_cifar10": ablations}
