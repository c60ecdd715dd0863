"""Tars at URLs and in shards: those that one run on local folders writes, byte for byte."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from expand import ExpandError, expand
from expand.archives.index import Index
from expand.engines.choose import make_engine
from expand.job.blocks.merge import merge_blocks
from expand.job.checks.stored import verify_stored
from expand.job.checks.verify import verify
from expand.job.remaking.stored import replay_stored
from expand.storage.stores.open import open_store
from expand.storage.stores.url import Url, parse_place
from tests.conftest import Folder, tree
from tests.expand.cli.test_command import run as command_line
from tests.expand.job.blocks.test_blocks import memory, place
from tests.expand.job.test_tars import jpegs, make, samples
from tests.stores import contents, fill


def run(src: object, out: object, factor: int = 3, **options: Any) -> None:
    settings = {"output": "webdataset", "shard_size": 30_000, "engine": make_engine(1)}
    expand(src, out, factor=factor, **{**settings, **options})  # type: ignore[arg-type]


def url_of(text: str) -> Url:
    url = parse_place(text)
    assert isinstance(url, Url)
    return url


@pytest.mark.parametrize(
    ("from_", "to"),
    [
        ("folder", "memory"),
        ("memory", "folder"),
        pytest.param("s3", "s3", marks=pytest.mark.slow),
    ],
)
def test_tars_at_urls_are_those_of_folders(
    class_folder: Folder, tmp_path: Path, request: pytest.FixtureRequest, from_: str, to: str
) -> None:
    src = jpegs(class_folder, 24)
    local = make(src, tmp_path / "local", factor=2)
    source = src if from_ == "folder" else fill(place(from_, tmp_path, request), src)
    out = place(to, tmp_path, request)
    run(source, out, 2)
    assert contents(out) == tree(local)
    run(source, out, 4)
    assert contents(out) == tree(make(src, local, factor=4))
    if to != "folder":
        assert verify_stored(url_of(out)).problems == []


def test_an_interrupted_run_at_a_url_is_resumed(class_folder: Folder, tmp_path: Path) -> None:
    src, out = jpegs(class_folder, 24), memory()
    whole = tree(make(src, tmp_path / "local"))

    def stop(files: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(src, out, progress=stop)
    store = open_store(out)
    assert store.size("000000-0.tar")
    assert not store.size("index.json")
    store.delete(["000000-1.tar"])  # as if the first block had been interrupted
    store.delete([e.name for page in store.pages(".blocks/") for e in page])
    run(src, out)
    assert contents(out) == whole


def test_a_changed_source_changes_its_block_at_a_url(class_folder: Folder, tmp_path: Path) -> None:
    src, out = jpegs(class_folder, 24), memory()
    run(src, out)
    (src / "ant" / "000.jpg").write_bytes((src / "cat" / "002.jpg").read_bytes())
    run(src, out)
    assert contents(out) == tree(make(src, tmp_path / "local"))


@pytest.mark.parametrize("to", ["memory", "folder"])
def test_shards_merge_to_what_one_run_writes(
    class_folder: Folder, tmp_path: Path, request: pytest.FixtureRequest, to: str
) -> None:
    src, out = jpegs(class_folder, 24), place(to, tmp_path, request)
    whole = tree(make(src, tmp_path / "local"))
    for shard in ("2/3", "3/3"):
        run(src, out, shard=shard)
    with pytest.raises(ExpandError, match="shard 1/3 is missing"):
        merge_blocks(parse_place(out))
    run(src, out, shard="1/3")
    merged = merge_blocks(parse_place(out))
    assert (merged.status, merged.files) == (0, 72)
    assert contents(out) == whole
    if to == "folder":
        assert verify(Path(out)).problems == []
        make(src, Path(out), factor=4)  # a run without shards grows it
        assert tree(Path(out)) == tree(make(src, tmp_path / "local", factor=4))


def test_a_run_without_shards_does_not_take_over_shards(
    class_folder: Folder, tmp_path: Path
) -> None:
    src = jpegs(class_folder, 24)
    run(src, tmp_path / "out", shard="1/3")
    with pytest.raises(ExpandError, match="expand merge"):
        make(src, tmp_path / "out")


def test_verify_and_replay_read_tars_at_a_url(class_folder: Folder, tmp_path: Path) -> None:
    src, out = jpegs(class_folder, 24), memory()
    run(src, out)
    sample = samples(make(src, tmp_path / "local"))[5]
    for name in (str(sample.key), sample.row["file_name"]):
        assert replay_stored(url_of(out), name, src)[1]
    to = tmp_path / "again.jpg"
    assert replay_stored(url_of(out), str(sample.key), src, to) == (to, False)
    assert to.read_bytes() == sample.image
    store = open_store(out)
    index = Index.parse(store.read("index.json"))
    data = store.read(index.tars[0].file)
    store.write(index.tars[0].file, data[:700] + b"?" + data[701:])
    store.write("note.txt", b"x")
    store.delete([index.tars[-1].file])
    found = {problem.file: problem.kind for problem in verify_stored(url_of(out)).problems}
    assert found == {
        index.tars[0].file: "damaged",
        "note.txt": "extra",
        index.tars[-1].file: "missing",
    }


@pytest.mark.parametrize("to", ["memory", pytest.param("s3", marks=pytest.mark.slow)])
def test_damaged_tars_at_a_url_are_made_again_there(
    class_folder: Folder, tmp_path: Path, request: pytest.FixtureRequest, to: str
) -> None:
    src, out = jpegs(class_folder, 24), place(to, tmp_path, request)
    run(src, out)
    whole, store = contents(out), open_store(out)
    tars = [name for name in whole if name.endswith(".tar")]
    store.write(tars[0], whole[tars[0]][:700] + bytes(700) + whole[tars[0]][1400:])
    store.delete(tars[1:3])
    done = command_line("verify", out, "--repair", "--source", src)
    assert done.return_value == 0, done.output
    assert done.output.count("was made again") == 3
    assert contents(out) == whole
    store.delete(tars[1:3])
    for path in (src / "ant").iterdir():
        path.unlink()
    done = command_line("verify", out, "--repair")
    assert done.return_value == 1, done.output
    assert f'"{tars[1]}" cannot be made again: "{src}/ant/' in done.output


def test_a_manifest_in_parquet_at_a_url(class_folder: Folder, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    src = jpegs(class_folder, 24)
    for options in ({}, {"output": "folder", "shard_size": None}):
        out = memory()
        local = make(src, tmp_path / f"local{len(options)}", manifest="parquet", **options)
        run(src, out, manifest="parquet", **options)
        assert contents(out) == tree(local)
        run(src, out, factor=4, manifest="parquet", **options)
        assert contents(out) == tree(make(src, local, factor=4, manifest="parquet", **options))
        assert verify_stored(url_of(out)).problems == []


def test_plan_and_verify_say_what_tars_at_a_url_are(class_folder: Folder) -> None:
    src, out = jpegs(class_folder, 24), memory()
    options = ["--output", "webdataset", "--tar-size", "30kB", "--factor", "3"]
    planned = command_line("plan", src, out, *options).output
    blocks = re.search(r"in \d+ tars \((\d+) blocks × 3 views\)", planned)
    assert blocks
    assert f"; done in {blocks[1]} blocks" in planned
    assert ", without waiting for the store (measured on " in planned
    run(src, out)
    assert (
        "72 of 72 files are there already, as recorded"
        in command_line("plan", src, out, *options).output
    )
    assert f"72 images in {3 * int(blocks[1])} tars, " in command_line("verify", out).output
