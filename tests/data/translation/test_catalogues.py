import io

import pytest

from cnnhistory.data.files.cache import DataFileError
from cnnhistory.data.translation.catalogues import CATALOGUES, fits, read_catalogue

pytest.importorskip("babel")

PO = """\
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\n"

msgid "Save the file"
msgstr "Enregistrer\u00a0le fichier\u2026"

#, fuzzy
msgid "Close the door"
msgstr "Ouvrir la porte"

msgid "Not translated"
msgstr ""

msgid "One file"
msgid_plural "Many files"
msgstr[0] "Un fichier"
msgstr[1] "Des fichiers"
"""
EXPECTED = [("Save the file", "Enregistrer le fichier..."), ("One file", "Un fichier")]


def test_a_catalogue_as_text(tmp_path):
    path = tmp_path / "django.po"
    path.write_text(PO, encoding="utf-8")
    assert read_catalogue(path) == EXPECTED


def test_a_compiled_catalogue(tmp_path):
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    path = tmp_path / "messages.mo"
    with path.open("wb") as file:
        write_mo(file, read_po(io.BytesIO(PO.encode())))
    assert sorted(read_catalogue(path)) == sorted(EXPECTED)


def test_a_damaged_catalogue(tmp_path):
    path = tmp_path / "messages.mo"
    path.write_bytes(b"no catalogue")
    with pytest.raises(DataFileError, match=r"^messages\.mo: expected a message catalogue, got"):
        read_catalogue(path)
    with pytest.raises(FileNotFoundError):
        read_catalogue(tmp_path / "missing.mo")


@pytest.mark.parametrize(
    ("source", "target", "kept"),
    [
        ("Save the file", "Enregistrer le fichier", True),
        ("Save", "Enregistrer", False),  # a word is no sentence
        ("Save as", "Enregistrer le fichier sous un nom", False),  # two words against six
        ("Copy %s files", "Copier %s fichiers", False),
        ("See http://a.b c", "Voir http://a.b c", False),
        ("Open <b>now</b>", "Ouvrir <b>ici</b>", False),
        ("OK then", "OK then", False),
        ("word " * 21, "mot " * 21, False),
    ],
)
def test_what_counts_as_a_sentence(source, target, kept):
    assert fits(source, target) is kept


def test_the_catalogues_of_a_program_lie_in_one_folder():
    for files in CATALOGUES.values():
        assert len({file.path.parent for file in files}) == 1
        assert len({file.archive for file in files}) == 1
