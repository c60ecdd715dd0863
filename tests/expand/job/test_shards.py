"""Shards: independent jobs write what one run writes, in any order, and are merged."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest

from expand import expand
from expand.errors import ExpandError
from expand.job.checks.verify import verify
from expand.job.sharding.merge import merge
from expand.job.sharding.records import OPEN, merge_manifests
from expand.job.sharding.shard import Shard
from expand.records.manifest import read_rows
from tests.conftest import Folder, tree
from tests.expand.job.test_labelled import SETS
from tests.expand.job.test_run import many


def expand_shards(src: Path, out: Path, count: int, seed: int = 0) -> None:
    numbers = list(range(1, count + 1))
    random.Random(seed).shuffle(numbers)
    for number in numbers:
        assert expand(src, out, shard=f"{number}/{count}", workers=1).status == 0


@pytest.mark.parametrize("count", [1, 3])
def test_shards_in_any_order_are_merged_to_what_one_run_writes(
    count: int, class_folder: Folder, tmp_path: Path
) -> None:
    src = many(class_folder, 60)
    expand(src, tmp_path / "one", workers=1)
    expand_shards(src, tmp_path / "out", count, seed=count)
    assert merge(tmp_path / "out").files == 240
    assert tree(tmp_path / "out") == tree(tmp_path / "one")
    one, out = (
        json.loads((tmp_path / name / "expand.json").read_text()) for name in ("one", "out")
    )
    assert len(one.pop("cost")["runs"]) == 1
    assert len(out.pop("cost")["runs"]) == count
    assert one == out
    assert verify(tmp_path / "out").problems == []
    with pytest.raises(ExpandError, match="one dataset already"):
        merge(tmp_path / "out")


@pytest.mark.parametrize("kind", ["coco", "yolo-detect", "voc"])
def test_labelled_datasets_are_merged_with_their_files_for_the_whole_set(
    kind: str, tmp_path: Path
) -> None:
    SETS[kind](tmp_path / "src")
    expand(tmp_path / "src", tmp_path / "one", workers=1)
    expand_shards(tmp_path / "src", tmp_path / "out", 2)
    merge(tmp_path / "out")
    assert tree(tmp_path / "out") == tree(tmp_path / "one")


def test_missing_and_unfinished_shards_are_named(class_folder: Folder, tmp_path: Path) -> None:
    src, out = many(class_folder, 30), tmp_path / "out"
    with pytest.raises(ExpandError, match="has no shards"):
        merge(src)
    for shard in ("2/3", "3/3"):
        expand(src, out, shard=shard, workers=1)
    card = out / ".shards/3-of-3/expand.json"
    card.write_text(card.read_text().replace('"finished"', '"unfinished"'))
    with pytest.raises(ExpandError, match=r"shard 1/3 is missing; shard 3/3 is not finished"):
        merge(out)
    with pytest.raises(ExpandError, match="is being written in shards.*expand merge"):
        expand(src, out, workers=1)
    with pytest.raises(ExpandError, match="To start again, remove the folder"):
        expand(src, out, workers=1, overwrite=True)
    for shard in ("3/3", "1/3", "1/4"):
        expand(src, out, shard=shard, workers=1)
    with pytest.raises(ExpandError, match="shards of 3 and of 4 jobs"):
        merge(out)
    shutil.rmtree(out / ".shards/1-of-4")
    with pytest.raises(ExpandError, match='cannot be used with --shard.*remove ".*out"'):
        expand(src, out, shard="1/3", overwrite=True)
    merge(out)
    with pytest.raises(ExpandError, match="merged already"):
        expand(src, out, shard="1/3")


def test_shards_that_do_not_belong_together_are_refused(
    class_folder: Folder, tmp_path: Path
) -> None:
    src, out = many(class_folder, 30), tmp_path / "out"
    expand(src, out, shard="1/2", workers=1)
    expand(src, out, shard="2/2", workers=1, seed=1)
    with pytest.raises(ExpandError, match="1/2 and 2/2 have different settings: seed 0 and 1"):
        merge(out)


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "1/0", "a/b", "-1/3", "1/2/3", "1/1000000"])
def test_impossible_shards_are_refused(text: str) -> None:
    with pytest.raises(ExpandError, match="--shard must be I/N"):
        Shard.parse(text)


def test_shares_are_fair_and_depend_on_the_path_alone() -> None:
    shares = [
        sum(Shard(number, 4).has(f"cat/{n}.png") for n in range(4000)) for number in range(1, 5)
    ]
    assert sum(shares) == 4000
    assert min(shares) > 900


def test_many_manifests_are_merged_with_few_open_files(tmp_path: Path) -> None:
    count = 2 * OPEN + 3
    names = [f"a/{n:05d}" for n in range(4 * count)] + ['a b/é"x', "a/b/c", "a-b/1"]
    for number in range(count):
        folder = tmp_path / str(number)
        folder.mkdir()
        mine = sorted(names[number::count], key=lambda name: name.split("/"))
        rows = [f'{{"file_name": {json.dumps(n, ensure_ascii=False)}, "label": "a", "source": {json.dumps(n, ensure_ascii=False)}, "view": 0, "params": {{}}, "width": 1, "height": 1, "bytes": 1, "sha256": "", "source_sha256": "", "same_as": 0}}\n' for n in mine]  # fmt: skip
        (folder / "metadata.jsonl").write_text("".join(rows), "utf-8")
    (tmp_path / "scratch").mkdir()
    lines = merge_manifests([tmp_path / str(n) for n in range(count)], tmp_path / "scratch")
    merged = [json.loads(line)["source"] for line in lines]
    assert merged == sorted(names, key=lambda name: name.split("/"))


def test_a_merged_dataset_can_grow(class_folder: Folder, tmp_path: Path) -> None:
    src = many(class_folder, 30)
    expand_shards(src, tmp_path / "out", 2)
    merge(tmp_path / "out")
    expand(src, tmp_path / "out", 5, workers=1)
    assert len(list(read_rows(tmp_path / "out"))) == 150


@pytest.mark.parametrize("step", ["write_card", "_remove_shards", "write_derived"])
def test_a_merge_that_is_interrupted_can_be_run_again(
    step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    SETS["coco"](tmp_path / "src")
    expand(tmp_path / "src", tmp_path / "one", workers=1)
    expand_shards(tmp_path / "src", tmp_path / "out", 2)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(f"expand.job.sharding.merge.{step}", interrupt)
        with pytest.raises(KeyboardInterrupt):
            merge(tmp_path / "out")
    merge(tmp_path / "out")
    assert tree(tmp_path / "out") == tree(tmp_path / "one")
    assert verify(tmp_path / "out").problems == []
