"""Runs in blocks that begin, grow and end while others work on the same output."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import obstore
import pytest

from expand import expand
from expand.errors import ExpandError
from expand.job.blocks import job, keys, output, publish
from expand.job.blocks.merge import merge_blocks
from expand.job.blocks.records import LocalRecords, load_card, remove_parts, save_card
from expand.job.checks import stored
from expand.job.checks.stored import verify_stored
from expand.storage.stores.objects import ObjectStore
from expand.storage.stores.open import open_store
from expand.storage.stores.store import Store
from expand.storage.stores.url import Url, parse_place
from tests.conftest import Folder, noise_image, tree
from tests.expand.job.test_run import many
from tests.stores import contents, fill


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "LEAST", 4)


def memory() -> str:
    return f"memory://{uuid4().hex}/a"


def before(
    monkeypatch: pytest.MonkeyPatch, where: Any, name: str, act: Callable[[], object]
) -> None:
    """Let something else happen before the first call of a function."""
    function, remaining = getattr(where, name), [act]

    def called(*given: Any, **named: Any) -> Any:
        if remaining:
            remaining.pop()()
        return function(*given, **named)

    monkeypatch.setattr(where, name, called)


def interrupted(src: str, out: str, monkeypatch: pytest.MonkeyPatch, **settings: Any) -> None:
    """Do all blocks of a run, and end it before it is finished."""

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(job, "_finish", end)
        with pytest.raises(KeyboardInterrupt):
            expand(src, out, **settings)


def expected(local: Path, tmp_path: Path, factor: int = 4) -> dict[str, bytes]:
    """Return the files that a run alone writes."""
    expand(local, tmp_path / f"alone-{factor}", factor)
    return tree(tmp_path / f"alone-{factor}")


def test_a_run_that_resumes_is_refused_if_another_has_grown_the_output_meanwhile(
    class_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = many(class_folder, 24)
    src, out = fill(memory(), local), memory()
    interrupted(src, out, monkeypatch, factor=2)
    before(monkeypatch, job, "present_parts", lambda: expand(src, out, 4))
    with pytest.raises(ExpandError, match="--factor 2 is smaller: a folder can grow, not shrink"):
        expand(src, out, 2)
    assert contents(out) == expected(local, tmp_path)


def test_a_run_that_grows_the_output_goes_on_if_another_has_finished_it_meanwhile(
    class_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = many(class_folder, 24)
    src, out = fill(memory(), local), memory()
    interrupted(src, out, monkeypatch, factor=2)
    before(monkeypatch, job, "present_parts", lambda: expand(src, out, 2))
    assert expand(src, out, 4).status == 0
    assert contents(out) == expected(local, tmp_path)


def test_a_run_ends_if_another_has_grown_the_output_before_its_manifest_is_written(
    class_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = many(class_folder, 24)
    src, out = fill(memory(), local), memory()
    before(monkeypatch, LocalRecords, "merge", lambda: expand(src, out, 4))
    with pytest.raises(ExpandError, match="by a run with other settings") as caught:
        expand(src, out, 2)
    assert caught.value.status == 3
    assert contents(out) == expected(local, tmp_path)


def test_the_run_card_of_a_run_that_grows_the_output_is_not_replaced_by_one_that_ends(
    class_folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = many(class_folder, 24)
    src, out = fill(memory(), local), memory()

    def grow() -> None:
        interrupted(src, out, monkeypatch, factor=4)

    before(monkeypatch, publish, "replace_card", grow)
    with pytest.raises(ExpandError, match="by a run with other settings"):
        expand(src, out, 2)
    card = load_card(open_store(out))
    assert card is not None
    assert (card["state"], card["settings"]["factor"]) == ("unfinished", 4)
    assert expand(src, out, 4).status == 0
    assert verify_stored(Url("memory", out.split("/")[2], "a")).problems == []


def test_a_faster_run_of_an_input_with_fewer_images_does_not_stand_for_this_one(
    class_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = many(class_folder, 24)
    src, out = fill(memory(), local), memory()
    fewer, elsewhere = memory(), memory()
    names = sorted(path.relative_to(local).as_posix() for path in local.rglob("*.*"))[:-1]
    open_store(fewer).write_many([(name, (local / name).read_bytes()) for name in names])
    expand(fewer, elsewhere)
    done, store = load_card(open_store(elsewhere)), open_store(out)
    assert done

    def finish() -> None:
        save_card(store, done)
        remove_parts(store)

    before(monkeypatch, publish, "add_up", finish)
    with pytest.raises(ExpandError, match="Run the same command again to resume") as caught:
        expand(src, out)
    assert caught.value.status == 3
    assert expand(src, out).status == 0
    assert contents(out) == expected(local, tmp_path)


def test_overwrite_does_not_remove_a_run_that_began_at_the_same_moment(
    class_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = many(class_folder, 24)
    src, out = fill(memory(), local), memory()
    before(monkeypatch, output, "card_bytes", lambda: expand(src, out))
    with pytest.raises(ExpandError, match="was written with other settings: .*seed"):
        expand(src, out, seed=1, overwrite=True)
    assert contents(out) == expected(local, tmp_path)


def test_a_shard_that_is_run_again_is_refused_if_the_shards_are_merged_meanwhile(
    class_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = many(class_folder, 24)
    src, out = fill(memory(), local), memory()
    for shard in ("1/2", "2/2"):
        expand(src, out, shard=shard)
    before(monkeypatch, job, "present_parts", lambda: merge_blocks(parse_place(out)))
    with pytest.raises(ExpandError, match="is finished, or its shards are merged already"):
        expand(src, out, shard="1/2")
    assert contents(out) == expected(local, tmp_path)


def test_shards_of_different_factors_are_not_merged(class_folder: Folder, tmp_path: Path) -> None:
    local = many(class_folder, 24)
    src, out = fill(memory(), local), memory()
    expand(src, out, 2, shard="1/2")
    expand(src, out, 4, shard="2/2")
    with pytest.raises(ExpandError, match="shard 1/2 was written with other settings"):
        merge_blocks(parse_place(out))
    expand(src, out, 4, shard="1/2")
    assert merge_blocks(parse_place(out)).files == 96
    assert contents(out) == expected(local, tmp_path)


def test_a_shard_that_is_run_again_after_its_input_changed_can_be_merged(
    class_folder: Folder, tmp_path: Path
) -> None:
    local = many(class_folder, 24)
    src, out = fill(memory(), local), memory()
    for shard in ("1/2", "2/2"):
        expand(src, out, shard=shard)
    class_folder({"cat/new.png": noise_image(9, 9, 3)})
    fill(src, local)
    for shard in ("1/2", "2/2"):
        expand(src, out, shard=shard)
    assert merge_blocks(parse_place(out)).sources == 25
    assert contents(out) == expected(local, tmp_path)


def test_records_that_are_written_while_they_are_fetched_are_fetched_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = open_store(memory())
    store.write("metadata.jsonl", b"old")
    before(monkeypatch, obstore, "get", lambda: store.write("metadata.jsonl", b"new and longer"))
    with LocalRecords(store) as records:
        assert records.fetch("metadata.jsonl")
        assert (records.path / "metadata.jsonl").read_bytes() == b"new and longer"


def test_verify_reads_the_records_of_one_run(
    class_folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = many(class_folder, 24)
    src, out = fill(memory(), local), memory()
    expand(src, out, 2)
    card_of, looks = load_card, iter(range(9))

    def grown(store: Store) -> dict[str, Any] | None:
        found = card_of(store)
        if next(looks) == 0:
            expand(src, out, 4)
        return found

    monkeypatch.setattr(stored, "load_card", grown)
    assert verify_stored(Url("memory", out.split("/")[2], "a")).problems == []


def test_what_a_run_leaves_that_is_killed_after_another_has_finished_is_no_problem(
    class_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = many(class_folder, 24)
    src, out = fill(memory(), local), memory()
    interrupted(src, out, monkeypatch)
    left = [each for each in contents(out).items() if each[0].startswith(".blocks/")]
    assert expand(src, out).status == 0
    open_store(out).write_many(left[1:])
    assert verify_stored(Url("memory", out.split("/")[2], "a")).problems == []
    assert expand(src, out).status == 0
    assert contents(out) == expected(local, tmp_path)


def test_a_manifest_that_a_run_of_a_smaller_factor_wrote_last_is_found_and_mended(
    class_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = many(class_folder, 24)
    src, out = fill(memory(), local), memory()
    before(monkeypatch, ObjectStore, "write_file", lambda: expand(src, out, 4))
    with pytest.raises(ExpandError, match="let one run finish") as caught:
        expand(src, out, 2)
    assert caught.value.status == 3
    assert any(
        problem.kind == "miscounted"
        for problem in verify_stored(Url("memory", out.split("/")[2], "a")).problems
    )
    assert expand(src, out, 4).status == 0
    assert contents(out) == expected(local, tmp_path)
