"""Commands that show what the package knows."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import cnnhistory
from cnnhistory.cli import main

ROOT = Path(__file__).resolve().parents[2]
PLAIN = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        (["show", "self_augmented_svbrdf"], "planned"),
        (["show", "dense_crf"], r"Kr\xe4henb\xfchl"),
        (["claims", "lenet5.c2"], r"28\xd728"),
        (["claims", "lenet5.c2", "--json"], r"28\u00d728"),
        (["systems", "lenet*"], "LeNet-5"),
        (["fit", "no_such_model"], ""),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_an_output_without_utf8(command, shown):
    done = subprocess.run(
        [sys.executable, "-m", "cnnhistory", *command],
        capture_output=True,
        env=os.environ | PLAIN,
        check=False,
    )
    assert done.returncode == (2 if command[0] == "fit" else 0), done.stderr
    assert shown in done.stdout.decode("ascii")
    assert b"UnicodeEncodeError" not in done.stderr
    if "--json" in command:
        assert "28×28" in json.loads(done.stdout)[0]["computed"]


def test_show_names_the_model_and_a_readable_number(capsys):
    main(["show", "resnet"])
    shown = capsys.readouterr().out
    assert "  resnet18: 1.8 billion multiply-adds (Table 1)" in shown
    assert "  resnet1202: 19.4 million parameters (Table 6)" in shown
    assert "CIFAR-10 test error, resnet20: 8.75 % (Table 6)" in shown
    assert "code: cnnhistory.models.resnet" in shown
    assert "statements: 7, see `cnnhistory claims resnet`" in shown
    main(["show", "lenet1989"])
    shown = capsys.readouterr().out
    assert "  lenet1989: 9,760 parameters (Section 3.3)" in shown
    assert "test error on zip codes, lenet1989: 5.0 % (Section 5)" in shown


def test_show_leads_to_the_object_of_what_is_no_network(capsys):
    main(["show", "lrn"])
    assert "code: cnnhistory.nn.norm.LocalResponseNorm" in capsys.readouterr().out


def test_systems_lists_all(capsys):
    assert main(["systems"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 142
    assert any(line.split()[:3] == ["lenet5", "1998", "built"] for line in lines)


def test_systems_json(capsys):
    main(["systems", "lenet*", "--json"])
    records = json.loads(capsys.readouterr().out)
    assert [r["id"] for r in records] == cnnhistory.list_systems("lenet*")
    assert records[-1]["paper"] == "lecun1998gradient"


def test_show(capsys):
    main(["show", "lenet5"])
    out = capsys.readouterr().out
    assert "Gradient-Based Learning Applied to Document Recognition" in out
    assert "340,908 connections" in out
    assert "lenet5_modern" in out


def test_claims(capsys):
    main(["claims", "lenet5", "--wrong"])
    out = capsys.readouterr().out
    assert "lenet5.c1" in out
    assert "84" in out
    assert "lenet5.c2" not in out
    main(["claims", "lenet5.c2", "--json"])
    (record,) = json.loads(capsys.readouterr().out)
    assert record["verdict"] == "correct"


TOOLBOX = "layers", "pooling", "activations", "losses", "normalization", "optimizers"
PARTS = [s.id for s in map(cnnhistory.system, cnnhistory.list_systems()) if s.era in TOOLBOX]


@pytest.mark.parametrize("id", PARTS)
def test_every_part_of_the_toolbox_leads_to_code_chapter_and_paper(id, capsys):
    main(["show", id])
    lines = capsys.readouterr().out.splitlines()
    found = {key: value for key, _, value in (line.strip().partition(": ") for line in lines)}
    assert cnnhistory.system(id).paper in lines[1]
    where = found["code"].removeprefix("cnnhistory.")
    modules = [where, where.rpartition(".")[0]]
    assert any((ROOT / "cnnhistory" / f"{m.replace('.', '/')}.py").is_file() for m in modules)
    assert (ROOT / found["chapter"]).is_file()
