"""The Ray engine: what it writes is what local workers write, also when nodes die."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from expand import expand
from expand.engines.engine import Reply
from expand.errors import ExpandError
from tests.conftest import Folder, tree
from tests.expand.job.test_run import COMMAND, many

ray = pytest.importorskip("ray", reason='needs Ray (pip install ".[ray]")')
from expand.engines import ray as engines  # noqa: E402
from expand.engines.ray_tasks import Answer, versions  # noqa: E402


@pytest.fixture
def cluster() -> Iterator[Any]:
    """Start a cluster of one node with one core; it can get more."""
    from ray.cluster_utils import Cluster

    started = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    yield started
    ray.shutdown()
    started.shutdown()


def test_a_cluster_on_this_machine_writes_the_same_tree(
    class_folder: Folder, tmp_path: Path
) -> None:
    src = many(class_folder, 80)
    expand(src, tmp_path / "local", workers=2)
    line = [*COMMAND, "src", "out", "--engine", "ray", "--workers", "2", "--quiet"]
    done = subprocess.run(line, capture_output=True, text=True, check=False, cwd=src.parent)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    assert tree(src.parent / "out") == tree(tmp_path / "local")


def test_a_cluster_that_cannot_be_reached_is_refused(class_folder: Folder, tmp_path: Path) -> None:
    line = [*COMMAND, str(many(class_folder, 3)), str(tmp_path / "out"), "--engine", "ray"]
    line += ["--ray-address", "127.0.0.1:1", "--quiet"]
    environment = {**os.environ, "RAY_gcs_rpc_server_reconnect_timeout_s": "1"}
    environment["RAY_gcs_server_request_timeout_seconds"] = "1"
    done = subprocess.run(line, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 2
    assert '127.0.0.1:1" cannot be reached' in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("value", ["0", "-1", "nan"])
def test_impossible_cores_are_refused(value: str) -> None:
    with pytest.raises(ExpandError, match="--ray-cpus must be over 0"):
        engines.RayEngine(1, cpus=float(value))


def test_a_node_with_other_versions_is_refused_by_name() -> None:
    other = tuple(
        (name, "9.9") if name == "OpenCV" else (name, value) for name, value in versions()
    )
    answer = Answer([], 0.0, "node-7", other)
    with pytest.raises(
        ExpandError, match="node node-7 of the Ray cluster has OpenCV 9.9"
    ) as raised:
        engines._check_versions(answer, versions())
    assert raised.value.status == 2


@pytest.mark.slow
def test_a_node_that_dies_changes_nothing(
    class_folder: Folder, tmp_path: Path, cluster: Any
) -> None:
    src = many(class_folder, 600)
    expand(src, tmp_path / "local", 8, workers=2)
    for attempt in range(3):
        node = cluster.add_node(num_cpus=1)
        out = tmp_path / f"out{attempt}"
        line = [*COMMAND, str(src), str(out), "--factor", "8", "--engine", "ray", "--quiet"]
        process = subprocess.Popen([*line, "--ray-address", cluster.address])
        while len(list(out.rglob("*_v*"))) < 200 * (attempt + 1):
            assert process.poll() is None
            time.sleep(0.01)
        cluster.remove_node(node, allow_graceful=bool(attempt % 2))
        assert process.wait(120) == 0
        assert tree(out) == tree(tmp_path / "local")


@pytest.mark.slow
def test_a_driver_that_dies_resumes_with_the_same_command(
    class_folder: Folder, tmp_path: Path, cluster: Any
) -> None:
    src, out = many(class_folder, 600), tmp_path / "out"
    expand(src, tmp_path / "local", 8, workers=2)
    line = [*COMMAND, str(src), str(out), "--factor", "8", "--engine", "ray", "--quiet"]
    line += ["--ray-address", cluster.address]
    for number in (signal.SIGKILL, signal.SIGINT):
        process = subprocess.Popen(line, stderr=subprocess.PIPE, text=True)
        before = len(list(out.rglob("*_v*")))
        while len(list(out.rglob("*_v*"))) < before + 300:
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(number)
        _, said = process.communicate()
        assert process.returncode == (130 if number == signal.SIGINT else -9), said
        assert "Traceback" not in said
    assert subprocess.run(line, check=False).returncode == 0
    assert tree(out) == tree(tmp_path / "local")


@pytest.mark.parametrize(
    ("count", "seconds", "following"), [(1, 0.01, 2), (32, 0.01, 64), (64, 0.0, 64), (8, 1.0, 4), (1, 9.0, 1)]
)  # fmt: skip
def test_tasks_grow_until_they_take_half_a_second(
    count: int, seconds: float, following: int
) -> None:
    assert engines._next_count(Answer([Reply()] * count, seconds, "node", ())) == following
