"""`python -m benchmarks NAME [--json]`."""

import argparse
import importlib
import json
import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timezone

# name -> what it compares; each is a module here with `add_arguments` and `run`
BENCHMARKS = {"networks": "our networks with torchvision's"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one benchmark."""
    arguments = sys.argv[1:] if arguments is None else arguments
    known = "\n".join(f"  {name:10} {text}" for name, text in BENCHMARKS.items())
    first = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=f"benchmarks:\n{known}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="python -m benchmarks NAME [--json] [--repeat N] [options of NAME]",
    )
    first.add_argument("name", choices=BENCHMARKS, metavar="NAME")
    name = first.parse_args(arguments[:1]).name

    module = importlib.import_module(f"benchmarks.{name}")
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks {name}")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--repeat", type=int, default=15, help="timed runs of each (15)")
    module.add_arguments(parser)
    options = parser.parse_args(arguments[1:])

    machine = describe_machine()
    if not options.json:
        print(", ".join(f"{key} {value}" for key, value in machine.items()), flush=True)
    records = []
    for record in module.run(options):
        records.append(record)
        # With --json the progress goes where it does not disturb.
        print(record, file=sys.stderr if options.json else sys.stdout, flush=True)
    if options.json:
        settings = {key: value for key, value in vars(options).items() if key != "json"}
        print(
            json.dumps(
                {
                    "benchmark": name,
                    "settings": settings,
                    "machine": machine,
                    "records": [asdict(record) for record in records],
                },
                indent=1,
            )
        )
    return 0


def describe_machine() -> dict[str, object]:
    """Return what a reader of the numbers needs to know."""
    import torch

    from cnnhistory.cli.make import processor

    return {
        "date": datetime.now(timezone.utc).date().isoformat(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }


if __name__ == "__main__":
    sys.exit(main())
