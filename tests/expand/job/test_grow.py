"""Growing: a larger factor adds the missing copies, and ends like a fresh run with that factor."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from expand import ExpandError, Recipe, expand
from expand.job.checks.verify import verify
from expand.job.planning.estimate import Estimate
from expand.job.tasks import copies
from expand.records.manifest import MANIFEST, read_rows
from tests import signalled
from tests.conftest import Folder, noise_image, tree
from tests.expand.job.test_run import COMMAND, many

CLASSIC = Recipe.load("classic")
RECIPES = {
    "classic": CLASSIC,
    "blog": Recipe.load("blog"),
    "flip=4,noise=2": CLASSIC.with_factors({"flip": 4, "noise": 2}),
    "noise first": Recipe.parse("techniques: [noise, rotate]"),
}


def card_of(out: Path) -> dict[str, Any]:
    """Return the run card without its times and costs."""
    card: dict[str, Any] = json.loads((out / "expand.json").read_text())
    return {key: value for key, value in card.items() if key != "cost"}


def assert_like_fresh(out: Path, src: Path, factor: int, *recipe: Recipe, **options: Any) -> None:
    fresh = out.with_name(f"{out.name}-fresh")
    expand(src, fresh, factor, *recipe, workers=1, **options)
    assert tree(out) == tree(fresh)
    assert card_of(out) == card_of(fresh)
    assert verify(out).problems == []


@pytest.mark.parametrize("sampling", ["stratified", "random"])
@pytest.mark.parametrize("name", RECIPES)
def test_2_to_4_to_5_to_8_is_like_8_from_nothing(
    name: str, sampling: str, class_folder: Folder, tmp_path: Path
) -> None:
    src, out, recipe = many(class_folder, 12), tmp_path / "out", RECIPES[name]
    for factor, made in ((1, 12), (2, 12), (4, 24), (5, 12), (8, 36)):
        assert expand(src, out, factor, recipe, workers=1, sampling=sampling).summary.made == made
        assert_like_fresh(out, src, factor, recipe, sampling=sampling)
        shutil.rmtree(tmp_path / "out-fresh")


OPTIONS: list[dict[str, Any]] = [
    {"originals": "link"},
    {"originals": "none"},
    {"format": "png"},
    {"format": "jpg", "quality": 20},
    {"format": "webp"},
]


@pytest.mark.parametrize(
    ("workers", "options"),
    [
        *((1, options) for options in OPTIONS),
        (2, OPTIONS[0]),
        *(pytest.param(2, options, marks=pytest.mark.slow) for options in OPTIONS[1:]),
    ],
)
def test_whatever_the_originals_the_format_and_the_workers(
    workers: int, options: dict[str, Any], class_folder: Folder, tmp_path: Path
) -> None:
    src, out = many(class_folder, 12), tmp_path / "out"
    for factor in (2, 4, 5):
        expand(src, out, factor, workers=workers, **options)
    assert_like_fresh(out, src, 5, **options)
    if options.get("originals") == "link":
        assert (out / "cat/002.jpg").samefile(src / "cat/002.jpg")


@pytest.mark.parametrize("format_", ["keep", "jpg"])
def test_equal_pixels_are_counted_across_the_old_and_the_new_files(
    format_: str, class_folder: Folder, tmp_path: Path
) -> None:
    half = noise_image(8, 4, 3, seed=1)
    grey = noise_image(16, 16, 3, seed=2) // 64 + 90  # in a coarse JPEG, several views are one file
    src = class_folder(
        {
            "a/black.png": np.zeros((8, 8, 3), np.uint8),
            "a/mirrored.png": np.concatenate([half, half[:, ::-1]], axis=1),
            "a/soft.png": grey,
        }
    )
    out, options = tmp_path / "out", {"format": format_, "quality": 1}
    recipe = CLASSIC.with_factors({"flip": 4, "rotate90": 4})
    for factor in (2, 3, 5, 8):
        report = expand(src, out, factor, recipe, workers=1, **options)
    assert report.summary.same == sum(row["same_as"] != row["view"] for row in read_rows(out))
    assert report.summary.same >= 7 + 4
    assert_like_fresh(out, src, 8, recipe, **options)


def test_only_the_missing_copies_are_rendered_and_written(
    class_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    src, out = many(class_folder, 6), tmp_path / "out"
    expand(src, out, 4, workers=1)
    before = {path: path.stat().st_mtime_ns for path in out.glob("*/**/*.*")}
    rendered, render = [], copies.ImageViews.render

    def note(views: copies.ImageViews, k: int) -> object:
        rendered.append((views.source_id, k))
        return render(views, k)

    estimated = Estimate(1, 1, 1, 0.1, 64.0, 10**12, None)
    monkeypatch.setattr("expand.job.job.estimate", lambda _plan: estimated)
    monkeypatch.setattr(copies.ImageViews, "render", note)
    expand(src, out, 5, workers=1)
    assert sorted(rendered) == sorted(
        (row["source"], 4) for row in read_rows(out) if not row["view"]
    )
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_the_report_says_that_the_folder_grows(class_folder: Folder, tmp_path: Path) -> None:
    src, out = class_folder(2), tmp_path / "out"
    assert expand(src, out, 4, workers=1).notes == ()
    assert expand(src, out, 5, workers=1).notes == ("the folder grows from ×4 to ×5",)
    assert expand(src, out, 5, workers=1).notes == ()
    runs = json.loads((out / "expand.json").read_text())["cost"]["runs"]
    assert [cost["files"] for cost in runs] == [16, 4, 0]


def test_the_command_says_that_the_folder_grows(class_folder: Folder, tmp_path: Path) -> None:
    command = [*COMMAND, str(class_folder(2)), str(tmp_path / "out"), "--workers", "1"]
    for factor in ("2", "3"):
        done = subprocess.run(
            [*command, "--factor", factor], capture_output=True, text=True, check=True
        )
    assert "the folder grows from ×2 to ×3" in done.stdout


def test_a_smaller_factor_is_refused_and_nothing_changes(
    class_folder: Folder, tmp_path: Path
) -> None:
    src, out = class_folder(2), tmp_path / "out"
    expand(src, out, 5, workers=1)
    before = tree(out), (out / "expand.json").read_bytes()
    with pytest.raises(
        ExpandError, match="was expanded with --factor 5, and --factor 4 is"
    ) as error:
        expand(src, out, 4, workers=1)
    assert (
        "Use --factor 5 or more, choose another folder, or use --overwrite to start again"
        in str(error.value)
    )
    assert error.value.status == 2
    assert (tree(out), (out / "expand.json").read_bytes()) == before
    expand(src, out, 4, workers=1, overwrite=True)
    assert_like_fresh(out, src, 4)


def test_sources_may_be_changed_and_added_in_between(class_folder: Folder, tmp_path: Path) -> None:
    src, out = many(class_folder, 12), tmp_path / "out"
    expand(src, out, 2, workers=1)
    class_folder({"cat/002.jpg": noise_image(15, 11, 3, seed=999)}, src.name)
    many(class_folder, 15)
    class_folder({"cat/002.jpg": noise_image(15, 11, 3, seed=999)}, src.name)
    report = expand(src, out, 4, workers=1)
    assert report.summary.made == 11 * 2 + (1 + 3) * 4
    assert_like_fresh(out, src, 4)


def test_a_lost_or_cut_file_of_the_smaller_expansion_comes_back(
    class_folder: Folder, tmp_path: Path
) -> None:
    src, out = many(class_folder, 6), tmp_path / "out"
    expand(src, out, 4, workers=1)
    (out / "ant/000_v1.jpg").unlink()
    (out / "ant/003_v2.png").write_bytes(b"cut")
    assert expand(src, out, 5, workers=1).summary.made == 4 + 2 * 5
    assert_like_fresh(out, src, 5)


def test_a_source_with_the_name_of_a_new_copy_is_refused_and_nothing_changes(
    class_folder: Folder, tmp_path: Path
) -> None:
    image = noise_image(8, 8, 3)
    src, out = class_folder({"a/1.png": image, "a/1_v4.png": image}), tmp_path / "out"
    expand(src, out, 4, workers=1)
    before = tree(out), (out / "expand.json").read_bytes()
    with pytest.raises(ExpandError, match="would give files of one name"):
        expand(src, out, 5, workers=1)
    assert (tree(out), (out / "expand.json").read_bytes()) == before


def test_a_factor_that_the_recipe_cannot_give_is_refused_and_nothing_changes(
    class_folder: Folder, tmp_path: Path
) -> None:
    src, out = class_folder(2), tmp_path / "out"
    expand(src, out, 8, RECIPES["flip=4,noise=2"], workers=1)
    before = tree(out), (out / "expand.json").read_bytes()
    with pytest.raises(ExpandError, match="8 distinct views"):
        expand(src, out, 9, RECIPES["flip=4,noise=2"], workers=1)
    assert (tree(out), (out / "expand.json").read_bytes()) == before


@pytest.mark.parametrize("workers", [pytest.param(1, marks=pytest.mark.slow), 2])
def test_killed_while_it_grows_it_ends_like_one_never_killed(
    workers: int, class_folder: Folder, tmp_path: Path
) -> None:
    src, out = many(class_folder, 250), tmp_path / "out"
    expand(src, out, 2, workers=1)
    manifest = (out / MANIFEST).read_bytes()
    line = [str(src), str(out), "--workers", str(workers), "--quiet", "--factor"]
    for count in (75, 150):
        assert signalled.run("SIGKILL", count, *line, "6").returncode == -signal.SIGKILL
        assert (out / MANIFEST).read_bytes() == manifest
    command = [*COMMAND, *line]
    before = tree(out)
    for smaller in ("2", "4"):  # the command from before, and one in between
        done = subprocess.run([*command, smaller], capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert "is being expanded (not finished) with --factor 6" in done.stderr
        assert "Use --factor 6 or more" in done.stderr
    assert tree(out) == before
    assert subprocess.run([*command, "6"], check=False).returncode == 0
    assert_like_fresh(out, src, 6)


def test_killed_before_it_was_finished_a_smaller_expansion_grows_too(
    class_folder: Folder, tmp_path: Path
) -> None:
    src, out = many(class_folder, 250), tmp_path / "out"
    for factor, count in (("2", 200), ("4", 300)):
        line = [src, out, "--workers", 1, "--quiet", "--factor", factor]
        assert signalled.run("SIGKILL", count, *line).returncode == -signal.SIGKILL
    report = expand(src, out, 5, workers=1)
    assert 0 < report.summary.made < report.summary.files
    assert_like_fresh(out, src, 5)


def test_a_folder_that_would_not_fit_stays_as_it_was(
    class_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    src, out = class_folder(2), tmp_path / "out"
    expand(src, out, 2, workers=1)
    before = tree(out), (out / "expand.json").read_bytes()
    shares = []

    def refuse(_plan: object, _estimate: object, share: float) -> None:
        shares.append(share)
        raise ExpandError("no room")

    monkeypatch.setattr("expand.job.job.check_fits", refuse)
    with pytest.raises(ExpandError, match="no room"):
        expand(src, out, 8, workers=1)
    assert shares == [0.75]
    assert (tree(out), (out / "expand.json").read_bytes()) == before
