"""A run in blocks writes what a run on local folders writes, whatever is a URL."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import uuid4

import pytest

from expand import expand
from expand.storage.stores.open import open_store
from tests.conftest import Folder, tree
from tests.expand.job.test_run import many
from tests.stores import contents, fill


def memory() -> str:
    return f"memory://{uuid4().hex}/a b"


def place(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    if kind == "folder":
        return str(tmp_path / uuid4().hex)
    return memory() if kind == "memory" else f"{request.getfixturevalue('s3')}/{uuid4().hex}/deep"


def card(url: str | Path) -> dict[str, object]:
    found = json.loads(open_store(url).read("expand.json"))
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(
    ("from_", "to"),
    [("folder", "memory"), ("memory", "memory"), ("memory", "folder"), ("s3", "s3")],
)
def test_the_tree_is_that_of_local_folders(
    from_: str, to: str, class_folder: Folder, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    local = many(class_folder, 140)
    src = str(local) if from_ == "folder" else fill(place(from_, tmp_path, request), local)
    out = place(to, tmp_path, request)
    here = expand(local, tmp_path / "here", workers=1)
    there = expand(src, out, workers=1)
    assert contents(out) == tree(tmp_path / "here")
    assert there.status == here.status == 0
    assert (there.summary.files, there.summary.made) == (560, 560)
    one, other = card(tmp_path / "here"), card(out)
    assert other["source"] == (str(local) if from_ == "folder" else src)
    for key in ("counts", "found", "settings", "state", "versions", "bad"):
        assert other[key] == one[key], key
    assert set(one) == set(other)
