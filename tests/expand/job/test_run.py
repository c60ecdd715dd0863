"""The run: exact, the same whatever the workers and the interruptions, and careful with what it finds."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from expand import ExpandError, expand
from expand.images.decoder import decode
from expand.images.encoder import encode
from expand.images.formats import Encoding
from expand.job.checks.verify import verify
from expand.records.manifest import read_rows
from tests import signalled
from tests.conftest import Folder, noise_image, tree

COMMAND = [sys.executable, "-m", "expand"]


def many(class_folder: Folder, count: int = 60, name: str = "src") -> Path:
    """Return a folder of `count` images in three classes, of two sizes, PNG and JPEG, and one folder deeper."""
    files: dict[str, object] = {}
    for index in range(count):
        label = ("ant", "bee/young", "cat")[index % 3]
        files[f"{label}/{index:03d}.{'png' if index % 2 else 'jpg'}"] = noise_image(
            14 + index % 2, 11, 3, seed=index
        )
    return class_folder(files, name)


def test_there_are_exactly_f_files_a_source_and_each_row_is_true(
    class_folder: Folder, tmp_path: Path
) -> None:
    src = many(class_folder)
    report = expand(src, tmp_path / "out", factor=5, workers=1)
    rows = list(read_rows(tmp_path / "out"))
    assert (report.status, report.summary.sources, report.summary.files, len(rows)) == (
        0,
        60,
        300,
        300,
    )
    files = tree(tmp_path / "out")
    assert {row["file_name"] for row in rows} | {"metadata.jsonl"} == set(files)
    for row in rows:
        pixels = decode(files[row["file_name"]]).pixels
        assert pixels.shape[:2] == (row["height"], row["width"])
        assert len(files[row["file_name"]]) == row["bytes"]
        assert row["label"] == row["file_name"].split("/")[0]
        if row["view"] == 0:
            assert files[row["file_name"]] == (src / row["source"]).read_bytes()
    assert len({(row["source"], json.dumps(row["params"])) for row in rows}) == 300
    assert verify(tmp_path / "out").problems == []


@pytest.mark.parametrize("workers", [pytest.param(2, marks=pytest.mark.slow), 5])
def test_any_number_of_workers_writes_the_same_tree(
    workers: int, class_folder: Folder, tmp_path: Path
) -> None:
    src = many(class_folder, 100)
    expand(src, tmp_path / "one", workers=1)
    expand(src, tmp_path / "many", workers=workers)
    assert tree(tmp_path / "many") == tree(tmp_path / "one")


@pytest.mark.parametrize("workers", [pytest.param(1, marks=pytest.mark.slow), 2])
def test_a_killed_run_ends_like_one_never_killed(
    workers: int, class_folder: Folder, tmp_path: Path
) -> None:
    src = many(class_folder, 250)
    out = tmp_path / "killed"
    expand(src, tmp_path / "whole", factor=6, workers=1)
    line = [src, out, "--factor", "6", "--workers", workers, "--quiet"]
    for count in (60, 190, 310):
        assert signalled.run("SIGKILL", count, *line).returncode == -signal.SIGKILL
    assert not (out / "metadata.jsonl").exists()
    assert subprocess.run([*COMMAND, *map(str, line)], check=False).returncode == 0
    assert tree(out) == tree(tmp_path / "whole")
    assert len(json.loads((out / "expand.json").read_text())["cost"]["runs"]) == 1


def ignore_interrupts() -> None:
    """Do to a process what a shell does to a job in the background."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@pytest.mark.parametrize(
    ("how", "before"),
    [
        (signal.SIGINT, None),
        (signal.SIGTERM, ignore_interrupts),
        pytest.param(signal.SIGTERM, None, marks=pytest.mark.slow),
    ],
)
def test_an_interrupted_run_says_so_and_resumes(
    how: signal.Signals, before: Callable[[], None] | None, class_folder: Folder, tmp_path: Path
) -> None:
    src = many(class_folder, 700)  # more than are in flight, however far a worker runs ahead
    out = tmp_path / "out"
    line = [src, out, "--factor", 2, "--workers", 2, "--quiet"]
    done = signalled.run(how.name, 50, *line, preexec_fn=before)
    assert done.returncode == 130
    assert done.stderr.strip() == "expand: interrupted. Run the same command again to resume."
    report = expand(src, out, 2, workers=1)
    assert 0 < report.summary.made < report.summary.files  # the rest was there
    expand(src, tmp_path / "whole", 2, workers=1)
    assert tree(out) == tree(tmp_path / "whole")


