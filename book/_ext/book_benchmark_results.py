"""Recorded results of comparisons: read, sorted by processor and kind, and put into words."""

import json
import math
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

JOINED_DASH = "\u2060–\u2060"  # no line break beside it
# A record is a comparison of two times or amounts of memory, or of the answers of two forms.
TIMES = ("case", "ours_ms", "peer", "peer_ms", "ratio", "spread")
MEMORY = ("case", "ours_mib", "peer", "peer_mib", "ratio", "spread")
ANSWERS = ("case", "images", "same", "deviation")
# Names of cases as readers write them.
NAMES = (
    (r"resnet(\d+)", r"ResNet-\1"),
    (r"vgg(\d+)_bn", r"VGG-\1 with BN"),
    (r"vgg(\d+)", r"VGG-\1"),
    (r"alexnet", "AlexNet"),
    (r"googlenet", "GoogLeNet"),
    (r"wrn_(\d+)_(\d+)", r"WRN-\1-\2"),
    (r"resnext(\d+)_(\d+)x(\d+)d", r"ResNeXt-\1 \2×\3d"),
    (r"densenet(\d+)", r"DenseNet-\1"),
    (r"inception_resnet_v(\d)", r"Inception-ResNet-v\1"),
    (r"inception_v(\d)", r"Inception-v\1"),
    (r"xception", "Xception"),
    (r"nasnet_a_large", "NASNet-A large"),
    (r"mobilenet_v(\d)", r"MobileNet-v\1"),
    (r"bnn_cifar", "BNN"),
    (r"xnor_cifar", "XNOR-Net"),
    (r"(\d+)x(\d+)x(\d+)", r"\1×\2×\3"),
    (r" batch (\d+)", r", batch \1"),
    (r" depth (\d+)", r", depth \1"),
    (r" (\d+) channels", r", \1 channels"),
)


def read(path: Path) -> list[dict[str, Any]]:
    """Return the runs of a file: settings, machine and records of each.

    Raises:
        ValueError: the file is not of this form.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        runs = document.get("runs", [document])
        for run in runs:
            for record in run["records"]:
                form = next((f for f in (MEMORY, ANSWERS) if f[1] in record), TIMES)
                missing = [name for name in form if name not in record]
                if missing:
                    raise ValueError(f"{record} lacks {', '.join(missing)}")
    except (json.JSONDecodeError, KeyError, AttributeError) as error:
        raise ValueError(
            f"{path.name}: expected runs with records, got {error!r}"
        ) from None
    return runs


def processor(run: dict[str, Any]) -> str:
    """Return the name of a run's processor, without its trade marks: "AMD EPYC (Zen 4)"."""
    machine = run.get("machine", {})
    name = re.sub(r"\((R|TM)\)", "", str(machine.get("processor", "")))
    name = " ".join(name.split(" Processor")[0].split())
    core = re.search(r"\((.*)\)", str(machine.get("model", "")))
    return f"{name} ({core[1]})" if core else name


def by_processor(runs: Iterable[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Return the runs of each processor; the one measured last comes first."""
    found: dict[str, list[dict[str, Any]]] = {}
    for run in sorted(runs, key=lambda run: str(run["machine"].get("date", ""))):
        found.setdefault(processor(run), []).append(run)
    return dict(reversed(found.items()))


def kind_of(record: dict[str, Any]) -> tuple[str, str]:
    """Return name and kind of a case."""
    name, _, kind = record["case"].partition(", ")
    return name, kind


def all_records(
    runs: Sequence[dict[str, Any]], having: str = "ratio"
) -> list[dict[str, Any]]:
    """Return the records of all runs that have a field, in their order."""
    return [record for run in runs for record in run["records"] if having in record]


def of_kind(runs: Sequence[dict[str, Any]], kind: str) -> dict[str, dict[str, Any]]:
    """Return the records of a kind by name, in natural order."""
    found = {}
    for record in all_records(runs):
        name, its = kind_of(record)
        if its == kind:
            found[name] = record
    return dict(sorted(found.items(), key=lambda one: natural(one[0])))


def natural(name: str) -> list[tuple[int, str]]:
    """Return a key by which resnet18 comes before resnet101, and what is larger last."""
    place = name.partition(" on ")[2]
    parts = re.split(r"(\d+)", f"{place} {name}")
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]


def written(name: str) -> str:
    """Return the name of a case as readers write it."""
    for pattern, text in NAMES:
        name = re.sub(pattern, text, name)
    return name


def ratio_text(record: dict[str, Any]) -> str:
    """Return the ratio with its quartiles."""
    low, high = record["spread"]
    return f"{short(record['ratio'])} ({short(low)}{JOINED_DASH}{short(high)})"


def short(ratio: float) -> str:
    """Return a ratio with two digits behind the point, or three in all."""
    return f"{ratio:.2f}" if ratio < 10 else f"{ratio:.3g}"


def mean_ratio(records: Iterable[dict[str, Any]]) -> float:
    """Return the geometric mean of the ratios."""
    logs = [math.log(record["ratio"]) for record in records]
    return math.exp(sum(logs) / len(logs))


def machine_text(run: dict[str, Any]) -> str:
    """Return where, when and with what a run was made."""
    machine, settings = run.get("machine", {}), run.get("settings", {})
    model = str(machine.get("model", "")).partition(" (")[0]
    parts = [
        f"{processor(run)}, {model}" if model else processor(run),
        counted(machine.get("cores"), "core"),
        counted(machine.get("threads"), "thread"),
        *(f"{name} {machine[name]}" for name in machine if name in ("torch", "numba")),
        f"batch of {settings['batch']}" if "batch" in settings else "",
        f"images of {settings['size']} pixels" if settings.get("size") else "",
        f"medians of {settings['repeat']} runs" if "repeat" in settings else "",
        "processor time" if settings.get("processor_time") else "",
        str(machine.get("date", "")),
    ]
    return ", ".join(part for part in parts if part)


def counted(count: int | None, word: str) -> str:
    """Return a number with its noun."""
    return "" if count is None else f"{count} {word}{'' if count == 1 else 's'}"


def ratio_range(text: str, folder: Path) -> str:
    """Return the smallest and the largest ratio that a role's text selects.

    Raises:
        ValueError: the text is not of the form, or selects nothing.
    """
    parts = [part.strip() for part in text.split("|")]
    if len(parts) not in (4, 5):
        raise ValueError(f"expected 'FILE | KIND | NAME | PROCESSOR', got {text!r}")
    file, kind, name, machine, *percent = parts
    ratios = [
        record["ratio"]
        for run in read(folder / f"{file}.json")
        if machine in processor(run)
        for record in all_records([run])
        if kind_of(record)[1] == kind and name in kind_of(record)[0]
    ]
    if not ratios:
        raise ValueError(f"no result is {text!r}")
    ends = [
        f"{100 * r:.0f}" if percent else f"{r:.2g}" for r in (min(ratios), max(ratios))
    ]
    ends = [f"{float(end):g}" for end in ends]
    words = " to ".join(dict.fromkeys(ends))
    return f"{words} %" if percent else words
