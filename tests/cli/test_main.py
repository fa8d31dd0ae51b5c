import subprocess
import sys

import pytest

from cnnhistory.cli import main


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show", "lenet"], "did you mean"),
        (["claims", "lenet5.c99"], "did you mean"),
        (["systems", "zzz*"], "no system matches"),
        (["fit", "lenet6"], "did you mean"),
        (["data", "fetch"], "--all"),
        (["data", "fetch", "digit"], "digits"),
        (["record", "lenet5_mnst"], "did you mean 'lenet5_mnist'"),
    ],
)
def test_mistakes_are_one_line(arguments, message, capsys):
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("cnnhistory: ")
    assert len(captured.err.splitlines()) == 1
    assert message in captured.err


def test_pipe_that_closes_early():
    command = f"{sys.executable} -m cnnhistory systems | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert done.stdout.startswith("lenet1989")
    assert "Traceback" not in done.stderr
