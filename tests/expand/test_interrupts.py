"""Interruptions: one signal asks, two end, and nobody prints a traceback or leaves a process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from expand import expand
from tests.conftest import Folder, tree
from tests.expand.job.test_run import COMMAND, many

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


def start(*arguments: object) -> subprocess.Popen[str]:
    """Start a long command in a process group of its own; return when it handles signals."""
    line = [*COMMAND, *map(str, arguments), "--factor", "500", "--workers", "2", "--quiet"]
    process = subprocess.Popen(line, stderr=subprocess.PIPE, text=True, start_new_session=True)
    while not handles(process.pid, signal.SIGTERM):
        assert process.poll() is None, process.communicate()
        time.sleep(0.005)
    return process


def handles(pid: int, number: signal.Signals) -> bool:
    """Tell whether a process has a handler for a signal; Python itself has one for Ctrl-C only."""
    status = Path(f"/proc/{pid}/status").read_text()
    caught = int(status.partition("SigCgt:")[2].split()[0], 16)
    return bool(caught >> (number - 1) & 1)


@pytest.mark.parametrize(
    ("seconds", "times"),
    [
        (0.0, 1),
        (0.0, 3),
        (1.2, 2),
        pytest.param(0.0, 2, marks=pytest.mark.slow),
        pytest.param(1.2, 1, marks=pytest.mark.slow),
        pytest.param(1.2, 3, marks=pytest.mark.slow),
    ],
)
def test_signals_to_the_whole_group_end_it_with_130_and_no_traceback(
    times: int, seconds: float, class_folder: Folder, tmp_path: Path
) -> None:
    process = start(many(class_folder, 400), tmp_path / "out")
    time.sleep(seconds)
    for number in SIGNALS[:times]:
        if process.poll() is None:
            os.killpg(process.pid, number)
        time.sleep(0.15)
    _, stderr = process.communicate(timeout=300)
    assert process.returncode == 130, stderr
    assert "nterrupted. Run the same command again to resume." in stderr
    assert "Traceback" not in stderr


def test_a_script_from_standard_input_can_use_workers(class_folder: Folder, tmp_path: Path) -> None:
    src = many(class_folder, 20)
    job = f"from expand import expand\nprint(expand({str(src)!r}, {str(tmp_path / 'out')!r}, workers=2).status)\n"
    done = subprocess.run(
        [sys.executable], input=job, capture_output=True, text=True, cwd=os.getcwd(), check=False
    )
    assert (done.stdout, done.stderr) == ("0\n", "")
    expand(src, tmp_path / "whole", workers=1)
    assert tree(tmp_path / "out") == tree(tmp_path / "whole")


def test_a_thread_can_expand_and_no_handler_changes(class_folder: Folder, tmp_path: Path) -> None:
    src = many(class_folder, 20)
    before = [signal.getsignal(number) for number in SIGNALS]
    thread = threading.Thread(target=expand, args=(src, tmp_path / "out"), kwargs={"workers": 2})
    thread.start()
    thread.join()
    assert (tmp_path / "out/metadata.jsonl").is_file()
    assert [signal.getsignal(number) for number in SIGNALS] == before


def test_too_few_open_files_end_with_status_3_and_name_the_limit(
    class_folder: Folder, tmp_path: Path
) -> None:
    command = [*COMMAND, str(many(class_folder, 20)), str(tmp_path / "out"), "--workers", "6"]
    shell = ["bash", "-c", 'ulimit -n 9; exec "$@"', "bash", *command]
    done = subprocess.run(shell, capture_output=True, text=True, check=False)
    assert (done.returncode, "ulimit -n" in done.stderr) == (3, True), done.stderr
    assert "Traceback" not in done.stderr
