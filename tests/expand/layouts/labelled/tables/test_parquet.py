"""Tables in Parquet: rows repeated, places moved, types and other values as they were."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from expand import ExpandError
from expand.layouts.labelled.open import open_dataset
from tests.expand.layouts.labelled.tables.sets import WIDTH, flipped, images, write

arrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")
NAMES = [f"{n}.png" for n in range(3)]


def table(**columns: Any) -> Any:
    return arrow.table({"file_name": NAMES, **columns})


def made(root: Path, data: Any, name: str = "metadata.parquet", folder: str = "") -> Path:
    write(root, images(*(f"{folder}{each}" for each in NAMES)))
    parquet.write_table(data, root / name, compression="zstd")
    return root


def test_boxes_move_and_values_that_json_cannot_hold_stay(tmp_path: Path) -> None:
    box = arrow.struct(
        [("bbox", arrow.list_(arrow.list_(arrow.float32()))), ("id", arrow.list_(arrow.int8()))]
    )
    data = table(
        objects=arrow.array([{"bbox": [[10.0, 5.0, 20.0, 8.0]], "id": [n]} for n in range(3)], box),
        when=arrow.array([datetime(2024, 1, n + 1) for n in range(3)]),
        blob=arrow.array([b"\x00\xff", None, b"x"]),
        score=arrow.array([1.5, None, 0.1], arrow.float32()),
        label=arrow.array(["b", "a", "b"]).dictionary_encode(),
    ).replace_schema_metadata({"huggingface": "{}"})
    out, report = flipped(made(tmp_path / "set", data))
    assert report.status == 0
    source = parquet.read_table(tmp_path / "set/metadata.parquet")
    grown = parquet.read_table(out / "metadata.parquet")
    assert grown.schema.equals(source.schema, check_metadata=True)
    assert grown.column("file_name").to_pylist()[:3] == ["0.png", "0_v1.png", "1.png"]
    rows = grown.to_pylist()
    assert rows[::2] == data.to_pylist()
    for old, new in zip(rows[::2], rows[1::2], strict=True):
        assert new["objects"]["bbox"] == [[WIDTH - 30.0, 5.0, 20.0, 8.0]]
        assert {k: new[k] for k in ("when", "blob", "score", "label")} == {
            k: old[k] for k in ("when", "blob", "score", "label")
        }
    assert (
        parquet.ParquetFile(out / "metadata.parquet").metadata.row_group(0).column(0).compression
        == "ZSTD"
    )


def test_a_factor_of_one_keeps_the_bytes(tmp_path: Path) -> None:
    root = made(tmp_path / "set", table(label=["a", "b", "a"]))
    out, _ = flipped(root, 1)
    assert (out / "metadata.parquet").read_bytes() == (root / "metadata.parquet").read_bytes()


def test_each_part_has_a_file_of_its_own(tmp_path: Path) -> None:
    root = tmp_path / "set"
    for part in ("train", "validation"):
        made(root / part, table(label=["a", "b", "a"]))
    out, _ = flipped(root)
    assert parquet.read_table(out / "train/metadata.parquet").num_rows == 6
    assert parquet.read_table(out / "validation/metadata.parquet").num_rows == 3


def test_a_table_of_any_name_is_found(tmp_path: Path) -> None:
    data = arrow.table({"image": NAMES, "age": [1, 2, 3]})
    root = made(tmp_path / "set", data, "labels.parquet", "images/")
    with open_dataset(root) as dataset:
        assert (dataset.layout, len(dataset.listing)) == ("table", 3)


def test_a_file_without_names_of_images_beside_class_folders_is_none(tmp_path: Path) -> None:
    root = write(tmp_path / "set", images(*(f"{label}/{n}.png" for label in "ab" for n in "12")))
    parquet.write_table(arrow.table({"epoch": [1, 2]}), root / "log.parquet")
    with open_dataset(root) as dataset:
        assert dataset.layout == "folders"


@pytest.mark.parametrize(
    "data", [b"", b"PAR1file_namePAR1", b"PAR1file_name" + bytes(99) + b"PAR1"]
)
def test_a_damaged_file_is_refused(data: bytes, tmp_path: Path) -> None:
    root = write(tmp_path / "set", {**images("a.png"), "metadata.parquet": b"PAR1file_name" + data})
    with pytest.raises(ExpandError, match='"metadata.parquet" cannot be read as Parquet'):
        open_dataset(root)


def test_without_pyarrow_the_command_that_installs_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = made(tmp_path / "one", table(label=["a", "b", "a"]))
    two = made(tmp_path / "two", table(label=["a", "b", "a"]), "labels.parquet", "images/")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    for root in (one, two):
        with pytest.raises(ExpandError, match=r'pip install "\.\[parquet\]"'):
            open_dataset(root)
