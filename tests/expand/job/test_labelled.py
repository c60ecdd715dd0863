"""Labelled datasets of every format keep the promises of class folders."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from expand import expand
from expand.job.checks.verify import verify
from expand.job.remaking.repair import repair
from expand.job.remaking.replay import replay
from expand.records.manifest import read_rows
from tests.conftest import noise_image, tree
from tests.expand.job.test_survival import Midway
from tests.expand.layouts.labelled.coco.drawn import draw_coco
from tests.expand.layouts.labelled.masks.drawn import as_png, pairs, write
from tests.expand.layouts.labelled.voc.drawn import devkit
from tests.expand.layouts.labelled.yolo.drawn import draw_detect, draw_obb, draw_pose, draw_segment

Draw = Callable[[Path], object]


def draw_masks(root: Path) -> None:
    names = {f"images/train/{n}.png": f"masks/train/{n}.png" for n in range(4)}
    write(root, pairs({**names, "images/val/9.png": "masks/val/9.png"}))


def draw_parts(root: Path) -> None:
    images = {
        f"train/{label}/{n}.png": as_png(noise_image(9, 8, 3, seed=n))
        for label in "ab"
        for n in range(2)
    }
    write(
        root, {**images, "val/a/7.png": as_png(noise_image(9, 8, 3, seed=7)), "notes.txt": b"kept"}
    )


SETS: dict[str, Draw] = {
    "yolo-detect": draw_detect,
    "yolo-segment": draw_segment,
    "yolo-pose": draw_pose,
    "yolo-obb": draw_obb,
    "coco": draw_coco,
    "voc": devkit,
    "masks": draw_masks,
    "split-folders": draw_parts,
}
of_each = pytest.mark.parametrize("kind", SETS)


@pytest.fixture
def src(kind: str, tmp_path: Path) -> Path:
    """Return a drawn dataset."""
    SETS[kind](tmp_path / "src")
    return tmp_path / "src"


@of_each
def test_any_workers_kills_and_growth_end_in_the_same_tree(src: Path, tmp_path: Path) -> None:
    expand(src, tmp_path / "whole", 4, workers=1)
    expand(src, tmp_path / "workers", 4, workers=2)
    out = tmp_path / "interrupted"
    for after in (1, 3):
        with pytest.raises(KeyboardInterrupt):
            expand(src, out, 2, workers=1, progress=Midway(_interrupt, after))
    expand(src, out, 2, workers=1)
    expand(src, out, 4, workers=1)
    whole = tree(tmp_path / "whole")
    assert tree(tmp_path / "workers") == whole
    assert tree(out) == whole


def _interrupt() -> None:
    raise KeyboardInterrupt


@of_each
def test_what_is_missing_or_changed_is_found_and_made_again(src: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    expand(src, out, 3, workers=1)
    assert verify(out).problems == []
    whole = tree(out)
    card = json.loads((out / "expand.json").read_text())
    rows = [row for row in read_rows(out) if not row.get("kept")]
    labels = [file["file_name"] for row in rows for file in row.get("labels", {}).get("files", ())]
    kept = [row["file_name"] for row in read_rows(out) if row.get("kept")]
    derived = [file["file_name"] for file in card["derived"]]
    damaged = {rows[1]["file_name"], *labels[1:2], *kept[:1], *derived[-1:]}
    for name in damaged:
        assert replay(out, name) == (out / name).read_bytes()
    for name in damaged:
        (out / name).write_bytes(b"?" * (out / name).stat().st_size)
    assert {problem.file for problem in verify(out).problems} == damaged
    assert sorted(repair(out, verify(out).damaged).made) == sorted(damaged)
    assert tree(out) == whole


@of_each
def test_an_interrupted_run_is_removed_whole(src: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        expand(src, out, 4, workers=1, progress=Midway(_interrupt, 2))
    (out / "mine.txt").write_text("stays")
    expand(src, out, 1, workers=1, overwrite=True)
    once = tree(out)
    assert once.pop("mine.txt") == b"stays"
    expand(src, tmp_path / "fresh", 1, workers=1)
    assert once == tree(tmp_path / "fresh")


@of_each
def test_factor_1_keeps_every_file(src: Path, kind: str, tmp_path: Path) -> None:
    expand(src, tmp_path / "out", 1, workers=1)
    for name, data in tree(src).items():
        written = (tmp_path / "out" / name).read_bytes()
        same = (
            json.loads(written) == json.loads(data) if name.endswith(".json") else written == data
        )
        assert same, name


@of_each
def test_another_source_changes_no_other(src: Path, kind: str, tmp_path: Path) -> None:
    expand(src, tmp_path / "all", 3, workers=1)
    all_ = tree(tmp_path / "all")
    rows = [row for row in read_rows(tmp_path / "all") if not row.get("kept")]
    gone = rows[0]["source"]
    names = {row["file_name"] for row in rows if row["source"] == gone}
    (src / gone).unlink()
    expand(src, tmp_path / "less", 3, workers=1)
    derived = json.loads((tmp_path / "less/expand.json").read_text())["derived"]
    records = {"expand.json", "expand.jsonl", *(file["file_name"] for file in derived)}
    less = {name: data for name, data in tree(tmp_path / "less").items() if name not in records}
    assert names.isdisjoint(less)
    assert less.items() <= all_.items()
    assert {name for name in all_.keys() - less.keys() - records if "_v" in name} >= names - {gone}
