"""The store: whole files or none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from expand import ExpandError
from expand.storage.files import write_whole
from expand.storage.folder import OutputFolder
from expand.storage.lock import Lock


def test_a_file_is_written_whole_and_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folders" / "1.png"
    write_whole(path, b"first")
    write_whole(path, b"second")
    assert path.read_bytes() == b"second"
    assert [p.name for p in path.parent.iterdir()] == ["1.png"]


def test_a_write_that_fails_leaves_nothing_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "1.png"
    write_whole(path, b"before")

    def full(handle: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(
        ExpandError, match='1.png" cannot be written: No space left on device'
    ) as error:
        write_whole(path, b"after")
    assert error.value.status == 3
    assert path.read_bytes() == b"before"
    assert [p.name for p in tmp_path.iterdir()] == ["1.png"]


def test_short_writes_are_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda handle, data: write(handle, bytes(data)[:3]))
    write_whole(tmp_path / "1", b"0123456789")
    assert (tmp_path / "1").read_bytes() == b"0123456789"


def test_a_link_costs_no_bytes_and_replaces_what_was_there(tmp_path: Path) -> None:
    source = tmp_path / "a.png"
    source.write_bytes(b"x")
    out = tmp_path / "out"
    out.mkdir()
    target = out / "a" / "a.png"
    with OutputFolder(out) as folder:
        folder.link(str(source), "a/a.png")
        folder.link(str(source), "a/a.png")
        assert target.samefile(source)
        target.unlink()
        target.write_bytes(b"other")
        folder.link(str(source), "a/a.png")
    assert target.samefile(source)
    assert os.listdir(out / "a") == ["a.png"]


def test_a_link_that_cannot_be_made_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def other_disk(source: object, target: object, **_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    (tmp_path / "a").write_bytes(b"x")
    monkeypatch.setattr(os, "link", other_disk)
    with (
        pytest.raises(ExpandError, match="another file system; --originals copy"),
        OutputFolder(tmp_path) as folder,
    ):
        folder.link(str(tmp_path / "a"), "b")


def test_one_process_at_a_time(tmp_path: Path) -> None:
    with (
        Lock(tmp_path),
        pytest.raises(ExpandError, match="another run is writing to"),
        Lock(tmp_path),
    ):
        pass
    with Lock(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_device_or_a_pipe_is_not_replaced_by_a_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "device").symlink_to("/dev/null")
    for name in ("pipe", "device"):
        with pytest.raises(ExpandError, match="it is not a regular file"):
            write_whole(tmp_path / name, b"new")
    assert (tmp_path / "pipe").is_fifo()
    assert (tmp_path / "device").is_symlink()
    assert len(list(tmp_path.iterdir())) == 2