def test_a_second_run_does_nothing_and_a_lost_file_comes_back(
    class_folder: Folder, tmp_path: Path
) -> None:
    src, out = many(class_folder), tmp_path / "out"
    expand(src, out, workers=1)
    before = tree(out)
    assert expand(src, out, workers=1).summary.made == 0
    (out / "ant/000_v1.jpg").unlink()
    (out / "ant/003_v2.png").write_bytes(b"cut")
    report = expand(src, out, workers=1)
    assert report.summary.made == 8  # the two sources' files
    assert tree(out) == before


def test_added_sources_change_no_others_copies(class_folder: Folder, tmp_path: Path) -> None:
    src, out = many(class_folder, 40), tmp_path / "out"
    expand(src, out, workers=1)
    before = tree(out)
    many(class_folder, 100)
    report = expand(src, out, workers=2)
    assert report.summary.made == 240
    after = tree(out)
    assert {name: after[name] for name in before if name != "metadata.jsonl"} == {
        k: v for k, v in before.items() if k != "metadata.jsonl"
    }
    assert set(before["metadata.jsonl"].splitlines()) < set(after["metadata.jsonl"].splitlines())
    expand(src, tmp_path / "afresh", workers=1)
    assert after == tree(tmp_path / "afresh")


def test_a_changed_source_is_made_again(class_folder: Folder, tmp_path: Path) -> None:
    src, out = many(class_folder, 20), tmp_path / "out"
    expand(src, out, workers=1)
    (src / "cat/002.jpg").write_bytes(
        encode(noise_image(15, 11, 3, seed=999), Encoding("JPEG", 80))
    )
    assert expand(src, out, workers=1).summary.made == 4
    assert verify(out).problems == []
    expand(src, tmp_path / "afresh", workers=1)
    assert tree(out) == tree(tmp_path / "afresh")


def test_sources_that_are_gone_from_the_input_are_refused(
    class_folder: Folder, tmp_path: Path
) -> None:
    src, out = many(class_folder, 20), tmp_path / "out"
    expand(src, out, workers=1)
    before = tree(out)
    (src / "cat/002.jpg").unlink()
    with pytest.raises(
        ExpandError, match=r'has copies of 1 source that ".*" no longer has \("cat/002.jpg"\)'
    ):
        expand(src, out, workers=1)
    assert tree(out) == before
    assert expand(src, out, workers=1, overwrite=True).summary.files == 76
    assert verify(out).problems == []


def with_bad(class_folder: Folder) -> Path:
    src = many(class_folder, 12)
    whole = encode(noise_image(40, 40, 3), Encoding("JPEG", 90))
    return class_folder(
        {
            "ant/cut.jpg": whole[:300],
            "ant/empty.png": b"",
            "bee/text.png": b"hello",
            "cat/ü text.jpg": whole[100:],
        },
        src.name,
    )


@pytest.mark.parametrize("workers", [1, 2])
def test_bad_images_are_listed_and_the_others_are_expanded(
    workers: int, class_folder: Folder, tmp_path: Path
) -> None:
    src, out = with_bad(class_folder), tmp_path / "out"
    report = expand(src, out, workers=workers)
    assert report.status == 1
    assert [bad.source for bad in report.summary.bad] == [
        "ant/cut.jpg",
        "ant/empty.png",
        "bee/text.png",
        "cat/ü text.jpg",
    ]
    assert (report.summary.sources, report.summary.files) == (12, 48)
    card = json.loads((out / "expand.json").read_text())
    assert card["bad"][1] == {"source": "ant/empty.png", "reason": "is empty"}
    assert card["counts"]["files"] == 48
    assert verify(out).problems == []
    again = expand(src, out, workers=1)
    assert (again.status, again.summary.made) == (1, 0)


