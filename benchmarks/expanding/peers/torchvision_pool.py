"""torchvision v2 on PIL images, in a pool of processes; nearest neighbour, and without noise."""

from __future__ import annotations

import sys
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import torch
from PIL import Image
from torchvision.transforms import v2

CHUNK = 64
JPEG, PNG = {"quality": 90}, {"compress_level": 1}
torch.set_num_threads(1)
pipeline = v2.Compose(
    [
        v2.RandomHorizontalFlip(0.5),
        v2.RandomAffine(30, translate=(0.2, 0.2), scale=(0.8, 1.25)),
    ]
)


def write_copies(src: Path, out: Path, copies: int, path: Path) -> None:
    """Write the copies of one image."""
    image = Image.open(path)
    image.load()
    name = path.relative_to(src)
    for k in range(1, copies + 1):
        changed = pipeline(image)
        target = out / name.with_name(f"{name.stem}_v{k}{name.suffix}")
        changed.save(target, **(JPEG if name.suffix == ".jpg" else PNG))


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
