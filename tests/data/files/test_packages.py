import hashlib
import io
import os
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from cnnhistory.data.fetch import FetchError
from cnnhistory.data.files import index as index_module
from cnnhistory.data.files.packages import Archive, PackageFile, package_file, package_files

DATA = bytes(range(256)) * 40
SHA256 = hashlib.sha256(DATA).hexdigest()
WHEEL_NAME = "tinydata-1.0-py3-none-any.whl"
SDIST_NAME = "tinydata-1.0.tar.gz"
METADATA = "Metadata-Version: 2.1\nName: tinydata\nVersion: 1.0\n"
# What a hostile sdist would do if anybody built it, by either of the two ways.
WRITES = "import os, pathlib; pathlib.Path(os.environ['PROOF']).write_text('it ran')\n"
BACKEND = (
    WRITES
    + f"""
def prepare_metadata_for_build_wheel(folder, config_settings=None):
    info = pathlib.Path(folder, "tinydata-1.0.dist-info")
    info.mkdir()
    (info / "METADATA").write_text({METADATA!r})
    return info.name
"""
)


def files_below(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if not p.is_dir())


def tar_bytes(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


@pytest.fixture
def links(tmp_path, monkeypatch) -> Path:
    """A folder with a wheel and a hostile sdist of the package tinydata, and pip sent there."""
    folder = tmp_path / "links"
    folder.mkdir()
    with zipfile.ZipFile(folder / WHEEL_NAME, "w") as wheel:
        wheel.writestr("tinydata/numbers.bin", DATA)
        wheel.writestr("tinydata/more.bin", DATA[::-1])
        wheel.writestr("tinydata-1.0.dist-info/METADATA", METADATA)
    sdist = {
        "PKG-INFO": METADATA.encode(),
        "setup.py": WRITES.encode(),
        "backend.py": BACKEND.encode(),
        "pyproject.toml": b"[build-system]\nrequires = []\n"
        b"build-backend = 'backend'\nbackend-path = ['.']\n",
        "extra/plain.bin": DATA,
        "extra/archive.tar.gz": tar_bytes({"deep/numbers.bin": DATA}),
    }
    packed = tar_bytes({f"tinydata-1.0/{name}": data for name, data in sdist.items()})
    (folder / SDIST_NAME).write_bytes(packed)
    monkeypatch.setenv("PROOF", str(tmp_path / "proof"))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_CERT"):
        monkeypatch.delenv(name, raising=False)
    return folder


def archive(folder: Path, name: str) -> Archive:
    content = (folder / name).read_bytes()
    return Archive(
        package="tinydata",
        version="1.0",
        file=name,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        license="MIT",
    )


@pytest.fixture
def wheel(links) -> PackageFile:
    return PackageFile(
        archive=archive(links, WHEEL_NAME),
        member="tinydata/numbers.bin",
        size=len(DATA),
        sha256=SHA256,
    )


@pytest.fixture
def sdist(links, wheel) -> PackageFile:
    return replace(
        wheel,
        archive=archive(links, SDIST_NAME),
        member="extra/archive.tar.gz",
        nested="deep/numbers.bin",
    )


def no_pip(*args: object, **kwargs: object) -> None:
    raise AssertionError("pip was asked again")


def test_a_file_of_a_wheel(wheel, clean_environment, monkeypatch):
    path = package_file(wheel)
    assert path == clean_environment / "tinydata-1.0" / "tinydata" / "numbers.bin"
    assert path.read_bytes() == DATA
    assert files_below(clean_environment) == ["tinydata-1.0/tinydata/numbers.bin"]
    assert "tinydata" not in sys.modules
    monkeypatch.setattr(subprocess, "run", no_pip)
    assert package_file(wheel) == path
    path.write_bytes(DATA[:-1])
    with (
        pytest.warns(UserWarning, match="is damaged"),
        pytest.raises(AssertionError, match="asked again"),
    ):
        package_file(wheel)


def test_nothing_of_an_sdist_runs(sdist, clean_environment, tmp_path):
    path = package_file(sdist)
    assert path.read_bytes() == DATA
    inside = clean_environment / "tinydata-1.0"
    assert path == inside / "extra" / "archive.tar.gz" / "deep" / "numbers.bin"
    plain = replace(sdist, member="extra/plain.bin", nested=None)
    assert package_file(plain).read_bytes() == DATA
    assert len(files_below(clean_environment)) == 2
    assert not (tmp_path / "proof").exists()


def test_the_hostile_sdist_would_run_if_it_were_downloaded_with_pip(links, tmp_path):
    command = [sys.executable, "-m", "pip", "download", "tinydata==1.0", "--no-deps", "--quiet"]
    command += ["--no-binary=tinydata", "--no-build-isolation", f"--dest={tmp_path / 'there'}"]
    subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert (tmp_path / "proof").read_text() == "it ran"


def test_an_sdist_that_was_exchanged(links, sdist, clean_environment, tmp_path):
    content = bytearray((links / SDIST_NAME).read_bytes())
    content[-1] ^= 1
    (links / SDIST_NAME).write_bytes(content)
    with pytest.raises(FetchError, match="hash: expected sha256:"):
        package_file(sdist)
    (links / SDIST_NAME).write_bytes(tar_bytes({"tinydata-1.0/setup.py": WRITES.encode()}))
    with pytest.raises(FetchError, match=r"size: expected [0-9,]+ bytes, got"):
        package_file(sdist)
    assert files_below(clean_environment) == []
    assert not (tmp_path / "proof").exists()


def test_files_of_one_archive_are_one_download(links, wheel, server, monkeypatch):
    server.files["/simple/tinydata/"] = f'<a href="/f/{WHEEL_NAME}#sha256=0">w</a>'.encode()
    server.files[f"/f/{WHEEL_NAME}"] = (links / WHEEL_NAME).read_bytes()
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_INDEX_URL", server.url + "simple")
    more = replace(wheel, member="tinydata/more.bin", sha256=hashlib.sha256(DATA[::-1]).hexdigest())
    first, second = package_files([wheel, more])
    assert first.read_bytes() == second.read_bytes()[::-1] == DATA
    assert server.asked == ["/simple/tinydata/", f"/f/{WHEEL_NAME}"]
    assert files_below(first.parent.parent) == ["tinydata/more.bin", "tinydata/numbers.bin"]


def test_a_simple_index_in_a_folder(links, wheel, tmp_path, monkeypatch):
    page = tmp_path / "simple" / "tinydata"
    page.mkdir(parents=True)
    (page / "index.html").write_text(f'<a href="../../links/{WHEEL_NAME}">{WHEEL_NAME}</a>')
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")  # nothing listens there
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", (tmp_path / "simple").as_uri())
    assert package_file(wheel).read_bytes() == DATA


def test_an_interrupted_archive_is_gone_on_with(
    links, wheel, server, clean_environment, monkeypatch
):
    content = (links / WHEEL_NAME).read_bytes()
    server.files["/page"] = f'<a href="{WHEEL_NAME}">w</a>'.encode()
    server.files[f"/{WHEEL_NAME}"] = content
    monkeypatch.setenv("PIP_FIND_LINKS", server.url + "page")
    part = clean_environment / "tinydata-1.0" / f".{WHEEL_NAME}.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(content[:5000])
    assert package_file(wheel).read_bytes() == DATA
    assert server.starts == [0, 5000]
    assert not part.exists()


def test_a_page_of_another_machine_names_no_files_of_this_one(links, wheel, server, monkeypatch):
    target = (links / WHEEL_NAME).as_uri()
    server.files["/page"] = f'<a href="{target}">w</a>'.encode()
    monkeypatch.setenv("PIP_FIND_LINKS", server.url + "page")
    with pytest.raises(FetchError, match=f"it has no {WHEEL_NAME}"):
        package_file(wheel)


def test_a_cache_that_cannot_be_written(wheel, monkeypatch, tmp_path):
    monkeypatch.setattr(subprocess, "run", no_pip)
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("CNNHISTORY_CACHE", str(tmp_path / "file"))
    with pytest.raises(FetchError, match=r"numbers.bin cannot be used .*Set CNNHISTORY_CACHE"):
        package_file(wheel)


def test_without_the_package(links, wheel, clean_environment):
    (links / WHEEL_NAME).unlink()
    with pytest.raises(FetchError) as caught:
        package_file(wheel)
    message = str(caught.value)
    assert message.startswith(
        f"no package index that pip is configured to use gave {WHEEL_NAME}:\n  file://"
    )
    assert f"take tinydata/numbers.bin out of {WHEEL_NAME} of tinydata==1.0" in message
    assert f"save it as {clean_environment / 'tinydata-1.0' / 'tinydata/numbers.bin'}" in message
    assert "`cnnhistory data fetch --all`" in message
    assert files_below(clean_environment) == []


def test_without_a_network(wheel, clean_environment, monkeypatch):
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_INDEX_URL", "http://me:secret@127.0.0.1:9/simple")
    with pytest.raises(FetchError, match=r"gave tinydata.*\n  http://\*\*\*@127.0.0.1:9/simple/"):
        package_file(wheel)
    assert files_below(clean_environment) == []


def test_without_pip(wheel, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(FetchError, match="pip could not be asked for its package index"):
        package_file(wheel)
    monkeypatch.setattr(sys, "executable", "/nowhere")
    with pytest.raises(FetchError, match="pip could not be asked for its package index"):
        package_file(wheel)


def test_a_file_that_differs(wheel, sdist, clean_environment):
    for wanted, message in (
        (replace(wheel, sha256="0" * 64), f"expected sha256:0000.*, got sha256:{SHA256}"),
        (replace(wheel, size=5), r"numbers.bin in tinydata-.*: expected 5 bytes, got 10,240"),
        (replace(wheel, member="tinydata/none"), "tinydata-1.0-py3-.* has no file tinydata/none"),
        (replace(sdist, nested="none"), r"extra/archive.tar.gz has no file none"),
        (replace(sdist, member="extra/plain.bin"), "is not a complete zip or tar archive"),
    ):
        with pytest.raises(FetchError, match=message):
            package_file(wanted)
    assert files_below(clean_environment) == []


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"member": "../x"}, "member: expected a relative path"),
        ({"nested": "/x"}, "nested: expected a relative path"),
        ({"sha256": "abc"}, "sha256: expected 'md5:' and 32"),
        ({"size": -1}, "size: expected an integer of at least 0"),
    ],
)
def test_a_package_file_is_checked(wheel, wrong, message):
    with pytest.raises(ValueError, match=message):
        replace(wheel, **wrong)


