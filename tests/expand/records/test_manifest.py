"""The manifest: sorted, streamed, and whole after any number of kills."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expand import ExpandError
from expand.records.manifest import order, read_records, read_rows
from expand.records.rows import Row, line_of
from expand.records.writer import ManifestWriter


def row(source: str, view: int, **more: object) -> Row:
    plain = {
        "file_name": f"{source}_v{view}",
        "label": "a",
        "source": source,
        "view": view,
        "params": {},
        "width": 1,
        "height": 1,
    }
    return {**plain, "bytes": 1, "sha256": "", "source_sha256": "", "same_as": view, **more}  # type: ignore[typeddict-item,return-value]


def lines(source: str, views: int = 2) -> list[str]:
    return [line_of(row(source, view)) for view in range(views)]


def test_parts_of_killed_runs_are_read_side_by_side(tmp_path: Path) -> None:
    first = ManifestWriter(tmp_path)
    for source in ("a/1", "a/2", "b/1"):
        first.write(lines(source))
    first.close()
    first.paths[0].write_text(first.paths[0].read_text()[:-7])  # the kill cut the last line
    second = ManifestWriter(tmp_path)
    for source in ("a/2", "b/0"):
        second.write(lines(source))
    second.close()
    third = ManifestWriter(tmp_path)
    third.write(lines("z"))
    records = list(read_records(tmp_path, skip=third.paths))
    assert [(record.source, len(record.lines)) for record in records] == [
        ("a/1", 2),
        ("a/2", 2),
        ("b/0", 2),
        ("b/1", 1),
    ]
    third.publish()
    assert [path.name for path in tmp_path.iterdir()] == ["metadata.jsonl"]
    assert [r["source"] for r in read_rows(tmp_path)] == ["z", "z"]


def test_a_line_that_lost_its_end_alone_does_not_run_into_the_next(tmp_path: Path) -> None:
    first = ManifestWriter(tmp_path)
    first.write([line_of(row("a", 0))])
    first.close()
    first.paths[0].write_bytes(first.paths[0].read_bytes()[:-1])
    second = ManifestWriter(tmp_path)
    for record in read_records(tmp_path, skip=second.paths):
        second.write(record.lines)
    second.write([line_of(row("b", 0))])
    second.publish()
    assert [each["source"] for each in read_rows(tmp_path)] == ["a", "b"]


def test_what_is_no_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        ExpandError, match=r"has no metadata.jsonl, so it is not a finished output of expand"
    ):
        list(read_rows(tmp_path))
    (tmp_path / "metadata.jsonl").write_text(line_of(row("a", 0)) + "{}\n")
    with pytest.raises(ExpandError, match="line 2: not a row of a manifest"):
        list(read_rows(tmp_path))


def test_an_interrupted_run_is_told_from_what_is_no_output(tmp_path: Path) -> None:
    (tmp_path / ".expand-0.part").touch()
    with pytest.raises(ExpandError, match="is not finished: .* again to resume"):
        list(read_rows(tmp_path))


def test_shards_are_told_from_what_is_no_output(tmp_path: Path) -> None:
    (tmp_path / ".shards").mkdir()
    with pytest.raises(ExpandError, match="holds shards, .* run `expand merge` on it"):
        list(read_rows(tmp_path))


def test_a_row_is_one_line_of_readable_json() -> None:
    assert line_of(row("ü\n/1", 0)).count("\n") == 1
    assert "ü" in line_of(row("ü", 0))


@given(st.lists(st.text("abc/._-é", min_size=1, max_size=8), unique=True))
def test_the_order_is_folder_by_folder(names: list[str]) -> None:
    ordered = sorted(names, key=order)
    assert [order(name) for name in ordered] == sorted(name.split("/") for name in names)
