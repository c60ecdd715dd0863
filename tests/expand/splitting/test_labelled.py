"""`expand split` of labelled datasets: each part gets its labels, and readers find all of them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml
from click.testing import CliRunner, Result
from pycocotools.coco import COCO

from expand.cli.command import command
from expand.images.encoder import encode
from expand.images.formats import Encoding
from expand.layouts.labelled.dataset import Request
from expand.layouts.labelled.open import open_dataset
from expand.splitting import split as module
from expand.splitting.plan import SplitSettings, plan_split
from expand.splitting.split import split
from tests.conftest import noise_image, tree

PARTS = ("train", "val", "test")
NAMES = ("stop", "left", "right")
SOURCES = {f"i{n:02}": ((1, 0), (2, 2), (0, 1), (0,))[n % 4] for n in range(20)}
"""The classes of the objects of each image."""


def run(*arguments: object) -> Result:
    return CliRunner().invoke(command, ["split", *map(str, arguments)], standalone_mode=False)


def save(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode(noise_image(20, 40, 3, seed=seed), Encoding("PNG")))


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def draw_yolo(root: Path, part: str = "") -> Path:
    for seed, (name, kinds) in enumerate(SOURCES.items()):
        save(root / f"images/{part}{name}.png", seed)
        rows = (f"{kind} 0.{2 + 4 * n} 0.5 0.2 0.5\n" for n, kind in enumerate(kinds))
        write(root / f"labels/{part}{name}.txt", "".join(rows))
    said = {"path": "/old", "train": f"images/{part}", "names": list(NAMES), "licence": "mine"}
    write(root / "data.yaml", yaml.safe_dump(said))
    write(root / "README.md", "about")
    return root


def draw_coco(root: Path, file: str = "annotations.json", folder: str = "images") -> Path:
    images, annotations = [], []
    for number, (name, kinds) in enumerate(SOURCES.items(), 100):
        save(root / f"{folder}/{name}.png", number)
        images.append({"id": number, "file_name": f"{name}.png", "width": 40, "height": 20})
        annotations += [
            {"id": 10 * number + n, "image_id": number, "category_id": 7 * kind, "iscrowd": 0}
            | {"bbox": [4 + 16 * n, 5, 8, 10], "area": 80}
            for n, kind in enumerate(kinds)
        ]
    categories = [{"id": 7 * index, "name": name} for index, name in enumerate(NAMES)]
    said = {"info": {"year": 1}, "categories": categories}
    write(root / file, json.dumps(said | {"images": images, "annotations": annotations}))
    return root


def draw_voc(root: Path, listed: str = "trainval") -> Path:
    for seed, (name, kinds) in enumerate(SOURCES.items()):
        save(root / f"JPEGImages/{name}.png", seed)
        objects = "".join(
            f"<object><name>{NAMES[kind]}</name><bndbox><xmin>{5 + 16 * n}</xmin><ymin>6</ymin>"
            f"<xmax>{12 + 16 * n}</xmax><ymax>15</ymax></bndbox></object>"
            for n, kind in enumerate(kinds)
        )
        size = "<size><width>40</width><height>20</height><depth>3</depth></size>"
        text = f"<annotation><filename>{name}.png</filename>{size}{objects}</annotation>"
        write(root / f"Annotations/{name}.xml", text)
    if listed:
        write(root / f"ImageSets/Main/{listed}.txt", "".join(f"{name}\n" for name in SOURCES))
        flags = (f"{name} {1 if 1 in own else -1:2}\n" for name, own in SOURCES.items())
        write(root / f"ImageSets/Main/left_{listed}.txt", "".join(flags))
    return root


def draw_masks(root: Path) -> Path:
    for seed, name in enumerate(SOURCES):
        save(root / f"images/{name}.png", seed)
        (root / "masks").mkdir(exist_ok=True)
        mask = np.full((20, 40), seed % 3, np.uint8)
        (root / f"masks/{name}.png").write_bytes(encode(mask, Encoding("PNG")))
    return root


def draw_huggingface(root: Path) -> Path:
    lines = []
    for seed, (name, kinds) in enumerate(SOURCES.items()):
        save(root / f"{name}.png", seed)
        objects = {"bbox": [[4, 5, 8, 10] for _ in kinds], "category": list(kinds)}
        lines.append(json.dumps({"file_name": f"{name}.png", "objects": objects}) + "\n")
    write(root / "metadata.jsonl", "".join(lines))
    return root


def draw_table(root: Path) -> Path:
    rows = ["file,species,patient\n"]
    for seed, name in enumerate(SOURCES):
        save(root / f"scans/{name}.png", seed)
        rows.append(f"scans/{name}.png,{'ab'[seed % 2]},p{seed // 4}\n")
    write(root / "labels.csv", "".join(rows))
    return root


DRAW: dict[str, Callable[[Path], Path]] = {
    "yolo-detect": draw_yolo,
    "coco": draw_coco,
    "voc": draw_voc,
    "masks": draw_masks,
    "huggingface": draw_huggingface,
    "table": draw_table,
}


def parts_of(out: Path) -> dict[str, list[str]]:
    """Return the images that expand finds in each part, with their labels, by their stems."""
    found = {}
    for part in PARTS:
        with open_dataset(out, Request(split=part)) as dataset:
            assert dataset.split
            found[part] = sorted(Path(source.id).stem for source in dataset.listing)
    return found


@pytest.mark.parametrize("layout", DRAW)
def test_each_part_of_a_labelled_dataset_has_its_labels(layout: str, tmp_path: Path) -> None:
    src, out = DRAW[layout](tmp_path / "src"), tmp_path / "out"
    before = tree(src)
    result = run(src, out)
    assert (result.exception, result.return_value) == (None, 0)  # type: ignore[attr-defined]
    assert f"  {layout}: 20 images" in result.output
    found = parts_of(out)
    assert sorted(name for each in found.values() for name in each) == sorted(SOURCES)
    assert len(found["train"]) >= 14
    assert all(found.values())
    assert tree(src) == before
    moved = tree(out)
    labels = [name for name in before if Path(name).stem in SOURCES]
    written = {Path(name).parts[-2:]: data for name, data in moved.items()}
    for name in labels:
        own = (*Path(name).parts[-2:],) if "/" in name else None
        assert before[name] in moved.values()
        if own and own in written and layout != "voc":
            assert written[own] == before[name]


def test_a_yolo_data_file_names_the_parts_and_keeps_the_rest(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run(draw_yolo(tmp_path / "src", "train/"), out).exception is None
    said = yaml.safe_load((out / "data.yaml").read_text())
    folders = {"train": "train/images", "val": "val/images", "test": "test/images"}
    assert said == {**folders, "names": list(NAMES), "licence": "mine"}
    assert (out / "README.md").read_text() == "about"
    for part in PARTS:
        images = {path.stem for path in (out / part / "images").iterdir()}
        assert images == {path.stem for path in (out / part / "labels").iterdir()}


@pytest.mark.parametrize(
    ("file", "folder", "new"),
    [
        ("annotations.json", "images", "annotations.json"),
        ("train/_annotations.coco.json", "train", "_annotations.coco.json"),
        ("annotations/instances_train2017.json", "train2017", "annotations/instances.json"),
    ],
)
def test_each_part_of_coco_has_a_file_with_all_categories_and_the_old_ids(
    file: str, folder: str, new: str, tmp_path: Path
) -> None:
    src, out = draw_coco(tmp_path / "src", file, folder), tmp_path / "out"
    assert run(src, out).exception is None
    whole = json.loads((src / file).read_text())
    images, annotations = [], []
    for part in PARTS:
        said = json.loads((out / part / new).read_text())
        assert said["categories"] == whole["categories"]
        assert said["info"] == whole["info"]
        read = COCO(str(out / part / new))
        assert {each["image_id"] for each in read.anns.values()} == set(read.imgs)
        assert all(next((out / part).rglob(each["file_name"])) for each in said["images"])
        images += said["images"]
        annotations += said["annotations"]
    assert sorted(images, key=lambda each: each["id"]) == whole["images"]
    assert sorted(annotations, key=lambda each: each["id"]) == whole["annotations"]


@pytest.mark.parametrize("listed", ["trainval", "default", ""])
def test_voc_gets_lists_and_its_files_stay_where_they_are(listed: str, tmp_path: Path) -> None:
    src, out = draw_voc(tmp_path / "src", listed), tmp_path / "out"
    assert run(src, out).exception is None
    lists = {part: (out / f"ImageSets/Main/{part}.txt").read_text().split() for part in PARTS}
    assert sorted(name for each in lists.values() for name in each) == sorted(SOURCES)
    expected = {name for name in tree(src) if "ImageSets" not in name}
    assert {name for name in tree(out) if "ImageSets" not in name} == expected | {"split.json"}
    if listed == "trainval":
        for part, names in lists.items():
            flags = dict(map(str.split, (out / f"ImageSets/Main/left_{part}.txt").open()))
            assert flags == {name: "1" if 1 in SOURCES[name] else "-1" for name in names}


def test_each_part_of_a_hugging_face_folder_has_the_columns_and_rows_of_its_images(
    tmp_path: Path,
) -> None:
    src, out = draw_huggingface(tmp_path / "src"), tmp_path / "out"
    assert run(src, out).exception is None
    lines = (src / "metadata.jsonl").read_text().splitlines()
    found = list[str]()
    for part in PARTS:  # Hugging Face takes these folders for splits, and reads the file in each
        own = (out / part / "metadata.jsonl").read_text().splitlines()
        images = {path.name for path in (out / part).iterdir()} - {"metadata.jsonl"}
        assert [json.loads(line)["file_name"] for line in own] == sorted(images)
        found += own
    assert sorted(found) == sorted(lines)
    assert {path.name for path in out.iterdir()} == {*PARTS, "split.json"}


def test_images_are_divided_by_the_rarest_of_their_classes(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run(draw_yolo(tmp_path / "src"), out, "--parts", "train=0.6,val=0.4").exception is None
    counts = json.loads((out / "split.json").read_text())["classes"]
    assert counts["right"] == {"train": 3, "val": 2}
    assert counts["left"] == {"train": 6, "val": 4}
    assert counts["stop"]["train"] == 9


def test_classes_of_one_image_each_divide_nothing(tmp_path: Path) -> None:
    src = tmp_path / "src"
    for number in range(30):
        save(src / f"{number}.png", number)
    rows = "".join(f"{number}.png,person {number}\n" for number in range(30))
    write(src / "metadata.csv", f"file_name,label\n{rows}")
    result = run(src, tmp_path / "out")
    assert result.exception is None
    assert "most images are the only one of a class" in result.output
    assert "\n  … 40 more like these\n" in result.output
    counts = [len(list((tmp_path / "out" / part).glob("*.png"))) for part in PARTS]
    assert counts == [24, 3, 3]


def test_a_group_can_be_a_column_or_part_of_a_name(tmp_path: Path) -> None:
    src = draw_table(tmp_path / "src")
    result = run(src, tmp_path / "out", "--group-by", "patient", "--parts", "train=0.6,val=0.4")
    assert "5 groups are kept whole" in result.output
    parts = [(tmp_path / f"out/{part}/labels.csv").read_text() for part in ("train", "val")]
    patients = [{line.split(",")[2] for line in text.split()[1:]} for text in parts]
    assert patients[0] | patients[1] == {f"p{n}" for n in range(5)}
    assert not patients[0] & patients[1]
    result = run(draw_coco(tmp_path / "coco"), tmp_path / "b", "--group-by", r"i\d(\d)\.png")
    assert "10 groups are kept whole" in result.output
    wrong = run(src, tmp_path / "c", "--group-by", "nothing")
    assert 'The columns are "species", "patient"' in str(wrong.exception)


def test_an_image_more_moves_no_other_of_a_labelled_dataset(tmp_path: Path) -> None:
    src = draw_yolo(tmp_path / "src")
    assert run(src, tmp_path / "one").exception is None
    save(src / "images/new.png", 99)
    write(src / "labels/new.txt", "1 0.5 0.5 0.2 0.2\n")
    assert run(src, tmp_path / "two").exception is None
    first, second = parts_of(tmp_path / "one"), parts_of(tmp_path / "two")
    moved = [name for part in PARTS for name in first[part] if name not in second[part]]
    assert len(moved) <= len(PARTS) - 1
    assert not {name for name in moved if SOURCES[name] not in ((1, 0), (0, 1))}


def test_images_are_linked_and_labels_are_copied(tmp_path: Path) -> None:
    src, out = draw_yolo(tmp_path / "src"), tmp_path / "out"
    assert run(src, out, "--originals", "link").exception is None
    for part in PARTS:
        for path in (out / part / "images").iterdir():
            assert path.samefile(src / "images" / path.name)
            label = Path("labels") / f"{path.stem}.txt"
            assert not (out / part / label).samefile(src / label)


@pytest.mark.parametrize("layout", ["coco", "voc"])
def test_an_interrupted_split_of_a_labelled_dataset_resumes(
    layout: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    src, whole, out = DRAW[layout](tmp_path / "src"), tmp_path / "whole", tmp_path / "out"
    assert split(plan_split(src, whole, SplitSettings())).made == 20
    left = iter(range(9))

    def killed() -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt

    monkeypatch.setattr(module.interrupts, "check", killed)
    with pytest.raises(KeyboardInterrupt):
        split(plan_split(src, out, SplitSettings()))
    monkeypatch.undo()
    assert 0 < split(plan_split(src, out, SplitSettings())).made < 20
    assert tree(out) == tree(whole)


def test_what_is_unclear_of_an_image_is_one_line_and_the_rest_is_split(tmp_path: Path) -> None:
    src, out = draw_yolo(tmp_path / "src"), tmp_path / "out"
    write(src / "labels/i03.txt", "0 nonsense\n")
    (src / "labels/i04.txt").unlink()
    os.link(src / "images/i05.png", src / "images/i05.jpg")
    result = run(src, out)
    assert result.return_value == 1  # type: ignore[attr-defined]
    assert '"labels/i03.txt", line 1: "nonsense" is not a number' in result.output
    assert "shares its label file" in result.output
    assert "(no objects)" in result.output
    assert "i04" in {name for names in parts_of(out).values() for name in names}


def test_labelled_datasets_that_cannot_be_split_are_refused_in_words(tmp_path: Path) -> None:
    src, two = draw_yolo(tmp_path / "src"), draw_yolo(tmp_path / "two", "train/")
    save(two / "images/val/v.png", 1)
    write(two / "labels/val/v.txt", "0 0.5 0.5 0.2 0.2\n")
    lists = draw_voc(tmp_path / "voc", "train")
    save(lists / "JPEGImages/other.png", 1)
    write(lists / "ImageSets/Main/val.txt", "other\n")
    cases = [
        (run(two, tmp_path / "o"), "is a dataset in parts (YOLO detect"),
        (run(lists, tmp_path / "o"), 'images of others, such as "JPEGImages/other.png"'),
        (run(src, tmp_path / "o", "--parts", "a=0.5,b=0.5"), '"a" is not a part that a data.yaml'),
        (run(src, tmp_path / "o", "--group-by", "(i)"), 'part "val" gets no image'),
        (run(src, tmp_path / "o", "--as", "voc"), "is not a Pascal VOC dataset"),
    ]
    for result, words in cases:
        assert words in str(result.exception), (words, result.exception, result.output)
    assert not (tmp_path / "o").exists()
