from cnnhistory.cli import main


def test_data_list_and_fetch(capsys):
    main(["data", "list"])
    assert "digits" in capsys.readouterr().out
    assert main(["data", "fetch", "digits"]) == 0
    assert "digits: " in capsys.readouterr().out
