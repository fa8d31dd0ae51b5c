"""`python -m benchmarks NAME [--json]`."""

import argparse
import importlib
import json
import os
import platform
import sys
from collections.abc import Sequence
from datetime import datetime, timezone

from benchmarks import timing
from benchmarks.recording import as_run, keep

# name -> what it compares; each is a module here with `add_arguments` and `run`
BENCHMARKS = {
    "decoding": "translating with cached states with doing without, and with an LSTM",
    "networks": "our networks with those of torchvision and timm",
    "octree": "layers on a surface with those of ocnn and of a dense grid",
    "fluid": "pressure solvers with SciPy's, and a network with the classical ones",
    "xnor": "convolutions and networks of bits with float ones",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one benchmark."""
    arguments = sys.argv[1:] if arguments is None else arguments
    known = "\n".join(f"  {name:10} {text}" for name, text in BENCHMARKS.items())
    first = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=f"benchmarks:\n{known}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="python -m benchmarks NAME [--json] [--keep] [--repeat N] [options of NAME]",
    )
    first.add_argument("name", choices=BENCHMARKS, metavar="NAME")
    name = first.parse_args(arguments[:1]).name

    module = importlib.import_module(f"benchmarks.{name}")
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks {name}")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--keep", action="store_true", help="put the results into the book")
    parser.add_argument(
        "--processor-time",
        action="store_true",
        help="time by the processor's clock, for one thread on a busy machine",
    )
    parser.add_argument("--repeat", type=int, default=15, help="timed runs of each (15)")
    module.add_arguments(parser)
    options = parser.parse_args(arguments[1:])

    timing.processor_time = options.processor_time
    machine = describe_machine()
    if options.processor_time and machine["threads"] != 1:
        parser.error("--processor-time needs one thread: set OMP_NUM_THREADS=1")
    if not options.json:
        print(", ".join(f"{key} {value}" for key, value in machine.items()), flush=True)
    records = []
    for record in module.run(options):
        records.append(record)
        # With --json the progress goes where it does not disturb.
        print(record, file=sys.stderr if options.json else sys.stdout, flush=True)
    settings = {key: value for key, value in vars(options).items() if key not in ("json", "keep")}
    run = as_run(settings, machine, records)
    if options.json:
        print(json.dumps({"benchmark": name, **run}, indent=1))
    if options.keep:
        print(keep(name, run), file=sys.stderr)
    return 0


def describe_machine() -> dict[str, object]:
    """Return what a reader of the numbers needs to know."""
    import torch

    from cnnhistory.zoo.provenance import processor, processor_model

    return {
        "date": datetime.now(timezone.utc).date().isoformat(),
        "processor": processor(),
        "model": processor_model(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }


if __name__ == "__main__":
    sys.exit(main())
