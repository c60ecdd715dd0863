"""Images of every depth, channel count and orientation, in every labelled format.

Each has a bright mark on dark ground. Recipes move by whole pixels only, so a label is right if it
lies exactly around the mark that another reader finds in the file.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pytest
from PIL import Image

from expand import ExpandError, Recipe, expand
from expand.images.pixels import Pixels
from expand.job.checks.verify import verify
from expand.records.manifest import read_rows
from tests.expand.layouts.labelled.masks.drawn import as_png

WIDTH, HEIGHT = 40, 30
BOX = (6, 4, 15, 9)
"""Left, top, right and bottom of the mark."""
RECIPE = Recipe.parse("techniques: [flip: {factor: 4}, rotate90]")
FACTOR = 5
INVERSE = [None, 0, 3, 1, 5, 2, 6, 4]
"""Pillow's number of the inverse move of each EXIF orientation."""
TURNED = 5
"""The first orientation that exchanges width and height."""
DARK, BRIGHT, OPACITY = 15_437, 64_123, 40_961
"""Levels of 16 bits, whose low byte is not their high byte."""


def mark(channels: int, *, deep: bool = False) -> Pixels:
    """Return H×W×C pixels with the mark; the last of 2 or 4 channels is alpha."""
    pixels = np.full((HEIGHT, WIDTH, channels), DARK, np.uint16)
    left, top, right, bottom = BOX
    pixels[top:bottom, left:right] = BRIGHT
    if channels == 4:
        pixels[..., 3] = OPACITY
    return pixels if deep else (pixels >> 8).astype(np.uint8)


def stored(orientation: int, kind: str) -> bytes:
    """Return an image whose stored pixels are turned, with the EXIF orientation that says so."""
    image, move = Image.fromarray(mark(3)), INVERSE[orientation - 1]
    image = image if move is None else image.transpose(Image.Transpose(move))
    exif, buffer = Image.Exif(), io.BytesIO()
    exif[0x0112] = orientation
    image.save(buffer, kind, exif=exif, quality=100, subsampling=0)
    return buffer.getvalue()


def by_opencv(suffix: str, pixels: Pixels) -> bytes:
    encoded: Pixels = cv2.imencode(suffix, pixels)[1]
    return encoded.tobytes()


def cmyk() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(mark(3)).convert("CMYK").save(buffer, "JPEG", quality=100, subsampling=0)
    return buffer.getvalue()


def animation(kind: str) -> bytes:
    frames, buffer = [Image.fromarray(mark(3) + step) for step in range(2)], io.BytesIO()
    frames[0].save(buffer, kind, save_all=True, append_images=frames[1:], lossless=True)
    return buffer.getvalue()


TURNS = {
    f"turned{n}.{suffix}": stored(n, kind)
    for n in range(1, 9)
    for suffix, kind in (("jpg", "JPEG"), ("png", "PNG"))
    if (n % 2 == 0) == (suffix == "jpg")
}
GOOD = TURNS | {
    "grey.png": as_png(mark(1)[..., 0]),
    "grey16.png": by_opencv(".png", mark(3, deep=True)[..., :1]),
    "rgb16.png": by_opencv(".png", mark(3, deep=True)),
    "rgba.png": by_opencv(".png", mark(4)),
    "rgba16.png": by_opencv(".png", mark(4, deep=True)),
    "cmyk.jpg": cmyk(),
}
BAD = {
    "moving.webp": animation("WEBP"),
    "moves.png": animation("PNG"),
    "cut.png": as_png(mark(3))[:-40],
}
IMAGES = GOOD | BAD
Boxes = dict[str, tuple[float, ...]]
"""The box of the one object of each image, by its path in the folder."""


def write(path: Path, data: bytes | str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())


def draw_yolo(root: Path, name: str) -> None:
    left, top, right, bottom = BOX
    x, y = (left + right) / 2 / WIDTH, (top + bottom) / 2 / HEIGHT
    row = f"0 {x} {y} {(right - left) / WIDTH} {(bottom - top) / HEIGHT}\n"
    write(root / f"labels/{name.rpartition('.')[0].replace('.', '_')}.txt", row)


def boxes_of_yolo(out: Path) -> Iterator[tuple[str, tuple[float, ...]]]:
    for image in (out / "images").iterdir():
        with Image.open(image) as opened:
            width, height = opened.size
        text = (out / f"labels/{image.stem}.txt").read_text()
        _, x, y, w, h = map(float, text.split())
        yield (
            f"images/{image.name}",
            ((x - w / 2) * width, (y - h / 2) * height, (x + w / 2) * width, (y + h / 2) * height),
        )


