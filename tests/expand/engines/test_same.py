"""All engines write the same bytes; threads keep the rules of processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from expand import ExpandError, Recipe, expand, interrupts
from expand.engines import choose
from expand.engines.choose import MOST_THREADS, THREAD_PIXELS, make_engine
from expand.engines.engine import Engine
from expand.engines.forked import can_fork
from expand.engines.local import LocalEngine
from expand.engines.threads import IN_FLIGHT, ThreadEngine
from tests import signalled
from tests.conftest import Folder, tree
from tests.expand.job.test_run import COMMAND, many
from tests.signalled import command_of

ONLY_LINUX = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux")
FORKED = """
import os
os.environ["OPENBLAS_NUM_THREADS"] = "1"
import sys
from expand import expand
from expand.engines import pool
def refuse(*_arguments):
    raise AssertionError("not a copy of the process")
pool._interpreter = refuse
print(expand(sys.argv[1], sys.argv[2], factor=3, workers=2).summary.bad)
"""


@ONLY_LINUX
def test_the_tree_is_the_same_from_one_worker_threads_copies_and_new_processes(
    class_folder: Folder, tmp_path: Path
) -> None:
    src = many(class_folder, 100)
    (src / "ant/damaged.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    engines: dict[str, Engine] = {
        "one": LocalEngine(1),
        "threads": ThreadEngine(2),
        "new processes": LocalEngine(2),
    }
    alive = threading.Event()  # with a second thread, processes are new
    threading.Thread(target=alive.wait, daemon=True).start()
    for name, engine in engines.items():
        assert not can_fork()
        assert len(expand(src, tmp_path / name, factor=3, engine=engine).summary.bad) == 1
    alive.set()
    subprocess.run([sys.executable, "-c", FORKED, src, tmp_path / "copies"], check=True)
    expected = tree(tmp_path / "one")
    assert len(expected) == 301
    for name in ("threads", "new processes", "copies"):
        assert tree(tmp_path / name) == expected, name


def workers_of(process: subprocess.Popen[str]) -> list[int]:
    """Return the worker processes of a command."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return [int(each) for each in children if b"expand" in command_of(Path("/proc", each))]


def has_lock(process: int) -> bool:
    """Tell whether a process has a file open that is locked."""
    return any("lock:" in path.read_text() for path in Path(f"/proc/{process}/fdinfo").iterdir())


def stop(process: int) -> None:
    """Stop a process, and wait until it stands still: a busy machine lets it run on for a while."""
    os.kill(process, signal.SIGSTOP)
    while (state := Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2][0]) != "T":
        assert state != "Z", "it has ended"
        time.sleep(0.001)


@ONLY_LINUX
def test_workers_of_the_command_are_copies_that_hold_nothing_of_their_parent(
    class_folder: Folder, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    line = [str(many(class_folder, 300)), str(out), "--factor", "6", "--workers", "2"]
    process = signalled.start("pause", 10, *line, stderr=subprocess.PIPE)
    while len([path for path in out.rglob("*.*") if path.suffix in (".jpg", ".png")]) < 20:
        assert process.poll() is None
        time.sleep(0.005)
    workers = workers_of(process)
    assert len(workers) == 2
    command = Path(f"/proc/{process.pid}/cmdline").read_bytes()
    for worker in workers:
        stop(worker)
        assert Path(f"/proc/{worker}/cmdline").read_bytes() == command
    held = [str(path.readlink()) for path in Path(f"/proc/{workers[-1]}/fd").iterdir()]
    assert sum(name.startswith("socket") for name in held) == 1
    assert not any("metadata" in name for name in held)
    assert has_lock(process.pid)
    assert not any(map(has_lock, workers))
    process.kill()
    process.wait()
    signalled.wait_for_workers(*line)  # they end though they stand still
    again = subprocess.run([*COMMAND, *line], capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr


def slow(number: int) -> int:
    time.sleep(0.002 * (number % 3))
    if number == 30:
        raise ExpandError("thirty")
    return number


def test_threads_yield_in_order_take_little_in_advance_and_end_at_an_error() -> None:
    taken = []

    def work() -> Iterator[int]:
        for number in range(1000):
            taken.append(number)
            yield number

    before, values = threading.active_count(), list[int]()
    with pytest.raises(ExpandError, match="thirty"):
        values.extend(ThreadEngine(3).map(slow, work()))
    assert values == list(range(30))
    assert len(taken) <= 31 + 3 * IN_FLIGHT
    assert threading.active_count() == before
    assert list(ThreadEngine(9).map(slow, [])) == []


def test_a_signal_lets_threads_finish_what_they_have_in_hand(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def work() -> Iterator[int]:
        for number in range(29):
            if number == 7:
                monkeypatch.setattr(interrupts, "_noted", 0.0)
            yield number

    values = list[int]()
    with pytest.raises(KeyboardInterrupt):
        values.extend(ThreadEngine(2).map(slow, work()))
    assert values == list(range(8))


def test_threads_work_on_large_images_where_processes_start_slowly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(choose, "can_fork", lambda: False)
    assert make_engine(2, 9.0, THREAD_PIXELS) == ThreadEngine(2)
    for engine in (
        make_engine(2, 9.0, THREAD_PIXELS - 1),
        make_engine(2, 9.0),
        make_engine(MOST_THREADS + 1, 9.0, THREAD_PIXELS),
    ):
        assert isinstance(engine, LocalEngine)
    assert Recipe.load("classic").is_native
    monkeypatch.setattr(choose, "can_fork", lambda: True)
    assert make_engine(2, 9.0, THREAD_PIXELS) == LocalEngine(2)


def test_windows_gets_threads_or_one_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choose, "can_fork", lambda: False)
    monkeypatch.setattr(choose, "PROCESSES", False)
    assert make_engine(8, 9.0, 1.0) == ThreadEngine(MOST_THREADS)
    assert make_engine(8, 9.0) == LocalEngine(1)
