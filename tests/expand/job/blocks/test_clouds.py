"""Google Cloud Storage and Azure: whole runs there, and stores that refuse what is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from expand import expand
from expand.errors import ExpandError
from expand.job.blocks import keys
from expand.storage.stores.open import open_store
from tests.conftest import Folder, tree
from tests.expand.cli.test_command import run as command
from tests.expand.job.test_run import many
from tests.expand.job.test_tars import jpegs, make
from tests.servers.google_azure import Buckets
from tests.stores import contents, fill, variables

Cloud = tuple[str, Buckets]


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "LEAST", 4)


def stop(files: int) -> None:
    raise KeyboardInterrupt


def test_a_dataset_of_files_lives_there_from_its_first_run_on(
    cloud: Cloud, class_folder: Folder, tmp_path: Path
) -> None:
    url, server = cloud
    local = many(class_folder, 16)
    src, out = fill(f"{url}/a b/src", local), f"{url}/out"
    with pytest.raises(KeyboardInterrupt):
        expand(src, out, factor=2, workers=1, progress=stop)
    assert not open_store(out).size("metadata.jsonl")
    assert expand(src, out, factor=2, workers=1).summary.files == 32
    expand(local, tmp_path / "here", factor=2, workers=1)
    assert contents(out) == tree(tmp_path / "here")
    expand(src, out, factor=3, workers=1)
    expand(local, tmp_path / "here", factor=3, workers=1)
    assert contents(out) == tree(tmp_path / "here")
    name = next(name for name in contents(out) if name.endswith("_v2.png"))
    open_store(out).write(name, b"changed")
    assert command("verify", out).return_value == 1
    assert command("verify", out, "--repair").return_value == 0
    assert contents(out) == tree(tmp_path / "here")
    assert "already exists" in command("replay", out, name).output
    assert not server.parts  # no upload was left unfinished


def test_tars_are_written_verified_and_mended_there(
    cloud: Cloud, class_folder: Folder, tmp_path: Path
) -> None:
    url, _ = cloud
    local = jpegs(class_folder, 16)
    src, out = fill(f"{url}/src", local), f"{url}/out"
    options = ("--output", "webdataset", "--shard-size", "30kB", "--factor", "3", "-q")
    for shard in ("2/2", "1/2"):
        assert command(src, out, *options, "--shard", shard).return_value == 0
    assert command("merge", out).return_value == 0
    whole = tree(make(local, tmp_path / "here"))
    assert contents(out) == whole
    open_store(out).delete(["000001-1.tar"])
    done = command("verify", out, "--repair")
    assert (done.return_value, '"000001-1.tar" was made again' in done.output) == (0, True)
    assert contents(out) == whole


@pytest.mark.parametrize("tars", [False, True], ids=["files", "tars"])
def test_a_bucket_that_fills_stops_the_run_and_it_resumes(
    cloud: Cloud, class_folder: Folder, tmp_path: Path, tars: bool
) -> None:
    url, server = cloud
    local = jpegs(class_folder, 16)
    kind = {"output": "webdataset", "shard_size": 30_000} if tars else {}
    out = f"{url}/out"
    written = 0

    def fills(method: str, _name: str, size: int) -> tuple[int, str] | None:
        nonlocal written
        written += size if method == "PUT" else 0
        return (403, "QuotaExceeded") if method == "PUT" and written > 30_000 else None

    server.refuse = fills
    with (
        variables(EXPAND_RETRY_SECONDS="1"),
        pytest.raises(
            ExpandError, match=rf'"{url}/out/.*" cannot be written: the store has no room'
        ) as caught,
    ):
        expand(local, out, factor=3, workers=1, **kind)  # type: ignore[arg-type]
    assert caught.value.status == 3
    server.refuse = lambda *_: None
    expand(local, out, factor=3, workers=1, **kind)  # type: ignore[arg-type]
    expand(local, tmp_path / "here", factor=3, workers=1, **kind)  # type: ignore[arg-type]
    assert contents(out) == tree(tmp_path / "here")


def test_a_bucket_that_may_not_be_listed_is_refused(cloud: Cloud, class_folder: Folder) -> None:
    url, server = cloud
    server.refuse = lambda *_: (403, "AccessDenied")
    for src, out in ((class_folder(1), f"{url}/out"), (f"{url}/src", "memory://denied/out")):
        with pytest.raises(
            ExpandError, match=f'"{url}/.*" cannot be listed: permission denied'
        ) as caught:
            expand(src, out)
        assert caught.value.status == 2


def test_a_bucket_that_may_not_be_written_is_refused_before_the_first_file(
    cloud: Cloud, class_folder: Folder
) -> None:
    url, server = cloud
    server.refuse = lambda method, _name, _size: (403, "AccessDenied") if method == "PUT" else None
    with pytest.raises(
        ExpandError, match=f'"{url}/out/expand.json" cannot be written: permission'
    ) as caught:
        expand(class_folder(1), f"{url}/out")
    assert (caught.value.status, server.objects) == (2, {})


def test_permission_that_ends_during_a_run_stops_it_and_it_resumes(
    cloud: Cloud, class_folder: Folder, tmp_path: Path
) -> None:
    url, server = cloud
    local = many(class_folder, 16)
    seen: list[str] = []

    def ends(method: str, name: str, _size: int) -> tuple[int, str] | None:
        seen.extend([name] * (method == "PUT"))
        return (403, "AccessDenied") if len(seen) > 20 else None

    server.refuse = ends
    with pytest.raises(ExpandError, match="cannot be written: permission denied") as caught:
        expand(local, f"{url}/out", factor=2, workers=1)
    assert caught.value.status == 3
    server.refuse = lambda *_: None
    expand(local, f"{url}/out", factor=2, workers=1)
    expand(local, tmp_path / "here", factor=2, workers=1)
    assert contents(f"{url}/out") == tree(tmp_path / "here")


def test_a_source_that_may_not_be_read_is_a_bad_image(cloud: Cloud, class_folder: Folder) -> None:
    url, server = cloud
    src = fill(f"{url}/src", class_folder(3))
    denied = "src/cat/0.png"
    server.refuse = lambda method, name, _size: (
        (403, "AccessDenied") if (method, name) == ("GET", denied) else None
    )
    report = expand(src, f"{url}/out", factor=2, workers=1)
    assert report.status == 1
    assert report.summary.bad == [("cat/0.png", "cannot be read (permission denied)")]