def test_an_archive_is_checked(wheel):
    for wrong, message in (
        ({"file": "tinydata.egg"}, "file: expected a name that ends in .whl"),
        ({"package": "../x"}, "package: expected a relative path"),
        ({"size": 0}, "size: expected an integer of at least 1"),
    ):
        with pytest.raises(ValueError, match=message):
            replace(wheel.archive, **wrong)


def test_the_default_index_is_what_pip_says(monkeypatch):
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX"):
        monkeypatch.delenv(name, raising=False)
    from pip._internal.models.index import PyPI

    assert index_module.pip_settings()["index-url"] == [PyPI.simple_url]
    monkeypatch.setenv("PIP_INDEX_URL", "https://index.example/simple")
    monkeypatch.setenv("PIP_FIND_LINKS", "/a https://b.example/c")
    settings = index_module.pip_settings()
    assert settings["index-url"] == ["https://index.example/simple"]
    assert settings["find-links"] == ["/a", "https://b.example/c"]
    assert index_module._pages("A.b_C", settings) == [
        "file:///a",
        "https://index.example/simple/a-b-c/",
        "https://b.example/c",
    ]


def test_credentials_stay_with_their_host():
    page = b'<a href="/f/x.whl">x</a><a href="https://other.example/x.whl">x</a><a href="y">y</a>'
    links = index_module._links(page, "https://me:pw@index.example/simple/x/", "x.whl")
    assert links == ["https://me:pw@index.example/f/x.whl", "https://other.example/x.whl"]


def test_pip_is_never_asked_to_download(sdist, monkeypatch):
    asked = []
    real = subprocess.run

    def run(command, **kwargs):
        asked.append(command[3:])
        return real(command, **kwargs)

    monkeypatch.setattr(subprocess, "run", run)
    package_file(sdist)
    assert [command[:2] for command in asked] == [["config", "list"], ["download", "--help"]]
