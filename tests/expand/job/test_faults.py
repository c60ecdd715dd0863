"""Faults: every system call of the store fails in turn, and file systems are full or too small."""

from __future__ import annotations

import errno
import importlib
import os
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from expand import ExpandError, expand
from expand.job import run
from expand.job.checks.verify import verify
from expand.storage.names import is_temporary
from tests.conftest import Folder, noise_image, tree
from tests.expand.job.test_run import COMMAND, many
from tests.expand.job.test_tars import jpegs
from tests.stores import contents

MODULES = ("appending", "files", "folder", "identity", "lock", "reading", "removal", "writing")  # fmt: skip
CALLS = ("open", "write", "fsync", "close", "replace", "link", "mkdir", "unlink", "rmdir", "scandir", "stat", "fstat")  # fmt: skip
ERRORS = {
    "open": (errno.EMFILE, errno.EROFS, errno.EIO),
    "write": (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO),
    "fsync": (errno.EIO, errno.ENOSPC),
    "close": (errno.EDQUOT, errno.EIO),
    "replace": (errno.ENOSPC, errno.EIO),
    "mkdir": (errno.ENOSPC, errno.EROFS),
}


STRIDES = {"stat": 7, "fstat": 5, "open": 3}
"""Not every one of the most frequent calls is tried."""


@pytest.fixture(params=[3, pytest.param(1, marks=pytest.mark.slow)])
def sparse(request: pytest.FixtureRequest) -> int:
    """Return N, where one of N calls is tried: one of three, and each in `make slow`."""
    number: int = request.param
    return number


