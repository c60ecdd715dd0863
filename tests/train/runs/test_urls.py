"""Runs from URLs: the weights of a run from the folder, and refusals in words."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import uuid4

import pytest

from expand import expand
from expand.storage.stores.open import open_store
from tests.servers.google_azure import Buckets
from tests.stores import fill, variables
from tests.train.commands import call, draw_set, refusal
from tests.train.tar_sets import write_tars
from train.data.folders.files import opened
from train.runs.checkpoints import MODEL
from train.runs.observer import Observer
from train.runs.records import METRICS, RUN

EPOCHS = ("--epochs", 2, "--batch-size", 8, "--precision", "fp32", "--quiet")
QUICK = {"EXPAND_RETRY_SECONDS": "1"}


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return class folders, the same expanded and as tars, and a test set."""
    root = tmp_path_factory.mktemp("sets")
    src, test = draw_set(root / "src"), draw_set(root / "test", 3, seed=1)
    expand(src, root / "folder", 3, workers=1)
    tars = write_tars(root / "folder", root / "tars")
    return {"src": src, "folder": root / "folder", "tars": tars, "test": test}


@pytest.fixture(params=["memory", "s3"])
def bucket(request: pytest.FixtureRequest) -> str:
    if request.param == "memory":
        return f"memory://{uuid4().hex}"
    return str(request.getfixturevalue("s3"))


def trained(data: object, test: object, out: Path, *options: object) -> list[object]:
    """Return what a run leaves that must not depend on where its set lies."""
    result = call(data, "--test", test, "--out", out, *options, *EPOCHS)
    assert result.exception is None, result.exception
    record = json.loads((out / RUN).read_text())
    del record["cost"], record["settings"]["data"], record["settings"]["test"]
    return [(out / MODEL).read_bytes(), (out / METRICS).read_bytes(), record]


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("src", ("--strategy", "fly")),
        ("src", ("--strategy", "fly", "--image-size", 8, "--workers", 0)),
        ("folder", ("--strategy", "disk", "--validation", 0.2)),
        ("tars", ("--strategy", "disk", "--sources", 15)),
    ],
    ids=lambda each: " ".join(map(str, each)) if isinstance(each, tuple) else each,
)
def test_a_run_from_a_url_ends_with_the_weights_of_one_from_the_folder(
    kind: str, options: tuple[object, ...], bucket: str, sets: dict[str, Path], tmp_path: Path
) -> None:
    url, test = fill(f"{bucket}/a b/set", sets[kind]), fill(f"{bucket}/test", sets["test"])
    local = "folder" if kind == "tars" else kind
    expected = trained(sets[local], sets["test"], tmp_path / "local", *options)
    assert trained(url, test, tmp_path / "url", *options) == expected


@pytest.mark.parametrize(
    "kind",
    ["tars", pytest.param("src", marks=pytest.mark.slow)],
)
def test_google_and_azure_give_the_weights_of_the_folder(
    kind: str, cloud: tuple[str, Buckets], sets: dict[str, Path], tmp_path: Path
) -> None:
    url = fill(f"{cloud[0]}/a b/set", sets[kind])
    local, strategy = ("folder", "disk") if kind == "tars" else ("src", "fly")
    options = ("--strategy", strategy, "--sources", 15)
    expected = trained(sets[local], sets["test"], tmp_path / "local", *options)
    assert trained(url, sets["test"], tmp_path / "url", *options) == expected


def test_the_manifest_of_a_folder_at_a_url_may_be_parquet(
    bucket: str, sets: dict[str, Path], tmp_path: Path
) -> None:
    expand(sets["src"], tmp_path / "parquet", 3, workers=1, manifest="parquet")
    url = fill(f"{bucket}/set", tmp_path / "parquet")
    assert trained(url, sets["test"], tmp_path / "url") == trained(
        sets["folder"], sets["test"], tmp_path / "local"
    )


def test_a_changed_object_is_decoded_again(
    bucket: str, sets: dict[str, Path], tmp_path: Path
) -> None:
    url = fill(f"{bucket}/set", sets["src"])
    first = trained(url, sets["test"], tmp_path / "1")
    other = next((sets["test"] / "ant").glob("*.png")).read_bytes()[:-1]
    store = open_store(url)
    assert trained(url, sets["test"], tmp_path / "2") == first
    store.write("ant/000.png", (sets["src"] / "ant" / "001.png").read_bytes() + b"\0")
    assert trained(url, sets["test"], tmp_path / "3")[0] != first[0]
    store.write("ant/000.png", other)
    said = refusal(url, "--test", sets["test"], "--out", tmp_path / "4", *EPOCHS)
    assert '"ant/000.png" ' in said


