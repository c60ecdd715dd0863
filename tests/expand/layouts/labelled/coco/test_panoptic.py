"""COCO panoptic: a PNG of segments moves with its image, and the annotation lists what it shows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.expand.layouts.labelled.coco.drawn import (
    CATEGORIES,
    HEIGHT,
    WIDTH,
    Drawn,
    annotations,
    document,
    image,
    scene,
    shapes,
)
from tests.expand.layouts.labelled.coco.grown import grow

IDS = [3, 70_000, 5 << 16, 300, 16_000_000]
PANOPTIC = "annotations/panoptic_train2017.json"
TURNS = "techniques: [flip: {axes: [horizontal, vertical]}, rotate90]"


def ids_of(path: Path) -> NDArray[np.int64]:
    colours = np.asarray(Image.open(path)).astype(np.int64)
    return colours @ np.array([1, 256, 65536])


def draw(root: Path, suffix: str = ".jpg") -> Drawn:
    """Draw a dataset whose images have panoptic annotations, and instances too."""
    drawn, images, listed, instances = Drawn(root), [], [], []
    for number in (4, 9, 5):
        drawn.picture(f"train2017/{number}{suffix}", scene(number))
        images.append(image(number, f"{number}{suffix}"))
        ids, segments = np.zeros((HEIGHT, WIDTH), np.int64), []
        for key, (_, bits) in zip(IDS, shapes(), strict=True):
            ids[bits > 0] = key
            box = [0, 0, 1, 1]
            segments.append({"id": key, "category_id": 18, "area": int(bits.sum()), "bbox": box, "iscrowd": 0, "odd": 1})  # fmt: skip
        colours = np.stack([ids % 256, ids // 256 % 256, ids // 65536], axis=2).astype(np.uint8)
        folder = root / "annotations/panoptic_train2017"
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(colours).save(folder / f"{number}.png")
        listed.append({"segments_info": segments, "file_name": f"{number}.png", "image_id": number})
        instances += annotations(number, 100 * number)
    drawn.json(PANOPTIC, document(images, listed, categories=CATEGORIES))
    drawn.json("annotations/instances_train2017.json", document(images, instances))
    return drawn


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_segments_move_with_their_image(tmp_path: Path, suffix: str) -> None:
    draw(tmp_path / "src", suffix)
    grown = grow(tmp_path / "src", tmp_path / "out", 4, TURNS)
    assert (grown.bad, grown.status, grown.notes) == ({}, 0, ())
    assert "COCO segmentation, panoptic and keypoints" in grown.title
    after = json.loads((tmp_path / "out" / PANOPTIC).read_text())
    before = json.loads((tmp_path / "src" / PANOPTIC).read_text())
    assert after["annotations"][:3] == before["annotations"]
    assert len(after["annotations"]) == len(after["images"]) == 12
    names = {each["id"]: each["file_name"] for each in after["images"]}
    folder = tmp_path / "out/annotations/panoptic_train2017"
    assert len(list(folder.iterdir())) == 12
    for annotation in after["annotations"]:
        assert Path(names[annotation["image_id"]]).stem == Path(annotation["file_name"]).stem
        ids = ids_of(folder / annotation["file_name"])
        pixels = np.asarray(Image.open(tmp_path / "out/train2017" / names[annotation["image_id"]]))
        assert [each["id"] for each in annotation["segments_info"]] == IDS
        for segment, (colour, _) in zip(annotation["segments_info"], shapes(), strict=True):
            where = ids == segment["id"]
            assert where.sum() == segment["area"]
            assert np.abs(pixels[where].mean(axis=0) - colour).max() < 20


def test_segments_outside_a_view_are_not_listed(tmp_path: Path) -> None:
    draw(tmp_path / "src")
    moved = "techniques: [translate: {x: [-95, -95], y: [0, 0], unit: pixel}]"
    grow(tmp_path / "src", tmp_path / "out", 2, moved)
    written: list[Any] = json.loads((tmp_path / "out" / PANOPTIC).read_text())["annotations"]
    ids = ids_of(tmp_path / "out/annotations/panoptic_train2017/4_v1.png")
    segments = written[3]["segments_info"]
    assert [each["id"] for each in segments] == IDS[2:]
    assert set(np.unique(ids)) == {0, *IDS[2:]}
    assert segments[0] | {"area": 0} == {
        "id": IDS[2], "category_id": 18, "area": 0, "bbox": [0, 4, 61, 26], "iscrowd": 0, "odd": 1,
    }  # fmt: skip


def test_factor_1_and_bad_png_files(tmp_path: Path) -> None:
    draw(tmp_path / "src")
    folder = "annotations/panoptic_train2017"
    grow(tmp_path / "src", tmp_path / "once", 1)
    for name in (PANOPTIC, f"{folder}/4.png"):
        assert (tmp_path / "once" / name).read_bytes() == (tmp_path / "src" / name).read_bytes()
    Image.new("L", (WIDTH, HEIGHT)).save(tmp_path / "src" / folder / "4.png")
    (tmp_path / "src" / folder / "9.png").unlink()
    bad = grow(tmp_path / "src", tmp_path / "out", 2).bad
    path = f'its mask "{folder}/'
    assert bad["train2017/4.jpg"] == f'{path}4.png" is not a lossless RGB image of 8 bits'
    assert bad["train2017/9.jpg"].startswith(f'{path}9.png" ')


def test_odd_values_of_the_source_do_not_reach_the_manifest(tmp_path: Path) -> None:
    draw(tmp_path / "src")
    for name in (PANOPTIC, "annotations/instances_train2017.json"):
        path = tmp_path / "src" / name
        text = path.read_text().replace('"odd": 1', '"odd": [NaN, "\\ud800"]')
        path.write_text(text.replace('"size": ', '"odd": [NaN, "\\ud800"], "size": '))
    grow(tmp_path / "src", tmp_path / "out", 2)
    for name in (PANOPTIC, "annotations/instances_train2017.json"):
        before = (tmp_path / "src" / name).read_text().count('[NaN, "\\ud800"]')
        assert (tmp_path / "out" / name).read_text().count('[NaN, "\\ud800"]') == 2 * before > 0