class FaultyOs:
    """The module `os`, in which one call of one function fails."""

    def __init__(self, name: str, number: int, error: int) -> None:
        self.name, self.left, self.error = name, number, error
        self.failed = False

    def __getattr__(self, name: str) -> Any:
        function = getattr(os, name)
        return self._failing(function) if name == self.name else function

    def _failing(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            self.left -= 1
            if self.left == -1:
                self.failed = True
                if self.name == "close":  # the handle is closed, and what it held may be lost
                    function(*args, **options)
                if self.name == "write":  # half of it
                    function(args[0], bytes(args[1])[: len(args[1]) // 2])
                raise OSError(self.error, os.strerror(self.error))
            return function(*args, **options)

        return call


@contextmanager
def failing(faulty: FaultyOs) -> Iterator[FaultyOs]:
    """Let the modules of the store use `faulty` instead of `os`."""
    modules = [importlib.import_module(f"expand.storage.{name}") for name in MODULES]
    with pytest.MonkeyPatch.context() as patch:
        for module in modules:
            if hasattr(module, "os"):
                patch.setattr(module, "os", faulty)
        yield faulty


def check_law(
    faulty: FaultyOs, src: Path, out: Path, fresh: dict[str, bytes], **options: Any
) -> bool:
    """Run with a fault and again without; return whether the fault occurred.

    The law: a sentence and status 3, or a bad source; no half file; then the tree of a fresh run.
    """
    what = f"{faulty.name} number {faulty.left}: {os.strerror(faulty.error)}"
    with failing(faulty):
        try:
            status = expand(src, out, workers=1, **options).status
        except ExpandError as error:
            status, what = error.status, f"{what}: {error}"
    assert status == 3 or (status in (0, 1) and "cannot" not in what), what
    if not out.exists():
        return faulty.failed
    for name, data in tree(out).items():
        if "/" in name and not is_temporary(name.rpartition("/")[2]):
            assert data == fresh.get(name, data), f"{what}: {name}"
    report = expand(src, out, workers=1, **options)
    assert (report.status, tree(out)) == (0, fresh), what
    return faulty.failed


@pytest.fixture
def src(class_folder: Folder, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(run, "CHUNK_SOURCES", 1)
    return class_folder({f"{label}/{i}.png": noise_image(6, 5, 3, seed=i) for label, i in (("a", 0), ("b", 1))})  # fmt: skip


def sweep_calls(
    name: str, sparse: int, start: Path | None, src: Path, tmp_path: Path, **options: Any
) -> int:
    """Check the law for each call of a function, until there are no more; return how many."""
    expand(src, tmp_path / "fresh", workers=1, **options)
    fresh, out = tree(tmp_path / "fresh"), tmp_path / "out"
    errors = ERRORS.get(name, (errno.EIO,))
    for attempt, number in enumerate(range(0, 2000, sparse * STRIDES.get(name, 1))):
        if start:
            shutil.copytree(start, out)
        occurred = check_law(FaultyOs(name, number, errors[attempt % len(errors)]), src, out, fresh, **options)  # fmt: skip
        shutil.rmtree(out, ignore_errors=True)
        if not occurred:
            return number
    raise AssertionError("the calls do not end")


@pytest.mark.parametrize("name", CALLS)
def test_any_call_may_fail_in_a_fresh_run(
    name: str, sparse: int, src: Path, tmp_path: Path
) -> None:
    calls = sweep_calls(name, sparse, None, src, tmp_path, factor=2, durable=True)
    assert calls > 0 or name in ("link", "rmdir", "scandir")


@pytest.mark.parametrize("name", CALLS)
def test_any_call_may_fail_in_a_run_that_grows_or_resumes(
    name: str, sparse: int, src: Path, tmp_path: Path
) -> None:
    start = tmp_path / "start"
    expand(src, start, 2, workers=1)
    card = (start / "expand.json").read_text()
    (start / "expand.json").write_text(card.replace('"finished"', '"unfinished"'))
    (start / ".writing-0123456789abcdef-0.part").write_text("half")
    sweep_calls(name, sparse, start, src, tmp_path, factor=3, originals="copy")


@pytest.mark.parametrize("name", ["open", "replace", "unlink", "rmdir", "scandir", "stat"])
def test_any_call_may_fail_while_an_earlier_run_is_removed(
    name: str, sparse: int, src: Path, tmp_path: Path
) -> None:
    expand(src, tmp_path / "start", 3, workers=1)
    sweep_calls(name, sparse, tmp_path / "start", src, tmp_path, factor=2, overwrite=True)


def test_any_link_may_fail(src: Path, tmp_path: Path) -> None:
    assert sweep_calls("link", 1, None, src, tmp_path, factor=2, originals="link") == 2


@contextmanager
def small_disk(path: Path, kilobytes: int) -> Iterator[Path]:
    """Mount a file system of this size; skip the test where that is not allowed."""
    path.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(path)]
    if os.geteuid() != 0 or subprocess.run(["mount", *options], check=False).returncode:
        pytest.skip("mounting a small file system is not allowed here")
    try:
        yield path
    finally:
        subprocess.run(["umount", str(path)], check=True)


def fill_disk(
    src: Path, disk: Path, kilobytes: int, fresh: dict[str, bytes], **options: Any
) -> None:
    """Run on a full disk, make room, and run again."""
    from expand.job import job

    with small_disk(disk, kilobytes) as mounted, pytest.MonkeyPatch.context() as patch:
        patch.setattr(job, "check_fits", lambda *_: None)
        out = mounted / "out"
        with pytest.raises(ExpandError, match="No space left on device") as error:
            expand(src, out, workers=1, **options)
        assert error.value.status == 3
        subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
        assert expand(src, out, workers=1, **options).status == 0
        assert tree(out) == fresh
        assert verify(out).problems == []


@pytest.mark.parametrize("kilobytes", [4, 12, 60, 150])
def test_a_full_disk_stops_the_run_and_it_resumes_when_there_is_room(
    kilobytes: int, class_folder: Folder, tmp_path: Path
) -> None:
    src = many(class_folder, 20)
    expand(src, tmp_path / "fresh", workers=1)
    fill_disk(src, tmp_path / "disk", kilobytes, tree(tmp_path / "fresh"))


TARS = {"output": "webdataset", "shard_size": 30_000, "factor": 3}


@pytest.mark.parametrize("kilobytes", [4, 60, 150, 300, 370])
def test_a_full_disk_leaves_no_part_of_a_tar_and_the_run_resumes(
    kilobytes: int, class_folder: Folder, tmp_path: Path
) -> None:
    src = jpegs(class_folder, 24)
    expand(src, tmp_path / "fresh", workers=1, **TARS)  # type: ignore[arg-type]
    fill_disk(src, tmp_path / "disk", kilobytes, tree(tmp_path / "fresh"), **TARS)


@pytest.mark.parametrize("kilobytes", [4, 20, 60])
def test_a_full_temporary_folder_stops_a_run_of_tars_at_a_url(
    kilobytes: int, class_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    src, out = jpegs(class_folder, 24), f"memory://{uuid4().hex}/out"
    expand(src, tmp_path / "fresh", workers=1, **TARS)  # type: ignore[arg-type]
    with small_disk(tmp_path / "disk", kilobytes) as mounted:
        monkeypatch.setattr(tempfile, "tempdir", str(mounted))
        with pytest.raises(ExpandError) as error:
            expand(src, out, workers=1, **TARS)  # type: ignore[arg-type]
        assert error.value.status == 3, error.value
        assert str(mounted) in str(error.value) or "the temporary folder" in str(error.value)
        assert not [*mounted.iterdir()]
    monkeypatch.setattr(tempfile, "tempdir", None)
    expand(src, out, workers=1, **TARS)  # type: ignore[arg-type]
    assert contents(out) == tree(tmp_path / "fresh")


@pytest.mark.slow
def test_disks_of_twenty_sizes(class_folder: Folder, tmp_path: Path) -> None:
    src = many(class_folder, 60)
    expand(src, tmp_path / "fresh", workers=1)
    for number in range(20):
        fill_disk(src, tmp_path / f"disk{number}", 8 + 48 * number, tree(tmp_path / "fresh"))


def test_a_read_only_disk_is_a_sentence(class_folder: Folder, tmp_path: Path) -> None:
    src = class_folder(1)
    with small_disk(tmp_path / "disk", 1000) as disk:
        (disk / "old").mkdir()
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        for out, status in ((disk / "old", 3), (disk / "new", 2)):
            with pytest.raises(ExpandError, match="Read-only file system") as error:
                expand(src, out, workers=1)
            assert error.value.status == status


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize(
    ("limit", "value", "text"),
    [(resource.RLIMIT_FSIZE, 4000, "File too large"), (resource.RLIMIT_NOFILE, 9, "Too many open")],
)
def test_limits_of_the_process_are_a_sentence(
    limit: int, value: int, text: str, workers: str, class_folder: Folder, tmp_path: Path
) -> None:
    if limit == resource.RLIMIT_NOFILE and workers == "2":
        pytest.skip("processes need more handles to start at all")
    src, out = class_folder({"a/0.png": noise_image(60, 60, 3)}), tmp_path / "out"
    done = subprocess.run(
        [*COMMAND, str(src), str(out), "--workers", workers, "-q"],
        capture_output=True, text=True, check=False,
        preexec_fn=lambda: resource.setrlimit(limit, (value, value)),
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    if limit == resource.RLIMIT_FSIZE:
        assert (done.returncode, text in done.stderr) == (3, True), done.stderr
        assert expand(src, out, workers=1).status == 0
        assert verify(out).problems == []
