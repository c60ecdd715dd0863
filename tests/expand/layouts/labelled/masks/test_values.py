"""Classes that mirrored views exchange in semantic masks, whose values are classes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from expand import ExpandError, Recipe, expand
from expand.cli.command import command
from expand.job.checks.verify import verify
from expand.job.remaking.replay import replay
from expand.records.manifest import read_rows
from tests.conftest import tree
from tests.expand.layouts.labelled.masks.drawn import (
    COLOURS,
    as_file,
    as_png,
    pairs,
    scene,
    shown,
    write,
)

RULES = """
classes:
  "1": {flip.horizontal: {becomes: "2"}}
  "2": {flip.horizontal: {becomes: "1"}}
"""
RECIPE = Recipe.parse(f"techniques: [flip: {{factor: 4}}]{RULES}")
PLAIN = Recipe.parse("techniques: [flip: {factor: 4}]")
OTHER = np.array([0, 2, 1, 3], np.uint8)
NAMES = {f"images/{name}.png": f"masks/{name}.png" for name in "ab"}


def draw(root: Path, *, palette: bool = True) -> Path:
    """Write two images with masks, whose values are palette indices or grey levels."""
    files = pairs(NAMES)
    for seed, mask in enumerate(NAMES.values()):
        files[mask] = as_png(scene(seed), COLOURS if palette else None)
    return write(root, files)


@pytest.mark.parametrize("palette", [True, False])
def test_values_of_masks_are_exchanged_in_mirrored_views(tmp_path: Path, palette: bool) -> None:
    root = draw(tmp_path / "src", palette=palette)
    out, plain = tmp_path / "out", tmp_path / "plain"
    assert expand(root, out, 4, RECIPE, workers=1).status == 0
    expand(root, plain, 4, PLAIN, workers=1)
    rows = [row for row in read_rows(out) if not row.get("kept")]
    assert len(rows) == 8
    for row in rows:
        (mask,) = (file["file_name"] for file in row["labels"]["files"])
        before, after = Image.open(plain / mask), Image.open(out / mask)
        mirrored = row["params"]["flip"]["horizontal"]
        wanted = OTHER[np.array(before)] if mirrored else np.array(before)
        np.testing.assert_array_equal(np.array(after), wanted)
        assert (after.mode, after.getpalette()) == (before.mode, before.getpalette())
        assert (out / row["file_name"]).read_bytes() == (plain / row["file_name"]).read_bytes()
    assert verify(out).problems == []
    name = "masks/a_v1.png"
    assert replay(out, name) == (out / name).read_bytes()


def test_masks_are_the_same_for_any_workers_and_restarts(tmp_path: Path) -> None:
    root, out, other = draw(tmp_path / "src"), tmp_path / "out", tmp_path / "other"
    expand(root, out, 4, RECIPE, workers=1)
    expand(root, other, 2, RECIPE, workers=2)
    expand(root, other, 4, RECIPE, workers=2)
    before = tree(out)
    assert before == tree(other)
    next(out.glob("masks/b_v*.png")).unlink()
    assert verify(out).problems
    expand(root, out, 4, RECIPE, workers=1)
    assert tree(out) == before


def test_a_value_with_never_keeps_views_of_its_images_unmirrored(tmp_path: Path) -> None:
    files = pairs(NAMES)
    files["masks/b.png"] = as_png(np.where(scene(1) == 3, 0, scene(1)))
    root = write(tmp_path / "src", files)
    recipe = Recipe.parse('techniques: [flip, noise]\nclasses: {"3": {flip: never}}')
    assert expand(root, tmp_path / "out", 2, recipe, workers=1).status == 0
    expand(root, tmp_path / "plain", 2, Recipe.parse("techniques: [flip, noise]"), workers=1)
    flips = {
        folder: [
            (row["source"], row["params"]["flip"]["horizontal"])
            for row in read_rows(tmp_path / folder)
            if row["view"]
        ]
        for folder in ("out", "plain")
    }
    assert ("images/a.png", False) in flips["out"]
    assert flips["out"][1] == flips["plain"][1]


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        (("left", "right"), 'values of their pixels, such as "3"; "left"'),
        (("01", "2"), '"01" in a rule'),
        (("0", "2"), "exchanges the value 0, which masks also have where"),
        (("1", "70000"), "names the class 70000; a mask has at most 65535"),
    ],
)
def test_names_that_are_no_values_are_refused(
    tmp_path: Path, names: tuple[str, str], problem: str
) -> None:
    first, second = names
    recipe = Recipe.parse(
        f'techniques: [flip]\nclasses: {{"{first}": {{flip: {{becomes: "{second}"}}}}, '
        f'"{second}": {{flip: {{becomes: "{first}"}}}}}}'
    )
    with pytest.raises(ExpandError, match=problem):
        expand(draw(tmp_path / "src"), tmp_path / "out", 2, recipe)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        (["masks/a.png", "depth/a.png"], 'an image has several, "depth/a.png" and "masks/a.png"'),
        (["instances/a.png"], '"instances/a.png" is of objects'),
    ],
)
def test_masks_that_are_not_of_classes_are_refused(
    tmp_path: Path, names: list[str], problem: str
) -> None:
    files = {"images/a.png": as_png(shown(scene(0)))} | dict.fromkeys(names, as_png(scene(0)))
    with pytest.raises(ExpandError, match=problem):
        expand(write(tmp_path / "src", files), tmp_path / "out", 2, RECIPE)


def test_images_whose_folder_is_their_class_are_refused(tmp_path: Path) -> None:
    root = write(
        tmp_path / "src",
        pairs(
            {f"{name}/{n}.png": f"{name}/{n}_mask.png" for name in ("left", "right") for n in "ab"}
        ),
    )
    with pytest.raises(ExpandError, match="the class of an image is its folder"):
        expand(root, tmp_path / "out", 2, RECIPE)


def test_a_mask_whose_values_are_no_classes_is_one_bad_image(tmp_path: Path) -> None:
    files = pairs(NAMES | {"images/c.png": "masks/c.jpg", "images/d.png": "masks/d.bmp"})
    files["masks/b.png"] = as_png(shown(scene(1)))
    files["masks/d.bmp"] = _one_bit()
    report = expand(write(tmp_path / "src", files), tmp_path / "out", 4, RECIPE, workers=1)
    reasons = {each.source: each.reason for each in report.summary.bad}
    assert report.status == 1
    assert reasons.keys() == {f"images/{name}.png" for name in "bcd"}
    assert 'its mask "masks/b.png" has colours' in reasons["images/b.png"]
    assert 'its mask "masks/c.jpg" is lossy' in reasons["images/c.png"]
    assert reasons["images/d.png"] == (
        'its mask "masks/d.bmp" cannot hold the value 2, which 1 becomes where a view is mirrored: '
        "it has values up to 1"
    )
    assert verify(tmp_path / "out").problems == []


def _one_bit() -> bytes:
    return as_file(Image.fromarray(scene(3) == 1), "BMP")


def test_the_plan_and_the_preview_follow_the_rules(tmp_path: Path) -> None:
    root, recipe = draw(tmp_path / "src"), tmp_path / "mine.yaml"
    recipe.write_text(f"techniques: [flip]{RULES}")
    asked = ["--recipe", str(recipe), "--factor", "2"]
    plan = CliRunner().invoke(command, ["plan", str(root), str(tmp_path / "out"), *asked])
    assert 'Class "1": flip.horizontal: becomes 2.' in plan.output
    sheets = []
    for text in (RULES, ""):
        recipe.write_text(f"techniques: [flip]{text}")
        sheet = tmp_path / f"{len(sheets)}.png"
        done = CliRunner().invoke(command, ["preview", str(root), str(sheet), *asked])
        assert done.exit_code == 0, done.output
        sheets.append(np.array(Image.open(sheet)))
    assert sheets[0].shape == sheets[1].shape
    assert (sheets[0] != sheets[1]).any()
