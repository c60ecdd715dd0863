"""--split takes any word for a part, whatever the layout calls it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from expand.layouts.labelled.dataset import Request
from expand.layouts.labelled.open import open_dataset
from tests.conftest import noise_image
from tests.expand.layouts.labelled.masks.drawn import as_png, write

PNG, MASK = as_png(noise_image(9, 8, 3)), as_png(noise_image(9, 8)[..., 0] % 2)
XML = b"<annotation><object><name>a</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>5</xmax><ymax>5</ymax></bndbox></object></annotation>"
PARTS = ("train", "val", "test")


def coco(part: str) -> bytes:
    images = [{"id": 1, "file_name": f"{part}.png", "width": 8, "height": 9}]
    boxes = [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 1, 4, 4]}]
    categories = [{"id": 1, "name": "a"}]
    return json.dumps({"images": images, "annotations": boxes, "categories": categories}).encode()


FORMATS = {
    "yolo": lambda part: {
        f"{part}/images/{part}.png": PNG,
        f"{part}/labels/{part}.txt": b"0 .5 .5 .2 .2\n",
    },
    "coco": lambda part: {f"{part}/{part}.png": PNG, f"annotations/{part}.json": coco(part)},
    "voc": lambda part: {
        f"JPEGImages/{part}.png": PNG,
        f"Annotations/{part}.xml": XML,
        f"ImageSets/Main/{part}.txt": f"{part}\n".encode(),
    },
    "masks": lambda part: {f"images/{part}/{part}.png": PNG, f"masks/{part}/{part}.png": MASK},
    "huggingface": lambda part: {
        f"{part}/{part}.png": PNG,
        f"{part}/metadata.csv": f"file_name,label\n{part}.png,a\n".encode(),
    },
    "table": lambda part: {
        f"images/{part}.png": PNG,
        f"{part}.csv": f"file,label\n{part}.png,a\n".encode(),
    },
    "split-folders": lambda part: {f"{part}/a/{part}.png": PNG},
}


@pytest.mark.parametrize("word", ["val", "valid", "validation", "dev"])
@pytest.mark.parametrize("layout", FORMATS)
@pytest.mark.parametrize("called", ["val", "valid"])
def test_another_word_for_a_part_chooses_it(
    word: str, layout: str, called: str, tmp_path: Path
) -> None:
    files = {}
    for part in ("train", called, "test"):
        files |= FORMATS[layout](part)
    with open_dataset(write(tmp_path, files), Request(layout, split=word)) as dataset:
        assert [Path(source.id).name for source in dataset.listing] == [f"{called}.png"]
