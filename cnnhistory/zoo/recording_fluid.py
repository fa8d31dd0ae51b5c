"""Recording a pressure network, which is trained on scenes that it makes up."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING, Any

from cnnhistory.zoo.format import SeedResult
from cnnhistory.zoo.recipes import FluidRecipe
from cnnhistory.zoo.recording import OneSeed, SeedRun, artifact_of, file_of
from cnnhistory.zoo.rounding import State, stored_form, weights_content

if TYPE_CHECKING:
    from cnnhistory.graphics.fluid.network import FluidNet
    from cnnhistory.graphics.fluid.training import FluidTraining, SceneSet

PASSES = (1, 2, 4)


def prepare_fluid(plan: FluidRecipe) -> tuple[OneSeed, dict[str, Any]]:
    """Return the function that trains one seed, and the description of the test scenes."""
    test = plan.data.build()
    return lambda seed, folder: train_pressure(plan, seed, test), test.describe()


def pressure_network(plan: FluidRecipe) -> FluidNet:
    """Return the network of a recipe, with random weights."""
    from cnnhistory.graphics.fluid.network import FluidNet

    return FluidNet(**{**plan.network, "channels": tuple(plan.network["channels"])})


def fluid_training(plan: FluidRecipe) -> FluidTraining:
    """Return the settings of a recipe's training."""
    from cnnhistory.graphics.fluid.training import FluidTraining

    # JSON has no tuples
    settings: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in plan.training.items()
    }
    return FluidTraining(**settings)


def train_pressure(plan: FluidRecipe, seed: int, test: SceneSet) -> SeedRun:
    """Train a network from one seed, and measure what it leaves of the divergence."""
    import torch

    from cnnhistory.graphics.fluid.network import LearnedSolver
    from cnnhistory.graphics.fluid.training import train

    torch.manual_seed(seed)  # for the initial weights
    network = pressure_network(plan)
    start = time.perf_counter()
    history = train(network, fluid_training(plan), seed, test)
    seconds = time.perf_counter() - start
    state = {key: value.detach().clone() for key, value in network.state_dict().items()}

    def left(form: State, passes: int = 1) -> float:
        network.load_state_dict(form)
        return test.left(LearnedSolver(network, passes))

    trained = left(state)

    def difference(form: State) -> str:
        found = left(form)
        close = abs(found - trained) <= 1e-3
        return "" if close else f"float16 changes what is left from {trained:.4f} to {found:.4f}"

    form, dtype, reason = stored_form(state, difference)
    content, name = weights_content(form), file_of(plan.id, seed, "safetensors")
    metrics = {f"left_{passes}": round(left(state, passes), 5) for passes in PASSES}
    result = SeedResult(
        seed=seed,
        metrics=metrics,
        history=[{key: round(value, 6) for key, value in row.items()} for row in history],
        artifacts={
            "weights": artifact_of(
                name,
                content,
                dtype=dtype,
                reason=reason,
                trained_sha256=hashlib.sha256(weights_content(state)).hexdigest(),
            )
        },
        seconds=round(seconds, 1),
    )
    parts = ", ".join(f"{100 * metrics[f'left_{n}']:.1f} % after {n}" for n in PASSES)
    return SeedRun(
        result,
        {name: content},
        f"{plan.id} seed {seed}: of the divergence {parts}, {seconds:.0f} s",
    )
