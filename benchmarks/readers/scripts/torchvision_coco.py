"""torchvision's CocoDetection, plain and wrapped for transforms v2: every item loads."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from torchvision.datasets import CocoDetection, wrap_dataset_for_transforms_v2

from benchmarks.readers.scripts.coco_files import annotation_files, image_folder
from benchmarks.readers.scripts.findings import Findings, Reading, Seen, Sets, compare, run


def check(sets: Sets, findings: Findings) -> None:
    """Load every item of both datasets."""
    compare(sets, findings, *(_read(root, findings) for root in (sets.source, sets.out)))


def _read(root: Path, findings: Findings) -> Reading:
    reading: Reading = {}
    for file, content in annotation_files(root).items():
        folder = image_folder(root, file, content)
        plain = CocoDetection(folder, root / file)
        keys = ("boxes", "labels", "masks")
        has_masks = all(each.get("segmentation") for each in content["annotations"])
        wrapped = wrap_dataset_for_transforms_v2(
            CocoDetection(folder, root / file), target_keys=keys if has_masks else keys[:2]
        )
        for index, number in enumerate(plain.ids):
            image, annotations = plain[index]
            where = f"{file}: image {number}"
            try:
                _check_wrapped(wrapped[index][1], image.size, where, findings)
            except (RuntimeError, ValueError) as error:
                findings.holds(False, f"{where} cannot be read: {error}")
            name = (folder / plain.coco.imgs[number]["file_name"]).relative_to(root).as_posix()
            labels = [(each["category_id"], each.get("bbox")) for each in annotations]
            reading[name] = Seen(labels, Counter(str(label) for label, _ in labels), file)
    return reading


def _check_wrapped(
    target: dict[str, object], size: tuple[int, int], where: str, findings: Findings
) -> None:
    """Boxes and masks have the size of their image."""
    for key in ("boxes", "masks"):
        if (value := target.get(key)) is not None:
            shape = value.canvas_size if key == "boxes" else value.shape[-2:]  # type: ignore[attr-defined]
            findings.equal(f"size of the {key} of {where}", tuple(shape), size[::-1])


if __name__ == "__main__":
    sys.exit(run(check, sys.argv[1:], lambda root: _read(root, Findings())))
