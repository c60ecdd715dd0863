"""Hugging Face folders with metadata: rows for copies, and boxes of objects that move."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from expand import ExpandError, Recipe, expand
from expand.layouts.labelled.dataset import Request
from expand.layouts.labelled.open import open_dataset
from tests.expand.layouts.labelled.tables.sets import flipped, images, write


def test_metadata_at_the_top_grows(tmp_path: Path) -> None:
    table = 'file_name,text,n\r\ncats/a.png,"a cat, ""sleepy""",1.50\r\nb.png,,2\r\n'
    root = write(tmp_path / "set", {**images("cats/a.png", "b.png"), "metadata.csv": table})
    with open_dataset(root, Request()) as dataset:
        assert dataset.layout == "huggingface"
        assert dataset.title == "Hugging Face metadata, 2 images"
    out, report = flipped(root)
    assert report.status == 0
    assert (out / "metadata.csv").read_bytes().decode() == (
        'file_name,text,n\r\ncats/a.png,"a cat, ""sleepy""",1.50\r\n'
        'cats/a_v1.png,"a cat, ""sleepy""",1.50\r\nb.png,,2\r\nb_v1.png,,2\r\n'
    )
    assert (out / "expand.jsonl").exists()
    assert not (out / "metadata.jsonl").exists()


def test_the_training_part_grows_and_others_are_kept(tmp_path: Path) -> None:
    files = {
        **images("data/train/a.png", "data/test/a.png", "data/validation/a.png"),
        "data/train/metadata.jsonl": '{"file_name": "a.png", "label": 3}\n',
        "data/test/metadata.jsonl": '{"file_name": "a.png", "label": 4}\n',
        "data/validation/metadata.jsonl": '{"file_name": "a.png", "label": 4}\n',
        "README.md": "# Photos\n",
    }
    root = write(tmp_path / "set", files)
    with open_dataset(root, Request()) as dataset:
        assert dataset.title == (
            "Hugging Face metadata, 1 class, train split 1 image; test and validation left as they "
            "are"
        )
        assert [source.label for source in dataset.listing] == ["3"]
    out, _ = flipped(root)
    grown = '{"file_name": "a.png", "label": 3}\n{"file_name": "a_v1.png", "label": 3}\n'
    assert (out / "data/train/metadata.jsonl").read_text() == grown
    for name, content in files.items():
        if "train" not in name:
            assert (out / name).exists()
            assert content is None or (out / name).read_text() == content


OBJECTS = [
    (
        "lists, COCO's boxes",
        ('{"bbox": [[10, 11, 20, 30],  [0, 0, 5, 5]], "category": [0, 4], "area": [600, 20], '
        '"id": [7, 9], "who": "me"}'),
        ('{"bbox": [[50, 11, 20, 30],  [75, 0, 5, 5]], "category": [0, 4], "area": [600, 20], '
        '"id": [7, 9], "who": "me"}'),
    ),
    (
        "fractions",
        '{"categories":["x"],"bbox":[[10.5,11,20.25,30]]}',
        '{"categories":["x"],"bbox":[[49.25,11.0,20.25,30.0]]}',
    ),
    ("a list of objects", '[{"bbox": [10, 11, 20, 30], "label": "é"}]', '[{"bbox": [50, 11, 20, 30], "label": "é"}]'),
    ("no objects", '{"bbox": [], "category": []}', '{"bbox": [], "category": []}'),
]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after"), [case[1:] for case in OBJECTS], ids=[case[0] for case in OBJECTS]
)
def test_boxes_of_objects_are_mirrored(before: str, after: str, tmp_path: Path) -> None:
    other = '{"file_name": "b.png", "objects": {"bbox": [[1, 2, 3, 4]], "category": [1]}}\n'
    row = f'{{"file_name": "a.png", "objects": {before}, "x": 1.0}}\n'
    if before.startswith("["):
        other = ""
    root = write(tmp_path / "set", {**images("a.png", "b.png"), "metadata.jsonl": row + other})
    out, _ = flipped(root)
    lines = (out / "metadata.jsonl").read_text().splitlines(keepends=True)
    assert lines[0] == row
    assert lines[1] == f'{{"file_name": "a_v1.png", "objects": {after}, "x": 1.0}}\n'


