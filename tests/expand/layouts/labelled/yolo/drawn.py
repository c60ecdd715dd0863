"""Drawn YOLO datasets, one per task: each object has the colour of its class on a grey ground.

Each has `count` training images and two of validation. Every fourth training image is background:
the first of these has no label file, the others have an empty one.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Image = NDArray[np.uint8]

WIDTH, HEIGHT = 160, 120
GROUND = 90
COLOURS = ((230, 30, 30), (30, 200, 30), (40, 40, 230))
"""RGB of the three classes."""
NAMES = ("red", "green", "blue")
MARKS = ((235, 30, 235), (235, 235, 30), (30, 235, 235))
"""RGB of the points of a pose: nose, left, right."""
POINT_NAMES = ("nose", "left", "right")


def draw_detect(root: Path, count: int = 4) -> Path:
    """Draw rectangles; a row is their box."""
    return _draw(root, count, _rectangle, "")


def draw_segment(root: Path, count: int = 4) -> Path:
    """Draw arrows, which are concave; a row is their outline."""
    return _draw(root, count, _arrow, "")


def draw_obb(root: Path, count: int = 4) -> Path:
    """Draw rectangles at an angle; a row is their four corners."""
    return _draw(root, count, _tilted, "")


def draw_pose(root: Path, count: int = 4, dims: int = 3) -> Path:
    """Draw a rectangle with three marks in it, of which the third is not labelled in some images."""

    def pose(image: Image, cell: int, random: np.random.Generator) -> list[float]:
        return _posed(image, cell, random, dims)

    more = f"kpt_shape: [3, {dims}]\nflip_idx: [0, 2, 1]\n"
    return _draw(root, count, pose, more)


Shape = Callable[[Image, int, np.random.Generator], list[float]]
"""Draws an object into a third of an image, and returns the numbers of its row."""


def _draw(root: Path, count: int, shape: Shape, more: str) -> Path:
    for part, images in (("train", count), ("val", 2)):
        (root / "images" / part).mkdir(parents=True)
        (root / "labels" / part).mkdir(parents=True)
        for index in range(images):
            _draw_image(root, part, index, shape)
    names = "".join(f"  {index}: {name}\n" for index, name in enumerate(NAMES))
    (root / "data.yaml").write_text(
        f"# drawn\ntrain: images/train\nval: images/val\nnc: 3\nnames:\n{names}{more}"
    )
    return root


def _draw_image(root: Path, part: str, index: int, shape: Shape) -> None:
    random = np.random.default_rng([index, part == "val"])
    image = np.full((HEIGHT, WIDTH, 3), GROUND, np.uint8)
    background = index % 4 == 3
    rows = []
    for kind in [] if background else range(1 + index % 3):
        numbers = shape(image, kind, random)
        rows.append(f"{kind} {' '.join(f'{number:.6f}' for number in numbers)}\n")
    write_image(root / "images" / part / f"{index:02}.png", image)
    if not background or index > 3:
        (root / "labels" / part / f"{index:02}.txt").write_text("".join(rows))


def _rectangle(image: Image, cell: int, random: np.random.Generator) -> list[float]:
    left, top, right, bottom = _place(cell, random)
    paint(image, _corners(left, top, right, bottom), COLOURS[cell])
    return _box(left, top, right, bottom)


def _arrow(image: Image, cell: int, random: np.random.Generator) -> list[float]:
    left, top, right, bottom = _place(cell, random)
    middle, notch = (left + right) / 2, top + (bottom - top) / 2
    outline = np.array([[left, bottom], [middle, top], [right, bottom], [middle, notch]])
    outline = np.insert(outline, 1, outline[:2].mean(axis=0), axis=0)
    paint(image, outline, COLOURS[cell])
    return _shares(outline)


def _tilted(image: Image, cell: int, random: np.random.Generator) -> list[float]:
    left, top, right, bottom = _place(cell, random)
    centre = np.array([(left + right) / 2, (top + bottom) / 2])
    angle = random.uniform(-1, 1)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    half = np.array([(right - left) / 2, (right - left) / 4])
    corners = centre + (np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half) @ turn.T
    paint(image, corners, COLOURS[cell])
    return _shares(corners)


def _posed(image: Image, cell: int, random: np.random.Generator, dims: int) -> list[float]:
    left, top, right, bottom = _place(cell, random)
    paint(image, _corners(left, top, right, bottom), COLOURS[cell])
    x, y, height = (left + right) / 2, top + 8, bottom - top
    points = [(x, y), (x - 8, top + height / 2), (x + 8, top + height / 2 + 4)]
    missing = random.random() < 0.3
    numbers = _box(left, top, right, bottom)
    for number, (point, colour) in enumerate(zip(points, MARKS, strict=True)):
        if missing and number == len(MARKS) - 1:
            numbers += [0.0] * dims
            continue
        near = np.array(point)
        paint(image, _corners(*(near - 2.5), *(near + 2.5)), colour)
        numbers += [point[0] / WIDTH, point[1] / HEIGHT, 2][:dims]
    return numbers


def _place(cell: int, random: np.random.Generator) -> tuple[int, int, int, int]:
    """Return a box in a third of the image, in whole pixels."""
    left = cell * 53 + int(random.integers(3, 9))
    top = int(random.integers(4, 60))
    return left, top, left + int(random.integers(34, 42)), top + int(random.integers(40, 54))


def _corners(left: float, top: float, right: float, bottom: float) -> Floats:
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float64)


def _box(left: float, top: float, right: float, bottom: float) -> list[float]:
    return [
        (left + right) / 2 / WIDTH,
        (top + bottom) / 2 / HEIGHT,
        (right - left) / WIDTH,
        (bottom - top) / HEIGHT,
    ]


def _shares(corners: Floats) -> list[float]:
    shares: list[float] = (corners / [WIDTH, HEIGHT]).ravel().tolist()
    return shares


def paint(image: Image, corners: Floats, colour: tuple[int, int, int]) -> None:
    """Give the pixels whose centres lie in a polygon (M×2) a colour."""
    image[inside(corners, image.shape[1], image.shape[0])] = colour


def inside(corners: Floats, width: int, height: int) -> NDArray[np.bool_]:
    """Return which pixels (H×W) have their centre in a polygon (M×2, in pixels)."""
    x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    odd = np.zeros((height, width), bool)
    for (ax, ay), (bx, by) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if ay != by:
            crosses = (ay > y) != (by > y)
            odd ^= crosses & (x < (bx - ax) * (y - ay) / (by - ay) + ax)
    return odd


def write_image(path: Path, image: Image) -> None:
    """Write an RGB image."""
    assert cv2.imwrite(str(path), image[..., ::-1])


def read_image(path: Path) -> Image:
    """Return the RGB pixels of an image file."""
    pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
    assert pixels is not None
    return pixels[..., ::-1].astype(np.uint8)


def of_colour(image: Image, colour: tuple[int, int, int], off: int = 60) -> NDArray[np.bool_]:
    """Return which pixels (H×W) have a colour, about."""
    near: NDArray[np.bool_] = np.abs(image.astype(int) - colour).max(axis=-1) <= off
    return near
