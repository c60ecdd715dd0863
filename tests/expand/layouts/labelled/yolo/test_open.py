"""Opening YOLO datasets: each layout that people have, and what is refused."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from expand.errors import ExpandError
from expand.layouts.labelled.yolo.rows.labels import YoloLabels
from expand.layouts.labelled.yolo.rows.task import Task
from expand.recipes.recipe import Recipe
from tests.expand.layouts.labelled.yolo.drawn import (
    draw_detect,
    draw_obb,
    draw_pose,
    draw_segment,
    write_image,
)
from tests.expand.layouts.labelled.yolo.expanding import expanded, files, opened

FLIP = Recipe.parse("techniques: [flip]")


def grows(root: Path, layout: str = "auto", split: str = "") -> list[str]:
    """Return the images that grow."""
    with opened(root, layout, split) as dataset:
        return [source.id for source in dataset.listing]


def test_the_usual_folders_grow_in_their_training_part_only(tmp_path: Path) -> None:
    root, out = draw_detect(tmp_path / "set"), tmp_path / "out"
    with opened(root) as dataset:
        assert dataset.layout == "yolo-detect"
        assert dataset.title == ("YOLO detect, 3 classes, train split 4 images; val left as it is")
        assert (dataset.split, dataset.detects) == ("train", True)
        assert dataset.classes == ("red", "green", "blue")
        assert dataset.problems == 0
    expanded(root, out, FLIP)
    before, after = files(root), files(out)
    assert before.items() <= after.items()
    assert set(after) - set(before) == {
        *(f"images/train/0{index}_v1.png" for index in range(4)),
        *(f"labels/train/0{index}_v1.txt" for index in range(3)),
    }


@pytest.mark.parametrize(
    ("draw", "task"),
    [(draw_segment, "segment"), (draw_pose, "pose"), (draw_obb, "obb"), (draw_detect, "detect")],
)
def test_the_task_is_told_from_the_rows(draw, task: str, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    with opened(draw(tmp_path / "set")) as dataset:
        assert dataset.layout == f"yolo-{task}"
        assert dataset.detects == (task == "detect")


@pytest.mark.parametrize("same", [False, True])
def test_an_image_in_the_lists_of_two_parts_is_a_fault_unless_they_are_one(
    same: bool, tmp_path: Path
) -> None:
    root = draw_detect(tmp_path / "set")
    (root / "train.txt").write_text("".join(f"images/train/0{n}.png\n" for n in range(4)))
    (root / "val.txt").write_text("images/train/03.png\nimages/val/00.png\n")
    val = "train.txt" if same else "val.txt"
    (root / "data.yaml").write_text(f"train: train.txt\nval: {val}\nnames: [a, b, c]\n")
    with opened(root) as dataset:
        wanted = "the two are one part" if same else 'in the list of another part too, such as "im'
        assert any(wanted in note for note in dataset.notes), dataset.notes
        assert dataset.problems == (not same)


@pytest.mark.parametrize("name", ["train", "training", "val", "validation", "valid"])
def test_split_chooses_another_part(name: str, tmp_path: Path) -> None:
    found = grows(draw_detect(tmp_path / "set"), split=name)
    part = "train" if name.startswith("train") else "val"
    assert {path.rpartition("/")[0] for path in found} == {f"images/{part}"}


def test_an_unknown_split_is_refused_with_those_there_are(tmp_path: Path) -> None:
    root = draw_detect(tmp_path / "set")
    with pytest.raises(ExpandError, match='has no part "all"; it has "train", "val"'):
        opened(root, split="all")
    shutil.rmtree(root / "images/train")
    (root / "data.yaml").unlink()
    with pytest.raises(ExpandError, match='it has "val". To expand one of these: --split'):
        opened(root)


def roboflow(root: Path) -> Path:
    """Arrange a dataset as Roboflow exports it: its data.yaml names the folder above."""
    draw_detect(root)
    for part, name in (("train", "train"), ("val", "valid")):
        (root / name).mkdir()
        for kind in ("images", "labels"):
            (root / kind / part).rename(root / name / kind)
    for kind in ("images", "labels"):
        (root / kind).rmdir()
    (root / "README.roboflow.txt").write_text("0 0 0 0 0")
    (root / "data.yaml").write_text(
        "train: ../train/images\nval: ../valid/images\ntest: ../test/images\n\n"
        "nc: 3\nnames: ['red', 'green', 'blue']\n\nroboflow:\n  workspace: x\n  version: 1\n"
    )
    return root


def test_an_export_of_roboflow_grows(tmp_path: Path) -> None:
    root, out = roboflow(tmp_path / "set"), tmp_path / "out"
    assert expanded(root, out, FLIP) == {}
    assert len(list((out / "train/images").iterdir())) == 8
    assert len(list((out / "train/labels").iterdir())) == 6
    assert len(list((out / "valid/images").iterdir())) == 2
    assert files(out)["data.yaml"] == files(root)["data.yaml"]
    with opened(root) as dataset:
        assert '"../test/images" of test is not in the folder' in " ".join(dataset.notes)


def test_parts_are_told_from_folders_without_a_data_yaml(tmp_path: Path) -> None:
    root = roboflow(tmp_path / "set")
    (root / "data.yaml").unlink()
    (root / "classes.txt").write_text("red\ngreen\nblue\n")
    with opened(root) as dataset:
        assert dataset.title.startswith("YOLO detect, 3 classes, train split 4 images; valid left")
    assert grows(root, split="val") == ["valid/images/00.png", "valid/images/01.png"]


def test_images_and_labels_without_parts_grow_as_a_whole(tmp_path: Path) -> None:
    drawn, root = draw_detect(tmp_path / "drawn"), tmp_path / "set"
    for kind in ("images", "labels"):
        shutil.copytree(drawn / kind / "train", root / kind)
    with opened(root) as dataset:
        assert dataset.title == "YOLO detect, 4 images"
    with pytest.raises(ExpandError, match="has no parts, so --split train names none"):
        opened(root, split="train")


def test_pictures_of_documents_and_of_earlier_runs_do_not_grow(tmp_path: Path) -> None:
    for name in ("parts", "whole", "beside"):
        root = tmp_path / name
        if name == "beside":
            beside(root)
        else:
            draw_detect(root)
            (root / "data.yaml").unlink()
        if name == "whole":
            for kind in ("images", "labels"):
                shutil.rmtree(root / kind / "val")
                (root / kind / "train").rename(root / kind / "all")
        for folder in ("docs", "runs/detect/train"):
            (root / folder).mkdir(parents=True)
            shutil.copy(tmp_path / "parts/images/train/00.png", root / folder / "a.png")
        found = grows(root, "yolo")
        assert len(found) == 4
        assert not {path.split("/")[0] for path in found} & {"docs", "runs"}


def beside(root: Path) -> Path:
    """Arrange a dataset as labelImg leaves it: a folder with images and label files."""
    drawn = draw_detect(root.parent / "drawn")
    root.mkdir(parents=True)
    for kind in ("images", "labels"):
        for path in (drawn / kind / "train").iterdir():
            shutil.copy(path, root)
    (root / "classes.txt").write_text("red\ngreen\nblue\n")
    return root


def test_label_files_beside_the_images_are_found(tmp_path: Path) -> None:
    root, out = beside(tmp_path / "set"), tmp_path / "out"
    assert expanded(root, out, FLIP) == {}
    assert sorted(files(out)) == sorted(
        ["classes.txt"]
        + [f"0{index}{view}.png" for index in range(4) for view in ("", "_v1")]
        + [f"0{index}{view}.txt" for index in range(3) for view in ("", "_v1")]
    )
    with opened(root) as dataset:
        assert dataset.classes == ("red", "green", "blue")


def test_a_folder_called_images_with_the_labels_in_it_is_read(tmp_path: Path) -> None:
    beside(tmp_path / "images")
    root = tmp_path / "set"
    root.mkdir()
    (tmp_path / "images").rename(root / "images")
    with opened(root, "yolo") as dataset:
        assert len(dataset.listing) == 4
        assert "Ultralytics looks for those" in " ".join(dataset.notes)


def test_folders_with_other_names_are_paired(tmp_path: Path) -> None:
    drawn, root = draw_detect(tmp_path / "drawn"), tmp_path / "set"
    shutil.copytree(drawn / "images", root / "img")
    shutil.copytree(drawn / "labels", root / "annotations")
    with opened(root, "yolo") as dataset:
        assert len(dataset.listing) == 4
        assert 'Ultralytics needs the names "images" and "labels"' in " ".join(dataset.notes)


def test_nested_folders_grow_and_keep_their_places(tmp_path: Path) -> None:
    root, out = draw_detect(tmp_path / "set"), tmp_path / "out"
    for kind, suffix in (("images", "png"), ("labels", "txt")):
        (root / kind / "train/far/away").mkdir(parents=True)
        (root / kind / f"train/00.{suffix}").rename(root / kind / f"train/far/away/00.{suffix}")
    assert expanded(root, out, FLIP) == {}
    assert (out / "labels/train/far/away/00_v1.txt").is_file()


def test_a_set_in_a_folder_of_the_folder_is_found(tmp_path: Path) -> None:
    draw_detect(tmp_path / "set/inner")
    assert grows(tmp_path / "set")[0] == "inner/images/train/00.png"


@pytest.mark.parametrize("style", ["{path}", "./{path}", "{root}/{path}", "data/set/{path}"])
def test_a_list_of_images_gets_the_copies_in_its_own_style(style: str, tmp_path: Path) -> None:
    root, out = draw_detect(tmp_path / "set"), tmp_path / "out"
    chosen = ["images/train/02.png", "images/train/00.png"]
    lines = [style.format(path=path, root=root) for path in chosen]
    (root / "train.txt").write_text("\n".join(lines))
    text = (root / "data.yaml").read_text()
    (root / "data.yaml").write_text(text.replace("train: images/train", "train: train.txt"))
    assert sorted(grows(root)) == sorted(chosen)
    assert expanded(root, out, FLIP) == {}
    written = style if "{root}" not in style else "./{path}"
    assert (out / "train.txt").read_text().splitlines() == [
        written.format(path=path.replace(".png", end))
        for path in chosen
        for end in (".png", "_v1.png")
    ]
    assert len(list((out / "images/train").iterdir())) == 6


def test_darknets_files_are_read_and_written(tmp_path: Path) -> None:
    drawn, root, out = draw_detect(tmp_path / "drawn"), tmp_path / "set", tmp_path / "out"
    (root / "obj_train_data").mkdir(parents=True)
    for kind in ("images", "labels"):
        for path in (drawn / kind / "train").iterdir():
            shutil.copy(path, root / "obj_train_data")
    (root / "obj.names").write_text("red\ngreen\nblue\n")
    (root / "obj.data").write_text(
        "classes = 3\ntrain = data/train.txt\nnames = data/obj.names\nbackup = backup/\n"
    )
    (root / "train.txt").write_text(
        "".join(f"data/obj_train_data/0{index}.png\n" for index in range(4))
    )
    with opened(root, "yolo") as dataset:
        assert dataset.title == "YOLO detect, 3 classes, train split 4 images"
    assert expanded(root, out, FLIP, layout="yolo") == {}
    assert (out / "train.txt").read_text().splitlines()[:2] == [
        "data/obj_train_data/00.png",
        "data/obj_train_data/00_v1.png",
    ]
    assert files(out)["obj.data"] == files(root)["obj.data"]


def test_several_folders_and_lists_can_be_one_part(tmp_path: Path) -> None:
    root, out = draw_detect(tmp_path / "set"), tmp_path / "out"
    (root / "some.txt").write_text("images/train/00.png\r\n\r\nimages/train/01.png\r\n")
    text = (root / "data.yaml").read_text()
    text = text.replace("train: images/train", "train:\n  - some.txt\n  - images/val")
    (root / "data.yaml").write_text(text.replace("val: images/val", "val: images/train"))
    assert grows(root) == [
        f"images/{part}/0{index}.png" for part in ("train", "val") for index in (0, 1)
    ]
    assert expanded(root, out, FLIP) == {}
    assert (out / "some.txt").read_bytes().count(b"\r\n") == 4
    assert len(list((out / "images/train").iterdir())) == 6
    assert len(list((out / "images/val").iterdir())) == 4


def test_a_list_of_another_part_keeps_its_images_but_leads_to_the_copy(tmp_path: Path) -> None:
    root, out = draw_detect(tmp_path / "set"), tmp_path / "out"
    (root / "val.txt").write_text(f"{root}/images/val/00.png\n/elsewhere/x.png\n")
    text = (root / "data.yaml").read_text()
    (root / "data.yaml").write_text(text.replace("val: images/val", "val: val.txt"))
    assert expanded(root, out, FLIP) == {}
    assert (out / "val.txt").read_text() == "./images/val/00.png\n/elsewhere/x.png\n"


def test_a_list_that_names_nothing_here_is_refused(tmp_path: Path) -> None:
    root = draw_detect(tmp_path / "set")
    (root / "train.txt").write_text("/other/a.png\n/other/b.png\n")
    text = (root / "data.yaml").read_text()
    (root / "data.yaml").write_text(text.replace("train: images/train", "train: train.txt"))
    with pytest.raises(ExpandError, match='"train.txt" names "/other/a.png" for train'):
        opened(root)
    (root / "train.txt").write_text("/other/a.png\nimages/train/00.png\n")
    with opened(root) as dataset:
        assert dataset.problems == 1
        assert dataset.notes[0] == ('1 path of train is not in the folder, such as "/other/a.png"')


def test_roboflows_export_for_darknet_grows(tmp_path: Path) -> None:
    root = tmp_path / "set"
    for name in ("train", "valid"):
        beside(root / name)
        (root / name / "classes.txt").rename(root / name / "_darknet.labels")
        shutil.rmtree(root / "drawn")
    with opened(root) as dataset:
        assert dataset.title == (
            "YOLO detect, 3 classes, train split 4 images; valid left as it is"
        )


def test_folders_named_with_a_year_are_parts(tmp_path: Path) -> None:
    root = draw_detect(tmp_path / "set")
    (root / "data.yaml").unlink()
    for kind in ("images", "labels"):
        for part in ("train", "val"):
            (root / kind / part).rename(root / kind / f"{part}2017")
    with opened(root) as dataset:
        assert dataset.title == ("YOLO detect, train2017 split 4 images; val2017 left as it is")


def test_a_bad_image_is_left_out_of_the_list(tmp_path: Path) -> None:
    root, out = draw_detect(tmp_path / "set"), tmp_path / "out"
    (root / "labels/train/01.txt").write_text("0 0.5 0.5\n")
    (root / "train.txt").write_text("images/train/00.png\nimages/train/01.png\n")
    text = (root / "data.yaml").read_text()
    (root / "data.yaml").write_text(text.replace("train: images/train", "train: [train.txt]"))
    bad = expanded(root, out, FLIP)
    assert bad == {
        "images/train/01.png": '"labels/train/01.txt", line 1: has 3 columns; a box needs 5'
    }
    assert (out / "train.txt").read_text() == "images/train/00.png\nimages/train/00_v1.png\n"


def test_two_images_that_share_a_label_file_are_both_bad(tmp_path: Path) -> None:
    root = draw_detect(tmp_path / "set")
    shutil.copy(root / "images/train/00.png", root / "images/train/00.jpg")
    assert expanded(root, tmp_path / "out", FLIP) == {
        "images/train/00.jpg": 'shares its label file "labels/train/00.txt" with '
        '"images/train/00.png"; rename one of them',
        "images/train/00.png": 'shares its label file "labels/train/00.txt" with '
        '"images/train/00.jpg"; rename one of them',
    }


def test_labels_without_images_are_counted_and_kept(tmp_path: Path) -> None:
    root, out = draw_detect(tmp_path / "set"), tmp_path / "out"
    (root / "images/train/01.png").unlink()
    (root / "labels/train/classes.txt").write_text("red\ngreen\n")
    with opened(root) as dataset:
        assert dataset.notes[0] == (
            '1 label file has no image, such as "labels/train/01.txt"; kept as it is'
        )
        assert dataset.problems == 1
    expanded(root, out, FLIP)
    assert (out / "labels/train/01.txt").is_file()
    assert not (out / "labels/train/01_v1.txt").exists()


@pytest.mark.parametrize("name", ["03_v1.txt", "03.png_v1.txt"])
def test_a_label_file_that_would_become_that_of_a_copy_is_refused(
    name: str, tmp_path: Path
) -> None:
    root = draw_detect(tmp_path / "set")
    (root / "labels/train" / name).write_text("0 0.5 0.5 0.1 0.1\n")
    with pytest.raises(ExpandError, match=f'{name}" would become the label file of a copy of "im'):
        opened(root)
    opened(root, factor=1).close()


def test_boxes_and_polygons_in_different_files_are_refused(tmp_path: Path) -> None:
    root = draw_segment(tmp_path / "set")
    (root / "labels/train/00.txt").write_text("0 0.5 0.5 0.1 0.1\n")
    with pytest.raises(ExpandError, match='"labels/train/00.txt" has boxes') as refused:
        opened(root)
    assert f"expand {root} OUT --as yolo-detect" in str(refused.value)
    assert f"expand {root} OUT --as yolo-segment" in str(refused.value)
    assert expanded(root, tmp_path / "detect", FLIP, layout="yolo-detect") == {}
    bad = expanded(root, tmp_path / "segment", FLIP, layout="yolo-segment")
    assert bad == {
        "images/train/00.png": '"labels/train/00.txt", line 1: is a box; a polygon is needed'
    }


def test_a_file_with_boxes_and_polygons_is_bad(tmp_path: Path) -> None:
    root = draw_segment(tmp_path / "set")
    path = root / "labels/train/00.txt"
    path.write_text(path.read_text() + "0 0.5 0.5 0.1 0.1\n")
    bad = expanded(root, tmp_path / "out", FLIP)
    assert list(bad) == ["images/train/00.png"]
    assert "is a box; other rows of the file are polygons" in bad["images/train/00.png"]


def test_a_set_without_label_files_is_refused(tmp_path: Path) -> None:
    root = draw_detect(tmp_path / "set")
    shutil.rmtree(root / "labels")
    with pytest.raises(ExpandError, match='have no label files; these are expected in "labels/'):
        opened(root, "yolo")


def test_a_pose_set_without_kpt_shape_is_refused(tmp_path: Path) -> None:
    root = draw_pose(tmp_path / "set")
    text = (root / "data.yaml").read_text()
    (root / "data.yaml").write_text(text.replace("kpt_shape", "# kpt_shape"))
    with pytest.raises(ExpandError, match="for pose data.yaml needs kpt_shape"):
        opened(root)
    with pytest.raises(ExpandError, match="pose needs kpt_shape in data.yaml"):
        opened(root, "yolo-pose")
    flat = draw_pose(tmp_path / "flat", count=8, dims=2)
    text = (flat / "data.yaml").read_text()
    (flat / "data.yaml").write_text(text.replace("kpt_shape", "# kpt_shape"))
    with pytest.raises(ExpandError, match="look like a box and points in it"):
        opened(flat)


def test_kpt_shape_beside_boxes_is_refused_with_both_readings(tmp_path: Path) -> None:
    root = draw_detect(tmp_path / "set")
    with (root / "data.yaml").open("a") as file:
        file.write("kpt_shape: [17, 3]\n")
    with pytest.raises(ExpandError, match="--as yolo-detect; pose: .*--as yolo-pose"):
        opened(root)


def test_pose_without_flip_idx_is_said(tmp_path: Path) -> None:
    root = draw_pose(tmp_path / "set")
    text = (root / "data.yaml").read_text()
    (root / "data.yaml").write_text(text.replace("flip_idx: [0, 2, 1]\n", ""))
    with opened(root) as dataset:
        assert '"data.yaml" has no flip_idx' in " ".join(dataset.notes)
        assert isinstance(dataset.labels, YoloLabels)
        assert dataset.labels.task == Task("pose", 3, 3, 3, class_names=("red", "green", "blue"))
    with pytest.raises(ExpandError, match="cannot be mirrored without flip_idx"):
        expanded(root, tmp_path / "out", FLIP)


def test_rows_with_a_confidence_are_refused(tmp_path: Path) -> None:
    root = draw_detect(tmp_path / "set")
    for path in (root / "labels").rglob("*.txt"):
        path.write_text(path.read_text().replace("\n", " 0.9\n"))
    with pytest.raises(ExpandError, match="have 6 columns, one more than a box"):
        opened(root)


def test_caches_of_ultralytics_are_left_out(tmp_path: Path) -> None:
    root, out = draw_detect(tmp_path / "set"), tmp_path / "out"
    (root / "labels/train.cache").write_bytes(b"x")
    (root / "my.cache").write_bytes(b"x")
    expanded(root, out, FLIP)
    assert not (out / "labels/train.cache").exists()
    assert (out / "my.cache").exists()


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (
            "images/train/{}.png.txt",
            "0 0.5 0.5 0.1 0.1\n",
            'is "labels/train/00.txt", and not "labels/train/00.png.txt"',
        ),
        ("{}.txt", "1 1 5 1 5 5 1 5 plane 0\n", "Labels in the form of DOTA are not read"),
        (
            "{}.txt",
            "# PASCAL\nsize : 96 x 72\n",
            'no label file can be read: "labels/train/00.txt"',
        ),
    ],
    ids=["names", "DOTA", "another form"],
)
def test_label_files_that_are_not_those_of_yolo_are_refused(
    name: str, text: str, said: str, tmp_path: Path
) -> None:
    root = draw_detect(tmp_path / "set")
    for path in (root / "labels/train").iterdir():
        path.unlink()
    for image in (root / "images/train").iterdir():
        (root / "labels/train" / Path(name).name.format(image.stem)).write_text(text)
    with pytest.raises(ExpandError, match=re.escape(said)) as error:
        opened(root)
    assert "--as" not in str(error.value)
    (root / "masks").mkdir()
    write_image(root / "masks/00.png", np.zeros((4, 4), np.uint8))
    if "no label file" in said:
        with pytest.raises(ExpandError, match="with their masks: --as masks"):
            opened(root)