def test_boxes_of_objects_are_edges_if_the_user_says_so(tmp_path: Path) -> None:
    row = '{"file_name": "a.png", "objects": {"bbox": [[10, 11, 30, 40]], "category": [0]}}\n'
    root = write(tmp_path / "set", {**images("a.png"), "metadata.jsonl": row})
    out, _ = flipped(root, columns="objects.bbox=xyxy")
    assert '"bbox": [[50, 11, 70, 40]]' in (out / "metadata.jsonl").read_text()
    with pytest.raises(ExpandError, match="no column is called 'object.bbox'"):
        flipped(root, columns="object.bbox=xyxy")


def test_objects_out_of_view_leave_all_lists(tmp_path: Path) -> None:
    objects = {
        "bbox": [[0, 0, 4, 4], [30, 20, 20, 20], [76, 0, 4, 4]],
        "category": ["a", "b", "c"],
        "attributes": [{"x": 1}, {"x": 2}, {"x": 3}],
        "area": [16.0, 200.0, 16.0],
    }
    row = json.dumps({"file_name": "a.png", "image_id": 4, "objects": objects})
    root = write(tmp_path / "set", {**images("a.png"), "metadata.jsonl": row})

    zoom = Recipe.parse("techniques: [scale: {zoom: [2, 2], factor: 2}]")
    expand(root, tmp_path / "out", 2, zoom, workers=1)
    lines = (tmp_path / "out/metadata.jsonl").read_text().splitlines()
    assert lines[0] == row
    assert json.loads(lines[1]) == {
        "file_name": "a_v1.png",
        "image_id": 4,
        "objects": {
            "bbox": [[20, 10, 40, 40]],
            "category": ["b"],
            "attributes": [{"x": 2}],
            "area": [800.0],
        },
    }


REFUSED = [
    ("metadata.csv", "file_name,other_file_name\na.png,b.png\n", "several images in a row"),
    ("metadata.jsonl", '{"file_names": ["a.png", "b.png"]}\n', "several images in a row"),
    ("metadata.jsonl", '{"file_name": "a.png"\n', "line 1: is not JSON"),
    ("metadata.jsonl", '{"file_name": "a.png"}\n[1]\n', "line 2: is not JSON"),
    ("metadata.jsonl", f'{{"file_name": "a.png", "x": {"[" * 99999}}}\n', "line 1: is not JSON"),
    ("metadata.csv", "name,file_name_\na.png,b.png\n", 'has no column "file_name"'),
    ("metadata.csv", "file_name\n../../b.png\n", "is outside the dataset"),
    ("metadata.csv", "file_name\nz.png\n", "name no image that is there"),
    (
        "metadata.jsonl",
        '{"file_name": "a.png", "objects": {"bbox": [[1, 2, 3, 4]], "keypoints": [[1, 2]]}}\n',
        '"keypoints", which moves with the image',
    ),
    (
        "metadata.jsonl",
        '{"file_name": "a.png", "polygon": [[1, 2], [3, 4]]}\n',
        "--columns polygon=ignore",
    ),
]


@pytest.mark.parametrize(("name", "text", "reason"), REFUSED)
def test_what_is_not_supported_is_refused_in_words(
    name: str, text: str, reason: str, tmp_path: Path
) -> None:
    root = write(tmp_path / "set", {**images("a.png", "b.png"), name: text})
    with pytest.raises(ExpandError) as refused:
        open_dataset(root, Request("huggingface"))
    assert reason in str(refused.value)


def test_metadata_of_two_formats_is_refused(tmp_path: Path) -> None:
    mixed = {**images("a.png"), "metadata.csv": "file_name\na.png\n", "x/metadata.jsonl": "{}"}
    with pytest.raises(ExpandError, match="metadata files of one format only"):
        open_dataset(write(tmp_path / "mixed", mixed), Request())


def test_a_malformed_box_makes_its_image_bad(tmp_path: Path) -> None:
    rows = [
        {"file_name": "a.png", "objects": {"bbox": [[1, 2, 3]], "category": [1]}},
        {"file_name": "b.png", "objects": {"bbox": [[1, 2, 3, 4]], "category": [1]}},
        {"file_name": "c.png", "objects": {"bbox": [[1, 2, "x", 4]], "category": [1]}},
        {"file_name": "d.png", "objects": {"bbox": [[1, 2, -3, 4]], "category": [1]}},
    ]
    text = "\n".join(map(json.dumps, rows))
    root = write(
        tmp_path / "set", {**images("a.png", "b.png", "c.png", "d.png"), "metadata.jsonl": text}
    )
    out, report = flipped(root)
    assert [bad.source for bad in report.summary.bad] == ["a.png", "c.png", "d.png"]
    assert all('"metadata.jsonl", line ' in bad.reason for bad in report.summary.bad)
    assert (out / "metadata.jsonl").read_text().count("\n") == 1
