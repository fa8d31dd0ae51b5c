"""The command that writes a network for the browser."""

from __future__ import annotations

import argparse
from pathlib import Path


def export(options: argparse.Namespace) -> None:
    """Write a model with recorded weights as ID.json and ID.bin into a folder.

    Raises:
        ValueError: the weights belong to another model, or the runtime lacks an operation of it.
        LookupError: no such model or run.
        OSError: the folder cannot be written.
    """
    from cnnhistory import create_model, zoo
    from cnnhistory._util.lookup import expected
    from cnnhistory.export import export_network, write_network
    from cnnhistory.registry import system_of

    system_of(options.model)
    recipe = zoo.training_recipe(options.weights)
    if recipe.model != options.model:
        raise expected("weights", f"a run of {options.model!r}", f"one of {recipe.model!r}")
    network = create_model(recipe.model, **recipe.network_args)
    network.load_state_dict(zoo.load_weights(recipe.id, options.seed))
    about = {"model": recipe.model, "weights": recipe.id}
    made = export_network(network, recipe.data.build().image_shape, about)
    paths = write_network(made, Path(options.output), recipe.id)
    for path in paths:
        print(f"{path}: {path.stat().st_size:,} bytes")
