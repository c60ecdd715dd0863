"""Datasets in parts: the training part is trained on, the others measure it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from expand import expand
from tests.conftest import noise_image
from tests.train.commands import call, draw_set, refusal
from tests.train.samples import write_set
from train.data.folders.listing import list_folder
from train.runs.checkpoints import MODEL


def draw_root(root: Path, count: int = 4, **others: int) -> Path:
    """Draw a root with a training part of `count` images a class, and other parts."""
    for seed, (part, images) in enumerate({"train": count, **others}.items()):
        draw_set(root / part, images, seed=seed)
    return root


def run(data: Path, out: Path, *options: object) -> tuple[dict[str, Any], str]:
    """Train; return the record and what was said."""
    quick = ("--epochs", 2, "--batch-size", 8, "--device", "cpu", "--precision", "fp32")
    result = call(data, *quick, "--out", out, *options)
    assert result.exception is None, result.exception
    return json.loads((out / "run.json").read_text("utf-8")), result.stderr


def images(record: dict[str, Any]) -> dict[str, int]:
    return {name: split["images"] for name, split in record["data"].items()}


def test_a_root_is_trained_on_its_training_part_and_measured_on_the_others(tmp_path: Path) -> None:
    root = draw_root(tmp_path / "set", valid=2, test=3)
    record, said = run(root, tmp_path / "run")
    assert images(record) == {"train": 12, "validation": 6, "test": 9}
    assert {"validation_accuracy", "test_accuracy"} <= record["results"].keys()
    assert (
        f'validation: 6 images of "{root}", part "valid"\ntest: 9 images of "{root}", part "test"\n'
        in said
    )
    folder = list_folder(root)
    assert (folder.sources[0], folder.classes) == ("train/ant/000.png", ("ant", "bee", "cat"))
    assert (folder.split, folder.parts) == ("train", ("test", "train", "valid"))


def test_what_is_asked_for_goes_before_the_parts(tmp_path: Path) -> None:
    root = draw_root(tmp_path / "set", val=2, test=3)
    other = draw_set(tmp_path / "other", 1, seed=9)
    record, said = run(root, tmp_path / "run", "--validation", 0.25, "--test", other)
    assert images(record) == {"train": 9, "validation": 3, "test": 3}
    assert '"val"' not in said


def test_views_on_the_fly_of_a_root_are_the_copies_of_its_expansion(tmp_path: Path) -> None:
    root = draw_root(tmp_path / "set", val=2, test=2)
    expand(root, tmp_path / "copies", factor=2, workers=1)
    for name, data in (("disk", tmp_path / "copies"), ("fly", root)):
        run(data, tmp_path / name, "--strategy", name)
    weights = [(tmp_path / name / MODEL).read_bytes() for name in ("disk", "fly")]
    assert weights[0] == weights[1]


def test_an_expanded_root_has_the_parts_of_its_source(tmp_path: Path) -> None:
    root = draw_root(tmp_path / "set/archive", val=2, test=3).parent
    (root / "archive/README.md").write_text("drawn", "utf-8")
    expand(root, tmp_path / "out", factor=3, workers=1)
    record, said = run(tmp_path / "out", tmp_path / "run")
    assert images(record) == {"train": 36, "validation": 6, "test": 9}
    assert record["data"]["train"]["sources"] == 12
    assert record["settings"]["strategy"]["name"] == "disk"
    assert "disk: 12 sources per epoch" in said


def test_an_image_in_two_parts_is_a_leak(tmp_path: Path) -> None:
    root = draw_root(tmp_path / "set", test=2)
    shutil.copy(root / "train/ant/000.png", root / "test/bee/again.png")
    message = refusal(root, "--epochs", 1, "--out", tmp_path / "run")
    assert (
        'test "test/bee/again.png" is, or was made from, the file of training "train/ant/000.png"'
        in message
    )
    expand(root, tmp_path / "out", factor=2, workers=1)
    assert "1 image is in both splits" in refusal(tmp_path / "out", "--out", tmp_path / "run")


def test_a_part_without_classes_is_left_out_and_said(tmp_path: Path) -> None:
    root = draw_root(tmp_path / "set", val=2)
    draw_set(root / "test", 1, classes=("unknown",))
    for file in (root / "test/unknown").iterdir():
        file.rename(root / "test" / file.name)
    (root / "test/unknown").rmdir()
    record, said = run(root, tmp_path / "run")
    assert images(record) == {"train": 12, "validation": 6}
    assert 'no test with the part "test": ' in said
    for command in ("compare", "ablate"):
        message = refusal(command, root, "--epochs", 2, "--out", tmp_path / "study")
        assert message.startswith(f'"{root}" has no part for tests (no test with the part "test"')
        assert message.endswith("give a test set: --test DIR")


def test_a_study_without_a_test_set_says_how_to_name_or_make_one(tmp_path: Path) -> None:
    root, plain = draw_root(tmp_path / "set", val=2), draw_set(tmp_path / "plain")
    study = ("--epochs", 2, "--out", tmp_path / "study")
    asked = "has no part for tests; give a test set: --test DIR, "
    assert refusal("compare", root, *study).endswith(f"{asked}for example --test {root / 'val'}")
    assert refusal("worth", plain, *study).endswith(
        f"{asked}or divide the dataset: expand split {plain} {plain}-parts"
    )


def test_a_root_with_two_parts_for_tests_says_so(tmp_path: Path) -> None:
    root = draw_root(tmp_path / "set", test=1, testing=1)
    _, said = run(root, tmp_path / "run")
    assert 'no test: the dataset has several parts for it ("test", "testing")' in said


def test_the_part_that_grew_is_refused_without_its_dataset(tmp_path: Path) -> None:
    expand(draw_root(tmp_path / "set", test=1), tmp_path / "out", factor=2, workers=1)
    message = refusal(tmp_path / "out/train", "--epochs", 1, "--out", tmp_path / "run")
    assert message.endswith(f"Train from the whole dataset: train {tmp_path / 'out'}")
    assert len(list_folder(tmp_path / "out/test")) == 3


@pytest.mark.slow
def test_a_comparison_and_an_ablation_take_the_part_for_tests(tmp_path: Path) -> None:
    root = draw_root(tmp_path / "set", val=1, test=3)
    quick = ("--epochs", 2, "--seeds", 2, "--device", "cpu", "--quiet")
    arms = ("--arms", "fly,disk", "--factor", 2)
    compared = call("compare", root, *quick, *arms, "--out", tmp_path / "comparison")
    assert compared.exception is None, compared.exception
    assert "identical (same weights in all 2 seeds)" in compared.stdout
    study = json.loads((tmp_path / "comparison/comparison.json").read_text("utf-8"))
    assert study["settings"]["test"] == f'"{root}", part "test"'
    ablated = call("ablate", root, *quick, "--design", "single", "--out", tmp_path / "ablation")
    assert ablated.exception is None, ablated.exception


def test_labels_of_places_are_refused_with_what_trains_from_them(tmp_path: Path) -> None:
    pytest.importorskip("expand.layouts.labelled.yolo.open")
    names = ("images/train/1.png", "images/val/1.png")
    root = write_set(tmp_path / "set", dict.fromkeys(names, noise_image(16, 16)))
    for part in ("train", "val"):
        (root / "labels" / part).mkdir(parents=True)
        (root / "labels" / part / "1.txt").write_text("0 0.5 0.5 0.5 0.5\n", "utf-8")
    yaml = "train: images/train\nval: images/val\nnames: [cat]\n"
    (root / "data.yaml").write_text(yaml, "utf-8")
    message = refusal(root, "--epochs", 1, "--out", tmp_path / "run")
    assert "its images do not have one class each, which train needs" in message
    assert f"yolo detect train data={root}/data.yaml" in message
