"""COCO datasets of drawn images: shapes of one colour each, labelled in every way there is."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

WIDTH, HEIGHT = 160, 120
Json = dict[str, Any]
TRIANGLE, RING, CROWD, FIGURE, TWO = (
    (250, 20, 20), (20, 250, 20), (20, 20, 250), (240, 240, 20), (20, 240, 240),
)  # fmt: skip
"""RGB of a polygon, an RLE with a hole, a crowd, a person, and a polygon of two parts."""
BACKGROUND = (128, 128, 128)
NAMES = ["nose", "left_hand", "right_hand"]
KEYPOINTS = [[100, 64, 2], [92, 80, 2], [0, 0, 0]]
CATEGORIES = [
    {"id": 18, "name": "thing", "supercategory": "odd", "colour": "#f00"},
    {"id": 1, "name": "person", "keypoints": NAMES, "skeleton": [[1, 2], [1, 3]]},
    {"id": 44, "name": "thing"},
]


def triangle() -> list[list[float]]:
    return [[12.25, 10.5, 60.0, 14.75, 30.5, 48.0]]


def two_parts() -> list[list[float]]:
    return [[70, 90, 90, 90, 90, 110, 70, 110], [96, 92, 116, 92, 106, 110]]


def ring() -> NDArray[np.uint8]:
    bits = np.zeros((HEIGHT, WIDTH), np.uint8)
    bits[60:100, 10:50] = 1
    bits[70:90, 20:40] = 0
    return bits


def crowd() -> NDArray[np.uint8]:
    bits = np.zeros((HEIGHT, WIDTH), np.uint8)
    bits[8:30, 80:110] = 1
    bits[4:20, 130:156] = 1
    return bits


def figure() -> NDArray[np.uint8]:
    bits = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.ellipse(bits, (100, 64), (16, 22), 0, 0, 360, 1, -1)
    bits[crowd() > 0] = 0
    bits[86:] = 0
    return bits


def compressed(bits: NDArray[np.uint8]) -> Json:
    rle = coco_mask.encode(np.asfortranarray(bits))
    return {"size": rle["size"], "counts": rle["counts"].decode()}


def uncompressed(bits: NDArray[np.uint8]) -> Json:
    flat = bits.T.ravel()
    changes = np.flatnonzero(np.diff(flat, prepend=0)).tolist()
    return {"size": list(bits.shape), "counts": np.diff([0, *changes, flat.size]).tolist()}


def filled(polygons: list[list[float]]) -> NDArray[np.uint8]:
    """Return the pixels of polygons, as COCO's own tools fill them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return coco_mask.decode(coco_mask.merge(coco_mask.frPyObjects(polygons, HEIGHT, WIDTH)))


def shapes() -> list[tuple[tuple[int, int, int], NDArray[np.uint8]]]:
    """Return the colour and the pixels of each annotation, in order."""
    return [
        (TRIANGLE, filled(triangle())),
        (RING, ring()),
        (CROWD, crowd()),
        (FIGURE, figure()),
        (TWO, filled(two_parts())),
    ]


def scene(seed: int = 0) -> NDArray[np.uint8]:
    """Return the image that `annotations` are of, RGB."""
    pixels = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    pixels[:] = BACKGROUND
    pixels[0, 0] = seed % 251  # no two images are equal
    for colour, bits in shapes():
        pixels[bits > 0] = colour
    return pixels


def box_of(bits: NDArray[np.uint8]) -> list[float]:
    return coco_mask.toBbox(coco_mask.encode(np.asfortranarray(bits))).tolist()


def annotations(image_id: Any, first: int) -> list[Json]:
    """Return five annotations of one image; their ids begin at `first`, with gaps."""
    return [
        {
            "id": first, "image_id": image_id, "category_id": 18, "bbox": [12.25, 10.5, 47.75, 37.5],
            "segmentation": triangle(), "area": 844.28125, "iscrowd": 0, "odd": {"deep": [1, None]},
        },
        {
            "segmentation": compressed(ring()), "area": 1200, "iscrowd": 0, "image_id": image_id,
            "bbox": [10, 60, 40, 40], "category_id": 44, "id": first + 7,
            "attributes": {"occluded": False, "rotation": 0.0},
        },
        {
            "id": first + 9, "image_id": image_id, "category_id": 1, "iscrowd": 1,
            "segmentation": uncompressed(crowd()), "area": int(crowd().sum()), "bbox": box_of(crowd()),
        },
        {
            "id": first + 10, "image_id": image_id, "category_id": 1, "iscrowd": 0,
            "segmentation": compressed(figure()), "area": int(figure().sum()), "bbox": box_of(figure()),
            "keypoints": [number for point in KEYPOINTS for number in point], "num_keypoints": 2,
        },
        {
            "id": first + 12, "image_id": image_id, "category_id": 18, "segmentation": two_parts(),
            "area": 580, "bbox": [70, 90, 46, 20], "iscrowd": 0,
        },
    ]  # fmt: skip


def image(image_id: Any, name: str, **more: Any) -> Json:
    return {
        "license": 4, "file_name": name, "height": HEIGHT, "width": WIDTH, "id": image_id,
        "coco_url": f"http://images.example/{name}", **more,
    }  # fmt: skip


def document(images: Sequence[Json], listed: Sequence[Json], **more: Any) -> Json:
    return {
        "info": {"year": 2017, "description": "drawn"},
        "licenses": [{"id": 4, "name": "none"}],
        "images": list(images),
        "annotations": list(listed),
        "categories": CATEGORIES,
        **more,
    }


def boxes_only(listed: Sequence[Json]) -> list[Json]:
    keep = ("id", "image_id", "category_id", "bbox", "area", "iscrowd")
    return [{key: each[key] for key in keep} for each in listed if not each["iscrowd"]]


@dataclass
class Drawn:
    """A dataset folder: images and JSON files are put into it."""

    root: Path
    count: int = field(default=0)

    def picture(self, path: str, pixels: NDArray[np.uint8] | None = None) -> None:
        self.count += 1
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        pixels = scene(self.count) if pixels is None else pixels
        assert cv2.imwrite(str(target), pixels[..., ::-1])

    def json(self, path: str, value: Any, **style: Any) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(value, **style), encoding="utf-8")

    def part(self, folder: str, path: str, ids: Mapping[Any, str]) -> Json:
        """Draw images with all annotations, and write their COCO file; `ids` are id: name."""
        listed = [each for n, key in enumerate(ids) for each in annotations(key, 5 + 100 * n)]
        value = document([image(key, name) for key, name in ids.items()], listed)
        for name in ids.values():
            self.picture(f"{folder}{name}")
        self.json(path, value)
        return value


def draw_coco(root: Path) -> Json:
    """Draw a dataset in COCO's own folder order; return what its training file holds."""
    drawn = Drawn(root)
    train = drawn.part(
        "train2017/", "annotations/instances_train2017.json",
        {31: "000031.png", 7: "000007.png", 100: "000100.png"},
    )  # fmt: skip
    drawn.picture("train2017/000100.png")
    drawn.part("val2017/", "annotations/instances_val2017.json", {2: "000002.png"})
    return train
