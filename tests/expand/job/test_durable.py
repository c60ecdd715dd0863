"""--durable: the files are on the disk before the manifest names them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from expand import ExpandError, expand
from expand.job import run
from expand.records import writer
from expand.storage import folder
from tests.conftest import Folder, tree
from tests.expand.job.test_run import COMMAND, many


@pytest.mark.parametrize("whole_disk", [True, False])
def test_files_are_synced_in_batches_before_the_manifest_names_them(
    whole_disk: bool, class_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Linux one call waits for a batch; elsewhere each file and its folder are waited for."""
    events: list[str] = []
    sync_all, sync_folder, fsync, flush = folder.sync_all, folder.sync_folder, os.fsync, writer.ManifestWriter.flush  # fmt: skip
    monkeypatch.setattr(run, "CHUNK_SOURCES", 4)
    monkeypatch.setattr(folder, "SYNCS_ALL", whole_disk)
    monkeypatch.setattr(folder, "sync_all", lambda h: (events.append("disk"), sync_all(h)))
    monkeypatch.setattr(folder, "sync_folder", lambda h: (events.append("folder"), sync_folder(h)))
    monkeypatch.setattr(os, "fsync", lambda h: (events.append("file"), fsync(h)))

    def note(self: writer.ManifestWriter) -> None:
        events.extend("row" for _ in self.lines)
        flush(self)

    monkeypatch.setattr(writer.ManifestWriter, "flush", note)
    src = many(class_folder, 12)
    expand(src, tmp_path / "out", 2, workers=1, durable=True)
    assert events.count("row") == 24
    seen = 0
    for event in events:
        if event == "disk":
            seen += 8
        elif event == "file" and not whole_disk:
            seen += 1
        elif event == "row":
            seen -= 1
            assert seen >= 0, events
    assert ("folder" in events) is True
    assert events.count("disk") == (3 if whole_disk else 0)
    monkeypatch.undo()
    expand(src, tmp_path / "plain", 2, workers=1)
    assert tree(tmp_path / "out") == tree(tmp_path / "plain")


def test_a_disk_that_fails_to_sync_stops_the_run_before_the_manifest_names_the_files(
    class_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_handle: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(folder, "sync_all", fail)
    with pytest.raises(ExpandError, match="Input/output error") as error:
        expand(many(class_folder, 3), tmp_path / "out", 2, workers=1, durable=True)
    assert error.value.status == 3
    assert (tmp_path / "out/.metadata-0.part").read_bytes() == b""


def test_the_option_is_documented_and_off_unless_asked_for(
    class_folder: Folder, tmp_path: Path
) -> None:
    shown = subprocess.run([*COMMAND, "--help"], capture_output=True, text=True, check=True).stdout
    assert "--durable" in shown
    src = class_folder(1)
    for number, options in enumerate(([], ["--durable"])):
        out = tmp_path / str(number)
        subprocess.run([*COMMAND, str(src), str(out), "-q", *options], check=True)
    assert tree(tmp_path / "0") == tree(tmp_path / "1")
