"""pycocotools: ids, sizes, boxes and masks of COCO files, and everything that must be kept."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from pycocotools.coco import COCO

from benchmarks.readers.scripts.coco_files import annotation_files, image_folder
from benchmarks.readers.scripts.findings import (
    Findings,
    Reading,
    Seen,
    Sets,
    check_backgrounds,
    compare,
    run,
)

EDGE = 0.01
"""Pixels that a box may lie outside, through rounding."""
NEAR = 2.0
"""Pixels between the box of an annotation and that of its mask."""


def check(sets: Sets, findings: Findings) -> None:
    """Read every COCO file of both datasets."""
    source, out = annotation_files(sets.source), annotation_files(sets.out)
    if not sets.split:
        findings.equal("COCO files", sorted(out), sorted(source))
    for file, after in out.items():
        before = source.get(file) or next(iter(source.values()))
        for key in sorted((before.keys() | after.keys()) - {"images", "annotations"}):
            findings.equal(f'"{key}" of "{file}"', after.get(key), before.get(key))
        _check_file(sets.out, file, after, findings)
    readings = [_read(sets.source, source), _read(sets.out, out)]
    compare(sets, findings, *readings)
    check_backgrounds(sets, findings, *readings)


def _check_file(root: Path, file: str, content: dict[str, Any], findings: Findings) -> None:
    """Check ids, and that every image and annotation is one that pycocotools can use."""
    for key in ("images", "annotations"):
        ids = [each["id"] for each in content[key]]
        findings.equal(f'different ids of {key} of "{file}"', len(set(ids)), len(ids))
    names = [image["file_name"] for image in content["images"]]
    findings.equal(f'different file names of "{file}"', len(set(names)), len(names))
    coco = COCO(root / file)
    folder = image_folder(root, file, content)
    for image in content["images"]:
        with Image.open(folder / image["file_name"]) as opened:
            size = (image["width"], image["height"])
            findings.equal(f'size of "{image["file_name"]}"', size, opened.size)
    for annotation in content["annotations"]:
        image = coco.imgs.get(annotation["image_id"])
        where = f'annotation {annotation["id"]} of "{file}"'
        if image is None:
            findings.holds(False, f"{where} is of no image")
            continue
        findings.holds(annotation["category_id"] in coco.cats, f"{where} has no category")
        _check_annotation(coco, annotation, image, where, findings)


def _check_annotation(
    coco: COCO, annotation: dict[str, Any], image: dict[str, Any], where: str, findings: Findings
) -> None:
    width, height = image["width"], image["height"]
    if box := annotation.get("bbox"):
        x, y, w, h = box
        inside = min(x, y) >= -EDGE and x + w <= width + EDGE and y + h <= height + EDGE
        findings.holds(
            inside and min(w, h) > 0, f"{where}: its box {box} is not in {width}×{height}"
        )
    if annotation.get("segmentation"):
        mask = coco.annToMask(annotation)
        findings.equal(f"size of the mask of {where}", mask.shape, (height, width))
        _check_mask(mask, annotation, where, findings)
    if points := annotation.get("keypoints"):
        _check_keypoints(points, annotation, (width, height), where, findings)


def _check_mask(
    mask: np.ndarray[Any, Any], annotation: dict[str, Any], where: str, findings: Findings
) -> None:
    """Its box lies within 2 pixels of the mask's own."""
    rows, columns = np.nonzero(mask)
    if not len(rows):
        findings.holds(False, f"{where} has an empty mask")
        return
    if not annotation.get("bbox"):
        return
    x, y, w, h = annotation["bbox"]
    own = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    distance = np.abs(np.subtract([x, y, x + w, y + h], own)).max()
    findings.holds(distance <= NEAR, f"{where}: its box is {distance:.2f} pixels off its mask's")


def _check_keypoints(
    points: list[float],
    annotation: dict[str, Any],
    size: tuple[int, int],
    where: str,
    findings: Findings,
) -> None:
    """Unlabelled points are 0, 0, 0, the others in the image; the count is theirs."""
    rows = np.reshape(points, (-1, 3))
    labelled = rows[rows[:, 2] > 0]
    findings.holds(not rows[rows[:, 2] == 0].any(), f"{where}: an unlabelled point is not 0, 0, 0")
    inside = (labelled[:, :2] >= -0.5 - EDGE) & (labelled[:, :2] <= np.subtract(size, 0.5) + EDGE)
    findings.holds(inside.all(), f"{where}: a keypoint lies outside the image")
    if "num_keypoints" in annotation:
        findings.equal(f"num_keypoints of {where}", annotation["num_keypoints"], len(labelled))


def _read(root: Path, files: dict[str, dict[str, Any]]) -> Reading:
    """Return the annotations of each image, with every key but ids."""
    reading: Reading = {}
    for file, content in files.items():
        folder = image_folder(root, file, content)
        coco = COCO(root / file)
        for image in content["images"]:
            own = [
                {key: value for key, value in each.items() if key not in ("id", "image_id")}
                for each in coco.imgToAnns[image["id"]]
            ]
            name = (folder / image["file_name"]).relative_to(root).as_posix()
            known = {key: value for key, value in image.items() if key not in ("id", "file_name")}
            classes = Counter(f"{each['category_id']}/{each.get('iscrowd', 0)}" for each in own)
            before = reading.get(name, Seen((), Counter()))
            labels, part = (*before.labels, known, own), f"{before.part}{file} "
            reading[name] = Seen(labels, before.classes + classes, part)
    return reading


if __name__ == "__main__":
    sys.exit(run(check, sys.argv[1:], lambda root: _read(root, annotation_files(root))))
