"""A local folder that is listed once: its shards read the list, and write what they would write."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from expand import expand
from expand.errors import ExpandError
from expand.job.blocks.merge import merge_blocks
from expand.job.job import Report
from expand.job.sharding import listed
from expand.job.sharding.listed import prepare
from expand.job.sharding.merge import merge
from expand.layouts.walk import Disk
from expand.records.card import read_card
from expand.storage.lock import Lock
from expand.storage.stores.open import open_store
from expand.storage.stores.url import parse_place
from tests.conftest import Folder, tree
from tests.expand.job.blocks.test_blocks import memory
from tests.expand.job.test_labelled import SETS, of_each
from tests.expand.job.test_run import many
from tests.stores import contents

NOTE = "the files are read from the list of `expand prepare`"


def expand_listed(src: Path, out: Path | str, monkeypatch: pytest.MonkeyPatch) -> list[Report]:
    """Prepare an output and expand two shards, which do not ask the disk for sizes."""
    prepare(src, parse_place(out))
    with monkeypatch.context() as patch:
        patch.delattr(Disk, "status")
        return [expand(src, out, shard=shard, workers=1) for shard in ("2/2", "1/2")]


def test_shards_of_class_folders_use_the_list(
    class_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    src, out = many(class_folder, 40), tmp_path / "out"
    (src / "empty").mkdir()
    (src / "empty/.hidden").touch()
    (src / "notes.txt").touch()
    (src / "linked").symlink_to(src / "ant")
    for report in expand_listed(src, out, monkeypatch):
        assert NOTE in report.notes
    merge(out)
    done = expand(src, tmp_path / "one", workers=1)
    assert NOTE not in done.notes
    assert tree(out) == tree(tmp_path / "one")
    assert found(out) == found(tmp_path / "one")
    assert not (out / ".shards").exists()


def found(out: Path) -> object:
    """Return what a run card says of the input."""
    card = read_card(out)
    assert card
    return card["found"]


@of_each
def test_shards_of_any_layout_use_the_list(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    src, out = tmp_path / "src", tmp_path / "out"
    SETS[kind](src)
    expand_listed(src, out, monkeypatch)
    merge(out)
    expand(src, tmp_path / "one", workers=1)
    assert tree(out) == tree(tmp_path / "one")


def test_shards_of_tars_and_of_a_url_use_the_list(
    class_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    src, out, url = many(class_folder, 40), tmp_path / "out", memory()
    prepare(src, out)
    for shard in ("1/2", "2/2"):
        assert (
            NOTE
            in expand(src, out, shard=shard, workers=1, output="webdataset", format="png").notes
        )
    merge_blocks(out)
    expand(src, tmp_path / "one", workers=1, output="webdataset", format="png")
    assert tree(out) == tree(tmp_path / "one")
    expand_listed(src, url, monkeypatch)
    merge_blocks(parse_place(url))
    expand(src, tmp_path / "folder", workers=1)
    assert contents(url) == tree(tmp_path / "folder")


def test_an_output_with_nothing_but_what_file_managers_add_counts_as_empty(
    class_folder: Folder, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/Thumbs.db").write_text("x")
    assert prepare(many(class_folder, 10), tmp_path / "out") == 10


def test_a_list_of_another_or_a_changed_folder_is_refused(
    class_folder: Folder, tmp_path: Path
) -> None:
    src, out = many(class_folder, 10), tmp_path / "out"
    prepare(src, out)
    prepare(src, out)
    other = tmp_path / "other"
    other.symlink_to(src)
    expand(other, out, shard="1/2", workers=1)
    with pytest.raises(ExpandError, match=r"is not empty.*run `expand prepare` before the first"):
        prepare(src, out)
    with pytest.raises(ExpandError, match="was prepared for the input"):
        expand(class_folder(2, name="another"), out, shard="2/2")
    os.utime(src / "bee/young")
    with pytest.raises(ExpandError, match=r'young" changed after `expand prepare` listed it'):
        expand(src, out, shard="2/2")
    with pytest.raises(ExpandError, match="is being written in shards"):
        expand(src, out)


def test_a_name_that_a_list_cannot_hold_is_refused(class_folder: Folder, tmp_path: Path) -> None:
    src = many(class_folder, 3)
    (src / "odd\1name.png").touch()
    with pytest.raises(ExpandError, match="has a control character in its name"):
        prepare(src, tmp_path / "out")


def test_a_list_of_which_two_commands_wrote_one_half_each_is_refused(
    class_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    src, out = many(class_folder, 40), memory()
    monkeypatch.setattr(listed, "TOGETHER", 20)
    prepare(src, parse_place(out))
    store = open_store(out)
    index = store.read(".blocks/listing.json")
    (src / "ant/000.jpg").write_bytes((src / "ant/006.jpg").read_bytes())
    prepare(src, parse_place(out))
    store.write(".blocks/listing.json", index)
    with pytest.raises(ExpandError, match=r'\.jsonl\.gz" is damaged; run `expand prepare` again'):
        expand(src, out, shard="1/2")


def test_an_output_is_not_prepared_while_a_shard_begins_in_it(
    class_folder: Folder, tmp_path: Path
) -> None:
    src, out = many(class_folder, 4), tmp_path / "out"
    shard, refused = Lock(out, shared=True, create=True), "another run is writing to"
    with shard, pytest.raises(ExpandError, match=refused):
        prepare(src, out)
    prepare(src, out)
