"""The command `cnnhistory`: look up systems and claims, train, fetch data, record runs."""

import argparse
import io
import sys
from collections.abc import Callable, Sequence

from cnnhistory import __version__


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0, or 2 for a request that makes no sense.

    What a user got wrong is one line on the standard error; only a defect shows a traceback.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):  # an output without UTF-8 shows escapes instead
        sys.stdout.reconfigure(errors="backslashreplace")
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == ["fit"]:
        # `fit` has options of its own, made by LightningCLI from the code: hand them on unseen.
        from cnnhistory.cli.fit import run_fit

        return _guarded(lambda: run_fit(arguments[1:]))
    options = _parser().parse_args(arguments)
    return _guarded(lambda: options.run(options))


def _guarded(run: Callable[[], int | None]) -> int:
    from cnnhistory.data.fetch import FetchError

    try:
        return run() or 0
    except BrokenPipeError:  # the reader of a pipe, such as head, has seen enough
        sys.stderr.close()
        return 141
    except (ValueError, LookupError, OSError, FetchError) as error:
        text = error.args[0] if isinstance(error, KeyError) and error.args else error
        print(f"cnnhistory: {text}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    from cnnhistory.cli import compress, look
    from cnnhistory.cli import data as data_sets
    from cnnhistory.cli.record import record as make_record

    parser = argparse.ArgumentParser(
        prog="cnnhistory", description="The runnable history of convolutional networks."
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    systems = commands.add_parser("systems", help="list the systems of the survey")
    systems.add_argument("glob", nargs="?", default="*", help="shell pattern of ids")
    systems.add_argument("--json", action="store_true", help="print JSON")
    systems.set_defaults(run=look.systems)

    show = commands.add_parser("show", help="show one system: paper, figures, models")
    show.add_argument("id")
    show.set_defaults(run=look.show)

    claims = commands.add_parser("claims", help="what the survey says, checked")
    claims.add_argument("id", nargs="?", help="a system or a statement; default: all")
    claims.add_argument("--wrong", action="store_true", help="only what is wrong")
    claims.add_argument("--json", action="store_true", help="print JSON")
    claims.set_defaults(run=look.claims)

    fit = commands.add_parser("fit", help="train a model: cnnhistory fit lenet5 [--help]")
    fit.add_argument("model")

    data = commands.add_parser("data", help="fetch data sets ahead of time")
    actions = data.add_subparsers(required=True, metavar="ACTION")
    fetch = actions.add_parser("fetch", help="fetch and verify")
    fetch.add_argument("name", nargs="*", help="data sets by name")
    fetch.add_argument("--all", action="store_true", help="everything that small mode needs")
    fetch.set_defaults(run=data_sets.fetch)
    listing = actions.add_parser("list", help="list what can be fetched")
    listing.set_defaults(run=data_sets.list_data)

    record = commands.add_parser("record", help="make a recorded run of the zoo again")
    record.add_argument("ids", nargs="+", metavar="ID")
    record.add_argument("--directory", default="runs", help="checkpoints (default: runs)")
    record.add_argument("--output", help="where the record goes (default: the package's zoo)")
    record.add_argument("--seeds", type=int, nargs="*", help="only these seeds")
    record.add_argument(
        "--resume",
        action="store_true",
        help="go on with an interrupted run; seeds that are recorded with their files are kept",
    )
    record.set_defaults(run=make_record)

    squeeze = commands.add_parser("compress", help="write weights as a .cnnz file")
    squeeze.add_argument("model", help="a recorded run, or a model with --weights")
    squeeze.add_argument("--weights", help="a .safetensors file of the model's state")
    squeeze.add_argument("--settings", default="{}", help="keywords of the model's builder, JSON")
    squeeze.add_argument("-o", "--output", required=True, help="the .cnnz file")
    squeeze.add_argument("--density", type=float, help="prune each layer to this part first")
    for kind, bits in (("conv", 8), ("dense", 5)):
        for what, meaning in (("", "a weight"), ("-index", "a gap between weights")):
            squeeze.add_argument(
                f"--{kind}{what}-bits", type=int, default=bits, help=f"of {meaning} ({bits})"
            )
    squeeze.set_defaults(run=compress.compress)
    expand = commands.add_parser("decompress", help="turn a .cnnz file into .safetensors")
    expand.add_argument("file")
    expand.add_argument("-o", "--output", required=True, help="the .safetensors file")
    expand.set_defaults(run=compress.decompress)
    return parser
