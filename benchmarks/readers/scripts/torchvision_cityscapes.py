"""torchvision's Cityscapes: every image is paired with its own masks, of its own size."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from torchvision.datasets import Cityscapes, wrap_dataset_for_transforms_v2

from benchmarks.readers.scripts.findings import Findings, Reading, Seen, Sets, compare, run

KINDS = ("instance", "semantic")
END = "_leftImg8bit"
IGNORE = 255


def check(sets: Sets, findings: Findings) -> None:
    """Load every item of both datasets."""
    compare(sets, findings, *(_read(root, findings) for root in (sets.source, sets.out)))


def _read(root: Path, findings: Findings) -> Reading:
    reading: Reading = {}
    for part in sorted(path.name for path in (root / "leftImg8bit").iterdir() if path.is_dir()):
        dataset = Cityscapes(root, split=part, mode="fine", target_type=list(KINDS))
        wrapped = wrap_dataset_for_transforms_v2(  # it cannot compare the 16 bits of instances
            Cityscapes(root, split=part, mode="fine", target_type="semantic")
        )
        masks = [target for each in dataset.targets for target in each]
        findings.equal(f"different masks of {part}", len(set(masks)), len(masks))
        for index, path in enumerate(dataset.images):
            file = Path(path).relative_to(root).as_posix()
            image, targets = dataset[index]
            wrapped[index]
            reading[file] = _see(file, image, targets, findings)
            own = Path(file).name.split(END)[0]
            for mask in dataset.targets[index]:
                name = Path(mask).name.split("_gtFine")[0]
                findings.equal(f'own mask of "{file}"', name, own)
    return reading


def _see(file: str, image: Any, targets: tuple[Any, ...], findings: Findings) -> Seen:
    """Return pixels and values of the masks of an image; a copy adds none but the ignore value."""
    values, labels = Counter[str](), []
    for kind, mask in zip(KINDS, targets, strict=True):
        findings.equal(f'size of the {kind} mask of "{file}"', mask.size, image.size)
        pixels = np.asarray(mask)
        labels.append((mask.mode, pixels.dtype.str, pixels.tobytes()))
        own = {int(value) for value in np.unique(pixels)} - {0, IGNORE}
        values.update({f"{kind} {value}": 1 for value in own})
    return Seen(labels, values)


if __name__ == "__main__":
    sys.exit(run(check, sys.argv[1:]))
