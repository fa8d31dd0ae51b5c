"""The command `cnnhistory`: look up systems and claims, train, fetch data, record runs."""

import argparse
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn

from cnnhistory import __version__
from cnnhistory._util.html import printable


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, like those of the commands."""

    def error(self, message: str) -> NoReturn:
        """Print what is wrong and where help is, and exit with 2."""
        self.exit(2, f"cnnhistory: {_line(message)}; {self.prog} --help says what there is\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status.

    That is 0, 2 for a request that makes no sense, 130 after Ctrl-C and 143 after SIGTERM. What a
    user got wrong is one line on the standard error; only a defect shows a traceback.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a terminal that knows no such letters shows escapes
            stream.reconfigure(errors="backslashreplace")
    with _plain_warnings():
        if arguments[:1] == ["fit"]:
            # `fit` has options of its own, made by LightningCLI from the code: hand them on unseen.
            return _guarded(lambda: _fit(arguments[1:]))
        return _guarded(lambda: _command(arguments))


def _command(arguments: Sequence[str]) -> int | None:
    options = _parser().parse_args(arguments)
    status: int | None = options.run(options)
    return status


def _fit(arguments: Sequence[str]) -> int:
    from cnnhistory.cli.fit import run_fit

    return run_fit(arguments)


def _guarded(run: Callable[[], int | None]) -> int:
    try:
        return run() or 0
    except BrokenPipeError:  # the reader of a pipe, such as head, has seen enough
        sys.stderr.close()
        return 141
    except KeyboardInterrupt as stop:
        print(f"cnnhistory: {_line(stop) or 'stopped by SIGINT'}", file=sys.stderr)
        return getattr(stop, "status", 130)
    except Exception as error:
        if not _by_the_user(error):
            raise
        print(f"cnnhistory: {_line(error)}", file=sys.stderr)
        return 2


def _by_the_user(error: Exception) -> bool:
    """Return whether an error is about what was asked for, no defect of the program."""
    from cnnhistory.data.fetch import FetchError

    if isinstance(error, TypeError):  # a setting that a builder does not have
        return str(error).startswith("create_model(")
    # A warning is raised only where the user wants warnings to be errors.
    return isinstance(error, ValueError | LookupError | OSError | FetchError | Warning)


def _line(error: BaseException | str) -> str:
    """Return a message as one line that cannot steer a terminal."""
    if isinstance(error, KeyError) and error.args:  # its text is the repr of the message
        error = str(error.args[0])
    return printable(" ".join(str(error).split()))


@contextmanager
def _plain_warnings() -> Iterator[None]:
    """Show warnings as one line while the body runs, without the place in the source."""
    before = warnings.formatwarning
    warnings.formatwarning = lambda message, *_: f"cnnhistory: {_line(str(message))}\n"
    try:
        yield
    finally:
        warnings.formatwarning = before


def _parser() -> argparse.ArgumentParser:
    from cnnhistory.cli import compress, export, look, translate
    from cnnhistory.cli import data as data_sets
    from cnnhistory.cli.record import record as make_record

    parser = Parser(
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

    words = commands.add_parser("translate", help="translate English sentences")
    words.add_argument("model", help="a recorded run, a folder that `fit` wrote, or its model")
    words.add_argument("sentence", nargs="*", help="default: the lines of the standard input")
    words.add_argument("--beam", type=int, default=5, help="beginnings that are kept (5)")
    words.set_defaults(run=translate.translate)

    browser = commands.add_parser("export", help="write a network that runs in a browser")
    browser.add_argument("model", help="what is exported")
    browser.add_argument("--weights", required=True, metavar="ID", help="a recorded run of it")
    browser.add_argument("--seed", type=int, help="of that run (default: the first with weights)")
    browser.add_argument("-o", "--output", required=True, help="the folder; ID.json and ID.bin")
    browser.set_defaults(run=export.export)
    return parser
