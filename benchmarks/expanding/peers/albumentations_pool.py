"""albumentations: a pipeline of one Affine, run by a pool of processes over chunks of images."""

from __future__ import annotations

import os
import sys
from functools import partial
from multiprocessing import get_context
from pathlib import Path

os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"
import albumentations
import cv2

CHUNK = 64
JPEG = [cv2.IMWRITE_JPEG_QUALITY, 90]
cv2.setNumThreads(0)
pipeline = albumentations.Compose(
    [
        albumentations.HorizontalFlip(p=0.5),
        albumentations.Affine(
            rotate=(-30, 30),
            translate_percent={"x": (-0.2, 0.2), "y": (-0.2, 0.2)},
            scale=(0.8, 1.25),
            p=1,
        ),
        albumentations.SaltAndPepper(amount=(0.01, 0.03), p=0.5),
    ]
)


def write_copies(src: Path, out: Path, copies: int, path: Path) -> None:
    """Write the copies of one image."""
    pixels = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
    name = path.relative_to(src)
    for k in range(1, copies + 1):
        changed = cv2.cvtColor(pipeline(image=pixels)["image"], cv2.COLOR_RGB2BGR)
        cv2.imwrite(str(out / name.with_name(f"{name.stem}_v{k}{name.suffix}")), changed, JPEG)


def main() -> None:
    """Write the copies."""
    src, out, copies, workers = Path(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:5])
    paths = sorted(path for path in src.rglob("*") if path.is_file())
    for path in paths:
        (out / path.parent.relative_to(src)).mkdir(parents=True, exist_ok=True)
    write = partial(write_copies, src, out, copies)
    if workers == 1:
        list(map(write, paths))
        return
    with get_context("fork").Pool(workers) as pool:
        for _ in pool.imap_unordered(write, paths, chunksize=CHUNK):
            pass


if __name__ == "__main__":
    main()