def test_what_cannot_be_trained_from_a_url_is_refused_in_words(
    bucket: str, sets: dict[str, Path], tmp_path: Path
) -> None:
    rest = ("--test", sets["test"], "--out", tmp_path / "run", *EPOCHS)
    for part in ("train", "val"):
        fill(f"{bucket}/parts/{part}", sets["src"])
    said = refusal(f"{bucket}/parts", *rest)
    assert f'"{bucket}/parts" is ' in said
    assert (
        f"At a URL, train reads class folders; use those in it: train {bucket}/parts/train" in said
    )
    assert f'"{bucket}/nothing" has no files' in refusal(f"{bucket}/nothing", *rest)
    fill(f"{bucket}/flat", sets["src"] / "ant")
    said = refusal(f"{bucket}/flat", *rest)
    assert f'"{bucket}/flat" has no class folders' in said
    url = fill(f"{bucket}/set", sets["src"])
    said = refusal(url, *rest, "--cache-size", 1e-6)
    assert "--cache-size is 1,000. At a URL, train streams only tars" in said
    fill(f"{bucket}/tars", sets["tars"])
    store = open_store(f"{bucket}/tars")
    store.delete(["000001-0.tar"])
    assert '/tars/000001-0.tar" is missing' in refusal(f"{bucket}/tars", *rest)
    store.delete(["index.json"])
    assert f'"{bucket}/tars" has tars and no index.json' in refusal(f"{bucket}/tars", *rest)
    assert "a URL must start with s3://" in str(call("http://x/y", *rest).exception)
    secret = call("s3://user:hunter2@bucket/x", *rest).exception
    assert "hunter2" not in str(secret)
    assert "given with a user or a password" in str(secret)


def test_a_store_that_cannot_be_used_is_refused_at_once(s3: str, tmp_path: Path) -> None:
    with variables(AWS_ENDPOINT_URL="http://127.0.0.1:9", **QUICK):
        said = refusal(f"{s3}/set", "--test", f"{s3}/test", "--out", tmp_path, *EPOCHS)
    assert "cannot be reached" in said
    said = refusal("s3://no-such-bucket/x", "--out", tmp_path, *EPOCHS)
    assert '"s3://no-such-bucket" does not exist' in said


@pytest.mark.parametrize(
    ("kind", "options"),
    [("src", ("--strategy", "fly", "--image-size", 8)), ("tars", ("--cache-size", 3e-5))],
)
def test_a_store_that_is_lost_during_a_run_ends_it_with_status_3_and_it_resumes(
    kind: str,
    options: tuple[object, ...],
    s3: str,
    sets: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = fill(f"{s3}/set", sets[kind])
    rest = ("--workers", 0, *options)
    expected = trained(url, sets["test"], tmp_path / "whole", *rest)
    with monkeypatch.context() as patched:

        def lose(*_: object) -> None:
            patched.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
            opened.cache_clear()

        patched.setattr(Observer, "epoch", lose)
        patched.setenv("EXPAND_RETRY_SECONDS", "1")
        patched.setattr("train.feed.batches.CHUNK_IMAGES", 8)
        patched.setattr("train.feed.stores.FileStore.chunk_images", 8)
        run = (url, "--test", sets["test"], "--out", tmp_path / "run", *rest, *EPOCHS)
        error = call(*run).exception
    assert getattr(error, "status", None) == 3
    assert "run the same command again to resume" in str(error)
    opened.cache_clear()
    assert trained(url, sets["test"], tmp_path / "run", *rest) == expected


@pytest.mark.slow
def test_strategies_are_compared_on_class_folders_at_a_url(
    s3: str, sets: dict[str, Path], tmp_path: Path
) -> None:
    url, test = fill(f"{s3}/set", sets["src"]), fill(f"{s3}/test", sets["test"])
    short = ("--epochs", 1, "--batch-size", 8, "--precision", "fp32", "--seeds", 2, "--quiet")
    scores = []
    for data, held, out in ((sets["src"], sets["test"], "a"), (url, test, "b")):
        arms = ("--arms", "none,fly,disk", "--factor", 2, "--out", tmp_path / out)
        result = call("compare", data, "--test", held, *arms, *short)
        assert result.exception is None, result.exception
        rows = (tmp_path / out / "runs.csv").read_text().splitlines()
        accuracy = rows[0].split(",").index("accuracy")
        scores.append([(row.split(",")[0], row.split(",")[accuracy]) for row in rows])
    assert scores[0] == scores[1]
