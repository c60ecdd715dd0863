"""A run in blocks writes what a run on local folders writes, whatever is a URL."""

from __future__ import annotations

import json
import pickle
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expand import expand
from expand.errors import ExpandError
from expand.job.blocks import keys, output
from expand.job.blocks.keys import block_of, count_blocks, stem_of
from expand.job.blocks.merge import merge_blocks
from expand.job.blocks.parts import PartName
from expand.job.blocks.records import load_card
from expand.job.blocks.task import BlockJob, do_block
from expand.job.checks.stored import verify_stored
from expand.job.remaking.stored import repair_stored, replay_stored
from expand.job.settings import Settings
from expand.job.sharding.listed import prepare
from expand.layouts.limits import NameLimits
from expand.layouts.listing import ScanSummary
from expand.layouts.names import copy_name
from expand.recipes.recipe import Recipe
from expand.storage.stores.objects import ObjectStore
from expand.storage.stores.open import open_store
from expand.storage.stores.store import Entry, Store
from expand.storage.stores.url import Url, parse_place
from tests.conftest import Folder, noise_image, tree
from tests.expand.job.test_run import many
from tests.expand.job.test_tars import jpegs
from tests.stores import contents, fill


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "LEAST", 4)


def memory() -> str:
    return f"memory://{uuid4().hex}/a b"


