"""Replay: any copy again, byte for byte, from its row and its source."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from expand import ExpandError, Recipe, expand
from expand.job.replay import replay, replay_into
from expand.records.manifest import read_rows
from tests.conftest import Folder, noise_image

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
