"""imgaug: batches augmented in its background processes, written by the main process."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import imgaug
import imgaug.augmenters as iaa
from imgaug.augmentables.batches import UnnormalizedBatch

BATCH = 32
JPEG = [cv2.IMWRITE_JPEG_QUALITY, 90]


def batches(paths: list[Path], copies: int) -> Iterator[UnnormalizedBatch]:
    """Yield batches of images, each `copies` times."""
    for start in range(0, len(paths), BATCH):
        images = [
            (path, cv2.imread(str(path), cv2.IMREAD_UNCHANGED))
            for path in paths[start : start + BATCH]
        ]
        every = [(path, k, image) for path, image in images for k in range(1, copies + 1)]
        yield UnnormalizedBatch(
            images=[image for _, _, image in every], data=[(path, k) for path, k, _ in every]
        )


def main() -> None:
    """Write the copies."""
    src, out, copies, workers = Path(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:5])
    paths = sorted(path for path in src.rglob("*") if path.is_file())
    for path in paths:
        (out / path.parent.relative_to(src)).mkdir(parents=True, exist_ok=True)
    imgaug.seed(0)
    pipeline = iaa.Sequential(
        [
            iaa.Fliplr(0.5),
            iaa.Affine(
                rotate=(-30, 30),
                translate_percent={"x": (-0.2, 0.2), "y": (-0.2, 0.2)},
                scale=(0.8, 1.25),
            ),
            iaa.Sometimes(0.5, iaa.SaltAndPepper((0.01, 0.03))),
        ]
    )
    with pipeline.pool(processes=workers, seed=1) as pool:
        for batch in pool.imap_batches(batches(paths, copies), output_buffer_size=4 * workers):
            for (path, k), image in zip(batch.data, batch.images_aug):  # noqa: B905  # any Python
                name = path.relative_to(src)
                cv2.imwrite(
                    str(out / name.with_name(f"{name.stem}_v{k}{name.suffix}")), image, JPEG
                )


if __name__ == "__main__":
    main()
