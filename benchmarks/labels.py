"""`python -m benchmarks.labels`: what boxes, polygons and masks cost when a dataset is expanded.

The same images are expanded without labels, with YOLO boxes, with YOLO polygons, and with masks;
and the masks alone, as images, without noise. Arms take turns; CPU seconds are those of the whole
command, one worker.
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
import cv2
import numpy as np

REPOSITORY = Path(__file__).parents[1]
MEMORY = Path("/dev/shm")
OBJECTS, CORNERS = 8, 24
"""Objects of an image, and corners of a polygon: about those of COCO (7.3 objects)."""
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
        for _ in range(rounds):
            for name, options in arms.items():
                seconds[name].append(cpu_seconds(Path(scratch), name, [*options, str(factor)]))
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
        "masks": write_mask,
        "masks as images": write_mask_alone,
    }
    for name, write in writers.items():
        for number, path in enumerate(files):
            write(scratch / name, path, np.random.default_rng(number))
    recipe = {"masks as images": str(scratch / GEOMETRY)}
    layouts = {"flat": "flat", "masks as images": "flat", "masks": "masks"}
    layouts |= {"boxes": "yolo-detect", "polygons": "yolo-segment"}
    return {
        name: ["--recipe", recipe.get(name, "classic"), "--as", layouts[name], "--factor"]
        for name in writers
    }


def draw_photographs(scratch: Path, count: int) -> list[Path]:
    """Draw images of 500×400 that compress like photographs."""
    folder = scratch / "drawn"
    folder.mkdir()
    random = np.random.default_rng(0)
    for number in range(count):
        coarse = random.integers(0, 256, (40, 50, 3), dtype=np.uint8)
        pixels = cv2.resize(coarse, (500, 400), interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(folder / f"{number:05d}.jpg"), pixels)
    return sorted(folder.iterdir())


def write_plain(root: Path, path: Path, _random: np.random.Generator) -> None:
    """Copy an image."""
    root.mkdir(exist_ok=True)
    shutil.copy(path, root / path.name)


def write_boxes(root: Path, path: Path, random: np.random.Generator) -> None:
    """Write an image with boxes."""
    rows = []
    for label in range(OBJECTS):
        width, height = random.uniform(0.05, 0.4, 2)
        x, y = random.uniform(width / 2, 1 - width / 2), random.uniform(height / 2, 1 - height / 2)
        rows.append(f"{label} {x:.6f} {y:.6f} {width:.6f} {height:.6f}")
    write_yolo(root, path, rows)


def write_polygons(root: Path, path: Path, random: np.random.Generator) -> None:
    """Write an image with polygons."""
    rows = []
    for label in range(OBJECTS):
        corners = (blob(random) * 1000).round() / 1000
        rows.append(f"{label} " + " ".join(f"{value:.6f}" for value in corners.ravel()))
    write_yolo(root, path, rows)


def write_yolo(root: Path, path: Path, rows: list[str]) -> None:
    """Write an image with its label file."""
    for folder in ("images", "labels"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    names = ", ".join(f"c{label}" for label in range(OBJECTS))
    (root / "data.yaml").write_text(f"path: .\ntrain: images\nval: images\nnames: [{names}]\n")
    shutil.copy(path, root / "images" / path.name)
    (root / "labels" / f"{path.stem}.txt").write_text("\n".join(rows) + "\n")


def write_mask(root: Path, path: Path, random: np.random.Generator) -> None:
    """Write an image with a mask."""
    for folder in ("images", "masks"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    shutil.copy(path, root / "images" / path.name)
    write_mask_alone(root / "masks", path, random)


def write_mask_alone(root: Path, path: Path, random: np.random.Generator) -> None:
    """Write a mask of eight classes."""
    root.mkdir(exist_ok=True)
    height, width = cv2.imread(str(path)).shape[:2]
    mask = np.zeros((height, width), np.uint8)
    for label in range(OBJECTS):
        corners = (blob(random) * (width, height)).astype(np.int32)
        cv2.fillPoly(mask, [corners], label + 1)
    cv2.imwrite(str(root / f"{path.stem}.png"), mask)


def blob(random: np.random.Generator) -> np.ndarray:
    """Return the corners of a round shape, in shares of the image: CORNERS×2."""
    angles = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
    radii = random.uniform(0.08, 0.2) * random.uniform(0.7, 1, CORNERS)
    centre = random.uniform(0.2, 0.8, 2)
    return centre + radii[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def cpu_seconds(scratch: Path, name: str, options: list[str]) -> float:
    """Expand a set; return the CPU seconds of the command."""
    out = scratch / "out"
    line = [sys.executable, "-m", "expand", str(scratch / name), str(out), *options]
    before = os.times()
    subprocess.run([*line, "--workers", "1", "--quiet"], check=True, cwd=REPOSITORY)
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
        "boxes ÷ flat": ratios(seconds["boxes"], seconds["flat"]),
        "polygons ÷ flat": ratios(seconds["polygons"], seconds["flat"]),
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
