import os
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
        (["show", "a\x1b[2J\nb"], "unknown system"),
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


@pytest.mark.parametrize(
    "arguments", [[], ["nope"], ["show"], ["systems", "--nope"], ["record", "x", "--seeds", "a"]]
)
def test_arguments_that_make_no_sense_are_one_line(arguments, capsys):
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("cnnhistory: ")
    assert len(captured.err.splitlines()) == 1


def test_a_terminal_without_letters_gets_escapes():
    command = [sys.executable, "-m", "cnnhistory", "claims", "lenet5"]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert "lenet5.c1" in done.stdout


def test_interrupted_commands_end_with_130(capsys, monkeypatch):
    def stop(options):
        raise KeyboardInterrupt

    monkeypatch.setattr("cnnhistory.cli.look.systems", stop)
    assert main(["systems"]) == 130
    assert capsys.readouterr().err == "cnnhistory: stopped by SIGINT\n"


def test_defects_keep_their_traceback(monkeypatch):
    def broken(options):
        raise TypeError("a defect")

    monkeypatch.setattr("cnnhistory.cli.look.systems", broken)
    with pytest.raises(TypeError, match="a defect"):
        main(["systems"])
