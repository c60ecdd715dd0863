"""Class folders under rules with becomes: a mirrored "left" is a file of the class "right"."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner

from expand import ExpandError, Recipe, expand
from expand.cli.command import command
from expand.job import run
from expand.job.checks.verify import verify
from expand.job.remaking.replay import Replayer
from expand.layouts.names import exchanged_from, exchanged_id
from expand.records.manifest import read_rows
from tests.conftest import Folder, noise_image, tree
from tests.expand.job.test_exchanges import OTHER, PLAIN, RECIPE, RULES, save
from train.data.folders.listing import list_folder

FILES = ("left/a.png", "left/sub/a.png", "right/a.png", "right/b.png", "stop/a.png")


def draw(class_folder: Folder, above: str = "") -> Path:
    names = [above + name for name in FILES]
    names += [name.replace("train/", "val/") for name in names if above]
    images = {name: noise_image(9, 8, 3, seed=seed) for seed, name in enumerate(names)}
    return class_folder(dict(images))


def flipped(row: object) -> bool:
    return bool(row["params"].get("flip", {}).get("horizontal"))  # type: ignore[index]


@pytest.mark.parametrize("above", ["", "train/"])
def test_a_mirrored_copy_lies_in_the_folder_of_the_other_class(
    above: str, class_folder: Folder, tmp_path: Path
) -> None:
    src, out, plain = draw(class_folder, above), tmp_path / "out", tmp_path / "plain"
    report = expand(src, out, 4, RECIPE, workers=1)
    assert report.status == 0
    expand(src, plain, 4, PLAIN, workers=1)
    rows = [row for row in read_rows(out) if not row.get("kept")]
    names = {(row["source"], row["view"]): row["file_name"] for row in read_rows(plain)}
    assert len({row["file_name"] for row in rows}) == len(rows) == 20
    for row in rows:
        before = row["source"].removeprefix(above).partition("/")[0]
        wanted = OTHER[before] if flipped(row) else before
        assert row["label"] == row["file_name"].removeprefix(above).partition("/")[0] == wanted
        old = names[row["source"], row["view"]]
        assert (out / row["file_name"]).read_bytes() == (plain / old).read_bytes()
        assert (row["file_name"] == old) == (wanted == before)
    assert report.summary.labels == Counter(row["label"] for row in rows)
    assert verify(out).problems == []
    listed = list_folder(out)
    assert sorted(zip(listed.files, listed.names, strict=True)) == sorted(
        (row["file_name"], row["label"]) for row in rows
    )


def test_such_folders_grow_resume_and_are_the_same_for_any_workers(
    class_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    src, out, other = draw(class_folder), tmp_path / "out", tmp_path / "other"
    expand(src, out, 4, RECIPE, workers=1)
    expand(src, other, 2, RECIPE, workers=2)
    monkeypatch.setattr(run, "CHUNK_SOURCES", 1)
    left = iter(range(2))

    def killed(_files: int) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        expand(src, other, 4, RECIPE, workers=1, progress=killed)
    assert verify(other).problems
    expand(src, other, 4, RECIPE, workers=1)
    assert tree(out) == tree(other)
    changed = next(row for row in read_rows(out) if row["label"] != row["source"].split("/")[0])
    data = (out / changed["file_name"]).read_bytes()
    assert Replayer(out).make(changed) == data
    (out / changed["file_name"]).unlink()
    assert [problem.file for problem in verify(out).problems] == [changed["file_name"]]
    expand(src, out, 4, RECIPE, workers=1)
    assert (out / changed["file_name"]).read_bytes() == data
    expand(src, out, 2, PLAIN, workers=1, overwrite=True)
    assert verify(out).problems == []


def test_a_source_more_changes_no_other_file(class_folder: Folder, tmp_path: Path) -> None:
    src = draw(class_folder)
    expand(src, tmp_path / "one", 4, RECIPE, workers=1)
    (src / "right/new.png").write_bytes((src / "stop/a.png").read_bytes())
    expand(src, tmp_path / "two", 4, RECIPE, workers=1)
    before, after = tree(tmp_path / "one"), tree(tmp_path / "two")
    assert {name for name in before if before[name] != after.get(name)} <= {
        "expand.json",
        "metadata.jsonl",
    }


@pytest.mark.parametrize("taken", ["right/a.left.png", "right/a.left_v1.png", "right/A.LEFT.png"])
def test_a_file_that_is_called_like_such_a_copy_is_refused(
    taken: str, class_folder: Folder, tmp_path: Path
) -> None:
    images = {"left/a.png": 1, "right/b.png": 2, taken: 3}
    src = class_folder({name: noise_image(9, 8, 3, seed=n) for name, n in images.items()})
    with pytest.raises(ExpandError, match="would give files of one name"):
        expand(src, tmp_path / "out", 2, RECIPE)
    assert not (tmp_path / "out").exists()


def test_what_such_rules_do_not_go_with_is_refused(class_folder: Folder, tmp_path: Path) -> None:
    src, out = draw(class_folder), tmp_path / "out"
    for options, words in (
        ({"balance": "max"}, "which --balance does not allow"),
        ({"output": "webdataset"}, "which --output webdataset does not allow"),
    ):
        with pytest.raises(ExpandError, match=words):
            expand(src, out, 2, RECIPE, **options)  # type: ignore[arg-type]
    recipe = Recipe.parse(RULES.replace("right", "rigth") + "techniques: [flip]")
    with pytest.raises(ExpandError, match='no class "rigth"'):
        expand(src, out, 2, recipe)
    assert not out.exists()


def test_the_plan_says_how_many_files_each_class_gets(class_folder: Folder, tmp_path: Path) -> None:
    src, out, recipe = draw(class_folder), tmp_path / "out", tmp_path / "mine.yaml"
    recipe.write_text(f"techniques: [flip, noise]{RULES}")
    options = [str(src), str(out), "--recipe", str(recipe), "--factor", "2"]
    shown = CliRunner().invoke(command, ["plan", *options]).output
    found = re.search(r'exchange: (\d+) of "right", (\d+) of "left"\.', shown)
    assert found
    CliRunner().invoke(command, options)
    labels = Counter(row["label"] for row in read_rows(out))
    assert (int(found[1]), int(found[2])) == (labels["right"], labels["left"])


def test_the_row_of_a_mirrored_copy_has_the_other_class(tmp_path: Path) -> None:
    src, out = tmp_path / "src", tmp_path / "out"
    lines = ["name,label,age\n"]
    for number, side in enumerate(("left", "right", "stop", "left")):
        save(src / f"{number}.png", number)
        lines.append(f"{number}.png,{side},{number}\n")
    (src / "labels.csv").write_text("".join(lines))
    assert expand(src, out, 4, RECIPE, workers=1).status == 0
    said = {row["name"]: row for row in csv.DictReader((out / "labels.csv").open())}
    before = {row["name"]: row for row in csv.DictReader((src / "labels.csv").open())}
    rows = [row for row in read_rows(out) if not row.get("kept")]
    assert len(said) == len(rows) == 16
    for row in rows:
        own = before[row["source"]]
        wanted = OTHER[own["label"]] if flipped(row) else own["label"]
        assert said[row["file_name"]]["label"] == row["label"] == wanted
        assert said[row["file_name"]]["age"] == own["age"]
    assert verify(out).problems == []
    assert json.loads((out / "expand.json").read_text())["counts"]["files"] == 16


def test_the_source_of_such_a_name_is_found_again() -> None:
    assert exchanged_id("left/sub/a.b.png", "right") == "right/sub/a.b.left.png"
    assert exchanged_id("train/left/a.png", "right", "train") == "train/right/a.left.png"
    assert exchanged_id("a.png", "right") == "a.png"
    assert "left/sub/a.b.png" in set(exchanged_from("right/sub/a.b.left.png"))
