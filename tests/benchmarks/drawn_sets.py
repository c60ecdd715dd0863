"""Drawn datasets with labels, and by hand what a correct expansion by 2 makes of them."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import numpy as np
from PIL import Image
from pycocotools import mask as rle

WIDTH, HEIGHT = 48, 32
CLASSES = ("cat", "dog")
NAMES = "names: {0: cat, 1: dog}\n"
Box = tuple[int, int, int, int]
"""Left, top, right, bottom: edges in pixels."""


@dataclass(frozen=True)
class Drawn:
    """An image with bright rectangles: its file's stem, its part, and class and box of each."""

    stem: str
    part: str
    objects: tuple[tuple[int, Box], ...]
    view: int = 0

    @property
    def source(self) -> str:
        """The stem of its source."""
        return self.stem.replace("_v1", "")

    def mirrored(self) -> Drawn:
        """Return its copy."""
        objects = tuple(
            (c, (WIDTH - x2, y1, WIDTH - x1, y2)) for c, (x1, y1, x2, y2) in self.objects
        )
        return replace(self, stem=f"{self.stem}_v1", objects=objects, view=1)

    def pixels(self) -> np.ndarray[Any, Any]:
        """Return the image."""
        pixels = np.full((HEIGHT, WIDTH, 3), 40, np.uint8)
        for number, (left, top, right, bottom) in self.objects:
            pixels[top:bottom, left:right] = (90, 200, 120) if number else (220, 90, 60)
        return pixels

    def mask(self, value: Callable[[int], int], kind: type = np.uint8) -> np.ndarray[Any, Any]:
        """Return a mask with a value for each class, 0 elsewhere."""
        mask = np.zeros((HEIGHT, WIDTH), kind)
        for number, (left, top, right, bottom) in self.objects:
            mask[top:bottom, left:right] = value(number)
        return mask


