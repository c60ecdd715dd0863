"""Verify: it reports all that is wrong, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from expand import ExpandError, expand
from expand.engines.local import LocalEngine
from expand.job.checks.verify import verify
from expand.job.remaking.repair import repair
from expand.layouts.spooled import lists as spooled_lists
from expand.records.problems import Problem
from expand.storage.removal import move_files
from tests.conftest import Folder


@pytest.fixture
def out(class_folder: Folder, tmp_path: Path) -> Path:
    expand(class_folder(3), tmp_path / "out", workers=1)
    return tmp_path / "out"


def rewrite(path: Path, change: Callable[[str], str]) -> None:
    path.write_text(change(path.read_text()))


def test_a_good_folder_is_clean(out: Path) -> None:
    result = verify(out, LocalEngine(2))
    assert (result.status, result.files, result.problems) == (0, 24, [])
    assert result.bytes == sum(path.stat().st_size for path in out.glob("*/*"))


@pytest.mark.parametrize(
    ("damage", "text"),
    [
        (lambda out: (out / "cat/0_v1.png").unlink(), '"cat/0_v1.png" is missing'),
        (lambda out: (out / "cat/0_v1.png").write_bytes(b""), '"cat/0_v1.png" has 0 bytes, the manifest says'),
        (lambda out: (out / "cat/0.png").write_bytes((out / "cat/0.png").read_bytes()[:-1] + b"!"), "its hash differs"),
        (lambda out: (out / "cat/unknown.png").write_bytes(b""), '"cat/unknown.png" is not in the manifest'),
        (lambda out: (out / "unknown").write_bytes(b""), '"unknown" is not in the manifest'),
        (lambda out: (out / "expand.json").unlink(), '"expand.json" is missing'),
        (lambda out: rewrite(out / "expand.json", lambda t: t.replace("finished", "unfinished")), "was not finished"),
        (lambda out: rewrite(out / "expand.json", lambda t: t.replace("finished", "deleting")), "--overwrite was removing"),
        (lambda out: rewrite(out / "metadata.jsonl", lambda t: "".join(t.splitlines(True)[:-1])), '"expand.json" counts 24 files'),
        (lambda out: rewrite(out / "metadata.jsonl", lambda t: "".join(reversed(t.splitlines(True)))), "is not sorted"),
        (lambda out: ((out / "cat/0_v1.png").unlink(), (out / "cat/0_v1.png").mkdir()), "is missing: a folder lies in its place"),
    ],
)  # fmt: skip
def test_each_kind_of_damage_is_reported(
    damage: Callable[[Path], object], text: str, out: Path
) -> None:
    damage(out)
    result = verify(out)
    assert result.status == 1
    assert any(text in str(problem) for problem in result.problems), result.problems


def test_extra_files_are_named_in_order_where_names_are_sorted_on_the_disk(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spooled_lists, "RUN", 4)
    names = ["a/x", "cat/0_v1.pn", "cat/0_v1.png.bak", "cat/\u00fc", "cat0", "zoo/\udcff"]
    for name in reversed(names):
        (out / name).parent.mkdir(exist_ok=True)
        (out / name).touch()
    assert verify(out).problems == [
        Problem("extra", name, "is not in the manifest") for name in names
    ]


def test_files_that_file_managers_add_are_no_problem_but_other_hidden_ones_are(out: Path) -> None:
    for name in ("cat/.DS_Store", "cat/Thumbs.db", "._cat", "@eaDir/cat/0.png", "desktop.ini"):
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).touch()
    assert verify(out).problems == []
    (out / "cat/.1.png").touch()
    assert verify(out).problems == [Problem("extra", "cat/.1.png", "is not in the manifest")]


def test_a_missing_and_an_extra_file_do_not_cancel_out(out: Path) -> None:
    (out / "cat/0_v1.png").rename(out / "cat/0_v9.png")
    assert verify(out).problems == [
        Problem("missing", "cat/0_v1.png", "is missing"),
        Problem("extra", "cat/0_v9.png", "is not in the manifest"),
    ]


def test_no_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExpandError, match="not a finished output"):
        verify(tmp_path)


def test_the_card_counts_what_the_manifest_lists(out: Path) -> None:
    card = json.loads((out / "expand.json").read_text())
    assert card["counts"]["files"] == len((out / "metadata.jsonl").read_text().splitlines())


def test_a_remedy_for_each_kind_of_problem_works(out: Path, tmp_path: Path) -> None:
    changed, missing = (out / f"cat/0_v{k}.png" for k in (1, 2))
    data = bytearray(changed.read_bytes())
    data[60] ^= 255
    changed.write_bytes(data)
    missing.unlink()
    (out / "cat/notes.txt").write_text("mine")
    remedies = {problem.kind: problem.remedy for problem in verify(out).problems}
    assert "--repair" in remedies["changed"]
    assert "--repair" in remedies["missing"]
    assert "--move-unknown" in remedies["extra"]
    assert repair(out, verify(out).damaged).failed == []
    move_files(out, verify(out).unknown, tmp_path / "aside")
    assert verify(out).problems == []
    assert (tmp_path / "aside/cat/notes.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("damage", "remedy", "refused"),
    [
        (lambda card: card.unlink(), "put that file back", "has no expand.json"),
        (lambda card: rewrite(card, lambda t: t.replace("finished", "deleting")), "with --overwrite", "Use --overwrite"),
    ],
)  # fmt: skip
def test_a_run_that_would_be_refused_is_not_advised(
    damage: Callable[[Path], object], remedy: str, refused: str, out: Path, class_folder: Folder
) -> None:
    damage(out / "expand.json")
    assert remedy in verify(out).problems[0].remedy
    with pytest.raises(ExpandError, match=refused):
        expand(class_folder(3), out, workers=1)


@pytest.mark.parametrize("cut", [-1, -40, -400, 10, 0])
def test_a_manifest_that_was_cut_off_is_mended_as_verify_says(
    cut: int, out: Path, tmp_path: Path
) -> None:
    manifest = out / "metadata.jsonl"
    whole = manifest.read_bytes()
    manifest.write_bytes(whole[:cut])
    try:
        said = " ".join(verify(out).remedies)
    except ExpandError as error:
        said = str(error)
    assert cut == -1 or "Run expand again with the same options" in said
    assert "--move-unknown" not in said
    expand(tmp_path / "src", out, workers=1)
    assert manifest.read_bytes() == whole
    assert verify(out).problems == []


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda rows: [row for row in rows for _ in range(2)], 'has two rows of "cat/0.png"'),
        (lambda rows: rows * 2, 'is not sorted at "cat/0.png"'),
        (lambda rows: rows[::-1], "is not sorted at"),
    ],
)
def test_rows_out_of_order_are_one_problem_that_overwrite_mends(
    change: Callable[[list[str]], list[str]], text: str, out: Path, tmp_path: Path
) -> None:
    rewrite(out / "metadata.jsonl", lambda t: "".join(change(t.splitlines(True))))
    unsorted = [each for each in verify(out).problems if each.kind == "unsorted"]
    assert len(unsorted) == 1
    assert text in str(unsorted[0])
    assert "--overwrite" in unsorted[0].remedy
    expand(tmp_path / "src", out, workers=1, overwrite=True)
    assert verify(out).problems == []


def test_a_row_with_another_class_is_a_problem(out: Path) -> None:
    rewrite(out / "metadata.jsonl", lambda t: t.replace('"label": "cat"', '"label": "cow"', 1))
    assert [each.kind for each in verify(out).problems] == ["misnamed"]


def test_a_finished_card_without_counts_is_refused(out: Path) -> None:
    rewrite(out / "expand.json", lambda t: t.replace('"counts"', '"count"'))
    with pytest.raises(ExpandError, match='not a run card of expand: "counts" must be an object'):
        verify(out)
