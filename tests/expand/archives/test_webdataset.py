"""The reader of WebDataset finds each sample once, whatever sources are called."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest

from expand.archives.index import Index
from expand.records.manifest import read_rows
from tests.conftest import Folder
from tests.expand.job.test_tars import jpegs, make

webdataset = pytest.importorskip("webdataset")


def test_every_sample_is_read_once_with_its_class_and_row(
    class_folder: Folder, tmp_path: Path
) -> None:
    src = jpegs(class_folder, 24)
    for old, new in [("ant/000.jpg", "ant/v1.0.final.jpg"), ("cat/002.jpg", "cat/A b.C.JPG")]:
        (src / old).rename(src / new)  # dots and capitals end where readers think a key ends
    out = make(src, tmp_path / "out")
    index = Index.parse((out / "index.json").read_bytes())
    rows = {row["file_name"]: row for row in read_rows(out)}
    urls = f"{out}/{{000000..{index.blocks - 1:06d}}}-{{0..2}}.tar"
    seen = set()
    for sample in webdataset.WebDataset(urls, shardshuffle=False):
        assert set(sample) - {"__local_path__"} == {"__key__", "__url__", "jpg", "cls", "json"}
        row = json.loads(sample["json"])
        expected = rows[row["file_name"]]
        assert {**row, "params": json.loads(row["params"])} == expected
        assert sha256(sample["jpg"]).hexdigest() == expected["sha256"]
        assert index.classes[int(sample["cls"])] == expected["label"]
        seen.add(row["file_name"])
    assert seen == set(rows)
    assert len(seen) == 72


def test_its_decoder_gives_the_pixels_of_the_files(class_folder: Folder, tmp_path: Path) -> None:
    src = jpegs(class_folder, 16)
    out = make(src, tmp_path / "out", format="png")
    dataset = webdataset.WebDataset(str(out / "000000-1.tar"), shardshuffle=False)
    for image, label in dataset.decode("rgb8").to_tuple("png", "cls"):
        assert image.shape in [(14, 11, 3), (15, 11, 3)]
        assert label in (0, 1, 2)
