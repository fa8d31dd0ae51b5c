"""The command that makes recorded runs."""

import argparse


def record(options: argparse.Namespace) -> None:
    """Make recorded runs, one after another."""
    from cnnhistory.zoo.recipes import recipe
    from cnnhistory.zoo.recording import record_run

    for id in options.ids:  # an unknown id is refused before the first run starts
        recipe(id)
    for id in options.ids:
        path = record_run(
            id,
            seeds=options.seeds,
            directory=options.directory,
            output=options.output,
            resume=options.resume,
            say=lambda line: print(line, flush=True),
        )
        print(path)
