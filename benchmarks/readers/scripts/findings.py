"""What a reader finds: facts, faults, and the rules that hold for every format.

Nothing of this project is imported here: the readers run where it is not installed.
"""

from __future__ import annotations

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

MANIFESTS = ("expand.jsonl", "metadata.jsonl")
SPLIT = "split.json"
IMAGES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".gif", ".ppm")
SHOWN = 10
UNREADABLE = 3


class Sets(NamedTuple):
    """What a reader is called with."""

    source: Path
    out: Path
    factor: int
    lossless: bool
    """Whether no copy may have fewer labels than its source: the recipe moves nothing out."""

    @property
    def split(self) -> bool:
        """Whether the source was divided, and not expanded: files and parts have other names."""
        return (self.out / SPLIT).is_file()


class Seen(NamedTuple):
    """What a reader sees in one image."""

    labels: Any
    """Everything that the labels of the untouched image must still say."""
    classes: Counter[str]
    """The number of objects of each class."""
    part: str = ""
    """The part of the dataset, or the files that name the image."""


Reading = dict[str, Seen]
"""What a reader sees in each image, by its path in the dataset, POSIX style."""


class Findings:
    """Facts for the user, and sentences about what is wrong."""

    def __init__(self) -> None:
        self.facts: dict[str, Any] = {}
        self.faults: list[str] = []

    def holds(self, condition: object, fault: str) -> None:
        """Note a fault unless a condition holds."""
        if not condition:
            self.faults.append(fault)

    def equal(self, what: str, found: object, expected: object) -> None:
        """Note a fault unless two values are equal."""
        self.holds(found == expected, f"{what}: {_cut(found)}, expected {_cut(expected)}")

    def print(self) -> int:
        """Print the findings: JSON, and faults as sentences; return the exit status."""
        print(json.dumps({"facts": self.facts, "faults": self.faults}, default=str))
        for fault in self.faults[:SHOWN]:
            print(fault, file=sys.stderr)
        if len(self.faults) > SHOWN:
            print(f"and {len(self.faults) - SHOWN} more", file=sys.stderr)
        return 1 if self.faults else 0


def _cut(value: object) -> str:
    text = str(value)
    return text if len(text) < 200 else f"{text[:200]}…"


def run(
    check: Callable[[Sets, Findings], None],
    arguments: list[str],
    read: Callable[[Path], object] = bool,
) -> int:
    """Run a reader on SOURCE OUT FACTOR [--lossless]; print its findings.

    Return the exit status: 3 if the reader cannot `read` the source itself.
    """
    source, out, factor, *rest = arguments
    findings = Findings()
    sets = Sets(Path(source).resolve(), Path(out).resolve(), int(factor), "--lossless" in rest)
    try:
        read(sets.source)
    except (Exception, SystemExit) as error:  # noqa: BLE001  # other projects raise anything
        print(json.dumps({"unreadable": f"{type(error).__name__}: {error}"}))
        return UNREADABLE
    check(sets, findings)
    return findings.print()


def copies_of(sets: Sets) -> dict[str, dict[int, str]]:
    """Return the files of each source that grew, by view, as the manifest has them.

    In a split, each source has one file: that of the same name with the same bytes.
    """
    if sets.split:
        return _moved(sets)
    out = sets.out
    path = next((out / name for name in MANIFESTS if (out / name).is_file()), None)
    if path is None:
        raise SystemExit(f'"{out}" has no manifest of expand')
    found: dict[str, dict[int, str]] = defaultdict(dict)
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        if not row.get("kept"):
            found[row["source"]][row["view"]] = row["file_name"]
    return dict(found)


def _moved(sets: Sets) -> dict[str, dict[int, str]]:
    """Return the file of each image of a source in a split."""
    source, out = (_images_by_bytes(root) for root in (sets.source, sets.out))
    pairs = (zip(names, out.get(key, ()), strict=False) for key, names in source.items())
    return {name: {0: file} for each in pairs for name, file in each}


