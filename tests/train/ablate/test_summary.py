"""The summary and its files: results, plain data, and a recipe to use."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest
import yaml

from expand.recipes.recipe import Recipe
from expand.techniques.geometric.flip import Flip
from tests.train.ablate.ablations import BLOG, CLASSIC, ablation_for, outcomes_of, results_for
from tests.train.compare.studies import context_of
from tests.train.samples import pictures, write_set
from train.ablate.ablation import AblationStudy
from train.ablate.export import write_result
from train.ablate.export.json import screen_from_json, screen_to_json, to_plain
from train.ablate.findings.check import check, choose, keep
from train.ablate.findings.effects import estimate_effects
from train.ablate.results import AblationResult, Flag, ScreenRow, Suggestion
from train.ablate.summary import Findings, recipe_yaml, suggest, suggested_recipe, summarise
from train.trials.options import StudyOptions
from train.trials.study import TrialContext

OPTIONS = StudyOptions(0.25, "train ablate src --test test", seeds=6)
POINTS = {0: (4.0, 4.0), 1: (-6.0, -2.0), 3: (2.0, 2.0)}
"""Of blog: the horizontal flip helps, the vertical one harms, the translation helps."""
SCREEN = (
    ScreenRow("flip horizontal", "mirrored", 0.9, 0.9),
    ScreenRow(
        "flip vertical",
        "mirrored",
        0.9,
        0.2,
        tuple(Flag(f"{n}", 0.9, 0.1 * n, "9") for n in range(5)),
        {"0": 0.5},
    ),
)
KEYS = [
    "title", "headline", "command", "settings", "design", "runs", "techniques", "screen", "check",
    "suggestion", "not_tested", "versions", "hardware", "created", "seconds", "fairness",
]  # fmt: skip


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Write ten sources, and eight test images."""
    src = write_set(tmp_path / "src", pictures(5))
    return src, write_set(tmp_path / "test", pictures(4, seed=50))


def summed(
    context: TrialContext[AblationStudy], points: dict[int, tuple[float, float]]
) -> AblationResult:
    """Summarise results in which techniques add these points."""
    ablation = context.study
    results = results_for(ablation.design_arms, points)
    seconds = [1e-6] * len(ablation.switches)
    techniques = estimate_effects(ablation, outcomes_of(results), seconds, 0.25)
    chosen, checked = choose(ablation, techniques), None
    if ablation.design != "single":
        arms = ablation.final_arms(chosen)
        last = results_for(arms, points)
        checked, results = check(arms, outcomes_of(last), 0.25), [*results, *last]
    kept, took = keep(chosen, checked), sum(each.wall_seconds for each in results)
    return summarise(context, Findings(techniques, SCREEN, checked, kept, took), OPTIONS, 1)


def test_a_summary_as_plain_data_has_every_result(folders: tuple[Path, Path]) -> None:
    context = context_of(ablation_for(*folders, recipe=BLOG))
    result = summed(context, POINTS)
    plain = to_plain(result)
    assert json.loads(json.dumps(plain))["title"] == plain["title"] == str(folders[0])
    assert list(plain) == KEYS
    settings = plain["settings"]
    assert (settings["recipe"], settings["design"]) == ("blog", "plackett-burman")
    assert settings["epochs"] == settings["passes"] == 2
    assert (settings["sources"], settings["test images"]) == (10, 8)
    assert (settings["model"], settings["seeds"]) == ("linear", 6)
    assert len(plain["runs"]) == 12
    assert plain["runs"][0]["on"] == [
        "flip horizontal", "flip vertical", "translate ±30 %", "scale × 1 … 2", "noise",
    ]  # fmt: skip
    assert plain["runs"][-1] == {"arm": "none", "on": []}
    assert [row["says"] for row in plain["techniques"]][:2] == ["helps", "harms"]
    assert [row["technique"] for row in plain["screen"]] == ["flip horizontal", "flip vertical"]
    assert (plain["command"], plain["design"]) == (OPTIONS.command, "plackett-burman")
    runs = (len(set(context.study.design_arms)) + len(plain["check"]["cells"])) * 6
    assert plain["seconds"] == 1.5 * runs
    assert datetime.fromisoformat(plain["created"]).tzinfo


