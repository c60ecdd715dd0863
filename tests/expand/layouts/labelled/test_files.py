"""Files that are read whole: regular ones up to a size, and text that can be decoded."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from expand.errors import BadImageError, ExpandError
from expand.layouts.labelled.files import read_file, read_label, read_text


def test_a_label_file_that_is_a_link_to_nowhere_is_not_a_missing_one(tmp_path: Path) -> None:
    (tmp_path / "a.txt").symlink_to("nowhere")
    assert read_label(str(tmp_path), "b.txt", 10) is None
    with pytest.raises(BadImageError, match='^"a.txt" cannot be read'):
        read_label(str(tmp_path), "a.txt", 10)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_text_has_no_byte_order_mark(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("é.png\n", encoding=encoding)
    assert read_text(tmp_path, "list.txt", 100) == "é.png\n"


def test_a_file_may_have_as_many_bytes_as_are_read_and_no_more(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_bytes(b"1234")
    assert read_file(tmp_path, "list.txt", 4) == b"1234"
    with pytest.raises(ExpandError, match='^"list.txt" has 4 bytes; at most 3 are read$'):
        read_file(tmp_path, "list.txt", 3)


def test_a_missing_file_a_pipe_and_a_folder_are_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(ExpandError, match='^"a" cannot be read'):
        read_file(tmp_path, "a", 100)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name in ("pipe", "folder"):
        with pytest.raises(ExpandError, match=f'^"{name}" is not a regular file$'):
            read_file(tmp_path, name, 1 << 20)


def test_the_line_of_a_byte_that_is_no_text_is_said(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_bytes(b"a.png\nb.png\n\xe9.png\n")
    with pytest.raises(ExpandError, match='^"list.txt", line 3: is not UTF-8 text; save'):
        read_text(tmp_path, "list.txt", 100)
