"""Commands on one local folder at the same moment: one works, and the others are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from expand import expand
from expand.errors import ExpandError
from expand.job import job, output
from expand.job.checks import verify as checks
from expand.job.checks.verify import move_unknown, verify
from expand.job.output import peek_output
from expand.job.planning.opening import make_plan
from expand.job.remaking.repair import repair
from expand.job.remaking.replay import replay_into
from expand.job.settings import Settings
from expand.job.sharding import merge as merges
from expand.job.sharding.merge import merge
from expand.layouts.labelled.dataset import Request
from expand.recipes.recipe import Recipe
from expand.splitting import split as splits
from expand.splitting.parts import parse_parts
from expand.splitting.plan import SplitSettings, plan_split
from expand.splitting.split import split
from expand.storage.lock import Lock
from tests.conftest import Folder, tree
from tests.expand.job.blocks.test_races import before


def test_a_run_without_shards_and_a_shard_do_not_begin_in_one_folder(
    class_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local, out = class_folder(4), tmp_path / "out"

    def begin_shard() -> None:
        with pytest.raises(ExpandError, match="another run is writing to"):
            expand(local, out, shard="1/2")

    before(monkeypatch, output, "find_others", begin_shard)
    assert expand(local, out).status == 0
    expand(local, tmp_path / "alone")
    assert tree(out) == tree(tmp_path / "alone")


def test_a_shard_that_works_keeps_out_a_run_without_shards_and_a_merge(
    class_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local, out = class_folder(4), tmp_path / "out"
    expand(local, out, shard="1/2")

    def others() -> None:
        for other in (lambda: expand(local, out), lambda: merge(out)):
            with pytest.raises(ExpandError, match="another run is writing to"):
                other()
        assert expand(local, out, shard="2/2").status == 0

    before(monkeypatch, job, "write_card", others)
    expand(local, out, shard="1/2")
    merge(out)
    expand(local, tmp_path / "alone")
    assert tree(out) == tree(tmp_path / "alone")


def test_a_shard_does_not_begin_while_shards_are_merged(
    class_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local, out = class_folder(4), tmp_path / "out"
    for shard in ("1/2", "2/2"):
        expand(local, out, 2, shard=shard)

    def grow() -> None:
        with pytest.raises(ExpandError, match="another run is writing to"):
            expand(local, out, 4, shard="1/2")

    before(monkeypatch, merges, "merge_manifests", grow)
    merge(out)
    expand(local, tmp_path / "alone", 2)
    assert tree(out) == tree(tmp_path / "alone")


def test_a_run_that_is_refused_leaves_the_folder_to_one_that_begins_at_the_same_moment(
    class_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local, out = class_folder(4), tmp_path / "out"
    refused = [True]

    def refuse() -> None:
        if refused:
            refused.clear()
            monkeypatch.setattr(output, "_prepare", fail)
            with pytest.raises(ExpandError, match="no room"):
                expand(local, out)
            monkeypatch.undo()

    def fail(*_: Any) -> Any:
        raise ExpandError("no room")

    lock = Lock._lock_folder

    def overtaken(self: Lock) -> bool:
        refuse()
        return lock(self)

    monkeypatch.setattr(Lock, "_lock_folder", overtaken)
    assert expand(local, out).status == 0


def test_planning_does_not_refuse_the_folder_of_a_run_that_begins_meanwhile(
    class_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local, out = class_folder(4), tmp_path / "out"
    out.mkdir()
    settings = Settings(Recipe.load("classic"), 4)
    with make_plan(local, out, settings, Request()) as plan:
        before(monkeypatch, output, "_check_empty", lambda: expand(local, out))
        assert peek_output(plan).files == 32
        (out / "expand.json").unlink()
        with pytest.raises(ExpandError, match="is not empty and has no expand.json"):
            peek_output(plan)


def test_two_splits_that_begin_at_the_same_moment_end_in_one_tree(
    class_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local, out = class_folder(9), tmp_path / "parts"
    plan = plan_split(local, out, SplitSettings(parse_parts("train=0.5,test=0.5")))
    write = splits.write_split

    def refused(*given: Any) -> None:
        with pytest.raises(ExpandError, match="another run is writing to"):
            split(plan)
        write(*given)

    monkeypatch.setattr(splits, "write_split", refused)
    assert split(plan).status == 0
    monkeypatch.undo()
    before(monkeypatch, Lock, "_lock_folder", lambda: split(plan))
    assert split(plan).made == 0


def test_verify_says_that_a_run_changed_the_folder_meanwhile(
    class_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local, out = class_folder(4), tmp_path / "out"
    expand(local, out, 2)
    before(monkeypatch, checks, "read_rows", lambda: expand(local, out, 4))
    with pytest.raises(ExpandError, match="was changed by a run of expand while it was verified"):
        verify(out)
    assert verify(out).problems == []


def test_files_that_a_run_has_recorded_since_they_were_unknown_are_not_moved(
    class_folder: Folder, tmp_path: Path
) -> None:
    local, out = class_folder(4), tmp_path / "out"
    expand(local, out, 2)
    expand(local, tmp_path / "larger", 3)
    name = next(path for path in tree(tmp_path / "larger") if "_v2" in path)
    (out / name).write_bytes((tmp_path / "larger" / name).read_bytes())
    verdict = verify(out)
    assert verdict.unknown == [name]
    expand(local, out, 3)
    with pytest.raises(ExpandError, match="was changed by a run of expand"):
        move_unknown(out, verdict, tmp_path / "moved")
    assert verify(out).problems == []


def test_a_folder_that_a_run_began_to_grow_is_not_repaired(
    class_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local, out = class_folder(4), tmp_path / "out"
    expand(local, out, 2)

    def begin() -> None:
        def stop(*_: Any) -> Any:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr("expand.job.job.run", stop)
            with pytest.raises(KeyboardInterrupt):
                expand(local, out, 4)

    before(monkeypatch, Lock, "__enter__", begin)
    with pytest.raises(ExpandError, match="is not finished"):
        repair(out, ["cat/0_v1.png"])


def test_replay_does_not_write_to_a_folder_that_a_run_writes_to(
    class_folder: Folder, tmp_path: Path
) -> None:
    local, out = class_folder(4), tmp_path / "out"
    expand(local, out, 2)
    (out / "cat/0_v1.png").unlink()
    with Lock(out):
        with pytest.raises(ExpandError, match="another run is writing to"):
            replay_into(out, "cat/0_v1.png")
        assert replay_into(out, "cat/0_v1.png", to=tmp_path / "elsewhere.png")[1] is False
    assert replay_into(out, "cat/0_v1.png")[1] is False
    assert verify(out).problems == []
