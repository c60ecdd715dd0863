"""The readers: they find a correct expansion equal, and say what is wrong in any other."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from benchmarks.environments import ROOT, Environment, UnavailableError
from benchmarks.readers.readers import READERS, REPOSITORY
from benchmarks.readers.scripts import (
    pycocotools_json,
    torchvision_cityscapes,
    torchvision_coco,
    torchvision_voc,
)
from benchmarks.readers.scripts.findings import Findings, Sets
from expand import expand
from expand.splitting.parts import parse_parts
from expand.splitting.plan import SplitSettings, plan_split
from expand.splitting.split import split
from tests.benchmarks.drawn_sets import (
    TO_SPLIT,
    Write,
    expand_by_hand,
    write_cityscapes,
    write_coco,
    write_hugging_face,
    write_voc,
    write_yolo,
)

Check = Callable[[Sets, Findings], None]
Spoil = Callable[[Path], None]
LABEL = "labels/train/1_v1.txt"
COCO_FILE = "annotations/instances_train.json"
INSTANCES = "gtFine/train/aachen/aachen_1_v1_gtFine_instanceIds.png"
SEMANTIC = "gtFine/train/aachen/aachen_1_v1_gtFine_labelIds.png"


def faults(check: Check, write: Write, folder: Path, spoil: Spoil | None = None) -> list[str]:
    src, out = expand_by_hand(write, folder)
    if spoil:
        spoil(out)
    findings = Findings()
    check(Sets(src, out, 2, lossless=True), findings)
    return findings.faults


def edit(name: str, old: str, new: str) -> Spoil:
    def spoil(out: Path) -> None:
        text = (out / name).read_text("utf-8")
        assert old in text
        (out / name).write_text(text.replace(old, new), "utf-8")

    return spoil


def both(*spoils: Spoil) -> Spoil:
    def spoil(out: Path) -> None:
        for each in spoils:
            each(out)

    return spoil


def patch(key: str, index: int, **changes: Any) -> Spoil:
    def spoil(out: Path) -> None:
        content = json.loads((out / COCO_FILE).read_text("utf-8"))
        content[key][index] |= changes
        (out / COCO_FILE).write_text(json.dumps(content), "utf-8")

    return spoil


def crop(name: str) -> Spoil:
    def spoil(out: Path) -> None:
        with Image.open(out / name) as image:
            image.crop((0, 0, 20, 20)).save(out / name)

    return spoil


def remove(name: str) -> Spoil:
    return lambda out: (out / name).unlink()


def copy_of_the_whole_mask(out: Path) -> None:
    """Pair a copy as torchvision would pair its name: with the mask of its source."""
    stem = out / "leftImg8bit/train/aachen/aachen_1"
    Path(f"{stem}_v1_leftImg8bit.png").rename(f"{stem}_leftImg8bit_v1.png")


def as_grey(name: str) -> Spoil:
    def spoil(out: Path) -> None:
        with Image.open(out / name) as image:
            pixels = np.asarray(image)
        Image.fromarray(pixels).save(out / name)

    return spoil


CORRECT = [
    (pycocotools_json.check, write_coco),
    (torchvision_coco.check, write_coco),
    (torchvision_voc.check, write_voc),
    (torchvision_cityscapes.check, write_cityscapes),
]
WRONG = {
    "an id twice": (pycocotools_json.check, write_coco, patch("annotations", 1, id=7), "ids"),
    "a box outside": (
        pycocotools_json.check,
        write_coco,
        patch("annotations", 2, bbox=[40, 6, 20, 18]),
        "is not in 48×32",
    ),
    "a box that is not its mask's": (
        pycocotools_json.check,
        write_coco,
        patch("annotations", 2, bbox=[4, 6, 16, 18]),
        "pixels off its mask's",
    ),
    "an image of another size": (
        pycocotools_json.check,
        write_coco,
        patch("images", 1, width=64),
        "size of",
    ),
    "an image without a file": (
        pycocotools_json.check,
        write_coco,
        remove("images/train/1_v1.png"),
        "is in no folder",
    ),
    "an annotation of another class": (
        pycocotools_json.check,
        write_coco,
        patch("annotations", 2, category_id=18),
        "does not have",
    ),
    "a key that is lost": (
        pycocotools_json.check,
        write_coco,
        edit(COCO_FILE, "note", "x"),
        "labels",
    ),
    "a category that is lost": (
        pycocotools_json.check,
        write_coco,
        edit(COCO_FILE, '"name": "dog"', '"name": "hen"'),
        "categories",
    ),
    "another mask size": (
        torchvision_coco.check,
        write_coco,
        patch("annotations", 1, segmentation={"size": [20, 20], "counts": "d0d0"}),
        "cannot be read",
    ),
    "the file name of the source": (
        torchvision_voc.check,
        write_voc,
        edit("Annotations/1_v1.xml", "1_v1.jpg", "1.jpg"),
        'filename of "JPEGImages/1_v1.jpg"',
    ),
    "a list without copies": (
        torchvision_voc.check,
        write_voc,
        edit("ImageSets/Main/train.txt", "1_v1\n", ""),
        "is not read",
    ),
    "a copy in the list of another part": (
        torchvision_voc.check,
        write_voc,
        edit("ImageSets/Main/val.txt", "4\n", "4\n1_v1\n"),
        "part of",
    ),
    "a mask of another size": (
        torchvision_voc.check,
        write_voc,
        crop("SegmentationClass/1_v1.png"),
        "size of the mask",
    ),
    "a mask without its palette": (
        torchvision_voc.check,
        write_voc,
        as_grey("SegmentationClass/1.png"),
        "labels of",
    ),
    "the mask of the source": (
        torchvision_cityscapes.check,
        write_cityscapes,
        copy_of_the_whole_mask,
        "different masks",
    ),
    "a mask with interpolated ids": (
        torchvision_cityscapes.check,
        write_cityscapes,
        lambda out: Image.fromarray(np.full((32, 48), 7, np.uint8)).save(out / SEMANTIC),
        "does not have",
    ),
    "an instance mask of another size": (
        torchvision_cityscapes.check,
        write_cityscapes,
        crop(INSTANCES),
        "size of the instance mask",
    ),
}


@pytest.mark.parametrize(("check", "write"), CORRECT)
def test_a_correct_expansion_is_equal(check: Check, write: Write, tmp_path: Path) -> None:
    assert faults(check, write, tmp_path) == []


@pytest.mark.parametrize("recipe", ["classic", "blog"])
@pytest.mark.parametrize(("check", "write"), CORRECT)
def test_what_expand_writes_is_equal(
    check: Check, write: Write, recipe: str, tmp_path: Path
) -> None:
    src, _ = expand_by_hand(write, tmp_path)
    expand(src, tmp_path / "copies", 3, recipe, workers=1)
    findings = Findings()
    check(Sets(src, tmp_path / "copies", 3, lossless=recipe == "classic"), findings)
    assert findings.faults == []


def divide(write: Write, folder: Path) -> tuple[Path, Path]:
    src, out = folder / "src", folder / "parts"
    write(src, TO_SPLIT)
    split(plan_split(src, out, SplitSettings(parse_parts("train=0.6,val=0.2,test=0.2"))))
    return src, out


@pytest.mark.parametrize(("check", "write"), CORRECT)
def test_what_split_writes_is_equal(check: Check, write: Write, tmp_path: Path) -> None:
    findings = Findings()
    src, out = divide(write, tmp_path)
    check(Sets(src, out, 1, lossless=True), findings)
    assert findings.faults == []
    assert findings.facts["out images"] == len(TO_SPLIT)


def test_a_split_with_an_image_in_two_parts_or_in_none_is_said(tmp_path: Path) -> None:
    src, out = divide(write_voc, tmp_path)
    lists = {part: out / f"ImageSets/Main/{part}.txt" for part in ("train", "val", "test")}
    first = lists["val"].read_text().splitlines()[0]
    lists["train"].write_text(f"{lists['train'].read_text()}{first}\n")
    lists["test"].write_text("\n".join(lists["test"].read_text().splitlines()[1:]))
    findings = Findings()
    torchvision_voc.check(Sets(src, out, 1, lossless=True), findings)
    missing, several = sorted(findings.faults, key=lambda fault: "several" in fault)
    assert several.startswith(f'"JPEGImages/{first}.jpg" is in several parts')
    assert missing.endswith("is not read")


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_expansion_is_said(name: str, tmp_path: Path) -> None:
    check, write, spoil, words = WRONG[name]
    try:
        found = faults(check, write, tmp_path, spoil)
    except SystemExit as error:
        found = [str(error)]
    assert any(words in fault for fault in found)


@pytest.mark.slow
def test_an_environment_that_cannot_be_installed_is_said(tmp_path: Path) -> None:
    environment = Environment("none", ("no-such-package-of-this-project==1",))
    with pytest.raises(UnavailableError, match="cannot be installed"):
        environment.python(tmp_path)


def read(script: str, src: Path, out: Path, factor: int = 2) -> tuple[int, dict[str, Any], str]:
    reader = next(each for each in READERS if each.script == script)
    python = ROOT / reader.environment.name / "bin" / "python"
    if not python.exists():
        pytest.skip("python -m benchmarks.readers --install makes the environments")
    status, line, said = reader.run(str(python), [str(src), str(out), str(factor), "--lossless"])
    return status, json.loads(line) if line.startswith("{") else {}, said


IN_ENVIRONMENTS: dict[str, tuple[str, Write, Spoil, str]] = {
    "a copy without labels": (
        "ultralytics_labels",
        write_yolo,
        remove(LABEL),
        "copies do not have",
    ),
    "a coordinate outside": (
        "ultralytics_labels",
        write_yolo,
        edit(LABEL, "0 0.75", "0 1.75"),
        "corrupt images",
    ),
    "classes in another order": (
        "ultralytics_labels",
        write_yolo,
        edit("data.yaml", "0: cat, 1: dog", "0: dog, 1: cat"),
        "classes",
    ),
    "labels of a background": (
        "ultralytics_labels",
        write_yolo,
        edit("labels/train/3_v1.txt", "", "0 0.5 0.5 0.1 0.1\n"),
        "backgrounds",
    ),
    "a part that grew too": (
        "ultralytics_labels",
        write_yolo,
        lambda out: Image.new("RGB", (48, 32)).save(out / "images/val/4_v1.png"),
        "belongs to no source",
    ),
    "objects that were lost": (
        "supervision_detections",
        write_yolo,
        edit("labels/train/2_v1.txt", "1 ", "0 "),
        "does not have",
    ),
    "a box that supervision lost": (
        "supervision_detections",
        write_voc,
        remove("Annotations/1_v1.xml"),
        "copies do not have",
    ),
    "the row of another image": (
        "datasets_folder",
        write_hugging_face,
        edit("train/metadata.csv", "1_v1.png,breed 1", "1_v1.png,breed 2"),
        "row of",
    ),
    "a column that is lost": (
        "datasets_folder",
        write_hugging_face,
        both(*(edit(f"{part}/metadata.csv", "weight", "mass") for part in ("train", "val"))),
        "columns",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", IN_ENVIRONMENTS)
def test_readers_in_their_environments_tell_right_from_wrong(name: str, tmp_path: Path) -> None:
    script, write, spoil, words = IN_ENVIRONMENTS[name]
    src, out = expand_by_hand(write, tmp_path)
    status, found, said = read(script, src, out)
    assert (status, found.get("faults")) == (0, []), said
    spoil(out)
    status, found, said = read(script, src, out)
    assert status
    assert words in str(found)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("script", "write"),
    [
        ("ultralytics_labels", write_yolo),
        ("ultralytics_training", write_yolo),
        ("supervision_detections", write_yolo),
        ("supervision_detections", write_coco),
        ("supervision_detections", write_voc),
        ("datasets_folder", write_hugging_face),
    ],
)
def test_readers_in_their_environments_find_what_expand_writes_equal(
    script: str, write: Write, tmp_path: Path
) -> None:
    src, _ = expand_by_hand(write, tmp_path)
    expand(src, tmp_path / "copies", 2, workers=1)
    status, found, said = read(script, src, tmp_path / "copies")
    assert (status, found.get("faults")) == (0, []), said
    assert found["facts"].get("images an epoch", 6) == 6


@pytest.mark.slow
@pytest.mark.parametrize(
    ("script", "write"),
    [
        ("ultralytics_labels", write_yolo),
        ("supervision_detections", write_yolo),
        ("supervision_detections", write_coco),
        ("supervision_detections", write_voc),
        ("datasets_folder", write_hugging_face),
    ],
)
def test_readers_in_their_environments_find_what_split_writes_equal(
    script: str, write: Write, tmp_path: Path
) -> None:
    src, out = divide(write, tmp_path)
    status, found, said = read(script, src, out, factor=1)
    assert (status, found.get("faults")) == (0, []), said
    assert found["facts"]["out images"] == len(TO_SPLIT)


def test_the_command_says_what_is_wrong(tmp_path: Path) -> None:
    src, out = expand_by_hand(write_coco, tmp_path)
    patch("annotations", 1, id=7)(out)
    environment = tmp_path / "environments" / "pycocotools"
    (environment / "bin").mkdir(parents=True)
    python = environment / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', "utf-8")
    python.chmod(0o755)
    wanted = next(each for each in READERS if each.script == "pycocotools_json").environment
    (environment / "installed").write_text("\n".join(wanted.requirements), "utf-8")
    command = [sys.executable, "-m", "benchmarks.readers", "--factor", "2"]
    options = ["--environments", environment.parent, "--reader", "pycocotools_json"]
    done = subprocess.run(
        [*command, *options, src, out], capture_output=True, text=True, cwd=REPOSITORY, check=False
    )
    assert done.returncode == 1
    assert "pycocotools_json: different ids of annotations" in done.stdout


def test_each_format_has_a_reader(tmp_path: Path) -> None:
    formats: dict[Write, set[str]] = {
        write_yolo: {"ultralytics_labels", "ultralytics_training", "supervision_detections"},
        write_coco: {"pycocotools_json", "torchvision_coco", "supervision_detections"},
        write_voc: {"torchvision_voc", "supervision_detections"},
        write_cityscapes: {"torchvision_cityscapes"},
        write_hugging_face: {"datasets_folder"},
    }
    for write, expected in formats.items():
        src, _ = expand_by_hand(write, tmp_path / write.__name__)
        assert {each.script for each in READERS if each.reads(src)} == expected
