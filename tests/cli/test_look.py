import json

import cnnhistory
from cnnhistory.cli import main


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