def finish_coco(root: Path, names: list[str]) -> None:
    left, top, right, bottom = BOX
    box = [left, top, right - left, bottom - top]
    said = {
        "images": [
            {"id": n, "file_name": name, "width": WIDTH, "height": HEIGHT}
            for n, name in enumerate(names)
        ],
        "annotations": [
            {"id": n, "image_id": n, "category_id": 1, "bbox": box} for n in range(len(names))
        ],
        "categories": [{"id": 1, "name": "mark"}],
    }
    write(root / "annotations.json", json.dumps(said))


def boxes_of_coco(out: Path) -> Iterator[tuple[str, tuple[float, ...]]]:
    said = json.loads((out / "annotations.json").read_text())
    names = {each["id"]: each["file_name"] for each in said["images"]}
    for each in said["annotations"]:
        x, y, w, h = each["bbox"]
        yield f"images/{names[each['image_id']]}", (x, y, x + w, y + h)


def draw_voc(root: Path, name: str) -> None:
    left, top, right, bottom = BOX
    text = (
        f"<annotation><filename>{name}</filename><size><width>{WIDTH}</width><height>{HEIGHT}"
        f"</height><depth>3</depth></size><object><name>mark</name><bndbox><xmin>{left + 1}</xmin>"
        f"<ymin>{top + 1}</ymin><xmax>{right}</xmax><ymax>{bottom}</ymax></bndbox></object>"
        "</annotation>"
    )
    write(root / f"Annotations/{name.rpartition('.')[0]}.xml", text)


def boxes_of_voc(out: Path) -> Iterator[tuple[str, tuple[float, ...]]]:
    for path in (out / "Annotations").iterdir():
        text = path.read_text()
        left, top, right, bottom = (
            float(re.findall(f"<{key}>(.*?)</{key}>", text)[0])
            for key in ("xmin", "ymin", "xmax", "ymax")
        )
        name = re.findall("<filename>(.*?)</filename>", text)[0]
        yield f"images/{name}", (left - 1, top - 1, right, bottom)


