"""Recording a run of Deep Compression."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnhistory.zoo.format import SeedResult
from cnnhistory.zoo.recipes import CompressionRecipe
from cnnhistory.zoo.recording import OneSeed, SeedRun, artifact_of, file_of

if TYPE_CHECKING:
    from cnnhistory.compression.schedule import Compressed, Schedule
    from cnnhistory.tasks.classification import LabeledData


def prepare_compression(plan: CompressionRecipe) -> tuple[OneSeed, dict[str, Any]]:
    """Return the function that compresses one seed, and the description of the data."""
    data = plan.data.build()
    return lambda seed, folder: compress_seed(plan, seed, data, folder), data.describe()


def compress_seed(plan: CompressionRecipe, seed: int, data: Any, folder: Path) -> SeedRun:
    """Train, compress and measure a network, beside a counterpart trained as long."""
    from cnnhistory.compression import cnnz
    from cnnhistory.compression.deep_compression import compress_state, float_bytes
    from cnnhistory.compression.quantization import Bits
    from cnnhistory.compression.schedule import Schedule, run
    from cnnhistory.tasks.classification import evaluate

    schedule = Schedule.from_settings(plan.schedule)
    train, test = data.train_set, data.test_set
    start = time.perf_counter()
    made = run(schedule, train.images, train.labels, seed, lambda net: evaluate(net, test).error)
    seconds = time.perf_counter() - start
    parts = compress_state(made.compressed.state_dict(), schedule.bits, Bits(**plan.index_bits))
    content = cnnz.dumps(schedule.model, schedule.network_args, parts)
    # What is reported is measured on what was read back from the file.
    contents = cnnz.loads(content)
    base = next(error for stage, error in reversed(made.curve) if stage == "base")
    n = len(test.labels)
    wrong = {
        "test_error": evaluate(contents.network(), test).errors,
        "counterpart_error": evaluate(made.counterpart, test).errors,
        "base_error": round(base * n),
    }
    before = float_bytes(made.counterpart)
    metrics = {name: count / n for name, count in wrong.items()}
    sizes = {"bytes": len(content), "float_bytes": before, "ratio": before / len(content)}
    name = file_of(plan.id, seed, "cnnz")
    result = SeedResult(
        seed=seed,
        metrics={**metrics, **sizes},
        counts={key: (count, n) for key, count in wrong.items()},
        history=[
            {
                "stage": stage,
                "test_error": round(error, 6),
                "counterpart_error": round(other, 6),
            }
            for (stage, error), (_, other) in zip(made.curve, made.counterpart_curve, strict=True)
        ],
        details={
            "sections": contents.totals(),
            "layers": [[layer.name, layer.total, layer.kept] for layer in made.densities],
            "others": _others(schedule, made, test),
        },
        artifacts={"network": artifact_of(name, content)},
        seconds=round(seconds, 1),
    )
    summary = (
        f"{plan.id} seed {seed}: test error {100 * metrics['counterpart_error']:.2f} % -> "
        f"{100 * metrics['test_error']:.2f} %, {len(content):,} bytes, "
        f"{sizes['ratio']:.1f} times smaller, {seconds:.0f} s"
    )
    return SeedRun(result, {name: content}, summary)


def _others(schedule: Schedule, made: Compressed, test: LabeledData) -> dict[str, dict[str, int]]:
    """Return bytes and errors of other ways to store the networks."""
    from cnnhistory.compression.baselines import packed_sizes, raw_bytes, round_to_int8
    from cnnhistory.registry import create_model
    from cnnhistory.tasks.classification import evaluate

    run_state, stored = round_to_int8(made.counterpart.state_dict())
    rounded = create_model(schedule.model, **schedule.network_args)
    rounded.load_state_dict(run_state)
    table = {}
    for name, state, network in (
        ("float32", made.counterpart.state_dict(), made.counterpart),
        ("int8", stored, rounded),
        ("pruned and shared float32", made.compressed.state_dict(), made.compressed),
    ):
        content = raw_bytes(state)
        errors = evaluate(network, test).errors
        table[name] = {"bytes": len(content), "errors": errors}
        for packer, size in packed_sizes(content).items():
            table[f"{name}, {packer}"] = {"bytes": size, "errors": errors}
    return table
