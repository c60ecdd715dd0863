"""Whole expansions of YOLO datasets: the same bytes, the upright frame, files for the set."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from expand.cli.command import command
from expand.errors import ExpandError
from expand.job.job import expand
from expand.recipes.recipe import Recipe
from tests.expand.layouts.labelled.yolo.drawn import (
    COLOURS,
    draw_detect,
    draw_obb,
    draw_pose,
    draw_segment,
    of_colour,
)
from tests.expand.layouts.labelled.yolo.expanding import expanded, files, opened

FLIP = Recipe.parse("techniques: [flip]")
DRAWS = (draw_detect, draw_segment, draw_pose, draw_obb)


def listed(root: Path) -> Path:
    """Let the training part of a dataset be a list of images, with absolute paths."""
    paths = sorted((root / "images/train").iterdir())
    (root / "train.txt").write_text("".join(f"{path}\n" for path in paths))
    text = (root / "data.yaml").read_text()
    text = text.replace("train: images/train", f"path: {root}\ntrain: train.txt")
    (root / "data.yaml").write_text(text)
    return root


@pytest.mark.parametrize("draw", DRAWS)
def test_factor_1_gives_an_equal_dataset(draw, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    root, out = draw(tmp_path / "set"), tmp_path / "out"
    assert expanded(root, out, FLIP, 1) == {}
    assert files(out) == files(root)


def test_a_larger_factor_and_more_workers_end_with_the_same_files(tmp_path: Path) -> None:
    root = listed(draw_segment(tmp_path / "set", count=6))
    expand(root, tmp_path / "grown", 2, "classic", workers=1)
    expand(root, tmp_path / "grown", 4, "classic", workers=2)
    expand(root, tmp_path / "afresh", 4, "classic", workers=1)
    assert files(tmp_path / "grown") == files(tmp_path / "afresh")
    lines = (tmp_path / "grown/train.txt").read_text().splitlines()
    assert lines[:5] == [
        "./images/train/00.png",
        *(f"./images/train/00_v{k}.png" for k in (1, 2, 3)),
        "./images/train/01.png",
    ]
    text = (tmp_path / "grown/data.yaml").read_text()
    assert text.startswith("# drawn\npath:\ntrain: train.txt\nval: images/val\n")
    assert str(tmp_path) not in text


def test_a_new_image_changes_no_other_label_file(tmp_path: Path) -> None:
    root = draw_detect(tmp_path / "set", count=6)
    shutil.copytree(root, tmp_path / "fewer")
    for path in ("images/train/02.png", "labels/train/02.txt"):
        (tmp_path / "fewer" / path).unlink()
    expand(root, tmp_path / "all", 3, "detect", workers=1)
    expand(tmp_path / "fewer", tmp_path / "some", 3, "detect", workers=1)
    assert files(tmp_path / "some").items() <= files(tmp_path / "all").items()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_labels_are_those_of_the_upright_image(orientation: int, tmp_path: Path) -> None:
    root, out = tmp_path / "set", tmp_path / "out"
    for folder in ("images", "labels"):
        (root / folder).mkdir(parents=True)
    upright = np.full((60, 80, 3), 90, np.uint8)
    upright[10:25, 50:75] = COLOURS[0]
    move = [None, 0, 3, 1, 5, 2, 6, 4][orientation - 1]  # Pillow's number of the inverse move
    stored = Pillow.fromarray(upright)
    stored = stored if move is None else stored.transpose(Pillow.Transpose(move))
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    stored.save(root / "images/a.jpg", quality=95, subsampling=0, exif=exif)
    label = b"0 0.78125 0.291667 0.3125 0.25\n"
    (root / "labels/a.txt").write_bytes(label)
    assert expanded(root, out, FLIP, layout="yolo-detect") == {}
    assert (out / "labels/a.txt").read_bytes() == label
    for name, left in (("a", 50), ("a_v1", 5)):
        x, y, w, h = map(float, (out / f"labels/{name}.txt").read_text().split()[1:])
        red = of_colour(np.array(Pillow.open(out / f"images/{name}.jpg")), COLOURS[0])
        columns, rows = np.flatnonzero(red.any(axis=0)), np.flatnonzero(red.any(axis=1))
        assert (columns[0], columns[-1] + 1, rows[0], rows[-1] + 1) == (left, left + 25, 10, 25)
        np.testing.assert_allclose(
            [(x - w / 2) * 80, (x + w / 2) * 80, (y - h / 2) * 60, (y + h / 2) * 60],
            [left, left + 25, 10, 25],
            atol=1e-3,
        )


def test_validation_images_inside_the_training_folder_do_not_grow(tmp_path: Path) -> None:
    root = draw_detect(tmp_path / "set")
    text = (root / "data.yaml").read_text()
    (root / "data.yaml").write_text(text.replace("train: images/train", "train: images"))
    with opened(root) as dataset:
        assert {source.id.split("/")[1] for source in dataset.listing} == {"train"}


def test_validation_in_the_same_folder_grows_and_is_said(tmp_path: Path) -> None:
    root = draw_detect(tmp_path / "set")
    text = (root / "data.yaml").read_text()
    (root / "data.yaml").write_text(text.replace("val: images/val", "val: images/train"))
    with opened(root) as dataset:
        assert "val has the same images as train: the two are one part" in dataset.notes


def test_images_in_no_part_are_kept_and_said(tmp_path: Path) -> None:
    root = draw_detect(tmp_path / "set")
    (root / "images/spare").mkdir()
    shutil.copy(root / "images/train/00.png", root / "images/spare/a.png")
    report = expand(root, tmp_path / "out", 2, workers=1)
    said = '1 image is in no part of the dataset, such as "images/spare/a.png": kept as it is'
    assert said in report.notes
    assert report.status == 0
    assert [path.name for path in (tmp_path / "out/images/spare").iterdir()] == ["a.png"]


def test_several_data_files_are_one_or_refused(tmp_path: Path) -> None:
    root = draw_detect(tmp_path / "set")
    text = (root / "data.yaml").read_text()
    (root / "kaggle.yaml").write_text(text.replace("images/train", "images/val"))
    (root / "hyp.yaml").write_text("lr0: &x 0.1\nlrf: *x\n")
    with opened(root) as dataset:
        assert dataset.title.startswith("YOLO detect, 3 classes, train split 4 images")
    (root / "data.yaml").rename(root / "colab.yaml")
    with pytest.raises(ExpandError, match='"colab.yaml" and "kaggle.yaml" describe different'):
        opened(root)
    (root / "kaggle.yaml").write_text(text)
    opened(root).close()
    shutil.copytree(root, tmp_path / "two/first")
    shutil.copytree(root, tmp_path / "two/second")
    with pytest.raises(ExpandError, match="describe different datasets"):
        opened(tmp_path / "two", "yolo")


def test_a_data_file_in_a_folder_of_its_own_is_read(tmp_path: Path) -> None:
    root, out = draw_detect(tmp_path / "set"), tmp_path / "out"
    (root / "config").mkdir()
    text = (root / "data.yaml").read_text()
    (root / "data.yaml").unlink()
    (root / "config/my.yaml").write_text(f"path: {root}\n{text}")
    assert expanded(root, out, FLIP, layout="yolo") == {}
    assert len(list((out / "images/train").iterdir())) == 8
    assert "train: ../images/train\n" in (out / "config/my.yaml").read_text()


def test_no_data_file_leads_to_the_source(tmp_path: Path) -> None:
    root, out = draw_detect(tmp_path / "set"), tmp_path / "out"
    text = (root / "data.yaml").read_text()
    for name in ("data.yaml", "colab.yaml", "config/data.yml"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(f"path: {root}\n{text}")
    (root / "old").mkdir()
    (root / "old/data.yaml").write_text("names: [")
    (root / "uci.data").write_bytes(b"\xff\x00")
    assert expanded(root, out, FLIP) == {}
    for name in ("data.yaml", "colab.yaml", "config/data.yml"):
        assert str(root) not in (out / name).read_text()
    assert "train: ../images/train\n" in (out / "config/data.yml").read_text()
    assert (out / "old/data.yaml").read_text() == "names: ["


def test_a_part_that_is_not_there_is_refused(tmp_path: Path) -> None:
    root = draw_detect(tmp_path / "set")
    text = (root / "data.yaml").read_text()
    for wrong in ("../../elsewhere", "/etc", "images/training"):
        changed = text.replace("train: images/train", f"train: {wrong}")
        (root / "data.yaml").write_text(changed)
        with pytest.raises(ExpandError, match=f'names "{wrong}" for train, and it is not in the'):
            opened(root)


def test_classes_that_do_not_agree_are_refused(tmp_path: Path) -> None:
    root = draw_detect(tmp_path / "set")
    text = (root / "data.yaml").read_text()
    (root / "data.yaml").write_text(text.replace("nc: 3", "nc: 4"))
    with pytest.raises(ExpandError, match='"data.yaml", line 4: nc is 4, and there are 3 names'):
        opened(root)


def test_an_image_of_an_unknown_class_is_bad_and_the_rest_is_expanded(tmp_path: Path) -> None:
    root, out = draw_detect(tmp_path / "set"), tmp_path / "out"
    (root / "labels/train/01.txt").write_text("3 0.5 0.5 0.2 0.4\n")
    assert expanded(root, out, FLIP) == {
        "images/train/01.png": '"labels/train/01.txt", line 1: class 3; the dataset names 3 '
        "(0 to 2)"
    }
    assert not (out / "images/train/01.png").exists()
    assert not (out / "labels/train/01.txt").exists()
    assert (out / "labels/train/02_v1.txt").exists()


def test_the_command_says_what_it_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root, out = draw_detect(tmp_path / "set"), tmp_path / "out"
    command.main([str(root), str(out), "--factor", "2", "--workers", "1"], standalone_mode=False)
    printed = "".join(capsys.readouterr())
    assert "is YOLO detect, 3 classes, train split 4 images; val left as it is" in printed
    assert "recipe detect" in printed
    assert "1 image has no label file" in printed
