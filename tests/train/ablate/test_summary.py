"""The summary of an ablation: plain data, a recipe to go on with, and words at the terminal."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from expand.recipes.recipe import Recipe
from expand.techniques.geometric.flip import Flip
from tests.train.ablate.ablations import BLOG, CLASSIC, ablation_for, outcomes_of, rows_for
from tests.train.compare.studies import context_of
from tests.train.samples import pictures, write_set
from train.ablate.ablation import AblationStudy
from train.ablate.findings import check, choose, describe_techniques, keep
from train.ablate.summary import in_words, recipe_yaml, suggest, summarise, write_summary
from train.trials.context import TrialContext
from train.trials.options import StudyOptions

HOW = StudyOptions(0.25, "train ablate src --test test", seeds=6)
POINTS = {0: (4.0, 4.0), 1: (-6.0, -2.0), 3: (2.0, 2.0)}
"""Of blog: the horizontal flip helps, the vertical one harms, the translation helps."""
SCREEN = [
    {"technique": "flip horizontal", "setting": "mirrored", "plain": 0.9, "accuracy": 0.9, "harmed": []},
    {
        "technique": "flip vertical", "setting": "mirrored", "plain": 0.9, "accuracy": 0.2,
        "harmed": [{"class": f"{n}", "before": 0.9, "after": 0.1 * n, "taken_for": "9"} for n in range(5)],
    },
]  # fmt: skip


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Return ten sources, and eight images to measure on."""
    return write_set(tmp_path / "src", pictures(5)), write_set(
        tmp_path / "test", pictures(4, seed=50)
    )


def summed(
    context: TrialContext[AblationStudy], points: dict[int, tuple[float, float]]
) -> dict[str, Any]:
    """Return the summary of runs in which techniques do these points."""
    ablation = context.study
    rows = rows_for(ablation.design_arms, points)
    rows[-1]["screen"] = SCREEN
    techniques = describe_techniques(
        ablation, outcomes_of(rows), [1e-6] * len(ablation.switches), 0.25
    )
    chosen, checked = choose(ablation, techniques), None
    if ablation.design != "single":
        arms = ablation.final_arms(chosen)
        last = rows_for(arms, points)
        checked, rows = check(arms, outcomes_of(last), 0.25), [*rows, *last]
    return summarise(context, rows, (techniques, checked, keep(ablation, chosen, checked)), HOW, 1)


def test_a_summary_holds_all_that_was_found_as_plain_data(folders: tuple[Path, Path]) -> None:
    context = context_of(ablation_for(*folders, recipe=BLOG))
    found = summed(context, POINTS)
    assert json.loads(json.dumps(found))["title"] == found["title"] == str(folders[0])
    assert list(found) == [
        "title", "headline", "command", "settings", "design", "runs", "techniques", "screen", "check", "suggestion", "not_tested",
        "versions", "hardware", "created", "seconds",
    ]  # fmt: skip
    settings = found["settings"]
    assert (settings["recipe"], settings["design"], settings["passes"]) == (
        "blog",
        "plackett-burman",
        2,
    )
    assert (settings["sources"], settings["test images"], settings["model"], settings["seeds"]) == (
        10,
        8,
        "linear",
        6,
    )
    assert len(found["runs"]) == 12
    assert found["runs"][0]["on"] == [
        "flip horizontal",
        "flip vertical",
        "translate ±30 %",
        "scale × 1 … 2",
        "noise",
    ]
    assert found["runs"][-1] == {"arm": "none", "on": []}
    assert [row["says"] for row in found["techniques"]][:2] == ["helps", "harms"]
    assert [row["technique"] for row in found["screen"]] == ["flip horizontal", "flip vertical"]
    assert (found["command"], found["design"]) == (HOW.command, "plackett-burman")
    runs = (len(set(context.study.design_arms)) + len(found["check"]["cells"])) * 6
    assert found["seconds"] == 1.5 * runs
    assert datetime.fromisoformat(found["created"]).tzinfo


