"""Labelled datasets that change between two runs, or during one; and files of the user in OUT."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from expand import ExpandError, expand
from expand.job import run
from expand.job.checks.verify import verify
from expand.job.tasks import task
from tests.conftest import tree
from tests.expand.job.test_survival import Midway
from tests.expand.layouts.labelled.coco.drawn import draw_coco
from tests.expand.layouts.labelled.voc.drawn import devkit
from tests.expand.layouts.labelled.yolo.drawn import draw_detect


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make progress known after each image."""
    monkeypatch.setattr(run, "CHUNK_SOURCES", 1)


def stop() -> None:
    raise KeyboardInterrupt


def interrupted(src: Path, out: Path, after: int, factor: int = 2) -> None:
    with pytest.raises(KeyboardInterrupt):
        expand(src, out, factor, workers=1, progress=Midway(stop, after))


def fresh(src: Path, tmp_path: Path, factor: int) -> dict[str, bytes]:
    expand(src, tmp_path / f"fresh{factor}", factor, workers=1)
    return tree(tmp_path / f"fresh{factor}")


@pytest.mark.parametrize("killed", [False, True])
def test_an_image_whose_label_file_is_removed_becomes_background(
    killed: bool, tmp_path: Path
) -> None:
    src, out = draw_detect(tmp_path / "src"), tmp_path / "out"
    if killed:
        interrupted(src, out, 3)
    else:
        expand(src, out, 2, workers=1)
    assert (out / "labels/train/00_v1.txt").exists()
    (src / "labels/train/00.txt").unlink()
    expand(src, out, 3, workers=1)
    assert tree(out) == fresh(src, tmp_path, 3)
    assert verify(out).problems == []


def test_a_file_for_the_whole_set_that_is_gone_is_removed(tmp_path: Path) -> None:
    src, out = tmp_path / "src", tmp_path / "out"
    draw_coco(src)
    name = "annotations/instances_train2017.json"
    second = src / "annotations/person_keypoints_train2017.json"
    second.write_bytes((src / name).read_bytes())
    expand(src, out, 2, workers=1)
    assert (out / "annotations/person_keypoints_train2017.json").exists()
    second.unlink()
    expand(src, out, 2, workers=1)
    assert tree(out) == fresh(src, tmp_path, 2)


def test_a_file_of_the_user_in_the_place_of_one_for_the_whole_set_stays(tmp_path: Path) -> None:
    src, out = tmp_path / "src", tmp_path / "out"
    draw_coco(src)
    interrupted(src, out, 1)
    mine = out / "annotations/instances_train2017.json"
    mine.parent.mkdir(exist_ok=True)
    mine.write_text("mine")
    with pytest.raises(
        ExpandError, match=r"instances_train2017.json\" is a file that expand did n"
    ):
        expand(src, out, 2, workers=1)
    assert mine.read_text() == "mine"
    mine.unlink()
    expand(src, out, 2, workers=1)
    assert tree(out) == fresh(src, tmp_path, 2)


def test_files_for_the_whole_set_of_a_run_that_is_killed_are_removed_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    src, out = tmp_path / "src", tmp_path / "out"
    draw_coco(src)
    with monkeypatch.context() as patch:
        patch.setattr("expand.records.writer.ManifestWriter.publish", lambda _writer: stop())
        with pytest.raises(KeyboardInterrupt):
            expand(src, out, 2, workers=1)
    assert (out / "annotations/instances_train2017.json").exists()
    other = draw_detect(tmp_path / "other")
    expand(other, out, 2, workers=1, overwrite=True)
    assert tree(out) == fresh(other, tmp_path, 2)


def test_a_file_of_the_user_called_like_a_label_file_outlives_the_removal(tmp_path: Path) -> None:
    src, out = draw_detect(tmp_path / "src"), tmp_path / "out"
    interrupted(src, out, 9)  # image 3 is done: it is background and has no label file
    mine = out / "labels/train/03_v1.txt"
    mine.write_text("mine")
    expand(src, out, 2, workers=1, overwrite=True)
    assert mine.read_text() == "mine"


def test_an_image_that_moves_to_the_part_that_grows_is_refused(tmp_path: Path) -> None:
    src, out = devkit(tmp_path / "src"), tmp_path / "out"
    expand(src, out, 2, workers=1)
    for folder in ("Main", "Segmentation"):
        (src / f"ImageSets/{folder}/train.txt").write_text("a\nb\nc\n")
        (src / f"ImageSets/{folder}/val.txt").write_text("d\n")
    with pytest.raises(ExpandError, match="that are not kept as they are any more .*--overwrite"):
        expand(src, out, 2, workers=1)
    expand(src, out, 2, workers=1, overwrite=True)
    assert tree(out) == fresh(src, tmp_path, 2)


def change_yolo(src: Path) -> None:
    for path in (src / "labels/train").iterdir():
        path.write_bytes(path.read_bytes().replace(b"0 ", b"2 "))
    (src / "data.yaml").write_bytes(b"train: images/train\nnames: [x, y, z]\n")


def change_coco(src: Path) -> None:
    path = src / "annotations/instances_train2017.json"
    value = json.loads(path.read_bytes())
    value["categories"][0]["name"] = "other"
    value["annotations"] = value["annotations"][5:]
    path.write_text(json.dumps(value))


@pytest.mark.parametrize(("draw", "change"), [(draw_coco, change_coco), (draw_detect, change_yolo)])
def test_labels_that_change_during_a_run_are_those_from_before_or_after(
    draw: Callable[[Path], object], change: Callable[[Path], None], tmp_path: Path
) -> None:
    draw(tmp_path / "before")
    draw(tmp_path / "after")
    change(tmp_path / "after")
    draw(src := tmp_path / "src")
    allowed: dict[str, set[bytes]] = {}
    for each in ("before", "after"):
        expand(tmp_path / each, tmp_path / f"{each}-out", 2, workers=1)
        for name, data in tree(tmp_path / f"{each}-out").items():
            allowed.setdefault(name, set()).add(data)
    try:
        expand(src, out := tmp_path / "out", 2, workers=1, progress=Midway(lambda: change(src), 1))
    except ExpandError:
        return  # it is said that the file has changed
    for name, data in tree(out).items():
        assert name == "expand.jsonl" or data in allowed[name], name


def test_labels_that_do_not_fit_into_a_line_of_the_manifest_make_an_image_bad(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task, "LINE_BYTES", 1 << 12)
    src = draw_detect(tmp_path / "drawn") / "images/train"
    (src / "labels.csv").write_text(f"file,text\n00.png,{'é' * (1 << 12)}\n01.png,b\n")
    report = expand(src, tmp_path / "out", 2, workers=1)
    assert [bad.source for bad in report.summary.bad] == ["00.png"]
    assert report.summary.bad[0].reason.startswith("has labels of more than 0 MiB of text")
