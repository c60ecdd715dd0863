"""The job: what it refuses before anything is written, and what it leaves in the run card."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from expand import ExpandError, Recipe, Settings, expand
from expand.job import job
from expand.job.checks import earlier
from expand.job.checks.verify import verify
from expand.records.card import read_card
from expand.records.manifest import MANIFEST
from expand.storage.lock import Lock
from tests.conftest import Folder, tree


def test_the_run_card_says_what_was_done_with_what_at_what_cost(
    class_folder: Folder, tmp_path: Path
) -> None:
    src = class_folder(4)
    (src / "loose.png").write_bytes(b"")
    expand(src, tmp_path / "out", factor=3, seed=5, workers=1)
    card = json.loads((tmp_path / "out/expand.json").read_text())
    assert card["state"] == "finished"
    assert Settings.from_dict(card["settings"]) == Settings(Recipe.load("classic"), 3, 5)
    assert card["counts"] == {
        "sources": 8,
        "files": 24,
        "bytes": card["counts"]["bytes"],
        "same_pixels": 0,
        "classes": {"cat": 12, "dog": 12},
    }
    assert card["found"]["outside_class_folders"] == 1
    assert card["versions"]["numpy"]
    assert card["platform"]["machine"]
    (cost,) = card["cost"]["runs"]
    assert cost["files"] == 24
    assert cost["wall_seconds"] > 0
    assert (tmp_path / "out" / card["source"]).resolve() == src.resolve()


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"factor": 5, "seed": 1}, "--factor was 4, is 5; --seed was 0, is 1"),
        ({"seed": 1}, "--seed was 0, is 1"),
        ({"sampling": "random"}, "--sampling was stratified, is random"),
        ({"format": "png"}, "--format was keep, is png"),
        ({"quality": 50}, "--quality was not given, is 50"),
        ({"originals": "none"}, "--originals was copy, is none"),
        ({"recipe": "blog"}, '--recipe was "classic"'),
    ],
)
def test_other_settings_into_a_folder_are_refused_with_what_differs(
    change: dict[str, object], text: str, class_folder: Folder, tmp_path: Path
) -> None:
    src, out = class_folder(2), tmp_path / "out"
    expand(src, out, workers=1)
    before = tree(out), (out / "expand.json").read_bytes()
    with pytest.raises(ExpandError, match="was written with other settings") as error:
        expand(src, out, workers=1, **change)  # type: ignore[arg-type]
    assert text in str(error.value)
    assert error.value.status == 2
    assert (tree(out), (out / "expand.json").read_bytes()) == before
    expand(src, out, workers=1, overwrite=True, **change)  # type: ignore[arg-type]
    expand(src, tmp_path / "afresh", workers=1, **change)  # type: ignore[arg-type]
    assert tree(out) == tree(tmp_path / "afresh")


def test_other_versions_are_said(
    class_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    src, out = class_folder(2), tmp_path / "out"
    expand(src, out, workers=1)
    monkeypatch.setattr(earlier, "versions", lambda: {"expand": "0.1.0", "numpy": "9.9"})
    assert "numpy" in expand(src, out, workers=1).notes[0]


def test_a_folder_with_anything_else_in_it_is_refused_also_with_overwrite(
    class_folder: Folder, tmp_path: Path
) -> None:
    out = tmp_path / "home"
    out.mkdir()
    (out / "thesis.tex").write_text("x")
    for overwrite in (False, True):
        with pytest.raises(ExpandError, match=r"is not empty and has no expand.json"):
            expand(class_folder(2), out, workers=1, overwrite=overwrite)
    assert tree(out) == {"thesis.tex": b"x"}


def test_a_folder_with_nothing_but_what_file_managers_add_counts_as_empty(
    class_folder: Folder, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    added = (".DS_Store", "Thumbs.db", "desktop.ini", "@eaDir/x.png")
    for name in added:
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text("x")
    for _ in range(2):
        assert expand(class_folder(2), out, workers=1).status == 0
    assert {name: data for name, data in tree(out).items() if name in added} == dict.fromkeys(
        added, b"x"
    )
    assert verify(out).status == 0


@pytest.mark.parametrize(
    ("src", "out"), [("src", "src"), ("src", "src/out"), ("src/cat", "src"), ("src", "link/out")]
)
def test_input_and_output_may_not_lie_in_one_another(
    src: str, out: str, class_folder: Folder, tmp_path: Path
) -> None:
    root = class_folder({"cat/cat/1.png": b"x", "dog/1.png": b"x"})
    (tmp_path / "link").symlink_to(root)
    before = tree(root)
    with pytest.raises(ExpandError, match="input"):
        expand(tmp_path / src, tmp_path / out, workers=1)
    assert tree(root) == before


def test_an_output_that_is_a_file_is_refused(class_folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("x")
    with pytest.raises(ExpandError, match="is a file; a folder is needed"):
        expand(class_folder(2), tmp_path / "out", workers=1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"factor": 0}, {"factor": 1, "originals": "none"}, {"format": "gif"}, {"quality": 0}, {"quality": 101}, {"originals": "move"},
        {"sampling": "even"}, {"seed": -1}, {"recipe": "nosuch"}, {"workers": -1},
    ],
)  # fmt: skip
def test_wrong_settings_are_refused_and_nothing_is_written(
    wrong: dict[str, object], class_folder: Folder, tmp_path: Path
) -> None:
    with pytest.raises(ExpandError) as error:
        expand(class_folder(2), tmp_path / "out", **{"workers": 1, **wrong})  # type: ignore[arg-type]
    assert error.value.status == 2
    assert not list(tmp_path.glob("out/**/*.png"))


def test_a_factor_beyond_what_the_recipe_can_give_is_refused_with_the_number(
    class_folder: Folder, tmp_path: Path
) -> None:
    recipe = Recipe.load("classic").with_factors({"flip": 4, "rotate90": 4})
    with pytest.raises(
        ExpandError, match=r"--factor 9 is more than recipe .* can give: 8 distinct views"
    ):
        expand(class_folder(2), tmp_path / "out", 9, recipe, workers=1)
    assert not (tmp_path / "out").exists()
    assert expand(class_folder(2), tmp_path / "out", 8, recipe, workers=1).summary.files == 32


def test_a_second_run_beside_the_first_is_refused(class_folder: Folder, tmp_path: Path) -> None:
    src, out = class_folder(2), tmp_path / "out"
    out.mkdir()
    with Lock(out), pytest.raises(ExpandError, match="another run is writing to"):
        expand(src, out, workers=1)
    assert list(out.iterdir()) == []


def test_a_folder_that_was_made_for_nothing_is_removed(
    class_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise ExpandError("no room")

    monkeypatch.setattr(job, "check_fits", refuse)
    with pytest.raises(ExpandError, match="no room"):
        expand(class_folder(2), tmp_path / "out", workers=1)
    assert not (tmp_path / "out").exists()


def test_a_damaged_card_or_manifest_is_said(class_folder: Folder, tmp_path: Path) -> None:
    src, out = class_folder(2), tmp_path / "out"
    expand(src, out, workers=1)
    (out / "expand.json").write_text("{")
    with pytest.raises(ExpandError, match=r'expand.json" is damaged'):
        expand(src, out, workers=1)
    assert read_card(tmp_path) is None
    (out / "expand.json").unlink()
    (out / MANIFEST).write_text("nonsense\n")
    with pytest.raises(ExpandError, match="not empty"):
        expand(src, out, workers=1)


def test_factor_1_copies_the_originals(class_folder: Folder, tmp_path: Path) -> None:
    src = class_folder(3)
    expand(src, tmp_path / "out", factor=1, workers=1)
    files = tree(tmp_path / "out")
    files.pop(MANIFEST)
    assert files == tree(src)


def test_what_a_kill_leaves_of_the_first_card_is_no_unknown_file(
    class_folder: Folder, tmp_path: Path
) -> None:
    src, out = class_folder(2), tmp_path / "out"
    out.mkdir()
    (out / ".expand.json.part").write_text("{")
    assert expand(src, out, workers=1).status == 0


def test_a_card_with_a_recipe_without_a_name_is_refused_in_words(
    class_folder: Folder, tmp_path: Path
) -> None:
    src, out = class_folder(1), tmp_path / "out"
    expand(src, out, workers=1)
    card = json.loads((out / "expand.json").read_text())
    del card["settings"]["recipe"]["name"]
    (out / "expand.json").write_text(json.dumps(card))
    with pytest.raises(ExpandError, match="was written with other settings"):
        expand(src, out, workers=1)
