"""Stores that fail: requests are repeated, or the run stops with status 3 and can be resumed."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from expand import expand
from expand.engines.choose import RayOptions, make_ray_engine
from expand.errors import ExpandError
from expand.job.planning.estimate import choose_engine, estimate
from expand.job.planning.opening import make_plan
from expand.job.settings import Settings
from expand.recipes.recipe import Recipe
from expand.storage.stores import clients
from expand.storage.stores.open import open_store
from expand.storage.stores.url import parse_place
from tests.conftest import Folder, tree
from tests.expand.job.test_run import many
from tests.servers.s3 import AWS, S3, Faults
from tests.stores import contents, fill, variables


@pytest.fixture
def faults(s3_server: S3) -> Iterator[Faults]:
    proxy = Faults(s3_server.endpoint, busy=20, cut=33)
    yield proxy
    proxy.stop()


def test_a_store_that_throttles_and_cuts_connections_gives_the_same_tree(
    s3: str, faults: Faults, class_folder: Folder, tmp_path: Path
) -> None:
    local = many(class_folder, 24)
    with variables(AWS_ENDPOINT_URL=faults.endpoint):
        src = fill(f"{s3}/src", local)
        assert expand(src, f"{s3}/out", workers=1).status == 0
    expand(local, tmp_path / "here")
    assert contents(f"{s3}/out") == tree(tmp_path / "here")
    assert faults.failed > 5


def test_a_store_that_only_throttles_ends_the_run_in_words(
    s3: str, s3_server: S3, class_folder: Folder
) -> None:
    src = fill(f"{s3}/src", class_folder(2))
    busy = Faults(s3_server.endpoint, busy=1)
    with (
        variables(AWS_ENDPOINT_URL=busy.endpoint),
        pytest.raises(ExpandError, match=r"too many requests \(SlowDown\)") as caught,
    ):
        expand(src, f"{s3}/out")
    busy.stop()
    assert caught.value.status == 2
    assert contents(f"{s3}/out") == {}


def command(src: str, out: str, *options: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "expand", src, out, "--quiet", *options],
        env={**os.environ, **AWS, **environment},
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
def test_a_server_that_ends_stops_the_run_with_status_3_and_it_resumes(
    s3: str, s3_server: S3, class_folder: Folder, tmp_path: Path
) -> None:
    local = many(class_folder, 400)
    src, out = fill(f"{s3}/src", local), f"{s3}/out"
    proxy = Faults(s3_server.endpoint)
    run = command(src, out, AWS_ENDPOINT_URL=proxy.endpoint, EXPAND_RETRY_SECONDS="3")
    while proxy.requests < 300:
        assert run.poll() is None, run.communicate()
        time.sleep(0.01)
    proxy.stop()
    _, said = run.communicate(timeout=300)
    assert run.returncode == 3, said
    assert said.startswith('expand: "s3://')
    assert said.count("\n") == 1
    again = command(src, out, AWS_ENDPOINT_URL=s3_server.endpoint)
    _, said = again.communicate(timeout=300)
    assert again.returncode == 0, said
    expand(local, tmp_path / "here")
    assert contents(out) == tree(tmp_path / "here")


@pytest.mark.slow
@pytest.mark.parametrize("requests", [150, 500, 900])
def test_a_run_that_is_killed_resumes(
    requests: int, s3: str, s3_server: S3, class_folder: Folder, tmp_path: Path
) -> None:
    local = many(class_folder, 400)
    src, out = fill(f"{s3}/src", local), f"{s3}/out"
    proxy = Faults(s3_server.endpoint)
    run = command(src, out, "--workers", "2", AWS_ENDPOINT_URL=proxy.endpoint)
    while proxy.requests < requests and run.poll() is None:
        time.sleep(0.01)
    run.kill()
    run.communicate()
    proxy.stop()
    assert expand(src, out).summary.files == 1600
    expand(local, tmp_path / "here")
    assert contents(out) == tree(tmp_path / "here")


@pytest.mark.slow
def test_ctrl_c_ends_the_run_and_it_resumes(
    s3: str, s3_server: S3, class_folder: Folder, tmp_path: Path
) -> None:
    import signal

    local = many(class_folder, 400)
    src, out = fill(f"{s3}/src", local), f"{s3}/out"
    proxy = Faults(s3_server.endpoint)
    run = command(src, out, AWS_ENDPOINT_URL=proxy.endpoint)
    while proxy.requests < 300:
        assert run.poll() is None, run.communicate()
        time.sleep(0.01)
    run.send_signal(signal.SIGINT)
    _, said = run.communicate(timeout=300)
    assert run.returncode == 130, said
    assert "interrupted" in said
    proxy.stop()
    assert expand(src, out).summary.files == 1600
    expand(local, tmp_path / "here")
    assert contents(out) == tree(tmp_path / "here")


@pytest.mark.slow
def test_a_ray_cluster_writes_the_same_tree(s3: str, class_folder: Folder, tmp_path: Path) -> None:
    local = many(class_folder, 200)
    src = fill(f"{s3}/src", local)
    expand(src, f"{s3}/out", engine=make_ray_engine(2, RayOptions()))
    expand(local, tmp_path / "here")
    assert contents(f"{s3}/out") == tree(tmp_path / "here")


def test_a_store_of_one_process_is_refused_for_a_cluster(class_folder: Folder) -> None:
    with (
        make_plan(
            class_folder(2), parse_place("memory://a/b"), Settings(Recipe.load("classic"), 4)
        ) as plan,
        pytest.raises(ExpandError, match="is known to this process only"),
    ):
        choose_engine(plan, estimate(plan), None, RayOptions())


def test_a_server_that_never_answers_is_told_in_bounded_time(
    class_folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(clients.QUICK_CLIENT, "timeout", "1s")
    with socket.create_server(("127.0.0.1", 0)) as mute:
        endpoint = f"http://127.0.0.1:{mute.getsockname()[1]}"
        with (
            variables(AWS_ENDPOINT_URL=endpoint, **AWS),
            pytest.raises(ExpandError, match="does not answer in time") as caught,
        ):
            expand(class_folder(2), "s3://bucket/out")
    assert caught.value.status == 2


def test_a_bucket_that_goes_away_is_told(s3: str, class_folder: Folder) -> None:
    import boto3

    from tests.servers.s3 import CLIENT

    src = fill(f"{s3}/src", class_folder(2))
    client = boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL"], **CLIENT)
    store = open_store(src)
    names = [entry.name for page in store.pages() for entry in page]
    store.delete(names)
    client.delete_bucket(Bucket=s3.removeprefix("s3://"))
    with pytest.raises(ExpandError, match="no such bucket") as caught:
        expand(src, "memory://gone/x")
    assert caught.value.status == 2
