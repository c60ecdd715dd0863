"""Processes of torchrun that end early: the others say so, and the run resumes to equal weights."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path

import pytest
import torch

from tests.train.commands import draw_set
from tests.train.compare.studies import weights_of
from tests.train.runtime.test_world import free_port
from train.errors import STOPPED, TrainError
from train.runs.checkpoints import CHECKPOINT, MODEL
from train.runs.records import METRICS
from train.runtime import world
from train.runtime.world import World

LOST = "train: another of the 2 processes ended before its work was done; run the same command"
INTERRUPTED = "train: interrupted. Run the same command again to resume"
PATIENCE = 600


def start(*arguments: object) -> subprocess.Popen[str]:
    line = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
    line += ["--master-port", str(free_port()), "-m", "train", *map(str, arguments)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    return subprocess.Popen(line, text=True, env=environment, **pipes)  # type: ignore[call-overload, no-any-return]


def finish(process: subprocess.Popen[str]) -> str:
    """Wait for the launcher; return what was said."""
    try:
        return process.communicate(timeout=PATIENCE)[1]
    except subprocess.TimeoutExpired:
        process.kill()
        raise


def processes(launcher: int) -> dict[int, int]:
    """Return the processes that a launcher started, by their rank."""
    found = {}
    for child in Path(f"/proc/{launcher}/task/{launcher}/children").read_text().split():
        for line in Path(f"/proc/{child}/environ").read_bytes().split(b"\0"):
            if line.startswith(b"RANK="):
                found[int(line.removeprefix(b"RANK="))] = int(child)
    return found


def wait_for(there: Callable[[], object], process: subprocess.Popen[str]) -> None:
    begun = time.monotonic()
    while not there():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() - begun < PATIENCE
        time.sleep(0.01)


def strike(process: subprocess.Popen[str], kill: str) -> None:
    """Do a kind of kill."""
    if kill.startswith("kill -9"):
        os.kill(processes(process.pid)[int(kill[-1])], signal.SIGKILL)
    else:
        process.send_signal(getattr(signal, kill))


def own_words(stderr: str) -> Iterable[str]:
    """Return what is left of the errors without those of the launcher."""
    return [line for line in stderr.splitlines() if line.startswith(("train: ", "[rank"))]


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
@pytest.mark.parametrize("kill", ["kill -9 rank 0", "kill -9 rank 1", "SIGTERM", "SIGINT"])
def test_a_run_of_two_processes_resumes_to_equal_weights(kill: str, tmp_path: Path) -> None:
    src = draw_set(tmp_path / "src", 30)
    line = [src, "--strategy", "fly", "--epochs", 20, "--batch-size", 9, "--precision", "fp32"]
    line += ["--device", "cpu", "--quiet", "--cache", tmp_path / "cache"]
    whole = start(*line, "--out", tmp_path / "whole")
    finish(whole)
    assert whole.returncode == 0
    out = tmp_path / "out"
    killed = start(*line, "--out", out)
    wait_for((out / CHECKPOINT).exists, killed)
    strike(killed, kill)
    begun = time.monotonic()
    words = own_words(finish(killed))
    assert time.monotonic() - begun < PATIENCE
    assert words
    expected = LOST if kill.startswith("kill -9") else INTERRUPTED
    assert all(each.startswith(expected) for each in words)
    assert len(words) == 1  # one process says it for all
    assert not (out / MODEL).exists()
    again = start(*line, "--out", out)
    finish(again)
    assert again.returncode == 0
    for name in (MODEL, METRICS):
        assert (out / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
@pytest.mark.parametrize("kill", ["kill -9 rank 1", "SIGTERM"])
def test_a_comparison_of_two_processes_resumes_to_equal_trials(kill: str, tmp_path: Path) -> None:
    src, test = draw_set(tmp_path / "src", 20), draw_set(tmp_path / "test", 5, seed=1)
    line = ["compare", src, "--test", test, "--factor", 2, "--epochs", 2, "--seeds", 3]
    line += [
        "--arms",
        "none,fly",
        "--model",
        "linear",
        "--device",
        "cpu",
        "--precision",
        "fp32",
        "--quiet",
        "--cache",
        tmp_path / "cache",
    ]
    whole = start(*line, "--out", tmp_path / "whole")
    finish(whole)
    assert whole.returncode == 0
    out = tmp_path / "out"
    killed = start(*line, "--out", out)
    wait_for(lambda: list((out / "runs").glob("*.json")), killed)
    strike(killed, kill)
    words = own_words(finish(killed))
    assert all(each.startswith((LOST, INTERRUPTED)) for each in words)
    assert killed.returncode != 0
    again = start(*line, "--out", out)
    finish(again)
    assert again.returncode == 0
    assert weights_of(out) == weights_of(tmp_path / "whole")


@pytest.mark.parametrize(
    "error",
    [
        torch.distributed.DistNetworkError("the socket was closed"),
        RuntimeError("[gloo/transport/tcp/pair.cc:545] Read error: Connection reset by peer"),
    ],
)
def test_a_lost_connection_is_a_sentence(error: RuntimeError) -> None:
    with pytest.raises(TrainError) as stopped, World(1, 2).explained():
        raise error
    assert (stopped.value.status, f"train: {stopped.value}".startswith(LOST)) == (STOPPED, True)
    with pytest.raises(type(error)), World(0, 1).explained():
        raise error


def test_another_error_of_a_process_is_not_taken_for_a_lost_connection() -> None:
    with pytest.raises(RuntimeError, match="shapes cannot"), World(1, 2).explained():
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")


def test_processes_whose_launcher_has_ended_do_not_wait_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}
    agent = {"RANK": "1", "WORLD_SIZE": "2", "TORCHELASTIC_USE_AGENT_STORE": "True"}
    for name, value in (address | agent).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(world, "CONNECTING", timedelta(seconds=2))
    with pytest.raises(TrainError, match="the 2 processes cannot find each other") as stopped:
        world.join_world()
    assert stopped.value.status == STOPPED
