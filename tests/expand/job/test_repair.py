"""Repair: exactly what is missing or changed is made again, and unknown files move only when asked."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from expand import ExpandError, expand
from expand.job.checks.verify import verify
from expand.job.remaking.repair import repair
from expand.storage.lock import Lock
from expand.storage.removal import move_files
from tests.conftest import Folder, noise_image, tree
from tests.expand.job.test_run import COMMAND


@pytest.fixture
def out(class_folder: Folder, tmp_path: Path) -> Path:
    expand(class_folder(3), tmp_path / "out", workers=1)
    return tmp_path / "out"


def change(path: Path) -> None:
    """Change a byte of a file, not its size."""
    data = bytearray(path.read_bytes())
    data[60] ^= 255
    path.write_bytes(data)


def test_the_command_makes_again_what_is_missing_or_changed_and_nothing_else(out: Path) -> None:
    before, times = tree(out), {path: path.stat().st_mtime_ns for path in out.glob("*/*")}
    change(out / "cat/0_v1.png")
    (out / "cat/0.png").unlink()
    (out / "cat/1_v2.jpg").write_bytes(b"cut")
    (out / "dog/0_v1.png").unlink()
    (out / "dog/0_v1.png").symlink_to(out / "dog/0_v2.png")
    (out / "dog/0_v3.png").unlink()
    (out / "dog/0_v3.png").mkdir()
    damaged = {out / name for name in ("cat/0_v1.png", "cat/0.png", "cat/1_v2.jpg", "dog/0_v1.png", "dog/0_v3.png")}  # fmt: skip
    done = subprocess.run(
        [*COMMAND, "verify", str(out), "--repair"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("was made again") == len(damaged)
    assert "all match the manifest" in done.stdout
    assert tree(out) == before
    changed = {path for path in times if path.stat().st_mtime_ns != times[path]}
    assert changed <= damaged


def test_a_source_that_changed_or_is_gone_is_named_and_the_rest_is_repaired(
    out: Path, class_folder: Folder
) -> None:
    for name in ("cat/0_v1.png", "cat/1_v1.jpg", "cat/2_v1.png"):
        (out / name).unlink()
    src = class_folder({"cat/0.png": noise_image(12, 10, 3, seed=99)})
    (src / "cat/1.jpg").unlink()
    result = repair(out, verify(out).damaged)
    assert result.made == ["cat/2_v1.png"]
    assert [text.split(" ", 1)[0] for text in result.failed] == ['"cat/0_v1.png"', '"cat/1_v1.jpg"']
    assert "its hash differs" in result.failed[0]
    assert "does not exist" in result.failed[1]
    assert {problem.file for problem in verify(out).problems} == {"cat/0_v1.png", "cat/1_v1.jpg"}
    done = subprocess.run(
        [*COMMAND, "verify", str(out), "--repair"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.endswith("2 problems.\n")  # --repair was tried, and is not advised again


def test_linked_originals_are_linked_again(class_folder: Folder, tmp_path: Path) -> None:
    src, out = class_folder(2), tmp_path / "out"
    expand(src, out, workers=1, originals="link")
    (out / "cat/0.png").unlink()
    assert repair(out, verify(out).damaged).made == ["cat/0.png"]
    assert (out / "cat/0.png").samefile(src / "cat/0.png")


def test_a_folder_with_files_in_the_place_of_a_file_is_named_and_stays(out: Path) -> None:
    (out / "cat/0_v1.png").unlink()
    (out / "cat/0_v1.png").mkdir()
    (out / "cat/0_v1.png/mine").write_text("x")
    assert "move it away" in repair(out, verify(out).damaged).failed[0]
    assert move_files(out, verify(out).unknown, out.with_name("aside")) == 1
    assert repair(out, verify(out).damaged).made == ["cat/0_v1.png"]
    assert verify(out).problems == []


def test_what_is_not_finished_or_held_by_a_run_is_not_repaired(out: Path) -> None:
    (out / "cat/0_v1.png").unlink()
    with Lock(out), pytest.raises(ExpandError, match="another run is writing"):
        repair(out, ["cat/0_v1.png"])
    card = (out / "expand.json").read_text()
    (out / "expand.json").write_text(card.replace('"finished"', '"unfinished"'))
    with pytest.raises(ExpandError, match="is not finished; run the same expand command again"):
        repair(out, ["cat/0_v1.png"])
    assert not (out / "cat/0_v1.png").exists()


def test_unknown_files_move_only_when_asked_and_never_over_another_file(
    out: Path, tmp_path: Path
) -> None:
    (out / "cat/mine").mkdir()
    (out / "cat/mine/notes.txt").write_text("mine")
    os.mkfifo(out / "cat/pipe")
    (out / "link").symlink_to("/etc/passwd")
    assert subprocess.run([*COMMAND, "verify", str(out), "--repair", "-q"], check=False).returncode
    names = verify(out).unknown
    assert names == ["cat/mine/notes.txt", "cat/pipe", "link"]
    with pytest.raises(ExpandError, match="choose a folder outside"):
        move_files(out, names, out / "cat/aside")
    inside = subprocess.run(
        [*COMMAND, "verify", str(out), "--move-strangers", str(tmp_path / "src" / "cat")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip  # the earlier name of the option, which --help does not list
    assert (inside.returncode, "lies inside the input" in inside.stderr) == (2, True)
    aside = tmp_path / "aside"
    done = subprocess.run(
        [*COMMAND, "verify", str(out), "--move-unknown", str(aside)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, "3 files moved to" in done.stderr) == (0, True)
    assert (aside / "cat/mine/notes.txt").read_text() == "mine"
    assert (aside / "link").is_symlink()
    assert not (out / "cat/mine").exists()
    (out / "cat/mine").mkdir()
    (out / "cat/mine/notes.txt").write_text("again")
    with pytest.raises(ExpandError, match="exists already"):
        move_files(out, verify(out).unknown, aside)
    assert (aside / "cat/mine/notes.txt").read_text() == "mine"
