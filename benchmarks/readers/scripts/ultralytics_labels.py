"""Ultralytics: its dataset check and its scan of the labels, in every part of the dataset."""

from __future__ import annotations

import os
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

os.environ["YOLO_CONFIG_DIR"] = tempfile.mkdtemp()  # before the import, which writes settings there
os.environ["YOLO_OFFLINE"] = "true"
from ultralytics.data.dataset import YOLODataset
from ultralytics.data.utils import check_det_dataset
from ultralytics.utils import YAML

from benchmarks.readers.scripts.findings import (
    Findings,
    Reading,
    Seen,
    Sets,
    check_backgrounds,
    compare,
    run,
)
from benchmarks.readers.scripts.yolo_files import PARTS, data_file, task_of


class Scan(YOLODataset):
    """A scan of the labels that writes its cache to a temporary folder and keeps its counts."""

    counts: dict[str, int]
    messages: list[str]

    def cache_labels(self, path: Path = Path("labels.cache")) -> dict[str, Any]:
        """Scan the labels, and keep what was counted."""
        with tempfile.TemporaryDirectory() as temporary:
            result: dict[str, Any] = super().cache_labels(Path(temporary, path.name))
        names = ("found", "missing", "empty", "corrupt", "images")
        self.counts = dict(zip(names, result["results"], strict=True))
        self.messages = result["msgs"]
        return result


def check(sets: Sets, findings: Findings) -> None:
    """Scan every part of both datasets; the parts of the second one have to lie in it."""
    before, source = scan_source(sets.source)
    if not _starts_here(before):
        os.chdir(tempfile.mkdtemp())  # what was written must be found from any folder
    else:
        os.chdir(sets.out)
    after, out = _scan(sets.out)
    findings.equal("classes", after["names"], before["names"])
    findings.equal("task", task_of(sets.out, after), task_of(sets.source, before))
    if not sets.split:
        findings.equal("parts", sorted(out), sorted(source))
    readings: list[Reading] = []
    for root, scans in ((sets.source, source), (sets.out, out)):
        reading: Reading = {}
        for part, scan in scans.items():
            findings.facts[f"{root.name} {part}"] = scan.counts
            reading |= _see(root, part, scan)
        readings.append(reading)
    for part, scan in out.items():
        before = source.values() if sets.split else [source[part]]
        findings.equal(f"corrupt images of {part}", scan.counts["corrupt"], 0)
        findings.equal(f"new messages about {part}", sorted(_said(scan) - _said(*before)), [])
    compare(sets, findings, *readings)
    check_backgrounds(sets, findings, *readings)


def _said(*scans: Scan) -> set[str]:
    """Return what was said of labels, each sentence once, without the file it was said of."""
    return {message.rpartition(": ")[2] for scan in scans for message in scan.messages}


def scan_source(root: Path) -> tuple[dict[str, Any], dict[str, Scan]]:
    """Scan every part of a dataset, from its own folder."""
    os.chdir(root)
    return _scan(root)


def _starts_here(data: dict[str, Any]) -> bool:
    """Whether the dataset says that its paths start at the folder from which it is used."""
    given = YAML.load(data["yaml_file"]).get("path")
    return bool(given) and not Path(given).is_absolute()


def _scan(root: Path) -> tuple[dict[str, Any], dict[str, Scan]]:
    data: dict[str, Any] = check_det_dataset(str(data_file(root)), autodownload=False)
    task = task_of(root, data)
    found = {part: data[part] for part in PARTS if data.get(part)}
    return data, {
        part: Scan(img_path=path, data=data, task=task, augment=False)
        for part, path in found.items()
    }


def _see(root: Path, part: str, scan: Scan) -> Reading:
    reading: Reading = {}
    for label in scan.labels:
        file = Path(label["im_file"]).relative_to(root).as_posix()
        classes = Counter(str(int(number)) for number in label["cls"].ravel())
        points = label["keypoints"]
        labels = (
            label["cls"].tolist(),
            label["bboxes"].tolist(),
            [segment.tolist() for segment in label["segments"]],
            None if points is None else points.tolist(),
        )
        reading[file] = Seen(labels, classes, part)
    return reading


if __name__ == "__main__":
    sys.exit(run(check, sys.argv[1:], scan_source))
