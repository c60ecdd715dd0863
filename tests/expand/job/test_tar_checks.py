"""Verify and replay of tars: what is missing, damaged or unknown is found, and views are made again."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from expand import ExpandError, expand
from expand.archives.index import Index
from expand.archives.names import INDEX
from expand.job.checks.verify import Verification, verify
from expand.job.remaking import remake
from expand.job.remaking.repair import repair
from expand.job.remaking.replay import replay, replay_into
from expand.records.rows import line_of
from tests.conftest import Folder, noise_image, tree
from tests.expand.cli.test_command import run
from tests.expand.job.test_tars import jpegs, make, samples

TAR = "000001-1.tar"


@pytest.fixture
def out(class_folder: Folder, tmp_path: Path) -> Path:
    return make(jpegs(class_folder, 24), tmp_path / "out")


def said(result: Verification) -> str:
    return "\n".join([*map(str, result.problems), *result.remedies])


def test_tars_that_are_whole_have_no_problem(out: Path) -> None:
    result = verify(out)
    assert (result.status, result.rows) == (0, 72)
    assert result.bytes == sum(path.stat().st_size for path in out.glob("*.tar"))


def cut_at_a_sample(tar: Path) -> None:
    """Cut a tar so that readers do not notice: they stop at its last whole sample."""
    first = samples(tar.parent)[0].to_members()
    tar.write_bytes(tar.read_bytes()[: len(first)])


def flip(tar: Path) -> None:
    data = bytearray(tar.read_bytes())
    data[700] ^= 1
    tar.write_bytes(data)


@pytest.mark.parametrize(
    ("damage", "detail"),
    [
        (Path.unlink, f'"{TAR}" is missing'),
        (cut_at_a_sample, "is cut off"),
        (flip, f'"{TAR}" is not the file that was written'),
    ],
)
def test_a_damaged_tar_is_named_and_can_be_made_again(
    tmp_path: Path, out: Path, damage: Callable[[Path], None], detail: str
) -> None:
    before, times = tree(out), {path: path.stat().st_mtime_ns for path in out.iterdir()}
    damage(out / TAR)
    result = verify(out)
    assert (result.status, result.damaged) == (1, [TAR])
    assert detail in said(result)
    assert "`expand verify OUT --repair`" in said(result)
    if damage is flip:  # as a run trusts a tar of the right size
        assert repair(out, result.damaged) == ([TAR], [])
    else:
        make(tmp_path / "src", out)
    assert tree(out) == before
    assert verify(out).problems == []
    if damage is flip:
        assert {path for path in times if path.stat().st_mtime_ns != times[path]} == {out / TAR}


@pytest.mark.parametrize("manifest", ["jsonl", "parquet"])
def test_the_command_makes_all_tars_again_from_the_sources(
    class_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, manifest: str
) -> None:
    src = jpegs(class_folder, 24)
    (src / "ant" / "000.jpg").write_bytes(b"\xff\xd8\xff" * 100)  # numbers count bad sources
    os.link(src / "ant/003.jpeg", os.path.join(os.fsencode(src / "ant"), b"\xff.jpg"))
    out = make(src, tmp_path / "out", format="png", manifest=manifest)
    before = tree(out)
    monkeypatch.setattr(remake, "TOGETHER", 4)
    for path in out.glob("*.tar"):
        path.unlink()
    (out / TAR).mkdir()
    done = run("verify", str(out), "--repair")
    assert done.return_value == 0, done.output
    assert done.output.count('.tar" was made again') == len(before) - 2
    assert tree(out) == before


@pytest.mark.parametrize("missing", [TAR, ""])
def test_a_repair_removes_what_a_killed_repair_left(out: Path, missing: str) -> None:
    before = tree(out)
    (out / ".writing-0123456789abcdef-0.part").write_bytes(b"half a tar")
    if missing:
        (out / missing).unlink()
    done = run("verify", str(out), "--repair")
    assert done.return_value == 0, done.output
    assert tree(out) == before


def test_a_tar_whose_source_or_rows_changed_is_not_made_again(tmp_path: Path, out: Path) -> None:
    index = Index.parse((out / INDEX).read_bytes())
    rows = {(s.key.block, s.key.view): s.row for s in samples(out)}
    names = [tar.file for tar in index.of_view(1)[:3]]
    for name in names:
        (out / name).unlink()
    source = tmp_path / "src" / rows[0, 1]["source"]
    source.write_bytes(b"other")
    line = line_of(rows[1, 1])
    path = out / "metadata.jsonl"
    path.write_text(path.read_text().replace(line, line.replace('"same_as": 1', '"same_as": 0')))
    made, failed = repair(out, names)
    assert made == names[2:]
    assert failed[0].startswith(f'"{names[0]}" cannot be made again: "{out / ".." / "src"}')
    assert f'"{names[1]}" cannot be made again: it comes out with other bytes' in failed[1]
    assert not (out / names[0]).exists()
    assert not list(out.glob(".*"))


def test_an_unknown_tar_and_an_unknown_file_are_named(out: Path) -> None:
    (out / "000099-0.tar").write_bytes((out / TAR).read_bytes())
    (out / "note.txt").write_text("x")
    assert verify(out).unknown == ["000099-0.tar", "note.txt"]


def test_a_tar_that_the_index_forgot_is_named(out: Path) -> None:
    index = Index.parse((out / INDEX).read_bytes())
    shorter = Index(*[*vars(index).values()][:4], index.tars[:-1])
    (out / INDEX).write_bytes(shorter.to_json())
    assert f'"{index.tars[-1].file}" is not in the index' in said(verify(out))


def test_an_index_with_another_number_of_blocks_than_the_run_card_is_found(out: Path) -> None:
    text = (out / INDEX).read_text()
    (out / INDEX).write_text(re.sub(r'"blocks": \d+', '"blocks": 99', text))
    assert "has other blocks, classes or images than the run card" in said(verify(out))


def test_rows_of_the_manifest_that_are_not_those_of_the_tars_are_found(out: Path) -> None:
    path = out / "metadata.jsonl"
    text = path.read_text()
    path.write_text(text.replace('"width": 11', '"width": 12', 1))
    assert "does not have the rows of the tars" in said(verify(out))
    path.write_text("".join(text.splitlines(keepends=True)[:-1]))
    assert "counts 72 samples, metadata.jsonl 71" in said(verify(out))


def test_a_missing_index_is_written_again(tmp_path: Path, out: Path) -> None:
    before = (out / INDEX).read_bytes()
    (out / INDEX).unlink()
    assert '"index.json" is missing' in said(verify(out))
    make(tmp_path / "src", out)
    assert (out / INDEX).read_bytes() == before


def test_a_view_is_made_again_from_its_name_or_key(tmp_path: Path, out: Path) -> None:
    sample = samples(out)[7]
    for name in (sample.row["file_name"], str(sample.key), f"{sample.key}.jpg"):
        assert replay(out, name) == sample.image
        path, same = replay_into(out, name)
        assert same
        assert path.name == f"{sample.key.block:06d}-{sample.key.view}.tar"
    path, same = replay_into(out, str(sample.key), to=tmp_path / "again.jpg")
    assert (path.read_bytes(), same) == (sample.image, False)
    assert verify(out).status == 0
    with pytest.raises(ExpandError, match="no sample of its tars"):
        replay(out, "ant/nothing.jpg")


def test_a_damaged_image_is_told_by_replay(out: Path) -> None:
    sample = samples(out)[0]
    path = out / "000000-0.tar"
    data = bytearray(path.read_bytes())
    data[512 + len(sample.image) - 3] ^= 255
    path.write_bytes(data)
    with pytest.raises(ExpandError, match="it is damaged"):
        replay_into(out, str(sample.key))


def test_a_card_with_archives_that_cannot_be_is_an_error(out: Path) -> None:
    card = json.loads((out / "expand.json").read_text())
    card["archives"]["blocks"] = "many"
    (out / "expand.json").write_text(json.dumps(card))
    with pytest.raises(ExpandError, match="archives"):
        verify(out)


def test_replay_writes_no_image_under_the_suffix_of_another_format(
    class_folder: Folder, tmp_path: Path, out: Path
) -> None:
    sample = samples(out)[7]
    to = tmp_path / "again.png"
    with pytest.raises(ExpandError, match='names a PNG file, and .* is JPEG.* ends in ".jpg"'):
        replay_into(out, str(sample.key), to=to)
    assert not to.exists()
    src = class_folder({"cat/a.png": noise_image(9, 8, 3)}, "pngs")
    (src / "cat/b.jpg").write_bytes((src / "cat/a.png").read_bytes())  # a PNG named so
    expand(src, tmp_path / "folder", factor=2, workers=1)
    replay_into(tmp_path / "folder", "cat/b.jpg", to=tmp_path / "b.jpg")
    with pytest.raises(ExpandError, match='"cat/a_v1.png" is PNG'):
        replay_into(tmp_path / "folder", "cat/a_v1.png", to=tmp_path / "a.JPEG")
    replay_into(tmp_path / "folder", "cat/a_v1.png", to=tmp_path / "a")


def test_a_missing_manifest_is_named_as_the_run_card_has_it(
    class_folder: Folder, tmp_path: Path
) -> None:
    pytest.importorskip("pyarrow")
    src = class_folder(1)
    for manifest in ("jsonl", "parquet"):
        folder = tmp_path / manifest
        expand(src, folder, factor=2, workers=1, manifest=manifest)
        (folder / f"metadata.{manifest}").unlink()
        with pytest.raises(
            ExpandError, match=rf"has no metadata\.{manifest}, so it is not a finished"
        ):
            verify(folder)
