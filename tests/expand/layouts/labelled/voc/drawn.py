"""Drawn Pascal VOC datasets: coloured rectangles whose boxes are known."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from expand.images.pixels import Pixels

COLOURS = {"cat": (250, 40, 40), "dog": (40, 250, 40), "bird": (40, 40, 250)}
NUMBERS = {name: index for index, name in enumerate(COLOURS, 1)}
BORDER = 255
WIDTH, HEIGHT = 64, 48
Edges = tuple[float, float, float, float]
"""xmin, ymin, xmax and ymax as an annotation has them: the first and the last pixel, from 1."""


@dataclass(frozen=True)
class Drawn:
    """An object: its class, its box in the annotation, and what its element has beside them."""

    name: str
    box: Edges
    extra: str = ""
    """XML after the box."""
    head: str = "<pose>Left</pose><truncated>0</truncated><difficult>0</difficult>"


CAT = Drawn("cat", (5, 7, 20, 24))
DOG = Drawn("dog", (31, 4, 60, 40))


def picture(objects: Iterable[Drawn], size: tuple[int, int] = (WIDTH, HEIGHT)) -> Pixels:
    """Draw the objects, each in the colour of its class on grey."""
    pixels = np.full((size[1], size[0], 3), 90, np.uint8)
    for each in objects:
        left, top, right, bottom = (round(side) for side in each.box)
        pixels[max(top - 1, 0) : bottom, max(left - 1, 0) : right] = COLOURS[each.name]
    return pixels


def mask(objects: Iterable[Drawn], *, instances: bool = False, border: bool = False) -> Pixels:
    """Draw the numbers of classes or of instances; a border of ignored pixels inside each box."""
    pixels = np.zeros((HEIGHT, WIDTH), np.uint8)
    for number, each in enumerate(objects, 1):
        left, top, right, bottom = (round(side) for side in each.box)
        value = number if instances else NUMBERS[each.name]
        if border:
            pixels[top - 1 : bottom, left - 1 : right] = BORDER
            left, top, right, bottom = left + 2, top + 2, right - 2, bottom - 2
        pixels[top - 1 : bottom, left - 1 : right] = value
    return pixels


PALETTE = [value for index in range(256) for value in (index, index * 7 % 256, 255 - index)]


def save_mask(path: Path, pixels: Pixels) -> None:
    """Save a mask as a PNG file with a palette."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(pixels, "P")
    image.putpalette(PALETTE)
    image.save(path)


def save_picture(path: Path, pixels: Pixels, orientation: int = 1) -> None:
    """Save an image, as JPEG of high quality or as its suffix says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    exif = Image.Exif()
    if orientation != 1:
        exif[0x0112] = orientation
    Image.fromarray(pixels).save(path, quality=98, subsampling=0, exif=exif)


def annotation(
    stem: str,
    objects: Sequence[Drawn] = (CAT, DOG),
    size: tuple[int, int] | None = (WIDTH, HEIGHT),
    suffix: str = ".jpg",
) -> str:
    """Return an annotation as VOC writes it, with a comment and an unknown element."""
    lines = ["<annotation>", "\t<folder>VOC2012</folder>", f"\t<filename>{stem}{suffix}</filename>"]
    lines += ["\t<!-- drawn by hand -->", "\t<source><database>Drawn</database></source>"]
    if size:
        lines += [
            f"\t<size><width>{size[0]}</width><height>{size[1]}</height><depth>3</depth></size>"
        ]
    for each in objects:
        x1, y1, x2, y2 = (f"{side:g}" for side in each.box)
        lines += ["\t<object>", f"\t\t<name>{each.name}</name>", f"\t\t{each.head}"]
        lines += ["\t\t<bndbox>", f"\t\t\t<xmin>{x1}</xmin>", f"\t\t\t<ymin>{y1}</ymin>"]
        lines += [f"\t\t\t<xmax>{x2}</xmax>", f"\t\t\t<ymax>{y2}</ymax>", "\t\t</bndbox>"]
        lines += [f"\t\t{each.extra}"] * bool(each.extra) + ["\t</object>"]
    return "\n".join([*lines, "</annotation>", ""])


def put(path: Path, text: str | bytes) -> None:
    """Write a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)


def devkit(home: Path, parts: dict[str, str] | None = None, masks: bool = True) -> Path:
    """Write a dataset as it is downloaded: images a, b in train, c in val, d in no list."""
    for stem, objects in SCENES.items():
        save_picture(home / f"JPEGImages/{stem}.jpg", picture(objects))
        if objects is not None:
            put(home / f"Annotations/{stem}.xml", annotation(stem, objects))
        if masks:
            save_mask(home / f"SegmentationClass/{stem}.png", mask(objects))
            save_mask(home / f"SegmentationObject/{stem}.png", mask(objects, instances=True))
    parts = {"train": "a\nb\n", "val": "c\n", "trainval": "a\nb\nc\n"} if parts is None else parts
    for part, text in parts.items():
        put(home / f"ImageSets/Main/{part}.txt", text)
        if masks:
            put(home / f"ImageSets/Segmentation/{part}.txt", text)
    return home


SCENES: dict[str, tuple[Drawn, ...]] = {
    "a": (CAT, DOG),
    "b": (DOG,),
    "c": (CAT,),
    "d": (CAT,),
}


def boxes(path: Path) -> list[tuple[str, Edges]]:
    """Read the objects of an annotation with another parser."""
    root = ElementTree.parse(path).getroot()
    found = []
    for each in root.iter("object"):
        box = each.find("bndbox")
        assert box is not None
        sides = [float(box.findtext(side, "")) for side in ("xmin", "ymin", "xmax", "ymax")]
        found.append((each.findtext("name", ""), (sides[0], sides[1], sides[2], sides[3])))
    return found


def seen(path: Path, name: str) -> Edges | None:
    """Return the box of the pixels in an image that have the colour of a class; None if none."""
    pixels = np.asarray(Image.open(path).convert("RGB")).astype(int)
    near = np.abs(pixels - COLOURS[name]).max(axis=2) < 60
    if not near.any():
        return None
    rows, columns = np.flatnonzero(near.any(axis=1)), np.flatnonzero(near.any(axis=0))
    return (columns[0] + 1, rows[0] + 1, columns[-1] + 1, rows[-1] + 1)
