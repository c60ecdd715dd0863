"""--overwrite at a URL: what an earlier run wrote is removed, unknown files stay, a kill is harmless."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from expand import ExpandError, expand
from expand.job.blocks import keys, removal
from expand.storage.stores.open import open_store
from tests.conftest import Folder, tree
from tests.expand.job.blocks.test_blocks import memory, place
from tests.expand.job.test_tars import jpegs
from tests.stores import contents, fill

TARS: dict[str, Any] = {"output": "webdataset", "shard_size": 30_000}
STRANGERS = {
    "note.txt": b"x",
    "ant/mine.png": b"y",
    "bee/young/000_v9.png": b"z",
    "000000-9.tar": b"a view that the run did not have",
    "000099-0.tar": b"a block that the run did not have",
}


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "LEAST", 4)


def killed(files: int) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("to", ["memory", "folder", pytest.param("s3", marks=pytest.mark.slow)])
@pytest.mark.parametrize("finished", [True, False], ids=["finished", "interrupted"])
@pytest.mark.parametrize("options", [{}, TARS], ids=["files", "tars"])
def test_an_earlier_run_is_removed_and_unknown_files_stay_and_are_named(
    to: str,
    finished: bool,
    options: dict[str, Any],
    class_folder: Folder,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    local = jpegs(class_folder, 24)
    src, out = fill(memory(), local), place(to, tmp_path, request)
    if finished:
        expand(src, out, 5, seed=1, **options)
    else:
        with pytest.raises(KeyboardInterrupt):
            expand(src, out, 5, seed=1, progress=killed, **options)
        if not options:  # as if a worker had been killed in the middle of a block
            store = open_store(out)
            parts = [e.name for page in store.pages(".blocks/") for e in page]
            store.delete([name for name in parts if "begun" not in name])
    open_store(out).write_many([*STRANGERS.items()])
    report = expand(src, out, 2, overwrite=True, **options)
    (note,) = report.notes
    assert note.startswith(f"{len(STRANGERS)} files that are not in the record stayed: ")
    expand(local, tmp_path / "fresh", 2, **options)
    assert contents(out) == {**tree(tmp_path / "fresh"), **STRANGERS}


@pytest.mark.parametrize("at", range(4))
def test_a_removal_that_was_interrupted_resumes_with_the_same_command(
    at: int, class_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = jpegs(class_folder, 24)
    src, out = fill(memory(), local), memory()
    expand(src, out, 3)
    steps = ["_recorded", "remove_parts", "manifest_for", "Leftovers"]

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(removal, steps[at], interrupted)
    with pytest.raises(KeyboardInterrupt):
        expand(src, out, 2, overwrite=True)
    monkeypatch.undo()
    with pytest.raises(ExpandError, match="Use --overwrite again to finish"):
        expand(src, out, 3)
    expand(src, out, 2, overwrite=True)
    expand(local, tmp_path / "fresh", 2)
    assert contents(out) == tree(tmp_path / "fresh")


@pytest.mark.parametrize("options", [{"factor": 3}, {"factor": 2, "overwrite": True}])
def test_a_damaged_manifest_is_named_by_its_url(
    options: dict[str, Any], class_folder: Folder
) -> None:
    src, out = fill(memory(), jpegs(class_folder, 6)), memory()
    expand(src, out, 2)
    store = open_store(out)
    manifest = store.read("metadata.jsonl")
    store.write("metadata.jsonl", manifest.replace(b'"ant/000_v1.jpg"', b'"../x.jpg"'))
    with pytest.raises(ExpandError, match=f'^"{out}/metadata.jsonl", line 2: '):
        expand(src, out, **options)


def test_a_file_of_the_user_in_the_place_of_a_copy_is_not_overwritten(
    class_folder: Folder,
) -> None:
    src, out = fill(memory(), jpegs(class_folder, 6)), memory()
    expand(src, out, 1)
    open_store(out).write("ant/000_v1.jpg", b"mine")
    report = expand(src, out, 2, overwrite=True)
    assert [bad.source for bad in report.summary.bad] == ["ant/000.jpg"]
    assert open_store(out).read("ant/000_v1.jpg") == b"mine"


def test_what_expand_did_not_write_is_refused_with_overwrite_too(class_folder: Folder) -> None:
    src, out = fill(memory(), jpegs(class_folder, 6)), memory()
    open_store(out).write("note.txt", b"x")
    with pytest.raises(ExpandError, match="expand did not write it"):
        expand(src, out, 2, overwrite=True)
