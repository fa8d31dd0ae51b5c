"""The lists of dependencies agree, and what is built from the checkout is complete."""

import re
import subprocess
import sys
import tarfile
import zipfile
import zlib
from email.parser import Parser
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

LARGEST_WHEEL = 40_000_000  # bytes
ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
TEXT_FILES = [
    *ROOT.glob("*.*"),
    ROOT / "Makefile",
    ROOT / ".ci" / "run",
    *ROOT.glob("book/**/*.md"),
    *ROOT.glob("book/**/*.py"),
    *ROOT.glob("book/**/*.ipynb"),
    *ROOT.glob("cnnhistory/**/*.py"),
    *ROOT.glob("tests/**/*.py"),
]


def direct_dependencies() -> list[Requirement]:
    lists = [PROJECT["dependencies"], *EXTRAS.values()]
    return [Requirement(line) for group in lists for line in group]


def pins(text: str) -> dict[str, Version]:
    """Read `name==version` lines; anything else but comments is refused."""
    found = {}
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        match = re.fullmatch(r"([\w.-]+)==([\w.!]+)", line)
        if match is None:
            raise ValueError(f"constraints: expected name==version, got {line!r}")
        found[canonicalize_name(match[1])] = Version(match[2])
    return found


def unpinned(dependencies: list[Requirement], pinned: dict[str, Version]) -> list[str]:
    """Return the dependencies that have no pin or one outside their range."""
    return [
        str(need)
        for need in dependencies
        if (pin := pinned.get(canonicalize_name(need.name))) is None or pin not in need.specifier
    ]


def test_every_direct_dependency_has_a_pin_in_its_range():
    assert unpinned(direct_dependencies(), pins((ROOT / "constraints.txt").read_text())) == []


def test_a_missing_or_wrong_pin_is_found():
    needs = [Requirement("torch>=2.6"), Requirement("scikit_learn>=1.4"), Requirement("x<2")]
    pinned = pins("# comment\n\ntorch==2.5.1\nscikit-learn==1.9.1\n")
    assert unpinned(needs, pinned) == ["torch>=2.6", "x<2"]
    for line in ("torch>=2.6", "torch @ file:///somewhere", "torch==2.14.1+cpu"):
        with pytest.raises(ValueError, match="name==version"):
            pins(line)


def test_conda_installs_the_same_lists():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    *conda, pip = environment["dependencies"]
    python = next(line for line in conda if line.startswith("python="))
    supported = SpecifierSet(PROJECT["requires-python"])
    assert Version(python.removeprefix("python=")) in supported
    assert pip["pip"] == ["-c constraints.txt", f"-e .[{','.join(EXTRAS)}]"]
    assert f"-c constraints.txt -e '.[{','.join(EXTRAS)}]'" in (ROOT / "Makefile").read_text()


def test_one_repository_address():
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    address = config["repository"]["url"].removeprefix("https://")
    pattern = re.compile(r"github\.com/[\w.-]+/cnnhistory(?![\w-])")
    others = {
        f"{path.relative_to(ROOT)}: {found}"
        for path in TEXT_FILES
        if path.is_file()
        for found in pattern.findall(path.read_text(encoding="utf-8"))
        if found != address
    }
    assert others == set()
    assert address in (ROOT / "README.md").read_text(encoding="utf-8")


def test_citation_file_agrees_with_the_project():
    cff = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert cff["cff-version"] == "1.2.0"
    assert {"message", "title", "authors", "type", "version", "license"} <= set(cff)
    source = (ROOT / "cnnhistory" / "__init__.py").read_text(encoding="utf-8")
    version = re.search(r'^__version__ = "(.+)"$', source, re.MULTILINE)
    assert version is not None
    assert cff["version"] == version[1]
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"[{version[1]}]" in changes


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build sdist and wheel once; the wheel is made from the unpacked sdist."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT],
        check=True,
        capture_output=True,
        text=True,
        timeout=200,
    )
    return folder


def test_the_wheel_stays_small():
    """Every file is packed by itself, as in the wheel, whose own entries need a few kilobytes."""
    sizes = [
        len(zlib.compress(path.read_bytes(), 1))
        for path in (ROOT / "cnnhistory").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    ]
    assert sum(sizes) < LARGEST_WHEEL


@pytest.mark.slow
def test_sdist_is_a_whole_checkout(built: Path):
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    assert {
        "Makefile",
        "constraints.txt",
        "environment.yml",
        "_toc.yml",
        "_config.yml",
    } <= names
    assert {"book/index.md", "book/references.bib", "tests/test_packaging.py"} <= names
    assert [name for name in names if re.search(r"(^|/)(_build|\.venv|__pycache__)/", name)] == []
    assert [name for name in names if name.startswith("book/appendix/api/")] == []


@pytest.mark.slow
def test_wheel_is_complete_and_lean(built: Path):
    (archive,) = built.glob("*.whl")
    with zipfile.ZipFile(archive) as wheel:
        names = wheel.namelist()
        meta = next(name for name in names if name.endswith(".dist-info/METADATA"))
        metadata = Parser().parsestr(wheel.read(meta).decode())
    inside = {name for name in names if ".dist-info/" not in name}
    in_checkout = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "cnnhistory").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert archive.stat().st_size < LARGEST_WHEEL
    assert inside == in_checkout | {"cnnhistory/references.bib"}
    assert "cnnhistory/py.typed" in inside
    assert any(name.startswith("cnnhistory/zoo/") for name in inside)
    declared = [Requirement(line) for line in PROJECT["dependencies"]]
    for extra, lines in EXTRAS.items():
        declared += [Requirement(f"{line}; extra == '{extra}'") for line in lines]
    written = [Requirement(line) for line in metadata.get_all("Requires-Dist", [])]
    assert {normal(need) for need in written} == {normal(need) for need in declared}
    assert metadata["Requires-Python"] == PROJECT["requires-python"]


def normal(need: Requirement) -> tuple[str, str, str, str]:
    extras = ",".join(sorted(need.extras))
    return canonicalize_name(need.name), extras, str(need.specifier), str(need.marker)
