"""Replay: any copy again, byte for byte, from its row and its source."""

from __future__ import annotations

import json
import shutil
from hashlib import sha256
from pathlib import Path

import pytest

from expand import ExpandError, Recipe, expand
from expand.job.checks.verify import verify
from expand.job.remaking.replay import replay, replay_into
from expand.records.manifest import read_rows
from tests.conftest import Folder, noise_image, tree

RECIPES = {
    "classic": Recipe.load("classic"),
    "blog": Recipe.load("blog"),
    "noise first": Recipe.parse("techniques: [noise, rotate]"),
    "albumentations": Recipe.parse(
        "techniques: [flip, GaussNoise: {p: 0.5}, ElasticTransform: {p: 0.5}]"
    ),
}


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("format_", ["keep", "jpg"])
def test_every_file_comes_out_again_byte_for_byte(
    name: str, format_: str, class_folder: Folder, tmp_path: Path
) -> None:
    src, out = class_folder(4), tmp_path / "out"
    expand(src, out, 5, RECIPES[name], workers=1, format=format_, seed=9)
    for row in read_rows(out):
        assert replay(out, row["file_name"]) == (out / row["file_name"]).read_bytes()


def test_a_lost_file_is_written_to_its_own_path_or_to_another(
    class_folder: Folder, tmp_path: Path
) -> None:
    src, out = class_folder(2), tmp_path / "out"
    expand(src, out, workers=1)
    path = out / "cat/1_v2.jpg"
    before = path.read_bytes()
    assert replay_into(out, "cat/1_v2.jpg") == (path, True)
    path.unlink()
    assert replay_into(out, str(path)) == (path, False)  # named by its path
    assert path.read_bytes() == before
    assert replay_into(out, "cat/1_v2.jpg", to=tmp_path / "x.jpg") == (tmp_path / "x.jpg", False)
    assert (tmp_path / "x.jpg").read_bytes() == before


def test_a_moved_input_can_be_named(class_folder: Folder, tmp_path: Path) -> None:
    src, out = class_folder(2), tmp_path / "out"
    expand(src, out, workers=1)
    before = (out / "cat/0_v1.png").read_bytes()
    shutil.move(src, tmp_path / "moved")
    with pytest.raises(ExpandError, match="does not exist; use --source to name the input folder"):
        replay(out, "cat/0_v1.png")
    assert replay(out, "cat/0_v1.png", tmp_path / "moved") == before


def test_a_file_that_cannot_be_made_again_is_an_error_with_the_reason(
    class_folder: Folder, tmp_path: Path
) -> None:
    src, out = class_folder(2), tmp_path / "out"
    with pytest.raises(ExpandError, match=r"has no expand.json"):
        replay(src, "cat/0.png")
    expand(src, out, workers=1)
    with pytest.raises(ExpandError, match='"cat/9.png" is not in the manifest'):
        replay(out, "cat/9.png")
    lines = (out / "metadata.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    rows[1]["params"]["rotate"]["degrees"] += 5
    (out / "metadata.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(ExpandError, match="comes out with different bytes; it was written with"):
        replay(out, rows[1]["file_name"])
    class_folder({"cat/0.png": noise_image(12, 10, 3, seed=99)})
    with pytest.raises(ExpandError, match="is not the image that"):
        replay(out, "cat/0_v2.png")


def make_older(out: Path) -> None:
    """Make a finished folder look like one of the first noise, whose pixels were others."""
    card = json.loads((out / "expand.json").read_text())
    for technique in card["settings"]["recipe"]["techniques"]:
        technique.get("noise", {}).pop("version", None)
    (out / "expand.json").write_text(json.dumps(card))
    rows = list(read_rows(out))
    for row in rows:
        if row["params"]["noise"]["amount"]:
            path = out / row["file_name"]
            path.write_bytes(path.read_bytes() + b"\0")
            row["bytes"], row["sha256"] = row["bytes"] + 1, sha256(path.read_bytes()).hexdigest()
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (out / "metadata.jsonl").write_text(lines)


def test_noise_of_an_earlier_version_is_verified_but_not_made_again(
    class_folder: Folder, tmp_path: Path
) -> None:
    src, out = class_folder(3), tmp_path / "out"
    expand(src, out, 4, workers=1)
    make_older(out)
    before = tree(out)
    assert verify(out).problems == []
    noisy = [row for row in read_rows(out) if row["params"]["noise"]["amount"]]
    plain = [row for row in read_rows(out) if not row["params"]["noise"]["amount"]]
    for row in plain:
        assert replay(out, row["file_name"]) == (out / row["file_name"]).read_bytes()
    assert noisy
    for row in noisy:
        with pytest.raises(ExpandError, match="has noise of an earlier version"):
            replay(out, row["file_name"])
    for factor in (4, 6):
        with pytest.raises(ExpandError, match="Finish it with the version of expand that began it"):
            expand(src, out, factor, workers=1)
    assert tree(out) == before
    expand(src, out, 6, workers=1, overwrite=True)
    assert verify(out).problems == []


def test_an_earlier_folder_without_noise_grows(class_folder: Folder, tmp_path: Path) -> None:
    src, out, recipe = class_folder(3), tmp_path / "out", Recipe.parse("techniques: [flip, rotate]")
    expand(src, out, 2, recipe, workers=1)
    assert '"version"' not in (out / "expand.json").read_text()
    expand(src, out, 4, recipe, workers=1)
    assert verify(out).problems == []
