"""The plan: its estimate is close to what is written; refusals come before anything is written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from expand import ExpandError, Recipe, Settings, expand
from expand.job.output import peek_output
from expand.job.planning.estimate import Estimate, check_fits, estimate
from expand.job.planning.opening import find_long_names, make_plan
from expand.job.planning.plan import Plan
from tests.conftest import Folder, noise_image, tree

CLASSIC = Recipe.load("classic")


def plan_of(src: Path, out: Path, **settings: object) -> Plan:
    return make_plan(src, out, Settings(CLASSIC, **{"factor": 4, **settings}))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "settings", [{}, {"factor": 7}, {"originals": "link"}, {"originals": "none"}, {"format": "jpg"}]
)
def test_the_estimate_comes_close_to_what_is_written(
    settings: dict[str, object], class_folder: Folder, tmp_path: Path
) -> None:
    src = class_folder(
        {f"a/{i:03d}.png": noise_image(20 + i % 7, 24, 3, seed=i) for i in range(80)}
    )
    plan = plan_of(src, tmp_path / "out", **settings)
    estimated = estimate(plan, seconds=60, share=1000.0)
    assert not (tmp_path / "out").exists()
    expand(src, tmp_path / "out", workers=1, **settings)  # type: ignore[arg-type]
    copies = [path.stat() for path in (tmp_path / "out/a").iterdir()]
    if settings.get("originals") == "link":
        copies = [stat for stat in copies if stat.st_nlink == 1]
    assert estimated.bytes == pytest.approx(sum(stat.st_size for stat in copies), rel=0.05)
    assert estimated.allocated == pytest.approx(
        sum(stat.st_blocks * 512 for stat in copies), rel=0.25
    )
    assert plan.files == len(list((tmp_path / "out/a").iterdir()))
    assert estimated.sampled == 24
    assert estimated.free_bytes > 0
    assert estimated.core_seconds > 0


def test_what_does_not_fit_is_refused(class_folder: Folder, tmp_path: Path) -> None:
    plan = plan_of(class_folder(3), tmp_path / "out")
    fits = Estimate(3, 100, 4096 * 24, 1.0, 64.0, 4096 * 24, 24)
    check_fits(plan, fits)
    with pytest.raises(
        ExpandError, match="would need about 98,304 bytes, its disk has 98,303 free"
    ):
        check_fits(plan, fits._replace(free_bytes=4096 * 24 - 1))
    with pytest.raises(ExpandError, match="would need 24 files, its file system has room for 23"):
        check_fits(plan, fits._replace(free_files=23))
    check_fits(plan, fits._replace(free_bytes=4096 * 12, free_files=None), share_left=0.5)


def test_a_few_bad_images_do_not_spoil_the_estimate_but_all_bad_is_refused(
    class_folder: Folder, tmp_path: Path
) -> None:
    src = class_folder(6)
    (src / "cat/0.png").write_bytes(b"bad")
    assert estimate(plan_of(src, tmp_path / "out")).bytes > 0
    with pytest.raises(
        ExpandError,
        match=r'none of 12 images tried can be used; the last: "cat/5.jpg" is not an image',
    ):
        estimate(
            plan_of(
                class_folder(
                    {f"{c}/{i}.jpg": b"x" for c in ("cat", "dog") for i in range(6)}, "bad"
                ),
                tmp_path / "out",
            )
        )


def test_copies_that_the_format_cannot_hold_are_refused_before_anything_is_written(
    class_folder: Folder, tmp_path: Path
) -> None:
    src = class_folder({"a/1.png": noise_image(8, 8, 4), "a/2.png": noise_image(8, 8, 4)})
    with pytest.raises(ExpandError, match="has 4 channels, which JPEG cannot hold"):
        expand(src, tmp_path / "out", format="jpg", workers=1)
    assert not (tmp_path / "out").exists()


def test_the_output_may_be_several_folders_deep(class_folder: Folder, tmp_path: Path) -> None:
    out = tmp_path / "a" / "b" / "c"
    assert estimate(plan_of(class_folder(2), out)).free_bytes == pytest.approx(
        os.statvfs(tmp_path).f_bavail * os.statvfs(tmp_path).f_frsize, rel=0.05
    )
    assert expand(class_folder(2), out, workers=1).status == 0


def test_a_plan_says_that_the_folder_grows_and_counts_only_what_is_missing(
    class_folder: Folder, tmp_path: Path
) -> None:
    src, out = class_folder(2), tmp_path / "out"
    expand(src, out, 2, workers=1)
    before = tree(out)
    with make_plan(src, out, Settings(CLASSIC, 6)) as plan:
        state = peek_output(plan)
        assert state.files == 8
        assert state.notes == [
            "the folder grows from ×2 to ×6",
            "8 of 24 files are there already, as recorded",
        ]
        assert "would be removed" in peek_output(plan, overwrite=True).notes[0]
    with make_plan(src, out, Settings(CLASSIC, 1)) as plan, pytest.raises(ExpandError, match="grow, not shrink"):  # fmt: skip
        peek_output(plan)
    assert tree(out) == before


def test_a_plan_names_a_source_whose_copies_cannot_have_a_name(
    class_folder: Folder, tmp_path: Path
) -> None:
    src = class_folder(1)
    name = f"cat/{'x' * 249}.png"
    (src / name).write_bytes((src / "cat/0.png").read_bytes())
    with make_plan(src, tmp_path / "out", Settings(CLASSIC, 2)) as plan:
        (sentence,) = find_long_names(plan)
    assert sentence.startswith(f'1 source cannot be used; the first: "{name}" has a name that is')


def test_a_plan_refuses_a_folder_that_a_run_would_refuse(
    class_folder: Folder, tmp_path: Path
) -> None:
    plan = plan_of(class_folder(3), tmp_path / "out")
    (tmp_path / "out").mkdir()
    assert peek_output(plan).files == 0
    (tmp_path / "out/mine.txt").touch()
    with pytest.raises(ExpandError, match="is not empty and has no expand.json"):
        peek_output(plan)
