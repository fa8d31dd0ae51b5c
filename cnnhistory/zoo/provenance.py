"""Where the numbers of a recorded run come from: code, libraries, machine."""

from __future__ import annotations

import datetime
import os
import platform
import re
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

from cnnhistory import __version__
from cnnhistory.zoo.format import Provenance


def provenance(command: str) -> Provenance:
    """Return what is known of a run that begins now, here."""
    commit, dirty = code_version()
    now = datetime.datetime.now(datetime.timezone.utc)
    return Provenance(
        libraries=libraries(),
        machine=machine(),
        command=command,
        commit=commit,
        dirty=dirty,
        date=now.isoformat(timespec="seconds"),
    )


def libraries() -> dict[str, str]:
    """Return the versions of this package, of Python and of all that the package requires.

    These are what makes the data, trains and measures; they come from the package's own list.
    """
    found = {"cnnhistory": __version__, "python": platform.python_version()}
    for requirement in metadata.requires("cnnhistory") or []:
        if "extra ==" in requirement:
            continue
        name = re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:  # a requirement of another platform
            continue
    # Not required by name, but pictures are decoded by it.
    found["pillow"] = metadata.version("pillow")
    return found


def machine() -> dict[str, Any]:
    """Return what a run is made on."""
    import torch

    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "accelerator": torch.cuda.get_device_name() if torch.cuda.is_available() else "none",
        "system": platform.system(),
    }


def processor() -> str:
    """Return the name of the processor as the system gives it."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


# Cores by (family, first model, last model), where the processor's name does not say them.
_CORES = {
    ("AuthenticAMD", 25, 16, 31): "Zen 4",
    ("AuthenticAMD", 25, 0, 15): "Zen 3",
    ("AuthenticAMD", 23, 48, 79): "Zen 2",
    ("GenuineIntel", 6, 143, 143): "Sapphire Rapids",
    ("GenuineIntel", 6, 106, 106): "Ice Lake",
    ("GenuineIntel", 6, 85, 85): "Skylake or Cascade Lake",
}


def processor_model() -> str:
    """Return family and model of the processor, and its kind of core if known; "" if unknown."""
    facts: dict[str, str] = {}
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            key, _, value = line.partition(":")
            facts.setdefault(key.strip(), value.strip())
        family, model = int(facts["cpu family"]), int(facts["model"])
    except (OSError, KeyError, ValueError):
        return ""
    text = f"family {family}, model {model}"
    for (vendor, known, first, last), name in _CORES.items():
        if (vendor, known) == (facts.get("vendor_id"), family) and first <= model <= last:
            return f"{text} ({name})"
    return text


def code_version() -> tuple[str | None, bool | None]:
    """Return the commit of the checkout that this package lies in, and whether it was changed.

    Both are None where the package is installed, or git is not there.
    """
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None, None
    try:
        commit = _git(root, "rev-parse", "HEAD")
        changed = _git(root, "status", "--porcelain", "--", "cnnhistory")
    except (OSError, subprocess.SubprocessError):
        return None, None
    return commit, bool(changed)


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True, timeout=30
    )
    return done.stdout.strip()
