"""Files per second of expanding: ours against a lower bound and against peers that are installed.

The lower bound reads, decodes, encodes and writes, without views. Recipe classic, factor 4, on
32×32 JPEGs (dominated by files) and 500×375 JPEGs (dominated by pixels). The images are random;
`python -m benchmarks.expanding FOLDER` measures on a folder of class folders instead.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np

from benchmarks.timing import print_rates, time_arms
from expand import expand
from expand.images.decoder import decode
from expand.images.encoder import encode
from expand.images.formats import Encoding
from expand.layouts.class_folders import list_sources
from expand.layouts.names import copy_name
from expand.storage.files import write_whole

FACTOR, ROUNDS = 4, 5
BASE = "albumentations by hand, 1 process"


def draw_images(folder: Path, count: int, height: int, width: int) -> Path:
    """Write `count` smooth random images of two classes."""
    rng = np.random.default_rng(0)
    for index in range(count):
        small = rng.integers(0, 256, (6, 6, 3)).astype(np.uint8)
        picture = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
        write_whole(
            folder / ("ab"[index % 2]) / f"{index:05d}.jpg", encode(picture, Encoding("JPEG", 90))
        )
    return folder


def copy_without_views(src: Path, out: Path) -> None:
    """Read and decode once, encode and write each copy unchanged: the bound of one process."""
    for source in list_sources(src):
        data = (src / source.id).read_bytes()
        decoded = decode(data)
        write_whole(f"{out}/{source.id}", data)
        for k in range(1, FACTOR):
            write_whole(
                f"{out}/{copy_name(source.id, k, 'keep')}", encode(decoded.pixels, decoded.encoding)
            )


def plain_albumentations(src: Path, out: Path) -> None:
    """The usual loop: one process, cv2, and an albumentations pipeline of the same techniques."""
    import albumentations

    pipeline = albumentations.Compose(
        [
            albumentations.HorizontalFlip(p=0.5),
            albumentations.Affine(
                rotate=(-15, 15), translate_percent=(-0.1, 0.1), scale=(0.9, 1.1), p=1
            ),
            albumentations.SaltAndPepper(amount=(0.01, 0.02), p=0.5),
        ]
    )
    for source in list_sources(src):
        pixels = cv2.imread(str(src / source.id))
        (out / source.label).mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(out / source.id), pixels)
        for k in range(1, FACTOR):
            cv2.imwrite(str(out / copy_name(source.id, k, "keep")), pipeline(image=pixels)["image"])


def augmentor(src: Path, out: Path) -> None:
    """Write as many files with Augmentor's own pipeline and its threads."""
    import Augmentor

    count = len(list_sources(src))
    pipeline = Augmentor.Pipeline(str(src), output_directory=str(out.resolve()))
    pipeline.flip_left_right(0.5)
    pipeline.rotate(1, 15, 15)
    pipeline.zoom(1, 1.0, 1.1)
    pipeline.sample(count * FACTOR)


def arms_of(src: Path, out: Path) -> dict[str, Callable[[], object]]:
    """Build the arms to time; each writes the files of `src` to `out`."""
    arms: dict[str, Callable[[], object]] = {
        "floor: no views, 1 process": lambda: copy_without_views(src, out),
        "expand, 1 worker": lambda: expand(src, out, FACTOR, workers=1),
        "expand, 2 workers": lambda: expand(src, out, FACTOR, workers=2),
        BASE: lambda: plain_albumentations(src, out),
    }
    if find_spec("Augmentor"):
        arms["Augmentor (no shift, no noise), threads"] = lambda: augmentor(src, out)
    return arms


def then_remove(arm: Callable[[], object], out: Path) -> Callable[[], object]:
    """Run an arm and remove what it wrote, so that every round starts with an empty folder."""

    def run() -> None:
        arm()
        shutil.rmtree(out, ignore_errors=True)

    return run


def measure(src: Path) -> None:
    """Print the rates on one folder."""
    files = FACTOR * len(list_sources(src))
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "out"
        arms = {name: then_remove(arm, out) for name, arm in arms_of(src, out).items()}
        print_rates(time_arms(arms, ROUNDS), files, "files/s", BASE)


def main() -> None:
    """Measure on the named folder, or on random images of two sizes."""
    if len(sys.argv) > 1 and Path(sys.argv[-1]).is_dir():
        measure(Path(sys.argv[-1]))
        return
    with tempfile.TemporaryDirectory() as scratch:
        for height, width, count in ((32, 32, 4000), (375, 500, 300)):
            print(f"-- {count} images of {width}×{height}")
            measure(draw_images(Path(scratch) / f"{width}", count, height, width))


if __name__ == "__main__":
    main()
