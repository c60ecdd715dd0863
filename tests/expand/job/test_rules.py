"""Rules for classes in a whole run: class folders and labelled datasets, kills, replay, the plan."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from expand import ExpandError, Recipe, expand
from expand.cli.command import command
from expand.images.encoder import encode
from expand.images.formats import Encoding
from expand.job.checks.verify import verify
from expand.job.remaking.replay import replay
from expand.records.manifest import read_rows
from expand.views.views import Views
from tests.conftest import Folder, noise_image, tree
from tests.expand.layouts.labelled.yolo.drawn import NAMES, draw_detect

PLAIN = "techniques: [flip, rotate, noise]"
RULES = Recipe.parse(f"{PLAIN}\nclasses: {{left: {{flip: never, rotate: {{degrees: [-3, 3]}}}}}}")
TWO = Recipe.parse("techniques: [flip, noise]\nclasses: {left: {flip: never}}")


def names(*classes: str, count: int = 6) -> dict[str, object]:
    return {
        f"{label}/{n}.png": noise_image(12, 10, 3, seed=n + 50 * number)
        for number, label in enumerate(classes)
        for n in range(count)
    }


def test_class_folders_follow_the_rules_and_other_classes_stay_as_they_were(
    class_folder: Folder, tmp_path: Path
) -> None:
    src, out, plain = class_folder(names("left", "stop")), tmp_path / "out", tmp_path / "plain"
    expand(src, out, 6, RULES, workers=1)
    expand(src, plain, 6, Recipe.parse(PLAIN), workers=1)
    rows = [row for row in read_rows(out) if row["label"] == "left"]
    assert len(rows) == 36
    assert not any(row["params"]["flip"]["horizontal"] for row in rows)
    assert all(abs(row["params"]["rotate"]["degrees"]) <= 3 for row in rows)
    assert len({str(row["params"]) for row in rows if row["source"] == "left/0.png"}) == 6
    files, before = tree(out), tree(plain)
    assert all(files[name] == before[name] for name in files if name.startswith("stop/"))
    assert files.keys() == before.keys()


def test_the_bytes_are_the_same_for_any_workers_and_can_be_made_again(
    class_folder: Folder, tmp_path: Path
) -> None:
    src, out, other = class_folder(names("left", "stop")), tmp_path / "out", tmp_path / "other"
    expand(src, out, 3, RULES, workers=1)
    expand(src, other, 2, RULES, workers=2)
    (other / "left/0_v1.png").unlink()
    expand(src, other, 3, RULES, workers=2)
    assert tree(out) == tree(other)
    for name in ("left/0_v2.png", "left/1_v1.png", "stop/0_v2.png"):
        assert replay(out, name) == (out / name).read_bytes()
    assert verify(out).problems == []


def test_a_class_that_cannot_give_the_factor_is_refused(
    class_folder: Folder, tmp_path: Path
) -> None:
    src = class_folder(names("left", "stop"))
    message = 'give class "left" by its rules: 2 distinct views'
    with pytest.raises(ExpandError, match=message) as refused:
        expand(src, tmp_path / "out", 3, TWO)
    assert refused.value.status == 2
    assert not (tmp_path / "out").exists()
    assert expand(src, tmp_path / "out", 2, TWO, workers=1).status == 0
    nothing = Recipe.parse("techniques: [flip]\nclasses: {left: {flip: never}}")
    with pytest.raises(ExpandError, match="1 distinct view$"):
        expand(src, tmp_path / "other", 2, nothing)
    assert expand(src, tmp_path / "other", 1, nothing, workers=1).summary.files == 12


def test_other_rules_into_an_expanded_folder_are_refused(
    class_folder: Folder, tmp_path: Path
) -> None:
    src, out = class_folder(names("left", "stop")), tmp_path / "out"
    expand(src, out, 2, TWO, workers=1)
    with pytest.raises(ExpandError, match=r'class "left" was \{flip: never\}, is absent'):
        expand(src, out, 2, Recipe.parse("name: recipe\ntechniques: [flip, noise]"), workers=1)


def test_rules_for_a_class_that_is_not_there_are_said(class_folder: Folder, tmp_path: Path) -> None:
    report = expand(class_folder(names("cat", "stop")), tmp_path / "out", 2, TWO, workers=1)
    assert report.notes == (
        'the dataset has no class "left", for which the recipe has rules; it has "cat", "stop"',
    )


def test_the_plan_shows_rules_and_names_to_think_about(
    class_folder: Folder, tmp_path: Path
) -> None:
    src, recipe = class_folder(names("left", "right")), tmp_path / "mine.yaml"
    recipe.write_text(
        "techniques: [flip, noise]\nclasses: {left: {flip: never}, lft: {flip: never}}"
    )
    shown = CliRunner().invoke(
        command, ["plan", str(src), str(tmp_path / "out"), "--recipe", str(recipe), "--factor", "2"]
    )
    assert 'Class "left": without flip. Distinct views: 2.' in shown.output
    assert 'Note: the dataset has no class "lft" (did you mean "left"?), for which' in shown.output
    assert '"right" (mirrored left-right)' in shown.output
    assert '"left" (mirrored' not in shown.output


def test_an_image_with_objects_takes_what_all_their_classes_allow(tmp_path: Path) -> None:
    root, out = draw_detect(tmp_path / "src", 8), tmp_path / "out"
    recipe = Recipe.parse(
        f"techniques: [flip, translate]\nclasses: {{{NAMES[1]}: {{flip: never}}}}"
    )
    report = expand(root, out, 5, recipe, workers=1)
    assert report.status == 0
    flipped = dict[bool, int]()
    for row in read_rows(out):
        if "labels" in row and row["view"]:
            label = root / row["source"].replace("images", "labels").replace(".png", ".txt")
            kinds = label.read_text().split("\n") if label.exists() else []
            has = any(line.startswith("1 ") for line in kinds)
            if row["params"]["flip"]["horizontal"]:
                flipped[has] = flipped.get(has, 0) + 1
    assert flipped.keys() == {False}
    assert verify(out).problems == []


def test_an_image_whose_classes_leave_too_few_views_is_bad(tmp_path: Path) -> None:
    root = draw_detect(tmp_path / "src", 8)
    one, two = NAMES[:2]
    recipe = Recipe.parse(
        "techniques: [flip, rotate90, noise]\n"
        f"classes: {{{one}: {{flip: never, rotate90: never}}, {two}: {{noise: never, flip: never}}}}"
    )
    report = expand(root, tmp_path / "out", 2, recipe, workers=1)
    assert report.status == 1
    assert [bad.source[-6:-4] for bad in report.summary.bad] == ["01", "02", "04", "05"]
    for bad in report.summary.bad:
        assert bad.reason.startswith(f"has the classes {', '.join(sorted((one, two)))}") or (
            "blue" in bad.reason
        )
        assert bad.reason.endswith("whose rules leave 1 distinct views; --factor is 2")


def test_the_recipe_of_a_run_card_has_its_rules(class_folder: Folder, tmp_path: Path) -> None:
    out = tmp_path / "out"
    expand(class_folder(names("left", "stop")), out, 2, TWO, workers=1)
    card = json.loads((out / "expand.json").read_text())
    assert Recipe.from_dict(card["settings"]["recipe"]) == TWO
    row = next(row for row in read_rows(out) if row["file_name"] == "left/0_v1.png")
    assert row["params"] == Views(TWO).params("left/0.png", 1, ["left"])


def table_of(tmp_path: Path, label: str) -> Path:
    """Return a folder of six images with a table of labels; `label` is that of every third one."""
    root = tmp_path / "table"
    root.mkdir()
    lines = ["file_name,label"]
    for n in range(6):
        (root / f"{n}.png").write_bytes(encode(noise_image(9, 8, 3, seed=n), Encoding("PNG")))
        lines.append(f"{n}.png,{label if n % 3 == 1 else 'stop'}")
    (root / "labels.csv").write_text("\n".join(lines) + "\n")
    return root


def test_a_table_of_single_classes_follows_rules_and_balance(tmp_path: Path) -> None:
    root, out = table_of(tmp_path, "left"), tmp_path / "out"
    report = expand(root, out, 1, TWO, balance="max", workers=1)
    assert report.status == 0
    rows = [row for row in read_rows(out) if row["label"]]
    assert {row["label"] for row in rows} == {"left", "stop"}
    assert len(rows) == 8
    assert not any(row["params"]["flip"]["horizontal"] for row in rows if row["label"] == "left")


def test_images_of_several_classes_are_not_taken_for_images_without_rules(tmp_path: Path) -> None:
    root = table_of(tmp_path, "left|stop")
    with pytest.raises(ExpandError, match="has no single class, and the recipe has rules"):
        expand(root, tmp_path / "out", 2, TWO, workers=1)
    with pytest.raises(ExpandError, match="has no single class; use --balance repeat"):
        expand(root, tmp_path / "out", 2, balance="max", workers=1)


def test_rules_under_which_random_views_cannot_be_shuffled_are_refused_first(
    class_folder: Folder, tmp_path: Path
) -> None:
    recipe = Recipe.parse(
        "techniques: [flip, rotate, scale: {factor: 2000}, noise: {factor: 2000}]\n"
        "classes: {left: {rotate: never}}"
    )
    with pytest.raises(ExpandError, match="--sampling random can shuffle 1,000,000 views"):
        expand(class_folder(names("left", "stop")), tmp_path / "out", 2, recipe, sampling="random")
    assert not (tmp_path / "out").exists()