def test_strict_stops_at_the_first_bad_image_and_keeps_what_is_done(
    class_folder: Folder, tmp_path: Path
) -> None:
    src, out = with_bad(class_folder), tmp_path / "out"
    with pytest.raises(ExpandError, match='"ant/cut.jpg" cannot be decoded') as error:
        expand(src, out, workers=1, strict=True)
    assert error.value.status == 3
    for name in ("ant/cut.jpg", "ant/empty.png", "bee/text.png", "cat/ü text.jpg"):
        (src / name).unlink()
    assert expand(src, out, workers=1, strict=True).status == 0
    assert verify(out).problems == []


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("late", [False, True])
def test_strict_leaves_a_finished_folder_as_it_was_if_it_wrote_nothing(
    late: bool, workers: int, class_folder: Folder, tmp_path: Path
) -> None:
    src, out = many(class_folder, 12) if late else with_bad(class_folder), tmp_path / "out"
    expand(src, out, 2, workers=1)
    before, card = tree(out), (out / "expand.json").read_bytes()
    if late:
        (src / "cat/zz.png").write_bytes(b"")
    for factor in (2, 3) if not late else (2,):
        with pytest.raises(ExpandError, match="--strict") as error:
            expand(src, out, factor, workers=workers, strict=True)
        assert error.value.status == 3
        if factor == 2:
            assert (tree(out), (out / "expand.json").read_bytes()) == (before, card)
            assert verify(out).problems == []
        else:
            assert json.loads((out / "expand.json").read_text())["state"] == "unfinished"


def test_a_name_that_is_no_utf_8_and_a_pipe_are_bad_sources(
    class_folder: Folder, tmp_path: Path
) -> None:
    src = many(class_folder, 3)
    shutil.copy(src / "cat/002.jpg", os.fsencode(src / "cat") + b"/\xff.jpg")
    os.mkfifo(src / "cat" / "pipe.png")
    (src / "cat" / "broken.png").symlink_to(src / "nowhere.png")
    report = expand(src, tmp_path / "out", workers=1)
    reasons = {bad.source: bad.reason for bad in report.summary.bad}
    assert reasons == {
        "cat/broken.png": "cannot be read (No such file or directory)",
        "cat/pipe.png": "is not a regular file",
        "cat/\\udcff.jpg": "has a name that is not UTF-8",
    }
    assert report.summary.files == 12


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_a_bad_source(class_folder: Folder, tmp_path: Path) -> None:
    src = many(class_folder, 3)
    (src / "cat/002.jpg").chmod(0)
    assert "cannot be read" in expand(src, tmp_path / "out", workers=1).summary.bad[0].reason


def test_the_input_is_never_written_to(class_folder: Folder, tmp_path: Path) -> None:
    src = with_bad(class_folder)
    before = {path: path.stat().st_mtime_ns for path in src.rglob("*")}, tree(src)
    expand(src, tmp_path / "out", workers=2, factor=3)
    expand(src, tmp_path / "out2", originals="link", workers=1)
    assert ({path: path.stat().st_mtime_ns for path in src.rglob("*")}, tree(src)) == before


def test_originals_may_be_linked_or_left_out(class_folder: Folder, tmp_path: Path) -> None:
    src = many(class_folder, 6)
    expand(src, tmp_path / "linked", originals="link", workers=1)
    assert (tmp_path / "linked/cat/002.jpg").samefile(src / "cat/002.jpg")
    report = expand(src, tmp_path / "none", originals="none", workers=1)
    assert report.summary.files == 18
    assert not (tmp_path / "none/cat/002.jpg").exists()
    assert {row["view"] for row in read_rows(tmp_path / "none")} == {1, 2, 3}
    assert expand(src, tmp_path / "none", originals="none", workers=1).summary.made == 0


