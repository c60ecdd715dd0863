"""supervision's DetectionDataset, from YOLO, COCO or Pascal VOC: images, classes and objects."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import supervision
import yaml

from benchmarks.readers.scripts.coco_files import annotation_files, image_folder
from benchmarks.readers.scripts.findings import Findings, Reading, Seen, Sets, compare, run
from benchmarks.readers.scripts.yolo_files import PARTS, data_file, task_of

Read = supervision.DetectionDataset


def check(sets: Sets, findings: Findings) -> None:
    """Read both datasets, each of their parts."""
    source, out = (list(_datasets(root)) for root in (sets.source, sets.out))
    classes, expected = ([each.classes for each in read] for read in (out, source))
    if sets.split:  # those of Pascal VOC are in the order in which they were seen
        classes, expected = ([sorted({*chain(*each)})] for each in (classes, expected))
    findings.equal("classes", classes, expected)
    compare(sets, findings, _see(sets.source, source), _see(sets.out, out))


def _datasets(root: Path) -> Iterator[Read]:
    """Yield the datasets of a folder: one for each part, COCO file, or folder of XML files."""
    if list(root.glob("*.y*ml")):
        yield from _yolo(root)
    elif xml := sorted({path.parent for path in root.rglob("*.xml")}):
        for folder in xml:
            images = folder.with_name("JPEGImages")
            images = images if images.is_dir() else folder
            yield Read.from_pascal_voc(str(images), str(folder))
    else:
        for file, content in annotation_files(root).items():
            folder = image_folder(root, file, content)
            yield Read.from_coco(str(folder), str(root / file))


def _yolo(root: Path) -> Iterator[Read]:
    file = data_file(root)
    data = yaml.safe_load(file.read_text("utf-8-sig"))
    oriented = task_of(root, data) == "obb"
    for part in PARTS:
        if given := data.get(part):
            images = (root / str(given).removeprefix("../")).resolve()
            if not images.is_dir():
                raise SystemExit(f'"{given}" is not a folder, and supervision reads folders')
            labels = root / "/labels".join(
                images.relative_to(root).as_posix().rsplit("images", 1)
            ).replace("//", "/").lstrip("/")
            yield Read.from_yolo(str(images), str(labels), str(file), is_obb=oriented)


def _see(root: Path, datasets: list[Read]) -> Reading:
    reading: Reading = {}
    for dataset in datasets:
        for path, _, found in dataset:
            file = Path(path).resolve().relative_to(root).as_posix()
            names = [dataset.classes[number] for number in found.class_id]
            order = sorted(zip(names, found.xyxy.tolist(), strict=True))
            reading[file] = Seen(order, Counter(names))
    return reading


if __name__ == "__main__":
    sys.exit(run(check, sys.argv[1:], lambda root: _see(root, list(_datasets(root)))))
