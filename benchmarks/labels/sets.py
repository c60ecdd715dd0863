"""The datasets that are measured: drawn boxes, polygons and masks in several formats."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import numpy as np

OBJECTS, CORNERS = 8, 24
"""Objects of an image, and corners of a polygon: about those of COCO (7.3 objects)."""


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


def draw_boxes(random: np.random.Generator) -> list[tuple[float, float, float, float]]:
    """Return centres, widths and heights, in shares of the image."""
    boxes = []
    for _ in range(OBJECTS):
        width, height = random.uniform(0.05, 0.4, 2).tolist()
        x, y = random.uniform(width / 2, 1 - width / 2), random.uniform(height / 2, 1 - height / 2)
        boxes.append((x, y, width, height))
    return boxes


def write_boxes(root: Path, path: Path, random: np.random.Generator) -> None:
    """Write an image with boxes."""
    rows = [
        f"{label} {x:.6f} {y:.6f} {width:.6f} {height:.6f}"
        for label, (x, y, width, height) in enumerate(draw_boxes(random))
    ]
    write_yolo(root, path, rows)


def write_voc(root: Path, path: Path, random: np.random.Generator) -> None:
    """Write an image with boxes in an XML file."""
    for folder in ("JPEGImages", "Annotations"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    shutil.copy(path, root / "JPEGImages" / path.name)
    high, wide = cv2.imread(str(path)).shape[:2]
    lines = ["<annotation>", f"<filename>{path.name}</filename>"]
    lines.append(f"<size><width>{wide}</width><height>{high}</height><depth>3</depth></size>")
    for label, (x, y, width, height) in enumerate(draw_boxes(random)):
        lines.append(f"<object><name>c{label}</name><difficult>0</difficult><bndbox>")
        lines.append(f"<xmin>{1 + round((x - width / 2) * wide)}</xmin>")
        lines.append(f"<ymin>{1 + round((y - height / 2) * high)}</ymin>")
        lines.append(f"<xmax>{round((x + width / 2) * wide)}</xmax>")
        lines.append(f"<ymax>{round((y + height / 2) * high)}</ymax></bndbox></object>")
    text = "\n".join([*lines, "</annotation>", ""])
    (root / "Annotations" / f"{path.stem}.xml").write_text(text)


def write_coco(root: Path, path: Path, random: np.random.Generator) -> None:
    """Write an image, and add its polygons to the JSON file."""
    (root / "images").mkdir(parents=True, exist_ok=True)
    shutil.copy(path, root / "images" / path.name)
    file = root / "annotations.json"
    labels = [{"id": label + 1, "name": f"c{label}"} for label in range(OBJECTS)]
    empty = {"images": [], "annotations": [], "categories": labels}
    document = json.loads(file.read_text()) if file.exists() else empty
    height, width = cv2.imread(str(path)).shape[:2]
    number = len(document["images"]) + 1
    image = {"id": number, "file_name": path.name, "width": width, "height": height}
    document["images"].append(image)
    for label in labels:
        corners = (blob(random) * (width, height)).round(2)
        (left, top), (right, bottom) = corners.min(axis=0).tolist(), corners.max(axis=0).tolist()
        annotation = {"id": len(document["annotations"]) + 1, "image_id": number, "iscrowd": 0}
        annotation |= {"category_id": label["id"], "area": (right - left) * (bottom - top)}
        annotation |= {"bbox": [left, top, right - left, bottom - top]}
        annotation |= {"segmentation": [corners.ravel().tolist()]}
        document["annotations"].append(annotation)
    file.write_text(json.dumps(document))


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