def test_what_helps_is_suggested_as_a_recipe_that_can_be_loaded(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    ablation = ablation_for(*folders, recipe=BLOG)
    found = summed(context_of(ablation), POINTS)
    names = found["suggestion"]["techniques"].split(", ")
    assert {"flip horizontal", "translate ±30 %"} <= set(names)
    assert "flip vertical" not in names
    (tmp_path / "recipe.yaml").write_text(found["suggestion"]["yaml"])
    kept = tuple(place for place, switch in enumerate(ablation.switches) if switch.name in names)
    loaded = Recipe.load(tmp_path / "recipe.yaml")
    assert loaded == suggest(ablation, kept)
    assert (loaded.name, loaded.fill, loaded.techniques[0]) == (
        "blog ablated",
        BLOG.fill,
        Flip(("horizontal",)),
    )
    assert found["suggestion"]["file"] == "recipe.yaml"


@pytest.mark.parametrize("recipe", [CLASSIC, BLOG], ids=["classic", "blog"])
def test_any_choice_of_techniques_is_written_as_it_is_read(recipe: Recipe, tmp_path: Path) -> None:
    ablation = ablation_for(recipe=recipe)
    for number in range(len(ablation.switches)):
        suggested = suggest(
            ablation, tuple(place for place in range(len(ablation.switches)) if place != number)
        )
        assert suggested is not None
        (tmp_path / "recipe.yaml").write_text(recipe_yaml(suggested))
        assert Recipe.load(tmp_path / "recipe.yaml") == suggested
    assert suggest(ablation, ()) is None


def test_where_nothing_helps_nothing_is_suggested(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    found = summed(context_of(ablation_for(*folders)), dict.fromkeys(range(5), (-5.0, -5.0)))
    assert found["suggestion"] == {"techniques": None, "yaml": None, "file": None}
    assert found["headline"][1] == "Nothing is suggested: no technique was found to help."
    assert [cell["arm"] for cell in found["check"]["cells"]] == ["none", "TrivialAugment"]
    out = tmp_path / "out"
    out.mkdir()
    (out / "recipe.yaml").write_text("of an earlier time")
    write_summary(out, found)
    assert sorted(path.name for path in out.iterdir()) == [
        "ablation.json",
        "index.html",
        "report.md",
    ]
    assert "recipe.yaml" not in in_words(found, out)


def test_the_files_say_the_same(folders: tuple[Path, Path], tmp_path: Path) -> None:
    found, out = summed(context_of(ablation_for(*folders, recipe=BLOG)), POINTS), tmp_path / "out"
    out.mkdir()
    write_summary(out, found)
    assert sorted(path.name for path in out.iterdir()) == [
        "ablation.json",
        "index.html",
        "recipe.yaml",
        "report.md",
    ]
    assert json.loads((out / "ablation.json").read_text()) == json.loads(json.dumps(found))
    assert (out / "recipe.yaml").read_text() == found["suggestion"]["yaml"]
    assert yaml.safe_load(found["suggestion"]["yaml"])["name"] == "blog ablated"
    assert "flip vertical" in (out / "report.md").read_text()
    assert "flip vertical" in (out / "index.html").read_text()


def test_the_terminal_shows_techniques_screen_check_and_recipe(folders: tuple[Path, Path]) -> None:
    found = summed(context_of(ablation_for(*folders, recipe=BLOG)), POINTS)
    lines = in_words(found, Path("out")).splitlines()
    assert lines[:2] == found["headline"]
    assert lines[3:9] == [f"  {row['words']}" for row in found["techniques"]]
    assert lines[10:12] == [
        "A plainly trained model no longer knows, when images are changed so:",
        '  flip vertical, mirrored: "0" (90 → 0 %, taken for "9"), "1" (90 → 10 %, taken for "9"), "2" (90 → 20 %, taken for "9") and 2 more',
    ]
    assert lines[13] == "On the other half of the test images:"
    cells, pairs = found["check"]["cells"], found["check"]["pairs"]
    shown = [f"  {cell['arm']}: {cell['mean']:.2f} %" for cell in cells] + [
        f"  {pair['words']}" for pair in pairs
    ]
    assert lines[14:] == [*shown, "", "out/recipe.yaml: expand --recipe takes it", "out/index.html"]


def test_single_techniques_are_not_checked_together(folders: tuple[Path, Path]) -> None:
    found = summed(context_of(ablation_for(*folders, design="single")), {0: (5.0, 5.0)})
    assert found["check"] is None
    assert found["suggestion"]["techniques"] == "flip horizontal"
    assert "On the other half" not in in_words(found, Path("out"))
    assert "no longer knows" in in_words(found, Path("out"))
    found["screen"] = found["screen"][:1]
    assert "no longer knows" not in in_words(found, Path("out"))