def test_accuracies_are_in_percent_in_the_file_and_times_in_microseconds(
    folders: tuple[Path, Path],
) -> None:
    plain = to_plain(summed(context_of(ablation_for(*folders, recipe=BLOG)), POINTS))
    assert [row["plain"] for row in plain["screen"]] == [90.0, 90.0]
    assert plain["screen"][1]["harmed"][1] == {
        "class": "1", "times": 1, "before": 90.0, "after": 10.0, "taken_for": "9",
    }  # fmt: skip
    assert [row["microseconds"] for row in plain["techniques"]] == pytest.approx([1.0] * 6)
    assert set(plain["techniques"][0]) == {
        "technique", "says", "says_here", "mean", "sd", "interval", "interval_here", "p", "p_t", "p_signflip", "more_seeds",
        "classes", "harmed", "words", "microseconds", "effects",
    }  # fmt: skip


def test_the_screen_of_a_trial_is_read_as_it_was_written() -> None:
    rows = json.loads(json.dumps(screen_to_json(SCREEN)))
    assert screen_from_json(rows) == SCREEN
    assert list(rows[1]) == [
        "technique", "setting", "accuracy", "per_class", "plain", "harmed",
    ]  # fmt: skip
    assert list(rows[1]["harmed"][0]) == ["class", "before", "after", "taken_for"]


def test_what_helps_is_suggested_as_a_recipe_that_can_be_loaded(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    ablation = ablation_for(*folders, recipe=BLOG)
    suggestion = summed(context_of(ablation), POINTS).suggestion
    names = suggestion.techniques
    assert {"flip horizontal", "translate ±30 %"} <= set(names)
    assert "flip vertical" not in names
    assert suggestion.yaml is not None
    (tmp_path / "recipe.yaml").write_text(suggestion.yaml)
    kept = tuple(index for index, switch in enumerate(ablation.switches) if switch.name in names)
    loaded = Recipe.load(tmp_path / "recipe.yaml")
    assert loaded == suggested_recipe(ablation, kept)
    assert (loaded.name, loaded.fill, loaded.techniques[0]) == (
        "blog ablated",
        BLOG.fill,
        Flip(("horizontal",)),
    )


@pytest.mark.parametrize("recipe", [CLASSIC, BLOG], ids=["classic", "blog"])
def test_any_choice_of_techniques_is_read_as_it_was_written(recipe: Recipe, tmp_path: Path) -> None:
    ablation = ablation_for(recipe=recipe)
    for number in range(len(ablation.switches)):
        suggested = suggested_recipe(
            ablation, tuple(index for index in range(len(ablation.switches)) if index != number)
        )
        assert suggested is not None
        (tmp_path / "recipe.yaml").write_text(recipe_yaml(suggested))
        assert Recipe.load(tmp_path / "recipe.yaml") == suggested
    assert suggested_recipe(ablation, ()) is None
    assert suggest(ablation, ()) == Suggestion((), None)


def test_if_nothing_helps_nothing_is_suggested(folders: tuple[Path, Path], tmp_path: Path) -> None:
    result = summed(context_of(ablation_for(*folders)), dict.fromkeys(range(5), (-5.0, -5.0)))
    plain = to_plain(result)
    assert plain["suggestion"] == {"techniques": None, "yaml": None, "file": None}
    assert result.headline[1] == "No technique is suggested: none was shown to help."
    assert [cell["arm"] for cell in plain["check"]["cells"]] == ["none", "TrivialAugment"]
    out = tmp_path / "out"
    out.mkdir()
    (out / "recipe.yaml").write_text("of an earlier time")
    assert write_result(out, result) is None
    assert sorted(path.name for path in out.iterdir()) == [
        "ablation.json", "index.html", "report.md",
    ]  # fmt: skip


def test_all_files_hold_the_same_result(folders: tuple[Path, Path], tmp_path: Path) -> None:
    result, out = summed(context_of(ablation_for(*folders, recipe=BLOG)), POINTS), tmp_path / "out"
    out.mkdir()
    assert write_result(out, result) == out / "recipe.yaml"
    assert sorted(path.name for path in out.iterdir()) == [
        "ablation.json", "index.html", "recipe.yaml", "report.md",
    ]  # fmt: skip
    plain = json.loads((out / "ablation.json").read_text())
    assert plain == json.loads(json.dumps(to_plain(result)))
    assert plain["suggestion"]["file"] == "recipe.yaml"
    assert (out / "recipe.yaml").read_text() == result.suggestion.yaml
    assert yaml.safe_load(result.suggestion.yaml or "")["name"] == "blog ablated"
    assert "flip vertical" in (out / "report.md").read_text()
    assert "flip vertical" in (out / "index.html").read_text()


def test_single_techniques_are_not_checked_together(folders: tuple[Path, Path]) -> None:
    result = summed(context_of(ablation_for(*folders, design="single")), {0: (5.0, 5.0)})
    assert result.check is None
    assert result.suggestion.techniques == ("flip horizontal",)
