"""Records from strangers: whatever they hold is a problem that is named, or a sentence and status 2."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from expand import ExpandError, expand
from expand.job.checks.verify import verify
from expand.job.remaking.repair import repair
from expand.job.remaking.replay import replay
from expand.records.manifest import read_records, read_rows
from expand.storage import reading
from tests.conftest import noise_image, tree


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an input and its expansion, never changed."""
    import cv2

    root = tmp_path_factory.mktemp("hostile")
    (root / "src/cat").mkdir(parents=True)
    for index in range(2):
        cv2.imwrite(str(root / f"src/cat/{index}.png"), noise_image(6, 5, 3, seed=index))
    expand(root / "src", root / "out", 2, workers=1)
    return root


@pytest.fixture
def root(good: Path, tmp_path: Path) -> Path:
    shutil.copytree(good, tmp_path / "copy")
    return tmp_path / "copy"


def try_all(root: Path) -> list[object]:
    """Let every reader of records read; return their errors. None may raise anything else."""
    out, errors = root / "out", list[object]()
    for read in (
        lambda: verify(out).problems,
        lambda: repair(out, ["cat/0_v1.png"]),
        lambda: replay(out, "cat/0_v1.png"),
        lambda: list(read_records(out)),
        lambda: expand(root / "src", out, 2, workers=1),
        lambda: expand(root / "src", out, 2, workers=1, overwrite=True),
    ):
        try:
            read()
        except ExpandError as error:
            errors.append(error)
    return errors


ROWS: list[dict[str, Any]] = [
    {"file_name": "../escape.png"},
    {"file_name": "/etc/passwd"},
    {"file_name": "cat/../../escape.png"},
    {"file_name": "cat//0.png"},
    {"file_name": "a\0b"},
    {"file_name": "\ud800"},
    {"file_name": 5},
    {"file_name": ["cat/0.png"]},
    {"source": "../../etc/passwd"},
    {"source": None},
    {"view": -1},
    {"view": 1.0},
    {"view": True},
    {"view": "1"},
    {"view": 10**30},
    {"bytes": -5},
    {"bytes": None},
    {"sha256": 7},
    {"label": {}},
    {"params": []},
    {"same_as": []},
]


@pytest.mark.parametrize("change", ROWS, ids=str)
def test_a_row_that_is_none_is_refused_with_file_and_line(
    change: dict[str, Any], root: Path
) -> None:
    path = root / "out/metadata.jsonl"
    lines = path.read_text().splitlines()
    lines[1] = json.dumps({**json.loads(lines[1]), **change})
    path.write_text("\n".join(lines) + "\n")
    before = set(root.rglob("*"))
    for reader in (lambda: verify(root / "out"), lambda: list(read_records(root / "out")), lambda: replay(root / "out", "cat/1.png")):  # fmt: skip
        with pytest.raises(ExpandError, match=r'metadata.jsonl", line 2: not a row') as error:
            reader()
        assert error.value.status == 2
    try_all(root)
    assert not (root / "escape.png").exists()
    assert set(root.rglob("*")) <= before | {root / "out/.lock.part"}


@pytest.mark.parametrize(
    "line", [b"[" * 100_000, b"9" * 5000, b'{"a": NaN}', b"\xff\xfe", b"nul", b'"text"', b"{}", b"\0" * 50]
)  # fmt: skip
def test_a_line_that_is_no_row_is_refused_with_its_number(line: bytes, root: Path) -> None:
    path = root / "out/metadata.jsonl"
    path.write_bytes(path.read_bytes() + line + b"\n")
    with pytest.raises(ExpandError, match=r'metadata.jsonl", line 5: ') as error:
        verify(root / "out")
    assert error.value.status == 2
    assert len(str(error.value)) < 1000
    try_all(root)


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "9" * 5000, "null", "[]", '{"state": NaN}', "\ufeff{}", "{" + '"a":{' * 5000]
)  # fmt: skip
def test_a_card_that_is_none_is_refused(text: str, root: Path) -> None:
    (root / "out/expand.json").write_text(text)
    errors = try_all(root)
    assert [error.status for error in errors if isinstance(error, ExpandError)].count(2) >= 5
    assert (root / "out/cat/0_v1.png").exists()


CARDS = [
    ("state", 5), ("state", "paused"), ("source", None), ("settings", []), ("settings.recipe", "classic"),
    ("settings.recipe", {}), ("settings.recipe", {"name": 1, "techniques": 5}), ("settings.factor", "4"), ("settings.factor", -1),
    ("settings.factor", 10**18), ("settings.format", "gif"), ("settings.seed", "x"), ("settings.seed", 10**400),
    ("settings.quality", "best"), ("settings.originals", 1), ("versions", "1"), ("cost", []), ("cost.runs", {}),
    ("counts", None), ("counts.files", "all"), ("bad", {}), ("bad", [1]), ("bad", [{"source": 1}]),
]  # fmt: skip


