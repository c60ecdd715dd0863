"""torchvision's VOCDetection and VOCSegmentation: every item loads, each with its own labels."""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from torchvision.datasets import VOCDetection, VOCSegmentation, wrap_dataset_for_transforms_v2

from benchmarks.readers.scripts.findings import Findings, Reading, Seen, Sets, compare, run

IGNORE = 255
READERS = {"Main": VOCDetection, "Segmentation": VOCSegmentation}
"""The reader of each folder of lists in ImageSets."""
YEARS = {"test": "2007"}
"""The year for which torchvision takes a list, by the list's name; 2012 for all others."""


def check(sets: Sets, findings: Findings) -> None:
    """Load every item of each list of images, by the reader that such lists are for."""
    read = False
    for lists in READERS:
        roots = sets.source, sets.out
        names, found = (_lists(root, lists) for root in roots)
        if not sets.split:
            findings.equal(f"lists of ImageSets/{lists}", found, names)
        readings = [_read(root, lists, findings) for root in roots]
        if readings[0]:
            read = True
            compare(sets, findings, *readings)
    findings.holds(read, f'"{sets.source}" has no list of images that torchvision reads')


def voc_root(root: Path) -> Path:
    """Return the folder of a VOC dataset that has JPEGImages."""
    return next(path.parent for path in sorted(root.rglob("JPEGImages")) if path.is_dir())


def _lists(root: Path, folder: str) -> list[str]:
    """Return the names of the lists that name images alone; lists of a class have flags too."""
    paths = sorted((voc_root(root) / "ImageSets" / folder).glob("*.txt"))
    return [path.stem for path in paths if all(len(line.split()) == 1 for line in path.open("rb"))]


@contextmanager
def _as_voc(root: Path, year: str) -> Iterator[Path]:
    """Show a dataset at the place below a root where torchvision looks for it."""
    with tempfile.TemporaryDirectory() as temporary:
        link = Path(temporary, "VOCdevkit", f"VOC{year}")
        link.parent.mkdir()
        link.symlink_to(voc_root(root), target_is_directory=True)
        yield Path(temporary)


def _read(root: Path, lists: str, findings: Findings) -> Reading:
    """Load every item of the lists in a folder of ImageSets."""
    reading: Reading = {}
    for name in _lists(root, lists):
        for file, labels, classes in _items(root, lists, name, findings):
            part = f"{reading[file].part} {name}" if file in reading else name
            reading[file] = Seen(labels, classes, part)
    return reading


def _items(
    root: Path, lists: str, name: str, findings: Findings
) -> Iterator[tuple[str, Any, Counter[str]]]:
    """Yield the path, the labels and the classes of each item of a list."""
    year = YEARS.get(name, "2012")
    with _as_voc(root, year) as shown:
        link = shown / "VOCdevkit" / f"VOC{year}"
        dataset = READERS[lists](shown, year=year, image_set=name)
        see = _see_boxes if lists == "Main" else _see_mask
        for index in range(len(dataset)):
            image = Path(dataset.images[index])
            file = (voc_root(root) / image.relative_to(link)).relative_to(root).as_posix()
            yield file, *see(dataset, index, file, findings)


def _see_boxes(
    dataset: VOCDetection, index: int, file: str, findings: Findings
) -> tuple[Any, Counter[str]]:
    """Return the objects of an image; their boxes are whole numbers in it."""
    image, target = dataset[index]
    wrapped = wrap_dataset_for_transforms_v2(dataset, target_keys=("boxes", "labels"))
    findings.equal(f'own annotation of "{file}"', _stem(dataset.targets[index]), Path(file).stem)
    annotation = target["annotation"]
    findings.equal(f'filename of "{file}"', annotation.get("filename"), Path(file).name)
    size = tuple(int(annotation["size"][key]) for key in ("width", "height"))
    findings.equal(f'size of "{file}"', size, image.size)
    objects = annotation.get("object", [])
    for each in objects:
        corners = [each["bndbox"][key] for key in ("xmin", "ymin", "xmax", "ymax")]
        x1, y1, x2, y2 = map(float, corners)
        inside = 0 <= x1 < x2 <= size[0] and 0 <= y1 < y2 <= size[1]
        findings.holds(inside, f'"{file}": the box {corners} is not in {size}')
    if objects and all(each["name"] in _known() for each in objects):
        boxes = wrapped[index][1]["boxes"]
        findings.equal(f'boxes of "{file}" for transforms', len(boxes), len(objects))
    return objects, Counter(each["name"] for each in objects)


def _known() -> set[str]:
    """Return the classes that the wrapper for transforms knows: those of VOC itself."""
    from torchvision.tv_tensors._dataset_wrapper import VOC_DETECTION_CATEGORIES

    return set(VOC_DETECTION_CATEGORIES)


def _see_mask(
    dataset: VOCSegmentation, index: int, file: str, findings: Findings
) -> tuple[Any, Counter[str]]:
    """Return the values of a mask, once each; it has the size of its image, and a palette."""
    image, mask = dataset[index]
    findings.equal(f'own mask of "{file}"', _stem(dataset.masks[index]), Path(file).stem)
    findings.equal(f'size of the mask of "{file}"', mask.size, image.size)
    pixels = np.asarray(mask)
    values = {int(value) for value in np.unique(pixels)} - {0, IGNORE}
    labels = mask.mode, mask.getpalette(), pixels.tobytes()
    return labels, Counter({str(value): 1 for value in values})


def _stem(path: object) -> str:
    return Path(str(path)).stem


if __name__ == "__main__":
    sys.exit(
        run(check, sys.argv[1:], lambda root: [_read(root, each, Findings()) for each in READERS])
    )
