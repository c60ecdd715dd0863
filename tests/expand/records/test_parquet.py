"""The manifest in Parquet: the rows of the JSON lines, the same bytes always, read wherever they are."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from expand import ExpandError, expand
from expand.job.checks.verify import verify
from expand.job.remaking.replay import replay_into
from expand.records.manifest import read_records, read_rows
from expand.records.parquet import read_parquet, write_parquet
from expand.records.rows import line_of
from tests.conftest import Folder, noise_image, tree

pytest.importorskip("pyarrow")
import pyarrow as pa
import pyarrow.parquet as pq


def make(src: Path, out: Path, factor: int = 3, **options: object) -> Path:
    settings: dict[str, object] = {"manifest": "parquet", "workers": 1}
    expand(src, out, factor=factor, **{**settings, **options})  # type: ignore[arg-type]
    return out


def test_it_has_the_rows_of_the_json_lines(class_folder: Folder, tmp_path: Path) -> None:
    src = class_folder(5)
    out = make(src, tmp_path / "out")
    lines = make(src, tmp_path / "lines", manifest="jsonl") / "metadata.jsonl"
    assert not (out / "metadata.jsonl").exists()
    assert "".join(map(line_of, read_rows(out))) == lines.read_text()
    assert [record.lines for record in read_records(out)] == [
        record.lines for record in read_records(tmp_path / "lines")
    ]


def test_any_reader_finds_columns_in_groups_with_zstd(class_folder: Folder, tmp_path: Path) -> None:
    stored = pq.ParquetFile(make(class_folder(5), tmp_path / "out") / "metadata.parquet")
    assert stored.schema_arrow.names[:3] == ["file_name", "label", "source"]
    assert stored.metadata.row_group(0).column(0).compression == "ZSTD"
    assert json.loads(stored.read().column("params")[1].as_py())["flip"]


def test_the_same_bytes_and_the_same_growth(class_folder: Folder, tmp_path: Path) -> None:
    src = class_folder(5)
    out = make(src, tmp_path / "out", factor=2)
    make(src, out, factor=4)
    assert tree(out) == tree(make(src, tmp_path / "fresh", factor=4))
    assert expand(src, out, factor=4, manifest="parquet", workers=1).summary.made == 0


def test_verify_and_replay_read_it(class_folder: Folder, tmp_path: Path) -> None:
    out = make(class_folder(5), tmp_path / "out")
    assert (verify(out).status, verify(out).rows) == (0, 30)
    assert replay_into(out, "cat/0_v1.png")[1]
    (out / "extra.txt").write_text("x")
    (out / "cat" / "0_v1.png").unlink()
    problems = {problem.file for problem in verify(out).problems}
    assert problems == {"extra.txt", "cat/0_v1.png"}


def test_tars_and_labels_have_it_too(class_folder: Folder, tmp_path: Path) -> None:
    src = class_folder(5)
    out = make(src, tmp_path / "tars", output="webdataset", format="png")
    assert (verify(out).status, len(list(read_rows(out)))) == (0, 30)
    labelled = class_folder(
        {"images/1.jpg": noise_image(30, 40, 3), "labels/1.txt": b"0 .5 .5 .2 .2\n"}, "yolo"
    )
    lines = make(labelled, tmp_path / "lines", layout="yolo-detect", manifest="jsonl")
    stored = make(labelled, tmp_path / "stored", layout="yolo-detect")
    assert list(read_rows(stored)) == list(read_rows(lines))
    assert verify(stored).status == 0


def test_another_form_is_refused_with_what_differs(class_folder: Folder, tmp_path: Path) -> None:
    src = class_folder(5)
    out = make(src, tmp_path / "out")
    with pytest.raises(ExpandError, match="--manifest was parquet, is jsonl"):
        expand(src, out, factor=3)


def test_overwrite_removes_it(class_folder: Folder, tmp_path: Path) -> None:
    src = class_folder(5)
    out = make(src, tmp_path / "out")
    make(src, out, manifest="jsonl", overwrite=True)
    assert sorted(path.name for path in out.glob("metadata.*")) == ["metadata.jsonl"]


def test_a_damaged_one_is_told_and_written_again(class_folder: Folder, tmp_path: Path) -> None:
    src = class_folder(5)
    out = make(src, tmp_path / "out")
    path = out / "metadata.parquet"
    whole = path.read_bytes()
    for damaged in (whole[:-20], b"PAR1" + b"x" * 500, b"", whole[:60] + b"\0" * 40 + whole[100:]):
        path.write_bytes(damaged)
        with pytest.raises(ExpandError, match=r"metadata\.parquet"):
            list(read_rows(out))
        make(src, out)
        assert path.read_bytes() == whole


@pytest.mark.parametrize("value", ["../x", None, 3])
def test_a_row_that_cannot_be_is_told(tmp_path: Path, value: object) -> None:
    row = {
        "file_name": value, "label": "cat", "source": "cat/1.png", "view": 0, "params": "{}",
        "width": 1, "height": 1, "bytes": 1, "sha256": "", "source_sha256": "", "same_as": 0,
    }  # fmt: skip
    path = tmp_path / "metadata.parquet"
    pq.write_table(pa.Table.from_pylist([row]), path)
    with pytest.raises(ExpandError, match="row 1: not a row of a manifest"):
        list(read_parquet(path.open("rb"), path))
    pq.write_table(pa.table({"a": [1]}), path)
    with pytest.raises(ExpandError, match="is not a manifest"):
        list(read_parquet(path.open("rb"), path))


def test_without_pyarrow_it_is_refused(
    class_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("expand.records.parquet.find_spec", lambda _name: None)
    with pytest.raises(ExpandError, match=r'pip install "\.\[parquet\]"'):
        make(class_folder(1), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_rows_are_held_a_group_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("expand.records.parquet.GROUP", 100)
    row = {
        "file_name": "a/b.png", "label": "a", "source": "a/b.png", "view": 0, "params": {},
        "width": 1, "height": 1, "bytes": 1, "sha256": "", "source_sha256": "", "same_as": 0,
    }  # fmt: skip
    line = json.dumps(row).encode()
    file = io.BytesIO()
    write_parquet(file, (line for _ in range(250)))
    assert pq.ParquetFile(io.BytesIO(file.getvalue())).num_row_groups == 3
