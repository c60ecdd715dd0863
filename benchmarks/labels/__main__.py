"""`python -m benchmarks.labels`: what boxes, polygons and masks cost when a dataset is expanded.

The same images are expanded without labels; with YOLO boxes and polygons, COCO polygons, and the
boxes of Pascal VOC; and with masks, and the masks alone, as images, without noise. Arms take turns;
CPU seconds are those of the whole command, one worker. Modules are compiled before, as they are by
an installation.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

import click
import numpy as np

from benchmarks.labels.sets import (
    draw_photographs,
    write_boxes,
    write_coco,
    write_mask,
    write_mask_alone,
    write_plain,
    write_polygons,
    write_voc,
)

REPOSITORY = Path(__file__).parents[2]
MEMORY = Path("/dev/shm")
GEOMETRY = "geometry.yaml"
"""A recipe with the moves of `classic` and nothing else: what masks go through."""


@click.command()
@click.option(
    "--images",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder of photographs; drawn ones without it.",
)
@click.option("--count", default=200, show_default=True, help="Images.")
@click.option("--rounds", default=5, show_default=True)
@click.option("--factor", default=4, show_default=True)
def main(images: Path | None, count: int, rounds: int, factor: int) -> None:
    """Measure the cost of labels, in CPU seconds of the whole command."""
    folder = MEMORY if MEMORY.is_dir() else Path(tempfile.gettempdir())
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        arms = make_sets(Path(scratch), images, count)
        seconds: dict[str, list[float]] = {name: [] for name in arms}
        for number in range(-1, rounds):  # one more at first, which compiles the modules
            for name, options in arms.items():
                spent = cpu_seconds(Path(scratch), name, [*options, str(factor)])
                seconds[name] += [spent] if number >= 0 else []
    show(seconds, count * factor)


def make_sets(scratch: Path, images: Path | None, count: int) -> dict[str, list[str]]:
    """Write the datasets; return the options of each arm."""
    files = (
        sorted(path for path in images.rglob("*.*") if path.suffix.lower() in (".jpg", ".jpeg"))[
            :count
        ]
        if images
        else draw_photographs(scratch, count)
    )
    (scratch / GEOMETRY).write_text(
        "name: geometry\ntechniques:\n- flip\n- rotate: {degrees: [-15, 15]}\n"
        "- translate: {x: [-0.1, 0.1], y: [-0.1, 0.1]}\n- scale: {zoom: [0.9, 1.1]}\n"
    )
    writers: dict[str, Callable[[Path, Path, np.random.Generator], None]] = {
        "flat": write_plain,
        "boxes": write_boxes,
        "polygons": write_polygons,
        "coco": write_coco,
        "voc": write_voc,
        "masks": write_mask,
        "masks as images": write_mask_alone,
    }
    for name, write in writers.items():
        for number, path in enumerate(files):
            write(scratch / name, path, np.random.default_rng(number))
    recipe = {"masks as images": str(scratch / GEOMETRY)}
    layouts = {"flat": "flat", "masks as images": "flat", "masks": "masks"}
    layouts |= {"boxes": "yolo-detect", "polygons": "yolo-segment", "coco": "coco", "voc": "voc"}
    return {
        name: ["--recipe", recipe.get(name, "classic"), "--as", layouts[name], "--factor"]
        for name in writers
    }


def cpu_seconds(scratch: Path, name: str, options: list[str]) -> float:
    """Expand a set; return the CPU seconds of the command."""
    out = scratch / "out"
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(scratch / "compiled")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    line = [sys.executable, "-m", "expand", str(scratch / name), str(out), *options]
    before = os.times()
    line += ["--workers", "1", "--quiet"]
    subprocess.run(line, check=True, cwd=REPOSITORY, env=environment)
    after = os.times()
    shutil.rmtree(out)
    return sum(after[2:4]) - sum(before[2:4])


def show(seconds: dict[str, list[float]], files: int) -> None:
    """Print medians, and ratios of each round."""
    rounds = len(seconds["flat"])
    print(f"CPU seconds of the whole command, {files:,} images, {rounds} rounds: median (range)")
    for name, values in seconds.items():
        print(f"  {name:16} {median(values):6.2f} ({min(values):.2f} … {max(values):.2f})")
    pairs = {
        f"{name} ÷ flat": ratios(seconds[name], seconds["flat"])
        for name in ("boxes", "polygons", "coco", "voc")
    } | {
        "masks ÷ (flat + masks as images)": [
            one / (two + three)
            for one, two, three in zip(
                seconds["masks"], seconds["flat"], seconds["masks as images"], strict=True
            )
        ],
    }
    for name, values in pairs.items():
        print(f"  {name:34} {median(values):5.3f} ({min(values):.3f} … {max(values):.3f})")


def ratios(above: list[float], below: list[float]) -> list[float]:
    """Divide the values of each round."""
    return [one / two for one, two in zip(above, below, strict=True)]


if __name__ == "__main__":
    main()
