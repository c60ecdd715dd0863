"""Locks: one process at a time, on file systems with and without locks, and none left by a crash."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from expand import ExpandError
from expand.storage import lease
from expand.storage.lease import Holder, Lease
from expand.storage.lock import LEASE, LOCK, Lock

HOLD = (
    "import sys, time; from pathlib import Path; from expand.storage.lock import Lock\n"
    "if sys.argv[2] == 'lease':\n"
    "    import fcntl\n"
    "    def refuse(*_): raise OSError(95, 'Operation not supported')\n"
    "    fcntl.flock = refuse\n"
    "with Lock(Path(sys.argv[1])):\n"
    "    print('held', flush=True); time.sleep(60)"
)


def hold(folder: Path, how: str = "flock") -> subprocess.Popen[str]:
    """Let another process hold a folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder), how], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    return process


def only_files(handle: int, operation: int) -> None:
    """Lock like a network file system, which locks files open for writing only."""
    if fcntl.fcntl(handle, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
        raise OSError(errno.EBADF, "Bad file descriptor")
    FLOCK(handle, operation)


def no_locks(handle: int, operation: int) -> None:
    """Lock like a file system that knows no locks."""
    raise OSError(errno.ENOTSUP, "Operation not supported")


FLOCK: Callable[[int, int], None] = fcntl.flock
KINDS = {"folder": FLOCK, "file": only_files, "lease": no_locks}


@pytest.mark.parametrize("kind", KINDS)
def test_the_second_is_refused_while_the_first_lives(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fcntl, "flock", KINDS[kind])
    for _ in range(2):
        with Lock(tmp_path):
            with pytest.raises(ExpandError, match="another run is writing to") as error, Lock(tmp_path):  # fmt: skip
                pass
            assert error.value.status == 2
            held = {"folder": [], "file": [LOCK], "lease": [LEASE]}[kind]
            assert [path.name for path in tmp_path.iterdir()] == held
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_shared_locks_keep_out_others_and_are_kept_out(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fcntl, "flock", KINDS[kind])
    for _ in range(2):
        with Lock(tmp_path, shared=True):
            with Lock(tmp_path, shared=True):
                pass  # the first one to end leaves the lock to the other
            with pytest.raises(ExpandError, match="another run is writing to"), Lock(tmp_path):
                pass
        with Lock(tmp_path), pytest.raises(ExpandError, match="another run"), Lock(tmp_path, shared=True):  # fmt: skip
            pass
    assert list(tmp_path.iterdir()) == []


def test_a_shared_lock_is_none_where_there_are_no_locks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fcntl, "flock", no_locks)
    with Lock(tmp_path, shared=True), Lock(tmp_path, shared=True):
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_that_was_created_is_removed_again_if_nothing_is_in_it(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fcntl, "flock", KINDS[kind])
    folder = tmp_path / "a/b"
    with pytest.raises(ExpandError, match="refused"), Lock(folder, create=True):
        raise ExpandError("refused")
    assert not folder.exists()
    folder.mkdir()
    with pytest.raises(ExpandError, match="refused"), Lock(folder, create=True):
        raise ExpandError("refused")
    assert folder.exists()
    with Lock(tmp_path / "c", create=True):
        pass
    assert (tmp_path / "c").exists()


def test_the_loser_of_two_that_create_a_folder_does_not_remove_it(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    loser = Lock(folder, create=True)
    loser._make_folder()
    with Lock(folder, create=True):
        with pytest.raises(ExpandError, match="another run is writing to"), loser:
            pass
        assert folder.is_dir()


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_a_folder_that_is_removed_while_it_is_locked_is_created_and_locked_again(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, removed = tmp_path / "out", list[bool]()

    def remove_first(handle: int, operation: int) -> None:
        if not removed:
            removed.append(True)
            shutil.rmtree(folder)
        KINDS[kind](handle, operation)

    monkeypatch.setattr(fcntl, "flock", remove_first)
    with Lock(folder, create=True):
        assert folder.is_dir()
        with pytest.raises(ExpandError, match="another run is writing to"), Lock(folder):
            pass


def test_of_two_that_find_a_stale_lease_one_gets_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / LEASE
    path.write_text(json.dumps(Holder.current()._replace(started="0")))
    faster, slower, judged = Lease(path), Lease(path), Lease._is_stale

    def overtaken(self: Lease, found: Any) -> bool:
        stale = judged(self, found)
        if self is slower:
            monkeypatch.setattr(lease, "Holder", Earlier)
            faster.take()
        return stale

    class Earlier(Holder):
        @classmethod
        def current(cls) -> Holder:
            return Holder("elsewhere", "boot", 1, "1")

    monkeypatch.setattr(Lease, "_is_stale", overtaken)
    with pytest.raises(BlockingIOError):
        slower.take()
    assert [file.name for file in tmp_path.iterdir()] == [LEASE]
    slower.release()
    assert path.exists()
    faster.release()
    assert list(tmp_path.iterdir()) == []


def test_two_names_of_a_folder_are_one_folder(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    with Lock(tmp_path / "real"), pytest.raises(ExpandError), Lock(tmp_path / "link"):
        pass


@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_process_leaves_no_lock_behind(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = hold(tmp_path, "lease" if kind == "lease" else "flock")
    monkeypatch.setattr(fcntl, "flock", KINDS[kind])
    if kind != "file":  # another process locked the folder itself
        with pytest.raises(ExpandError, match="another run is writing"), Lock(tmp_path):
            pass
    process.send_signal(signal.SIGKILL)
    process.communicate()
    with Lock(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_lease_of_another_machine_holds_while_it_is_renewed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / LOCK
    path.write_text(json.dumps(Holder("elsewhere", "boot", 1, "1")))
    with pytest.raises(BlockingIOError):
        Lease(path).take()
    old = path.stat().st_mtime - lease.STALE_SECONDS - 1
    os.utime(path, (old, old))
    taken = Lease(path)
    taken.take()
    taken.release()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("holder", "ended"),
    [
        (Holder.current(), False),
        (Holder.current()._replace(boot="before"), True),
        (Holder.current()._replace(started="0"), True),
        (Holder.current()._replace(process=2**22 + 1), True),
        (Holder.current()._replace(machine="elsewhere", started="0"), False),
    ],
)
def test_a_lease_is_stale_if_its_process_surely_ended(
    holder: Holder, ended: bool, tmp_path: Path
) -> None:
    assert holder.has_ended() == ended


@pytest.mark.parametrize("text", ["", "{", "[1]", "null", '["a", "b", "c", "d"]', "[" * 4000])
def test_a_lease_that_is_just_being_written_or_damaged_holds_until_it_is_old(
    text: str, tmp_path: Path
) -> None:
    path = tmp_path / LOCK
    path.write_text(text)
    with pytest.raises(BlockingIOError):
        Lease(path).take()
    os.utime(path, (0, 0))
    Lease(path).take()


def test_a_lease_is_renewed_while_it_is_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "BEAT_SECONDS", 0.01)
    held = Lease(tmp_path / LOCK)
    held.take()
    os.utime(held.path, (0, 0))
    for _ in range(500):
        if held.path.stat().st_mtime > 1:
            break
        held.ended.wait(0.01)
    assert held.path.stat().st_mtime > 1
    held.release()
