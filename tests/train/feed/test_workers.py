"""Data workers: if one fails, the run continues or ends with a message."""

from __future__ import annotations

import errno
import multiprocessing
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from multiprocessing.context import SpawnProcess
from pathlib import Path

import numpy as np
import pytest

from tests.train.commands import draw_set, start
from tests.train.feed.numbered import ERRORS, Numbers, sampler
from tests.train.samples import images_of, sampler_of, write_set
from train.errors import STOPPED, TrainError
from train.feed.workers import AGAIN, Job, _work, read_ahead

FEWER = "use fewer --workers or a smaller --batch-size"
WORDS = {
    "train": ("refused", 2),
    "expand": ("stopped", 3),
    "memory": (f"a data worker ran out of memory; {FEWER}, then {AGAIN}", 3),
    "value": ("a data worker stopped: first line; run the same command again to resume", 3),
    "empty": ("a data worker stopped: KeyError; run the same command again to resume", 3),
}


def children() -> list[multiprocessing.process.BaseProcess]:
    return multiprocessing.active_children()


def test_chunks_arrive_whole_and_in_order_and_no_worker_remains() -> None:
    found = list(read_ahead(Numbers(), sampler(), 1, 7, 2))
    expected = list(sampler().chunks(1, 7))
    assert [chunk.items.tolist() for chunk, _ in found] == [
        chunk.items.tolist() for chunk in expected
    ]
    for chunk, images in found:
        assert images.shape == (len(chunk.items), 1, 300, 300)
        assert images[:, 0, 7, 9].tolist() == chunk.items.tolist()
    assert children() == []


def test_a_worker_killed_in_the_middle_of_a_message_stops_the_run() -> None:
    reading = read_ahead(Numbers(), sampler(), 0, 100, 2)
    next(reading)
    time.sleep(0.5)  # both have begun to send 720 kB, and wait for them to be read
    os.kill(children()[0].pid or 0, signal.SIGKILL)
    began = time.monotonic()
    with pytest.raises(TrainError) as stopped:
        list(reading)
    assert time.monotonic() - began < 60
    assert stopped.value.status == STOPPED
    assert str(stopped.value) == (
        "a data worker was killed: the system may have run out of memory (use fewer --workers); "
        "run the same command again to resume"
    )
    assert children() == []


def test_a_worker_that_ends_by_itself_stops_the_run() -> None:
    with pytest.raises(TrainError) as stopped:
        list(read_ahead(Numbers(ends=0), sampler(), 0, 100, 1))
    words = "a data worker ended before its work was done; run the same command again to resume"
    assert (str(stopped.value), stopped.value.status) == (words, STOPPED)


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_in_a_worker_is_a_sentence(error: str) -> None:
    reader, writer = multiprocessing.Pipe(duplex=False)
    _work(writer, Job(pickle.dumps(Numbers(3, error, from_epoch=0)), sampler(), 0, 9, 0, 1))
    sent = reader.recv()
    assert (str(sent), sent.status) == WORDS[error]


@pytest.mark.parametrize("reason", [errno.EAGAIN, errno.EMFILE, errno.ENOMEM])
def test_a_worker_that_cannot_be_started_stops_the_run(
    reason: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_process: SpawnProcess) -> None:
        raise OSError(reason, os.strerror(reason))

    monkeypatch.setattr(SpawnProcess, "start", fail)
    with pytest.raises(TrainError) as stopped:
        list(read_ahead(Numbers(), sampler(), 0, 2, 2))
    words = f"a data worker cannot be started: {os.strerror(reason)}; use fewer --workers (0: none)"
    assert (str(stopped.value), stopped.value.status) == (words, STOPPED)


def test_a_cache_removed_before_its_workers_start_stops_the_run(tmp_path: Path) -> None:
    sampled = sampler_of(write_set(tmp_path / "src"), "none")
    images = images_of(sampled, tmp_path / "cache")
    shutil.rmtree(tmp_path / "cache")
    with pytest.raises(TrainError) as stopped:
        list(read_ahead(images, sampler(), 0, 2, 1))
    assert str(stopped.value).startswith("the cache of decoded images cannot be used: ")
    assert images.read(0, np.arange(8)).shape == (8, 3, 16, 16)  # what is mapped stays


def test_workers_end_when_their_run_is_killed(tmp_path: Path) -> None:
    program = (
        "import sys, time, multiprocessing\n"
        "from tests.train.feed.numbered import Numbers, sampler\n"
        "from train.feed.workers import read_ahead\n"
        "if __name__ == '__main__':\n"
        "    reading = read_ahead(Numbers(), sampler(), 0, 100, 1)\n"
        "    next(reading)\n"
        "    print(multiprocessing.active_children()[0].pid, flush=True)\n"
        "    time.sleep(60)\n"
    )
    (tmp_path / "job.py").write_text(program)
    paths = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, tmp_path / "job.py"], stdout=subprocess.PIPE, text=True, env=paths
    ) as run:
        assert run.stdout
        worker = int(run.stdout.readline())
        run.kill()
    for _ in range(6000):
        if not Path(f"/proc/{worker}").exists():
            return
        time.sleep(0.05)
    raise AssertionError("the worker is still there")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux")
def test_workers_leave_signals_to_their_run(tmp_path: Path) -> None:
    program = (
        "import multiprocessing\n"
        "from pathlib import Path\n"
        "from tests.train.feed.numbered import Numbers, sampler\n"
        "from train.feed.workers import read_ahead\n"
        "if __name__ == '__main__':\n"
        "    reading = read_ahead(Numbers(), sampler(), 0, 100, 1)\n"
        "    next(reading)\n"
        "    (worker,) = multiprocessing.active_children()\n"
        "    print(Path(f'/proc/{worker.pid}/status').read_text())\n"
        "    reading.close()\n"
    )
    (tmp_path / "job.py").write_text(program)
    paths = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.run(
        [sys.executable, tmp_path / "job.py"], capture_output=True, text=True, env=paths, check=True
    )
    blocked = [line.split()[1] for line in run.stdout.splitlines() if line.startswith("SigBlk:")]
    wanted = sum(1 << (number - 1) for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM))
    assert [int(mask, 16) & wanted for mask in blocked] == [wanted]


@pytest.mark.slow
def test_a_run_with_workers_needs_no_shared_memory(tmp_path: Path) -> None:
    allowed = subprocess.run(
        ["unshare", "-m", "mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", "/dev/shm"],
        capture_output=True,
        check=False,
    )
    if allowed.returncode:
        pytest.skip("mounting is not allowed here")
    src = draw_set(tmp_path / "src", 100, size=100)
    mount = "mount -t tmpfs -o size=64k tmpfs /dev/shm && exec"
    program = (
        "import os, sys\n"
        f"os.execvp('unshare', ['unshare', '-m', 'sh', '-c', '{mount} \"$@\"', 'sh', "
        "sys.executable, '-m', 'train', *sys.argv[1:]])"
    )
    options = ("--strategy", "fly", "--image-size", "90", "--model", "linear", "--workers", "2")
    run = start(src, *options, "--epochs", "2", "--out", tmp_path / "run", "-q", program=program)
    out, error = run.communicate(timeout=600)
    assert (run.returncode, error) == (0, ""), out