SOURCES = (
    Drawn("1", "train", ((0, (4, 6, 20, 24)), (1, (30, 3, 44, 19)))),
    Drawn("2", "train", ((1, (10, 10, 26, 30)),)),
    Drawn("3", "train", ()),
    Drawn("4", "val", ((0, (2, 2, 30, 20)),)),
    Drawn("5", "val", ((1, (20, 8, 40, 28)),)),
)
EXPANDED = tuple(
    each
    for source in SOURCES
    for each in ((source, source.mirrored()) if source.part == "train" else (source,))
)
TO_SPLIT = tuple(
    Drawn(
        f"{n:02}",
        "train",
        ((n % 2, (n, 6, 20 + n, 24)), (1, (30, 3, 44, 19)))[: 1 + n // 2 % 2 - (n % 7 == 0)],
    )
    for n in range(14)
)
"""Images without parts, each of its own, but for two that are equal."""
Write = Callable[[Path, tuple[Drawn, ...]], dict[str, str]]
"""Writes a dataset; returns the path of each image by its stem."""


def expand_by_hand(write: Write, folder: Path) -> tuple[Path, Path]:
    """Write a dataset and its correct expansion by 2, with a manifest; return both folders."""
    src, out = folder / "src", folder / "out"
    write(src, SOURCES)
    write_manifest(out, write(out, EXPANDED))
    return src, out


def write_manifest(out: Path, files: dict[str, str]) -> None:
    """Write the rows that the readers look at."""
    rows = [
        {"file_name": files[each.stem], "source": files[each.source], "view": each.view}
        if each.part == "train"
        else {"file_name": files[each.stem], "source": files[each.stem], "view": 0, "kept": True}
        for each in EXPANDED
    ]
    text = "".join(f"{json.dumps(row)}\n" for row in rows)
    (out / "expand.jsonl").write_text(text, "utf-8")


def parts_of(drawn: tuple[Drawn, ...]) -> list[str]:
    """Return the parts of some images, sorted."""
    return sorted({each.part for each in drawn})


def save(root: Path, name: str, pixels: np.ndarray[Any, Any]) -> str:
    """Write an image; return its name."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return name


def put(root: Path, name: str, text: str) -> None:
    """Write a text file."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def write_yolo(root: Path, drawn: tuple[Drawn, ...]) -> dict[str, str]:
    """Write a YOLO dataset; the image without objects has an empty label file."""
    files = {}
    for each in drawn:
        files[each.stem] = save(root, f"images/{each.part}/{each.stem}.png", each.pixels())
        rows = [
            f"{number} {(x1 + x2) / 2 / WIDTH:.6f} {(y1 + y2) / 2 / HEIGHT:.6f} "
            f"{(x2 - x1) / WIDTH:.6f} {(y2 - y1) / HEIGHT:.6f}\n"
            for number, (x1, y1, x2, y2) in each.objects
        ]
        put(root, f"labels/{each.part}/{each.stem}.txt", "".join(rows))
    put(root, "data.yaml", f"train: images/train\nval: images/{parts_of(drawn)[-1]}\n{NAMES}")
    return files


def write_coco(root: Path, drawn: tuple[Drawn, ...]) -> dict[str, str]:
    """Write a COCO dataset with sparse ids; cats have polygons, dogs an RLE mask."""
    files = {each.stem: f"images/{each.part}/{each.stem}.png" for each in drawn}
    for part in parts_of(drawn):
        images: list[dict[str, Any]] = []
        annotations: list[dict[str, Any]] = []
        for each in (one for one in drawn if one.part == part):
            save(root, files[each.stem], each.pixels())
            number = 10 * (len(images) + 1)
            image = {"id": number, "file_name": f"{each.stem}.png"}
            images.append({**image, "width": WIDTH, "height": HEIGHT})
            for which, (left, top, right, bottom) in each.objects:
                annotation = {"id": 7 + 5 * len(annotations), "image_id": number}
                place = {
                    "bbox": [left, top, right - left, bottom - top],
                    "area": (right - left) * (bottom - top),
                    "segmentation": [[left, top, right, top, right, bottom, left, bottom]]
                    if which == 0
                    else _rle_of(each, (left, top, right, bottom)),
                }
                category = {"category_id": (1, 18)[which], "iscrowd": 0, "note": "drawn"}
                annotations.append({**annotation, **place, **category})
        categories = [{"id": 1, "name": "cat"}, {"id": 18, "name": "dog"}]
        content = {
            "info": {"year": 2026},
            "images": images,
            "annotations": annotations,
            "categories": categories,
        }
        put(root, f"annotations/instances_{part}.json", json.dumps(content))
    return files


def _rle_of(drawn: Drawn, box: Box) -> dict[str, Any]:
    mask = replace(drawn, objects=((0, box),)).mask(lambda _: 1)
    encoded = rle.encode(np.asfortranarray(mask))
    return {"size": encoded["size"], "counts": encoded["counts"].decode()}


def write_voc(root: Path, drawn: tuple[Drawn, ...]) -> dict[str, str]:
    """Write a Pascal VOC dataset with annotations, masks and lists."""
    files = {}
    for each in drawn:
        files[each.stem] = save(root, f"JPEGImages/{each.stem}.png", each.pixels())
        (root / files[each.stem]).rename(root / f"JPEGImages/{each.stem}.jpg")  # torchvision's
        files[each.stem] = f"JPEGImages/{each.stem}.jpg"
        objects = "".join(
            f"<object><name>{escape(CLASSES[number])}</name><bndbox><xmin>{x1 + 1}</xmin><ymin>"
            f"{y1 + 1}</ymin><xmax>{x2}</xmax><ymax>{y2}</ymax></bndbox></object>"
            for number, (x1, y1, x2, y2) in each.objects
        )
        size = f"<size><width>{WIDTH}</width><height>{HEIGHT}</height><depth>3</depth></size>"
        name = f"<filename>{each.stem}.jpg</filename>"
        put(root, f"Annotations/{each.stem}.xml", f"<annotation>{name}{size}{objects}</annotation>")
        mask = Image.fromarray(each.mask(lambda number: number + 1)).convert("P")
        mask.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0])
        (root / "SegmentationClass").mkdir(exist_ok=True)
        mask.save(root / "SegmentationClass" / f"{each.stem}.png")
    for part in parts_of(drawn):
        names = "".join(f"{each.stem}\n" for each in drawn if each.part == part)
        for lists in ("Main", "Segmentation"):
            put(root, f"ImageSets/{lists}/{part}.txt", names)
    return files


def write_cityscapes(root: Path, drawn: tuple[Drawn, ...]) -> dict[str, str]:
    """Write a dataset in Cityscapes' folders, with ids of classes and of instances."""
    files = {}
    for each in drawn:
        stem = f"{each.part}/aachen/aachen_{each.stem}"
        files[each.stem] = save(root, f"leftImg8bit/{stem}_leftImg8bit.png", each.pixels())
        ids = each.mask(lambda number: 24 + number)
        save(root, f"gtFine/{stem}_gtFine_labelIds.png", ids)
        instances = each.mask(lambda number: 1000 * (24 + number), np.uint16)
        save(root, f"gtFine/{stem}_gtFine_instanceIds.png", instances)
    return files


def write_hugging_face(root: Path, drawn: tuple[Drawn, ...]) -> dict[str, str]:
    """Write an image folder with a metadata.csv for each part."""
    files = {}
    for part in parts_of(drawn):
        rows = [["file_name", "breed", "weight"]]
        for each in (one for one in drawn if one.part == part):
            files[each.stem] = save(root, f"{part}/{each.stem}.png", each.pixels())
            rows.append([f"{each.stem}.png", f"breed {each.source}", f"{len(each.objects) + 0.5}"])
        with (root / part / "metadata.csv").open("w", newline="") as file:
            csv.writer(file).writerows(rows)
    return files