def test_an_original_with_an_orientation_tag_is_turned_upright_like_its_copies(
    class_folder: Folder, tmp_path: Path
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    src = class_folder({"a/1.png": noise_image(8, 8, 3)})
    Image.fromarray(noise_image(20, 30, 3)).save(src / "a/2.jpg", quality=90, exif=exif)
    expand(src, tmp_path / "out", workers=1, originals="link")
    for row in read_rows(tmp_path / "out"):
        image = Image.open(tmp_path / "out" / row["file_name"])
        assert image.getexif().get(0x0112, 1) == 1
        assert image.size == ((20, 30) if row["source"] == "a/2.jpg" else (8, 8))
    assert (tmp_path / "out/a/1.png").samefile(src / "a/1.png")
    assert not (tmp_path / "out/a/2.jpg").samefile(src / "a/2.jpg")


def test_views_with_equal_pixels_are_counted(class_folder: Folder, tmp_path: Path) -> None:
    import numpy as np

    symmetric = np.zeros((8, 8, 3), np.uint8)
    src = class_folder({"a/black.png": symmetric, "a/noise.png": noise_image(8, 8, 3)})
    from expand import Recipe

    report = expand(
        src, tmp_path / "out", 4, Recipe.load("classic").with_factors({"flip": 4}), workers=1
    )
    assert report.summary.same == 3
    assert [row["same_as"] for row in read_rows(tmp_path / "out")] == [0, 0, 0, 0, 0, 1, 2, 3]
    assert (
        expand(
            src, tmp_path / "out", 4, Recipe.load("classic").with_factors({"flip": 4}), workers=1
        ).summary.same
        == 3
    )


@pytest.mark.parametrize("format_", ["png", "jpg", "webp"])
def test_another_format_may_be_asked_for(
    format_: str, class_folder: Folder, tmp_path: Path
) -> None:
    src = many(class_folder, 6)
    expand(src, tmp_path / "out", format=format_, workers=1)
    kinds = {"png": "PNG", "jpg": "JPEG", "webp": "WEBP"}
    for row in read_rows(tmp_path / "out"):
        if row["view"]:
            assert Image.open(tmp_path / "out" / row["file_name"]).format == kinds[format_]
    assert verify(tmp_path / "out").problems == []


def test_copies_cannot_be_told_from_originals_by_their_compression(
    class_folder: Folder, tmp_path: Path
) -> None:
    src = class_folder({"a/1.png": noise_image(8, 8, 3)})
    for quality in (35, 60, 92):
        Image.fromarray(noise_image(40, 40, 3)).save(
            src / f"a/{quality}.jpg", quality=quality, subsampling=quality % 3
        )
    expand(src, tmp_path / "out", workers=1)
    for row in read_rows(tmp_path / "out"):
        if row["file_name"].endswith(".jpg"):
            copy, original = (
                Image.open(tmp_path / "out" / row["file_name"]),
                Image.open(src / row["source"]),
            )
            assert copy.quantization == original.quantization
            assert copy.layer == original.layer


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")
def test_a_worker_that_dies_stops_the_run_with_status_3(
    class_folder: Folder, tmp_path: Path
) -> None:
    src, out = many(class_folder, 200), tmp_path / "out"
    done = signalled.run("worker", 50, src, out, "--workers", 2)
    assert done.returncode == 3
    assert "a worker process ended" in done.stderr
    assert expand(src, out, workers=1).status == 0
    assert verify(out).problems == []


def test_no_space_left_stops_with_status_3_and_what_is_there_is_good(
    class_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    src, out = many(class_folder, 30), tmp_path / "out"
    write, written = os.write, []

    def fill(handle: int, data: bytes) -> int:
        written.append(1)
        if len(written) == 50:
            raise OSError(28, "No space left on device")
        return write(handle, data)

    monkeypatch.setattr(os, "write", fill)
    with pytest.raises(ExpandError, match="No space left on device") as error:
        expand(src, out, workers=1)
    assert error.value.status == 3
    monkeypatch.undo()
    expand(src, out, workers=1)
    expand(src, tmp_path / "whole", workers=1)
    assert tree(out) == tree(tmp_path / "whole")
