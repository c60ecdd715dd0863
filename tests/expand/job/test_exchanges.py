"""Classes that mirrored views exchange, in whole runs: the labels of each format say so."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from expand import ExpandError, Recipe, expand
from expand.cli.command import command
from expand.images.encoder import encode
from expand.images.formats import Encoding
from expand.job.checks.verify import verify
from expand.records.manifest import read_rows
from tests.conftest import noise_image, tree

RULES = """
classes:
  left: {flip.horizontal: {becomes: right}}
  right: {flip.horizontal: {becomes: left}}
"""
RECIPE = Recipe.parse(f"techniques: [flip: {{factor: 4}}]{RULES}")
PLAIN = Recipe.parse("techniques: [flip: {factor: 4}]")
NAMES = ("stop", "left", "right")
OTHER = {"left": "right", "right": "left", "stop": "stop"}
SOURCES = {"a": ("left", "stop"), "b": ("right", "right"), "c": ("stop", "left")}
"""The classes of the two objects of each image."""


def save(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode(noise_image(20, 40, 3, seed=seed), Encoding("PNG")))


def draw_yolo(root: Path) -> Path:
    for seed, (name, kinds) in enumerate(SOURCES.items()):
        save(root / f"images/train/{name}.png", seed)
        rows = [f"{NAMES.index(kind)} 0.{2 + 4 * n} 0.5 0.2 0.5\n" for n, kind in enumerate(kinds)]
        label = root / f"labels/train/{name}.txt"
        label.parent.mkdir(parents=True, exist_ok=True)
        label.write_text("".join(rows))
    (root / "data.yaml").write_text(f"train: images/train\nnames: {list(NAMES)}\n")
    return root


def classes_of_yolo(out: Path, image: str) -> list[str]:
    text = (out / image.replace("images", "labels").replace(".png", ".txt")).read_text()
    return [NAMES[int(line.split()[0])] for line in text.splitlines()]


def draw_coco(root: Path) -> Path:
    images, annotations = [], []
    for number, (name, kinds) in enumerate(SOURCES.items()):
        save(root / f"images/{name}.png", number)
        images.append({"id": number, "file_name": f"{name}.png", "width": 40, "height": 20})
        annotations += [
            {
                "id": 10 * number + n,
                "image_id": number,
                "category_id": 7 * NAMES.index(kind),
                "bbox": [4 + 16 * n, 5, 8, 10],
            }
            for n, kind in enumerate(kinds)
        ]
    categories = [{"id": 7 * index, "name": name} for index, name in enumerate(NAMES)]
    said = {"images": images, "annotations": annotations, "categories": categories}
    (root / "annotations.json").write_text(json.dumps(said))
    return root


def classes_of_coco(out: Path, image: str) -> list[str]:
    said = json.loads((out / "annotations.json").read_text())
    own = next(each["id"] for each in said["images"] if f"images/{each['file_name']}" == image)
    listed = [each for each in said["annotations"] if each["image_id"] == own]
    return [NAMES[each["category_id"] // 7] for each in listed]


def draw_voc(root: Path) -> Path:
    for seed, (name, kinds) in enumerate(SOURCES.items()):
        save(root / f"JPEGImages/{name}.png", seed)
        objects = "".join(
            f"<object><name>{kind}</name><bndbox><xmin>{5 + 16 * n}</xmin><ymin>6</ymin>"
            f"<xmax>{12 + 16 * n}</xmax><ymax>15</ymax></bndbox></object>"
            for n, kind in enumerate(kinds)
        )
        path = root / f"Annotations/{name}.xml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            f"<annotation><filename>{name}.png</filename><size><width>40</width>"
            f"<height>20</height><depth>3</depth></size>{objects}</annotation>"
        )
    lists = root / "ImageSets/Main"
    lists.mkdir(parents=True)
    (lists / "train.txt").write_text("".join(f"{name}\n" for name in SOURCES))
    for kind in NAMES:
        flags = (f"{name} {1 if kind in own else -1:2}\n" for name, own in SOURCES.items())
        (lists / f"{kind}_train.txt").write_text("".join(flags))
    return root


def classes_of_voc(out: Path, image: str) -> list[str]:
    stem = Path(image).stem
    text = (out / f"Annotations/{stem}.xml").read_text()
    found = [part.partition("<")[0] for part in text.split("<name>")[1:]]
    for kind in NAMES:
        flags = dict(map(str.split, (out / f"ImageSets/Main/{kind}_train.txt").open()))
        assert (flags[stem] == "1") == (kind in found)
    return found


def draw_huggingface(root: Path) -> Path:
    lines = []
    for seed, (name, kinds) in enumerate(SOURCES.items()):
        save(root / f"train/{name}.png", seed)
        boxes = [[4 + 16 * n, 5, 8, 10] for n in range(2)]
        said = {"bbox": boxes, "category": [NAMES.index(kind) for kind in kinds]}
        lines.append(json.dumps({"file_name": f"{name}.png", "objects": said}) + "\n")
    (root / "train/metadata.jsonl").write_text("".join(lines))
    return root


def classes_of_huggingface(out: Path, image: str) -> list[str]:
    rows = map(json.loads, (out / "train/metadata.jsonl").read_text().splitlines())
    own = next(row["objects"] for row in rows if f"train/{row['file_name']}" == image)
    return [NAMES[number] for number in own["category"]]


def draw_table(root: Path) -> Path:
    lines = ["file,class,xmin,ymin,xmax,ymax\n"]
    for seed, (name, kinds) in enumerate(SOURCES.items()):
        save(root / f"{name}.png", seed)
        lines += [f"{name}.png,{kind},{4 + 16 * n},5,12,15\n" for n, kind in enumerate(kinds[:1])]
        lines += [f"{name}.png,{kind},20,5,28,15\n" for kind in kinds[1:]]
    (root / "labels.csv").write_text("".join(lines))
    return root


def classes_of_table(out: Path, image: str) -> list[str]:
    rows = [line.split(",") for line in (out / "labels.csv").read_text().splitlines()]
    return [row[1] for row in rows if row[0] == image]


NUMBERED = Recipe.from_dict(
    json.loads(json.dumps(RECIPE.to_dict()).replace('"left"', '"1"').replace('"right"', '"2"'))
)


@pytest.mark.parametrize(
    ("draw", "classes_of", "recipe"),
    [
        (draw_yolo, classes_of_yolo, RECIPE),
        (draw_coco, classes_of_coco, RECIPE),
        (draw_voc, classes_of_voc, RECIPE),
        (draw_huggingface, classes_of_huggingface, NUMBERED),
        (draw_table, classes_of_table, RECIPE),
    ],
)
def test_objects_of_mirrored_views_have_the_other_class(
    draw: Callable[[Path], Path],
    classes_of: Callable[[Path, str], list[str]],
    recipe: Recipe,
    tmp_path: Path,
) -> None:
    root, out, plain = draw(tmp_path / "src"), tmp_path / "out", tmp_path / "plain"
    assert expand(root, out, 4, recipe, workers=1).status == 0
    expand(root, plain, 4, PLAIN, workers=1)
    rows = [row for row in read_rows(out) if not row.get("kept")]
    assert len(rows) == 12
    for row in rows:
        before = list(SOURCES[Path(row["source"]).stem])
        mirrored = row["params"]["flip"]["horizontal"]
        wanted = [OTHER[kind] for kind in before] if mirrored else before
        assert classes_of(out, row["file_name"]) == wanted
        assert (out / row["file_name"]).read_bytes() == (plain / row["file_name"]).read_bytes()
    assert verify(out).problems == []


def test_the_files_are_the_same_for_any_workers_and_restarts_and_can_be_made_again(
    tmp_path: Path,
) -> None:
    root, out, other = draw_yolo(tmp_path / "src"), tmp_path / "out", tmp_path / "other"
    expand(root, out, 4, RECIPE, workers=1)
    expand(root, other, 2, RECIPE, workers=2)
    expand(root, other, 4, RECIPE, workers=2)
    assert tree(out) == tree(other)
    before = tree(out)
    label = next(out.glob("labels/train/b_v*.txt"))
    label.unlink()
    assert verify(out).problems
    expand(root, out, 4, RECIPE, workers=1)
    assert tree(out) == before
    with pytest.raises(ExpandError, match="recipe"):
        expand(root, out, 4, PLAIN, workers=1)


def test_a_mirror_of_both_axes_is_a_half_turn_for_flip_as_a_whole(tmp_path: Path) -> None:
    root, out = draw_yolo(tmp_path / "src"), tmp_path / "out"
    recipe = Recipe.parse(
        "techniques: [flip: {factor: 4}]\n"
        "classes: {left: {flip: {becomes: right}}, right: {flip: {becomes: left}}}"
    )
    expand(root, out, 4, recipe, workers=1)
    for row in read_rows(out):
        if row["source"].endswith("b.png"):
            flip = row["params"]["flip"]
            mirrored = flip["horizontal"] != flip["vertical"]
            kinds = classes_of_yolo(out, row["file_name"])
            assert kinds == (["left", "left"] if mirrored else ["right", "right"])


def test_a_class_that_the_dataset_does_not_have_is_refused(tmp_path: Path) -> None:
    recipe = Recipe.parse(
        "techniques: [flip]\nclasses: {left: {flip: {becomes: rigth}}, rigth: {flip: {becomes: left}}}"
    )
    with pytest.raises(
        ExpandError, match='no class "rigth", which .* it has "left", .*; did you mean "right"\\?'
    ):
        expand(draw_coco(tmp_path / "src"), tmp_path / "out", 2, recipe)
    assert not (tmp_path / "out").exists()


def test_pascal_voc_with_masks_is_refused_since_no_file_says_which_value_is_which_class(
    tmp_path: Path,
) -> None:
    root = draw_voc(tmp_path / "src")
    (root / "SegmentationClass").mkdir()
    mask = encode(np.ones((20, 40), np.uint8), Encoding("PNG"))
    for name in SOURCES:
        (root / f"SegmentationClass/{name}.png").write_bytes(mask)
    with pytest.raises(ExpandError, match="masks, in which values are classes too: .* Use never"):
        expand(root, tmp_path / "out", 2, RECIPE)
    assert not (tmp_path / "out").exists()


def test_the_plan_says_what_becomes_of_a_class(tmp_path: Path) -> None:
    root, recipe = draw_yolo(tmp_path / "src"), tmp_path / "mine.yaml"
    recipe.write_text(f"techniques: [flip, noise]{RULES}")
    shown = CliRunner().invoke(
        command,
        ["plan", str(root), str(tmp_path / "out"), "--recipe", str(recipe), "--factor", "2"],
    )
    assert 'Class "left": flip.horizontal: becomes right.' in shown.output
    assert "may show another class" not in shown.output
