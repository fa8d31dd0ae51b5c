"""English sentences of programs and their French translations, out of message catalogues.

A catalogue (.po as text, .mo as the compiled form of GNU gettext) has one entry for each message of
a program: the original, and what is shown in its place in another language.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from cnnhistory.data.files.cache import DataFileError
from cnnhistory.data.files.packages import Archive, PackageFile, package_files
from cnnhistory.data.translation.pairs import Pair, plain

MISSING = "{name} needs the package {name}: pip install 'cnnhistory[nlp]'"
WORDS = 2, 20  # of a sentence, the least and the most
RATIO = 2.5  # how many times as many words one side may have

_INDICO = Archive(
    package="indico",
    version="3.2.9",
    file="indico-3.2.9-py3-none-any.whl",
    size=30_004_029,
    sha256="194d2e31ccaabd2b9af7809e67d60d942faee35a6b4de36f0c2c280a32ed84c3",
    license="MIT",
)
_HORIZON = Archive(
    package="horizon",
    version="27.0.0",
    file="horizon-27.0.0-py3-none-any.whl",
    size=5_297_721,
    sha256="8a981dae4fb6626e71553aa185f6e429b0b1efb86b04b0a72c3b18ee04f1f990",
    license="Apache-2.0",
)
_JUPYTERLAB = Archive(
    package="jupyterlab-language-pack-fr-FR",
    version="4.5.post3",
    file="jupyterlab_language_pack_fr_fr-4.5.post3-py2.py3-none-any.whl",
    size=222_292,
    sha256="9f6ce9d4e64b367ff084a2313af29d6ad8a02d1d08000f3e6c53e2856fa9a11f",
    license="BSD 3-Clause",
)
_SPYDER = Archive(
    package="spyder",
    version="6.1.8",
    file="spyder-6.1.8-py3-none-any.whl",
    size=14_481_595,
    sha256="4da836742a7138c93392a8a0bd1a5ff40002cf92d217ef0e7bed11b522322f90",
    license="MIT",
)
_FOLDERS = {
    "indico": (_INDICO, "indico/translations/fr_FR/LC_MESSAGES"),
    "horizon": (_HORIZON, "openstack_dashboard/locale/fr/LC_MESSAGES"),
    "jupyterlab": (_JUPYTERLAB, "jupyterlab_language_pack_fr_FR/locale/fr_FR/LC_MESSAGES"),
    "spyder": (_SPYDER, "spyder/locale/fr/LC_MESSAGES"),
}
_FILES = (
    ("indico", "messages.mo", 436_948,
     "8c62705b7b3065082c3cabffee189d247b47a9ce0789859e3c56f296470ee954"),
    ("indico", "messages-react.po", 232_765,
     "940389aea610cb7806389979e9d2d02535cf62aeeebc9fe4f249378a07477fc9"),
    ("horizon", "django.po", 236_708,
     "966e94e9ac8eb3f15d3e9a62d9b8e225007ba1da75c523197bfd13ff8952dbfe"),
    ("horizon", "djangojs.po", 103_379,
     "d15e65fd5956c58a44d0c87372db798246a54a6b7b5346de61ef4978f9257c62"),
    ("jupyterlab", "jupyterlab.mo", 193_722,
     "6dac9c31fb712d07e53835165a8c3e5de767d955191eae8fa5647469b489f852"),
    ("jupyterlab", "jupyterlab_git.mo", 48_130,
     "907317987341c70aa99486bd3f71edc65ec06690f5cf0e653b7f400dabb452e2"),
    ("jupyterlab", "jupyterlab_lsp.mo", 33_996,
     "66c04fb7864cbfa1680431cae2bdbad1b0aeb92b7d97680f1264f78143c56557"),
    ("spyder", "spyder.mo", 224_631,
     "e0501b64f9639b3a71d133f831911a3c36bb47ffc7584432df0841a2b53bcba1"),
)  # fmt: skip

CATALOGUES: dict[str, tuple[PackageFile, ...]] = {
    program: tuple(
        PackageFile(archive=archive, member=f"{folder}/{name}", size=size, sha256=sha256)
        for owner, name, size, sha256 in _FILES
        if owner == program
    )
    for program, (archive, folder) in _FOLDERS.items()
}

# Markup, placeholders, short cuts and code: what stands in messages and in no sentence.
_NO_SENTENCE = re.compile(r"[{}<>%|\\_=&#@\[\]$^~`*]|\(s\)|://|\.\.\.\.")


def catalogue_folder(program: str) -> Path:
    """Return the folder with the catalogues of a program, fetched where they were not there.

    Raises:
        FetchError: they could not be had.
    """
    return package_files(CATALOGUES[program])[0].parent


def message_pairs() -> list[Pair]:
    """Return the sentences of all programs with their translations, some of them repeatedly.

    Raises:
        FetchError: a catalogue could not be had, or is damaged.
        ModuleNotFoundError: babel is not installed.
    """
    files = [file for program in CATALOGUES.values() for file in program]
    return [pair for path in package_files(files) for pair in read_catalogue(path) if fits(*pair)]


def read_catalogue(path: Path) -> list[Pair]:
    """Return the messages of a catalogue with their translations, made plain.

    Of a message with a plural both first forms are taken. What is not translated, or marked as
    doubtful ("fuzzy"), is left out.

    Raises:
        DataFileError: it is no catalogue.
        FileNotFoundError: there is no such file.
        ModuleNotFoundError: babel is not installed.
    """
    try:
        from babel.messages.mofile import read_mo
        from babel.messages.pofile import read_po
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(MISSING.format(name="babel")) from error
    try:
        with path.open("rb") as file:
            read: Any = read_mo if path.suffix == ".mo" else read_po
            entries = list(read(file))
    except FileNotFoundError:
        raise
    except Exception as error:  # the readers of babel have no list of what they raise
        raise DataFileError(f"{path.name}: expected a message catalogue, got {error}") from error
    found = []
    for entry in entries:
        source, target = (
            form if isinstance(form, str) else (form or ("",))[0]
            for form in (entry.id, entry.string)
        )
        if source and target and not entry.fuzzy:
            found.append((plain(source), plain(target)))
    return found


def fits(source: str, target: str) -> bool:
    """Whether a message is a sentence that was translated.

    Both sides have 2 to 20 words, neither more than two and a half times as many as the other;
    they differ, and have no markup or placeholder.

    >>> fits("Save the file", "Enregistrer le fichier"), fits("Save {name} now", "Sauver {name}")
    (True, False)
    """
    counts = len(source.split()), len(target.split())
    return (
        source != target
        and WORDS[0] <= min(counts)
        and max(counts) <= WORDS[1]
        and max(counts) < RATIO * min(counts)
        and not _NO_SENTENCE.search(source)
        and not _NO_SENTENCE.search(target)
    )