def _images_by_bytes(root: Path) -> dict[tuple[str, str], list[str]]:
    """Return the paths of all images below a folder, by their name and the hash of their bytes."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for path in files_below(root, "*"):
        if path.suffix.lower() in IMAGES:
            key = path.name, sha256(path.read_bytes()).hexdigest()
            found[key].append(path.relative_to(root).as_posix())
    return found


def read_index(out: Path) -> dict[str, Any]:
    """Return the index of a set of tars."""
    index: dict[str, Any] = json.loads((out / "index.json").read_text("utf-8"))
    return index


def check_samples(
    sets: Sets,
    findings: Findings,
    samples: list[tuple[str, bytes, int | None, dict[str, Any]]],
) -> None:
    """Compare the samples that a reader finds, by key, image, class and row, with the manifest.

    Each row of the manifest is read once, with the image whose hash it has, the number of its
    class, and the same values; those of the parameters as text.
    """
    classes = read_index(sets.out)["classes"]
    path = next(sets.out / name for name in MANIFESTS if (sets.out / name).is_file())
    rows = {row["file_name"]: row for row in map(json.loads, path.read_text("utf-8").splitlines())}
    findings.equal("keys", len({key for key, *_ in samples}), len(rows))
    found = {row["file_name"]: (image, label, row) for _, image, label, row in samples}
    findings.equal("samples", sorted(found), sorted(rows))
    for name in found.keys() & rows.keys():
        image, label, row = found[name]
        expected = rows[name]
        digest = sha256(image).hexdigest()
        findings.equal(f'image of "{name}"', digest, expected["sha256"])
        number = classes.index(expected["label"]) if classes else None
        findings.equal(f'class of "{name}"', label, number)
        findings.equal(f'row of "{name}"', {**row, "params": json.loads(row["params"])}, expected)
    findings.facts["samples"] = len(samples)


def compare(sets: Sets, findings: Findings, source: Reading, out: Reading) -> None:
    """Compare what a reader sees in a dataset and in what was made of it.

    Each source that grew has F files: the untouched one says the same, and no copy has an object
    that its source does not have. Every other image says the same. Nothing else is read. In a
    split, each source has one file, which is in one part.
    """
    copies = copies_of(sets)
    expected: dict[str, tuple[int, Seen]] = {}
    for name, seen in source.items():
        files = copies.get(name)
        if files is None:
            expected[name] = (0, seen)
            continue
        findings.equal(f'views of "{name}"', sorted(files), list(range(sets.factor)))
        expected.update({file: (view, seen) for view, file in files.items()})
    findings.holds(
        any(name in copies for name in source), "the reader sees no image of those that grew"
    )
    lost = 0
    for name, (view, seen) in expected.items():
        found = out.get(name)
        if found and sets.split:
            parts = len(found.part.split()), len(seen.part.split())
            findings.holds(parts[0] == parts[1], f'"{name}" is in several parts: {found.part}')
            found = found._replace(part=seen.part)
        lost += _compare_image(name, view, seen, found, findings)
    for name in sorted(set(out) - set(expected)):
        findings.holds(False, f'"{name}" is read, but belongs to no source')
    if sets.lossless:
        findings.equal("objects that copies do not have", lost, 0)
    findings.facts.update(_totals(source, "source"), **_totals(out, "out"), lost=lost)


def _compare_image(
    name: str, view: int, expected: Seen, found: Seen | None, findings: Findings
) -> int:
    """Compare one image with its source; return the number of objects it lost."""
    if found is None:
        findings.holds(False, f'"{name}" is not read')
        return 0
    if not view:
        findings.equal(f'labels of "{name}"', found.labels, expected.labels)
    more = found.classes - expected.classes
    findings.equal(f'part of "{name}"', found.part, expected.part)
    findings.holds(not more, f'"{name}" has objects that its source does not have: {dict(more)}')
    return (expected.classes - found.classes).total()


def _totals(reading: Mapping[str, Seen], prefix: str) -> dict[str, int]:
    return {
        f"{prefix} images": len(reading),
        f"{prefix} objects": sum(seen.classes.total() for seen in reading.values()),
        f"{prefix} backgrounds": sum(not seen.classes for seen in reading.values()),
    }


def check_backgrounds(sets: Sets, findings: Findings, source: Reading, out: Reading) -> None:
    """An image without an object has F copies without one; a copy of another may have lost all.

    Such a copy is known by its source, so the number is exact.
    """
    copies = copies_of(sets)
    grew = [name for name, seen in source.items() if name in copies and not seen.classes]
    found = sum(
        not out[file].classes for name in grew for file in copies[name].values() if file in out
    )
    findings.equal("backgrounds of sources without objects", found, sets.factor * len(grew))


def files_below(root: Path, pattern: str) -> list[Path]:
    """Return the files below a folder that match a pattern, sorted; hidden ones are left out."""
    found = (path for path in root.rglob(pattern) if path.is_file())
    return sorted(
        path
        for path in found
        if not any(part.startswith(".") for part in path.relative_to(root).parts)
    )