def draw_mask(root: Path, name: str) -> None:
    write(root / f"masks/{name.rpartition('.')[0]}.png", as_png(mark(1)[..., 0] // 100))


def boxes_of_masks(out: Path) -> Iterator[tuple[str, tuple[float, ...]]]:
    for image in (out / "images").iterdir():
        mask = np.array(Image.open(out / f"masks/{image.stem}.png"))
        yield f"images/{image.name}", around(mask > 1)


def finish_table(root: Path, names: list[str]) -> None:
    rows = [",".join(map(str, (f"images/{name}", "mark", *BOX))) for name in names]
    write(root / "labels.csv", "\n".join(["file,class,xmin,ymin,xmax,ymax", *rows, ""]))


def boxes_of_table(out: Path) -> Iterator[tuple[str, tuple[float, ...]]]:
    for row in csv.DictReader((out / "labels.csv").open()):
        yield row["file"], tuple(float(row[key]) for key in ("xmin", "ymin", "xmax", "ymax"))


def finish_huggingface(root: Path, names: list[str]) -> None:
    left, top, right, bottom = BOX
    objects = {"bbox": [[left, top, right - left, bottom - top]], "category": [0]}
    rows = [json.dumps({"file_name": f"images/{name}", "objects": objects}) for name in names]
    write(root / "metadata.jsonl", "\n".join([*rows, ""]))


def boxes_of_huggingface(out: Path) -> Iterator[tuple[str, tuple[float, ...]]]:
    for row in map(json.loads, (out / "metadata.jsonl").read_text().splitlines()):
        ((x, y, w, h),) = row["objects"]["bbox"]
        yield row["file_name"], (x, y, x + w, y + h)


def nothing(_root: Path, _of: object) -> None:
    """Write nothing."""


class Format(NamedTuple):
    """How a format is written and read."""

    reading: str
    """What --as says."""
    draw: Callable[[Path, str], None]
    """Writes the label file of an image."""
    finish: Callable[[Path, list[str]], None]
    """Writes the set-wide file."""
    boxes: Callable[[Path], Iterator[tuple[str, tuple[float, ...]]]]


FORMATS = {
    "yolo": Format("yolo-detect", draw_yolo, nothing, boxes_of_yolo),
    "coco": Format("coco", nothing, finish_coco, boxes_of_coco),
    "voc": Format("voc", draw_voc, nothing, boxes_of_voc),
    "masks": Format("masks", draw_mask, nothing, boxes_of_masks),
    "table": Format("table", nothing, finish_table, boxes_of_table),
    "huggingface": Format("huggingface", nothing, finish_huggingface, boxes_of_huggingface),
}
of_each = pytest.mark.parametrize("kind", FORMATS)
AMBIGUOUS = {f"turned{n}" for n in (2, 3, 4)}
"""The size of a mask does not tell whether it is turned with its image."""


def draw(kind: str, root: Path, images: dict[str, bytes]) -> Path:
    """Write a dataset of images that all have the mark."""
    for name, data in images.items():
        write(root / "images" / name, data)
        FORMATS[kind].draw(root, name)
    FORMATS[kind].finish(root, list(images))
    return root


def around(found: Pixels) -> tuple[float, ...]:
    """Return the box around the pixels that are found."""
    columns, rows = np.flatnonzero(found.any(axis=0)), np.flatnonzero(found.any(axis=1))
    return (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)


def read(path: Path) -> Pixels:
    """Return the stored pixels of a file, H×W×C; an orientation tag is not followed."""
    pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION)
    assert pixels is not None
    return pixels if pixels.ndim == 3 else pixels[..., None]


def seen(pixels: Pixels) -> tuple[float, ...]:
    """Return the box around the mark in pixels."""
    level = (DARK + BRIGHT) / 2 if pixels.dtype == np.uint16 else (DARK + BRIGHT) / 512
    return around(pixels[..., 0] > level)


@of_each
def test_labels_of_all_kinds_of_images_lie_on_their_marks(kind: str, tmp_path: Path) -> None:
    root, out = draw(kind, tmp_path / "src", IMAGES), tmp_path / "out"
    report = expand(root, out, FACTOR, RECIPE, layout=FORMATS[kind].reading, workers=1)
    reasons = {each.source.rpartition("/")[2]: each.reason for each in report.summary.bad}
    unsure = {n for n in TURNS if n.partition(".")[0] in AMBIGUOUS} if kind == "masks" else set()
    assert reasons.keys() == BAD.keys() | unsure
    assert report.status == 1
    assert "animation" in reasons["moving.webp"]
    assert "animation" in reasons["moves.png"]
    assert not any("\n" in reason for reason in reasons.values())
    boxes = dict(FORMATS[kind].boxes(out))
    rows = [row for row in read_rows(out) if not row.get("kept")]
    assert len(rows) == FACTOR * (len(GOOD) - len(unsure))
    for row in rows:
        pixels = read(out / row["file_name"])
        np.testing.assert_allclose(boxes[row["file_name"]], seen(pixels), atol=1e-3)
        check_kept(pixels, row["source"].rpartition("/")[2])
    assert verify(out).problems == []


def check_kept(pixels: Pixels, name: str) -> None:
    """Assert that a view has the depth, the channels and the levels of its source."""
    first = cv2.imdecode(np.frombuffer(IMAGES[name], np.uint8), cv2.IMREAD_UNCHANGED)
    assert pixels.dtype == first.dtype, name
    assert pixels.shape[2] == (first.shape[2] if first.ndim == 3 else 1), name
    if name.endswith(".png"):
        assert set(np.unique(pixels)) == set(np.unique(first)), name


@of_each
def test_strict_stops_at_the_first_bad_image_with_one_line(kind: str, tmp_path: Path) -> None:
    some = {name: IMAGES[name] for name in ("cut.png", "grey.png", "rgba.png")}
    root, out = draw(kind, tmp_path / "src", some), tmp_path / "out"
    asked = {"layout": FORMATS[kind].reading, "workers": 1}
    with pytest.raises(ExpandError) as stopped:
        expand(root, out, 2, RECIPE, strict=True, **asked)
    assert stopped.value.status == 3
    assert (
        str(stopped.value) == '"images/cut.png" cannot be decoded: the file is truncated (--strict)'
    )
    assert expand(root, out, 2, RECIPE, **asked).status == 1
    assert verify(out).problems == []


@pytest.mark.parametrize(
    ("kind", "lost", "said"),
    [
        ("masks", "masks/grey.png", 'no mask, "images/grey.png"'),
        ("yolo", "images/grey.png", "1 label file has no image"),
    ],
)
def test_strict_stops_before_the_first_file_if_the_set_has_a_problem(
    kind: str, lost: str, said: str, tmp_path: Path
) -> None:
    some = {name: IMAGES[name] for name in ("grey16.png", "grey.png", "rgba.png")}
    root, out = draw(kind, tmp_path / "src", some), tmp_path / "out"
    (root / lost).unlink()
    asked = {"layout": FORMATS[kind].reading, "workers": 1}
    with pytest.raises(ExpandError, match=said) as stopped:
        expand(root, out, 2, RECIPE, strict=True, **asked)
    assert stopped.value.status == 3
    assert not out.exists()
    assert expand(root, out, 2, RECIPE, **asked).status == 1