@pytest.mark.parametrize(("key", "value"), CARDS, ids=str)
def test_a_card_with_a_wrong_value_is_a_sentence(key: str, value: object, root: Path) -> None:
    path = root / "out/expand.json"
    card = json.loads(path.read_text())
    inner = card
    *parents, last = key.split(".")
    for parent in parents:
        inner = inner[parent]
    inner[last] = value
    path.write_text(json.dumps(card))
    assert all(error.status in (2, 3) for error in try_all(root))  # type: ignore[attr-defined]


def test_pipes_devices_and_links_in_place_of_files_are_named_and_nothing_blocks(root: Path) -> None:
    out = root / "out"
    for name in ("cat/0.png", "cat/0_v1.png", "cat/1.png"):
        (out / name).unlink()
    os.mkfifo(out / "cat/0.png")
    (out / "cat/0_v1.png").symlink_to("/dev/zero")
    shutil.copy(root / "src/cat/1.png", root / "twin.png")
    (out / "cat/1.png").symlink_to(root / "twin.png")  # the right bytes, but not in the folder
    assert {(problem.file, problem.detail) for problem in verify(out).problems} == {
        ("cat/0.png", "cannot be read: it is not a regular file"),
        ("cat/0_v1.png", "cannot be read: it is a link"),
        ("cat/1.png", "cannot be read: it is a link"),
    }
    for name in ("metadata.jsonl", "expand.json"):
        (out / name).rename(root / name)
        os.mkfifo(out / name)
        with pytest.raises(ExpandError, match="is not a regular file"):
            verify(out)
        (out / name).unlink()
        (root / name).rename(out / name)
    assert len(repair(out, verify(out).damaged).made) == 3
    assert verify(out).problems == []


def test_two_rows_of_one_file_and_other_names_are_named(root: Path) -> None:
    path = root / "out/metadata.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    rows[1] = {**rows[1], "file_name": "cat/0.png"}
    path.write_text("".join(json.dumps(row) + "\n" for row in [*rows, rows[3]]))
    kinds = [problem.kind for problem in verify(root / "out").problems]
    assert {"misnamed", "unsorted", "miscounted"} <= set(kinds)


def test_a_huge_line_is_refused_in_bounded_memory(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open(root / "out/metadata.jsonl", "ab") as file:
        file.truncate(1 << 30)
    monkeypatch.setattr(reading, "LINE_BYTES", 1 << 16)
    tracemalloc.start()
    with pytest.raises(ExpandError, match="line 5: has more than 65,536 bytes"):
        list(read_rows(root / "out"))
    assert tracemalloc.get_traced_memory()[1] < 4 << 20
    tracemalloc.stop()


def test_a_huge_file_of_another_size_is_not_read(root: Path) -> None:
    os.truncate(root / "out/cat/0_v1.png", 1 << 40)
    (problem,) = verify(root / "out").problems
    assert "has 1,099,511,627,776 bytes" in problem.detail


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip
BYTES = st.tuples(st.integers(0, 1 << 30), st.binary(max_size=3))


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(["expand.json", "metadata.jsonl"]), st.lists(BYTES, min_size=1, max_size=3), st.integers(0, 1 << 30), VALUES)  # fmt: skip
def test_mutated_records_are_answered_in_words(
    good: Path, name: str, edits: list[tuple[int, bytes]], place: int, value: object
) -> None:
    """Bytes are overwritten, or a value anywhere in the record is replaced by another one."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "root"
        shutil.copytree(good, root)
        path = root / "out" / name
        if place % 2:
            data = bytearray(path.read_bytes())
            for at, replacement in edits:
                at %= len(data)
                data[at : at + len(replacement)] = replacement
            path.write_bytes(data)
        else:
            lines = path.read_text().splitlines() if name.endswith("l") else [path.read_text()]
            record = json.loads(lines[0])
            replace_value(record, place // 2, value)
            path.write_text("\n".join([json.dumps(record), *lines[1:]]))
        before = tree(root / "src")
        try_all(root)
        assert tree(root / "src") == before
        assert {entry.name for entry in root.iterdir()} == {"src", "out"}


def replace_value(record: Any, place: int, value: object) -> None:
    """Replace a value somewhere in nested data."""
    while True:
        keys = list(record) if isinstance(record, dict) else list(range(len(record)))
        key = keys[place % len(keys)]
        place //= len(keys)
        if not (isinstance(record[key], dict | list) and record[key]) or place % 3 == 0:
            record[key] = value
            return
        record = record[key]
