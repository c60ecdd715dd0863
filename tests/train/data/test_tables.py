"""Tables with one label column: their rows are the classes, their parts the splits."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from expand import expand
from tests.train.commands import CLASSES, call, draw_set, refusal
from tests.train.data.test_parts import images, run
from train.data.folders.listing import list_folder
from train.data.folders.parts import list_part
from train.runs.checkpoints import MODEL

Row = tuple[str, ...]


def draw_rows(root: Path, folder: str, count: int, seed: int = 0) -> list[Row]:
    """Draw images into one folder of a dataset; return the file name and the class of each."""
    drawn = draw_set(root / "drawn", count, seed=seed)
    rows = []
    (root / folder).mkdir(parents=True, exist_ok=True)
    for label in CLASSES:
        for file in sorted((drawn / label).iterdir()):
            name = f"{seed}{label[0]}{file.name}"
            file.rename(root / folder / name)
            rows.append((name, label))
        (drawn / label).rmdir()
    drawn.rmdir()
    return rows


def write_table(path: Path, heading: Row, rows: list[Row]) -> Path:
    """Write a table; return the folder that it lies in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([heading, *rows])
    return path.parent


def write_hugging_face(root: Path) -> Path:
    for seed, (part, count) in enumerate({"train": 4, "validation": 1, "test": 2}.items()):
        rows = draw_rows(root, part, count, seed)
        write_table(root / part / "metadata.csv", ("file_name", "breed"), rows)
    return root


def write_split_column(root: Path) -> Path:
    rows: list[Row] = []
    for seed, (part, count) in enumerate({"train": 4, "val": 1, "test": 2}.items()):
        rows += [(*row, part) for row in draw_rows(root, "images", count, seed)]
    return write_table(root / "data.csv", ("filename", "class", "split"), rows)


@pytest.mark.parametrize("write", [write_hugging_face, write_split_column])
def test_the_parts_of_a_table_are_the_splits(write: object, tmp_path: Path) -> None:
    assert callable(write)
    root = write(tmp_path / "set")
    expand(root, tmp_path / "copies", factor=2, workers=1)
    for name, data in (("disk", tmp_path / "copies"), ("fly", root)):
        record, _ = run(data, tmp_path / name, "--strategy", name)
        assert {"validation": 3, "test": 6}.items() <= images(record).items()
    weights = [(tmp_path / name / MODEL).read_bytes() for name in ("disk", "fly")]
    assert weights[0] == weights[1]


def test_the_classes_of_a_table_without_parts_are_learned(tmp_path: Path) -> None:
    root = tmp_path / "set"
    write_table(root / "metadata.csv", ("file_name", "label"), draw_rows(root, ".", 4))
    folder = list_folder(root)
    assert (folder.classes, len(folder), folder.parts) == (CLASSES, 12, ())
    assert [folder.classes[label] for label in folder.labels[:5]] == ["ant"] * 4 + ["bee"]
    test = tmp_path / "test"
    write_table(test / "labels.csv", ("image", "label"), draw_rows(test, "images", 2, seed=1))
    record, _ = run(root, tmp_path / "run", "--test", test, "--validation", 0.25)
    assert images(record) == {"train": 9, "validation": 3, "test": 6}


@pytest.mark.parametrize("columns", [("wings", "legs"), ("weight",)])
def test_other_columns_than_one_of_classes_are_refused(columns: Row, tmp_path: Path) -> None:
    root = tmp_path / "set"
    names = [name for name, _ in draw_rows(root, "images", 4)]
    values = [
        (f"{index % 2}",) * 2 if columns[1:] else (f"{index / 7:.3f}",) for index in range(12)
    ]
    rows = [(name, *value) for name, value in zip(names, values, strict=True)]
    write_table(root / "labels.csv", ("image", *columns), rows)
    said = "its images do not have one class each, which train needs"
    assert said in refusal(root, "--epochs", 1, "--out", tmp_path / "run")
    expand(root, tmp_path / "out", factor=2, workers=1)
    assert said in refusal(tmp_path / "out", "--epochs", 1, "--out", tmp_path / "run")


def test_the_placeholders_of_a_sample_submission_test_nothing(tmp_path: Path) -> None:
    root = tmp_path / "set"
    write_table(root / "train.csv", ("id", "label"), draw_rows(root, "train_images", 4))
    form = [(name, "ant") for name, _ in draw_rows(root, "test_images", 2, seed=1)]
    write_table(root / "sample_submission.csv", ("id", "label"), form)
    part = list_part(list_folder(root), "test")
    assert part is not None
    assert part.folder is None
    assert 'no test with the part "test"' in part.note


@pytest.mark.slow
def test_a_comparison_reads_a_table(tmp_path: Path) -> None:
    root = tmp_path / "set"
    write_table(root / "metadata.csv", ("file_name", "label"), draw_rows(root, ".", 4))
    test = draw_set(tmp_path / "test", 2, seed=1)
    quick = ("--epochs", 2, "--seeds", 2, "--device", "cpu", "--quiet", "--test", test)
    arms = ("--arms", "fly,disk", "--factor", 2)
    compared = call("compare", root, *quick, *arms, "--out", tmp_path / "comparison")
    assert compared.exception is None, compared.exception
    assert "identical (same weights in all 2 seeds)" in compared.stdout
