"""Class folders in parts, and folders of images without labels."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from expand import ExpandError, expand
from expand.layouts.labelled.dataset import Dataset, Request
from expand.layouts.labelled.open import open_dataset
from tests.conftest import noise_image, tree
from tests.expand.layouts.labelled.masks.drawn import as_png, write

PNG = as_png(noise_image(9, 8, 3))


def opened(root: Path, *names: str, split: str = "") -> Dataset:
    return open_dataset(write(root, dict.fromkeys(names, PNG)), Request(split=split))


@pytest.mark.parametrize(
    ("split", "part"),
    [
        ("", "train"),
        ("valid", "valid"),
        ("val", "valid"),
        ("validation", "valid"),
        ("test", "test"),
    ],
)
def test_the_training_part_grows_or_the_one_that_is_named(
    split: str, part: str, tmp_path: Path
) -> None:
    names = [f"{name}/{label}/1.png" for name in ("train", "valid", "test") for label in "ab"]
    with opened(tmp_path, *names, split=split) as dataset:
        assert [source.id for source in dataset.listing] == [f"{part}/a/1.png", f"{part}/b/1.png"]
        assert (dataset.layout, dataset.split, dataset.classes) == (
            "split-folders",
            part,
            ("a", "b"),
        )
        others = [name for name in ("test", "train", "valid") if name != part]
        assert dataset.title == (
            f"class folders in parts, 2 classes, {part} split 2 images; "
            f"{others[0]} and {others[1]} left as they are"
        )


def test_a_wrong_part_and_none_for_training_are_refused(tmp_path: Path) -> None:
    names = ("train/a/1.png", "val/a/1.png")
    with pytest.raises(ExpandError, match='has no part "fold3"; it has "train", "val"'):
        opened(tmp_path / "one", *names, split="fold3")
    with pytest.raises(ExpandError, match='no part for training; it has .*--split "test"'):
        opened(tmp_path / "two", "val/a/1.png", "test/a/1.png")


def test_images_outside_classes_are_kept_and_said(tmp_path: Path) -> None:
    write(tmp_path / "src", dict.fromkeys(("train/a/1.png", "train/2.png", "val/a/3.png"), PNG))
    report = expand(tmp_path / "src", tmp_path / "out", 2, workers=1)
    assert report.status == 1
    assert any("1 image lies" in note for note in report.notes)
    names = {name for name in tree(tmp_path / "out") if name.endswith(".png")}
    assert names == {"train/a/1.png", "train/a/1_v1.png", "train/2.png", "val/a/3.png"}


def test_parts_in_each_of_several_classes_are_refused(tmp_path: Path) -> None:
    names = [f"{label}/{part}/1.png" for label in ("cat", "dog") for part in ("train", "test")]
    with pytest.raises(ExpandError, match="not class folders"):
        opened(tmp_path, *names)


def test_a_flat_folder_grows_as_a_whole_and_has_no_parts(tmp_path: Path) -> None:
    with opened(tmp_path, "1.png", "2.png") as dataset:
        assert (dataset.layout, dataset.title) == ("flat", "images without labels, 2 images")
        assert {source.label for source in dataset.listing} == {""}
    with pytest.raises(ExpandError, match="leave out --split"):
        open_dataset(tmp_path, Request("flat", split="train"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(ExpandError, match="has no images"):
        open_dataset(tmp_path / "empty", Request("flat"))


def test_a_part_whose_images_lie_in_a_folder_called_images_has_no_classes(tmp_path: Path) -> None:
    names = [f"{part}/images/{n}.png" for part in ("train", "val") for n in "12"]
    with pytest.raises(
        ExpandError, match='in "images", which is not a class.*/train OUT --as flat$'
    ):
        opened(tmp_path, *names)
    write(tmp_path, {f"val/masks/{n}.png": as_png(noise_image(9, 8)[..., 0]) for n in "12"})
    with pytest.raises(ExpandError, match="no labels of them were found"):
        open_dataset(tmp_path)


@pytest.mark.parametrize("label", ["", "cat/"])
def test_parts_that_only_the_names_of_images_tell_are_refused(label: str, tmp_path: Path) -> None:
    names = [f"{label}{part}_{n}.png" for part in ("Train", "test") for n in "12"]
    root = write(tmp_path / "a set", dict.fromkeys(names, PNG))
    with pytest.raises(ExpandError, match="only the names of its images tell") as refused:
        open_dataset(root)
    command = str(refused.value).partition("into a folder: ")[2].partition(". If")[0]
    subprocess.run(["sh", "-c", command], check=True)
    moved = {path.relative_to(root).as_posix() for path in root.rglob("*.png")}
    assert moved == {f"{part}/{label}{part}_{n}.png" for part in ("Train", "test") for n in "12"}


@pytest.mark.parametrize("name", ["test_1.png", "valid.png", "training/1.png", "other.png"])
def test_other_names_that_begin_with_parts_tell_none(name: str, tmp_path: Path) -> None:
    with opened(
        tmp_path, f"a/{name}", "a/testing_2.png", "a/Test3.png", "b/train_4.png"
    ) as dataset:
        assert len(dataset.listing) == 4


def test_a_sample_submission_alone_is_no_table_of_labels(tmp_path: Path) -> None:
    names = [f"train/{label}.{n}.png" for label in ("cat", "dog") for n in "12"]
    root = write(tmp_path, dict.fromkeys([*names, "test/1.png"], PNG))
    (root / "sample_submission.csv").write_text("id,label\n1,0.5\n")
    with pytest.raises(ExpandError, match="If the classes are the beginnings of the names"):
        open_dataset(root)
    (root / "trainLabels.csv").write_text("id,label\ncat.1,0\ndog.1,1\n")
    with open_dataset(root) as dataset:
        assert (dataset.layout, len(dataset.listing)) == ("table", 2)
