"""albumentations: a pipeline of one Affine, run by a pool of processes or of threads."""

from __future__ import annotations

import os
import sys
import threading
from functools import partial
from multiprocessing import get_context
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import Any

os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"
import albumentations
import cv2

CHUNK = 64
JPEG = [cv2.IMWRITE_JPEG_QUALITY, 90]
cv2.setNumThreads(0)
own = threading.local()


def pipeline() -> Any:
    """Return the pipeline of this thread: its generator of random numbers is not for several."""
    if not hasattr(own, "pipeline"):
        own.pipeline = albumentations.Compose(
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
    return own.pipeline


def write_copies(src: Path, out: Path, copies: int, path: Path) -> None:
    """Write the copies of one image."""
    pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    colour = pixels.ndim == 3
    if colour:
        pixels = cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)
    name = path.relative_to(src)
    for k in range(1, copies + 1):
        changed = pipeline()(image=pixels)["image"]
        if colour:
            changed = cv2.cvtColor(changed, cv2.COLOR_RGB2BGR)
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
    pool = ThreadPool(workers) if sys.argv[5] == "threads" else get_context("fork").Pool(workers)
    with pool:
        for _ in pool.imap_unordered(write, paths, chunksize=CHUNK):
            pass


if __name__ == "__main__":
    main()