def place(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    if kind == "folder":
        return str(tmp_path / uuid4().hex)
    return memory() if kind == "memory" else f"{request.getfixturevalue('s3')}/{uuid4().hex}/deep"


def card(url: str | Path) -> dict[str, object]:
    found = json.loads(open_store(url).read("expand.json"))
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(
    ("from_", "to"),
    [("folder", "memory"), ("memory", "memory"), ("memory", "folder"), ("s3", "s3")],
)
def test_the_tree_is_that_of_local_folders(
    from_: str, to: str, class_folder: Folder, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    local = many(class_folder, 24)
    src = str(local) if from_ == "folder" else fill(place(from_, tmp_path, request), local)
    out = place(to, tmp_path, request)
    here = expand(local, tmp_path / "here", workers=1)
    there = expand(src, out, workers=1)
    assert contents(out) == tree(tmp_path / "here")
    assert there.status == here.status == 0
    assert (there.summary.files, there.summary.made) == (96, 96)
    one, other = card(tmp_path / "here"), card(out)
    assert other["source"] == (str(local) if from_ == "folder" else src)
    for key in ("counts", "found", "settings", "state", "versions", "bad"):
        assert other[key] == one[key], key
    assert set(one) == set(other)


def test_a_bad_image_is_listed_and_the_rest_is_made(class_folder: Folder, tmp_path: Path) -> None:
    local = class_folder(4)
    (local / "dog/0.png").write_bytes(b"no image")
    src, out = fill(memory(), local), memory()
    here, there = expand(local, tmp_path / "here"), expand(src, out)
    assert there.status == here.status == 1
    assert there.summary.bad == here.summary.bad
    assert card(out)["bad"] == card(tmp_path / "here")["bad"]
    assert contents(out) == tree(tmp_path / "here")


def test_strict_stops_with_status_3_and_the_run_resumes(class_folder: Folder) -> None:
    local = class_folder(4)
    good = (local / "dog/0.png").read_bytes()
    (local / "dog/0.png").write_bytes(b"no image")
    out = memory()
    with pytest.raises(ExpandError, match=r'"dog/0.png" .* \(--strict\)') as caught:
        expand(fill(memory(), local), out, strict=True)
    assert caught.value.status == 3
    (local / "dog/0.png").write_bytes(good)
    assert expand(fill(memory(), local), out, strict=True).summary.files == 32


def test_a_flat_folder_with_other_files_is_expanded(class_folder: Folder, tmp_path: Path) -> None:
    local = class_folder({f"{n}.png": noise_image(8, 9, 3, seed=n) for n in range(5)})
    (local / "LICENSE").write_text("free")
    (local / "sub").mkdir()
    (local / "sub/note_v2.txt").write_text("x")
    src, out = fill(memory(), local), memory()
    expand(local, tmp_path / "here")
    expand(src, out)
    assert contents(out) == tree(tmp_path / "here")
    assert card(out)["counts"] == card(tmp_path / "here")["counts"]


def test_formats_balance_and_groups_are_those_of_local_folders(
    class_folder: Folder, tmp_path: Path
) -> None:
    local = many(class_folder, 30)
    for number in range(20, 30):
        next(local.glob(f"dog/*{number}.*"), local / "none").unlink(missing_ok=True)
    settings = {"format": "webp", "quality": 50, "originals": "none", "seed": 3}
    out = memory()
    expand(local, tmp_path / "here", 3, **settings)
    expand(fill(memory(), local), out, 3, **settings)
    assert contents(out) == tree(tmp_path / "here")
    stored = memory()
    expand(local, tmp_path / "stored", 2, manifest="parquet")
    expand(fill(memory(), local), stored, 2, manifest="parquet")
    assert contents(stored) == tree(tmp_path / "stored")
    assert "metadata.parquet" in contents(stored)
    grouped, balanced = memory(), {"balance": "max", "group_by": "^([^/]+)/"}
    expand(local, tmp_path / "balanced", **balanced)
    expand(fill(memory(), local), grouped, **balanced)
    assert contents(grouped) == tree(tmp_path / "balanced")


def test_a_folder_grows_and_new_sources_are_added(class_folder: Folder, tmp_path: Path) -> None:
    local = class_folder(10)
    src, out = fill(memory(), local), memory()
    expand(src, out, 2)
    (local / "cat/new.png").write_bytes((local / "cat/2.png").read_bytes())
    fill(src, local)
    grown = expand(src, out, 4)
    assert grown.summary.made == 20 * 2 + 4
    expand(local, tmp_path / "here", 4)
    assert contents(out) == tree(tmp_path / "here")
    assert expand(src, out, 4).summary.made == 0
    assert contents(out) == tree(tmp_path / "here")


def test_what_cannot_be_resumed_is_refused_before_anything_is_written(
    class_folder: Folder,
) -> None:
    local = class_folder(3)
    src, out = fill(memory(), local), memory()
    expand(src, out, 3)
    before = contents(out)
    store = open_store(out)
    original = store.read("expand.json")
    with pytest.raises(ExpandError, match="--seed was 0, is 1"):
        expand(src, out, 3, seed=1)
    with pytest.raises(ExpandError, match="a folder can grow, not shrink"):
        expand(src, out, 2)
    with pytest.raises(ExpandError, match="--overwrite cannot be used with --shard"):
        expand(src, out, 3, overwrite=True, shard="1/2")
    open_store(src).delete(["cat/2.png"])
    with pytest.raises(ExpandError, match=r"copies of 1 source that .* no longer has"):
        expand(src, out, 3)
    assert (contents(out), store.read("expand.json")) == (before, original)
    other = memory()
    open_store(other).write("mine.txt", b"x")
    with pytest.raises(ExpandError, match=r'is not empty \(it has "mine.txt"\)'):
        expand(src, other)
    assert list(contents(other)) == ["mine.txt"]


def test_an_output_with_nothing_but_what_file_managers_add_counts_as_empty(
    class_folder: Folder,
) -> None:
    out = memory()
    open_store(out).write("cat/.DS_Store", b"x")
    assert expand(class_folder(2), out).status == 0


def test_a_file_of_the_user_is_not_replaced(class_folder: Folder) -> None:
    local = class_folder(3)
    src, out = fill(memory(), local), memory()
    expand(src, out, 2)
    open_store(out).write("cat/2_v2.png", b"mine")
    grown = expand(src, out, 3)
    assert grown.status == 1
    assert "a file that expand did not write" in grown.summary.bad[0].reason
    assert open_store(out).read("cat/2_v2.png") == b"mine"


def test_a_source_that_changed_is_made_again(class_folder: Folder, tmp_path: Path) -> None:
    local = class_folder(3)
    src, out = fill(memory(), local), memory()
    expand(src, out)
    data = (local / "cat/2.png").read_bytes()
    (local / "cat/0.png").write_bytes(data)
    open_store(src).write("cat/0.png", data)
    assert expand(src, out).summary.made == 4
    expand(local, tmp_path / "here")
    assert contents(out) == tree(tmp_path / "here")


class StopError(Exception):
    """Ends a run, as a kill does."""


@pytest.mark.parametrize("after", [0, 1, 5])
def test_a_run_that_was_killed_resumes_with_the_blocks_that_are_missing(
    after: int, class_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = many(class_folder, 24)
    src, out = fill(memory(), local), memory()
    written = ObjectStore.write_many
    left = [after]

    def write_some(store: ObjectStore, files: list[tuple[str, bytes]]) -> None:
        if not left[0]:
            written(store, files[: len(files) // 2])
            raise StopError
        left[0] -= 1
        written(store, files)

    monkeypatch.setattr(ObjectStore, "write_many", write_some)
    with pytest.raises(StopError):
        expand(src, out)
    assert len([name for name in contents(out) if PartName.parse(name)]) == after
    monkeypatch.undo()
    report = expand(src, out)
    assert report.summary.files == 96
    expand(local, tmp_path / "here")
    assert contents(out) == tree(tmp_path / "here")


def test_two_runs_side_by_side_end_in_one_tree(class_folder: Folder, tmp_path: Path) -> None:
    local = many(class_folder, 24)
    src, out = fill(memory(), local), memory()
    with ThreadPoolExecutor() as pool:
        runs = [pool.submit(expand, src, out) for _ in range(2)]
        assert [run.result().status for run in runs] == [0, 0]
    expand(local, tmp_path / "here")
    assert contents(out) == tree(tmp_path / "here")
    assert card(out)["state"] == "finished"


@pytest.mark.parametrize("overtaken_by", ["a run", "shard 2/2"])
def test_a_run_that_finds_no_run_card_goes_on_with_that_of_a_faster_run(
    overtaken_by: str,
    class_folder: Folder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    local = many(class_folder, 24)
    src, out = fill(memory(), local), memory()
    shards = [None, None] if overtaken_by == "a run" else ["1/2", "2/2"]
    looks = [True]

    def overtaken(store: Store) -> dict[str, Any] | None:
        card = load_card(store)
        if looks:
            looks.clear()
            assert expand(src, out, shard=shards[1]).status == 0
        return card

    monkeypatch.setattr(output, "load_card", overtaken)
    assert expand(src, out, shard=shards[0]).status == 0
    if shards[0]:
        merge_blocks(parse_place(out))
    expand(local, tmp_path / "here")
    assert contents(out) == tree(tmp_path / "here")


def test_shards_in_any_order_are_merged_to_what_one_run_writes(
    class_folder: Folder, tmp_path: Path
) -> None:
    local = many(class_folder, 24)
    src, out = fill(memory(), local), memory()
    for shard in ("3/3", "1/3"):
        expand(src, out, shard=shard)
    place_ = parse_place(out)
    with pytest.raises(ExpandError, match="shard 2/3 is missing or not finished"):
        merge_blocks(place_)
    with pytest.raises(ExpandError, match="is not finished: expand was interrupted"):
        verify_stored(Url("memory", out.split("/")[2], "a b"))
    expand(src, out, shard="2/3")
    merged = merge_blocks(place_)
    expand(local, tmp_path / "here")
    assert contents(out) == tree(tmp_path / "here")
    assert (merged.shards, merged.sources, merged.files) == (3, 24, 96)
    assert set(card(out)) == set(card(tmp_path / "here"))
    with pytest.raises(ExpandError, match="it is one dataset already"):
        merge_blocks(place_)


@pytest.mark.slow
@pytest.mark.parametrize("order", list(permutations(("1/3", "2/3", "3/3"))), ids="".join)
@pytest.mark.parametrize("tars", [False, True], ids=["files", "tars"])
def test_three_shards_at_s3_give_the_same_files_in_each_of_their_orders(
    tars: bool, order: tuple[str, ...], s3: str, class_folder: Folder, tmp_path: Path
) -> None:
    local = jpegs(class_folder, 24)
    options: dict[str, Any] = {"output": "webdataset", "shard_size": 30_000} if tars else {}
    src, out = fill(f"{s3}/src", local), f"{s3}/out"
    for shard in order:
        expand(src, out, shard=shard, **options)
    merged = merge_blocks(parse_place(out))
    assert (merged.shards, merged.sources, merged.files) == (3, 24, 96)
    expand(local, tmp_path / "here", **options)
    assert contents(out) == tree(tmp_path / "here")
    one, other = card(tmp_path / "here"), card(out)
    assert {key: other[key] for key in ("counts", "settings", "state", "bad")} == {
        key: one[key] for key in ("counts", "settings", "state", "bad")
    }


def test_shards_use_the_list_that_was_prepared(
    class_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = many(class_folder, 24)
    src, out = fill(memory(), local), memory()
    assert prepare(parse_place(src), parse_place(out)) == 24
    listed = []
    pages = ObjectStore.pages

    def count(store: ObjectStore, prefix: str = "") -> Iterator[list[Entry]]:
        listed.append(store.place)
        return pages(store, prefix)

    monkeypatch.setattr(ObjectStore, "pages", count)
    for shard in ("2/2", "1/2"):
        expand(src, out, shard=shard)
    assert src not in listed
    monkeypatch.undo()
    merge_blocks(parse_place(out))
    expand(local, tmp_path / "here")
    assert contents(out) == tree(tmp_path / "here")


def test_what_cannot_be_prepared_is_refused(class_folder: Folder, tmp_path: Path) -> None:
    local = class_folder(2)
    src, out = fill(memory(), local), memory()
    with pytest.raises(ExpandError, match="does not exist"):
        prepare(tmp_path / "nowhere", tmp_path / "out")
    with pytest.raises(ExpandError, match="lies inside the input"):
        prepare(local, local / "out")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ExpandError, match="has no files"):
        prepare(tmp_path / "empty", tmp_path / "out")
    with pytest.raises(ExpandError, match="has no files"):
        prepare(parse_place(memory()), parse_place(out))
    prepare(parse_place(src), parse_place(out))
    with pytest.raises(ExpandError, match=f'was prepared for the input "{src}"'):
        expand(fill(memory(), local), out, shard="1/2")
    open_store(out).write(".blocks/listing-000000.jsonl.gz", b"damaged")
    with pytest.raises(ExpandError, match="is damaged; run `expand prepare` again"):
        expand(src, out, shard="1/2")
    open_store(out).write("x", b"")
    with pytest.raises(ExpandError, match=r'is not empty \(it has "x"\)'):
        prepare(parse_place(src), parse_place(out))


def test_verify_finds_what_is_wrong_and_repair_makes_it_again(class_folder: Folder) -> None:
    local = class_folder(5)
    src, out = fill(memory(), local), memory()
    expand(src, out)
    url = parse_place(out)
    assert isinstance(url, Url)
    assert verify_stored(url).problems == []
    store, before = open_store(out), contents(out)
    store.delete(["cat/0_v1.png"])
    store.write("cat/2_v2.png", b"changed")
    store.write("strange.txt", b"")
    found = {(each.kind, each.file) for each in verify_stored(url).problems}
    assert found == {
        ("missing", "cat/0_v1.png"),
        ("changed", "cat/2_v2.png"),
        ("extra", "strange.txt"),
    }
    store.delete(["strange.txt"])
    assert repair_stored(url, ["cat/0_v1.png", "cat/2_v2.png"]).failed == []
    assert contents(out) == before
    store.delete(["cat/0_v1.png"])
    assert replay_stored(url, f"{out}/cat/0_v1.png") == (url / "cat/0_v1.png", False)
    assert replay_stored(url, "cat/0_v1.png") == (url / "cat/0_v1.png", True)
    assert contents(out) == before


def test_a_run_from_a_url_that_began_in_a_folder_is_not_resumed_from_another(
    class_folder: Folder, tmp_path: Path
) -> None:
    local = class_folder(5)
    expand(fill(memory(), local), tmp_path / "out", shard="1/2")
    with pytest.raises(ExpandError, match="run that command again"):
        expand(local, tmp_path / "out")


@pytest.mark.parametrize(
    ("src", "out", "said"),
    [
        ("memory://a/b", "memory://a/b", "is the input"),
        ("memory://a/b", "memory://a/b/c", "lies inside the input"),
        ("memory://a/b/c", "memory://a/b", "does not contain it"),
        ("memory://nothing/here", "memory://out/x", "has no files"),
        ("memory://a:b@c/d", "x", "a user or a password"),
    ],
)
def test_places_that_cannot_be_used_are_refused(src: str, out: str, said: str) -> None:
    with pytest.raises(ExpandError, match=said) as caught:
        expand(src, out)
    assert caught.value.status == 2


def test_links_are_refused(class_folder: Folder) -> None:
    local = class_folder(2)
    with pytest.raises(ExpandError, match="no links"):
        expand(local, memory(), originals="link")


def test_the_task_of_a_block_can_be_sent_to_another_process(class_folder: Folder) -> None:
    local = class_folder(2)
    job = BlockJob(local, Url("s3", "b"), Settings(Recipe.load("classic"), 4), NameLimits(9, 9))
    assert pickle.loads(pickle.dumps((do_block, job))) == (do_block, job)


STEMS = st.text(st.sampled_from("abA_v1.é"), max_size=6).map("a{}".format)


@given(STEMS, st.sampled_from([".jpg", ".PNG", ".tif"]), st.integers(1, 12))
def test_copies_share_the_block_of_their_source(stem: str, suffix: str, k: int) -> None:
    source = f"cat/{stem}{suffix}"
    for format_ in ("keep", "webp", "png"):
        name = copy_name(source, k, format_)
        assert block_of(name, 1000) == block_of(source, 1000)
    assert stem_of(source).startswith("cat/")


def test_the_number_of_blocks_depends_on_the_dataset_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.undo()

    def count(sources: int, bytes_: int = 0) -> int:
        return count_blocks(ScanSummary(Counter({"a": sources}), bytes_))

    assert [count(n) for n in (1, 63, 128, 10_000, 1_000_000)] == [1, 1, 2, 64, 489]
    assert count(100, 10 << 30) == 40
    assert count(10**9) == 100_000
