"""The result of an ablation from its findings, with the suggested recipe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import yaml

from expand.recipes.recipe import Recipe
from train.ablate.ablation import AblationStudy
from train.ablate.findings.sentences import headline, not_tested
from train.ablate.results import (
    AblationResult,
    AblationSetup,
    CheckSummary,
    ScreenRow,
    Suggestion,
    TechniqueEffect,
)
from train.ablate.switches import combine
from train.runs.records import versions
from train.runtime.device import hardware
from train.statistics.looks import Looks
from train.trials.context import describe_study
from train.trials.options import StudyOptions
from train.trials.results import DivergedTrial, count_diverged
from train.trials.study import TrialContext
from train.trials.tuning.search import Search
from train.trials.tuning.sentences import describe_fixed, describe_search


@dataclass(frozen=True)
class Findings:
    """What the trials show: effects, the merged screen, the check, the techniques to keep."""

    techniques: tuple[TechniqueEffect, ...]
    screen: tuple[ScreenRow, ...]
    check: CheckSummary | None
    kept: tuple[int, ...]
    seconds: float
    trials: int = 0
    versions: Mapping[str, str] = field(default_factory=dict)
    diverged: tuple[DivergedTrial, ...] = ()
    looks: Looks | None = None
    search: Search | None = None


def summarise(
    context: TrialContext[AblationStudy], findings: Findings, options: StudyOptions, jobs: int
) -> AblationResult:
    """Put findings, settings, versions and the suggestion together."""
    ablation = context.study
    suggestion = suggest(ablation, findings.kept)
    return AblationResult(
        setup=describe_setup(context, options, jobs),
        command=options.command,
        headline=(
            *filter(None, [count_diverged(findings.trials, len(findings.diverged))]),
            *headline(findings.techniques, findings.check, suggestion),
        ),
        runs=ablation.design_arms,
        techniques=findings.techniques,
        screen=findings.screen,
        check=findings.check,
        suggestion=suggestion,
        not_tested=not_tested(ablation.design, ablation.epochs, ablation.model),
        versions={**versions(), **findings.versions},
        hardware=hardware(context.device),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=findings.seconds,
        names=tuple(switch.name for switch in ablation.switches),
        diverged=findings.diverged,
        looks=findings.looks,
        search=findings.search,
        fairness=describe_settings(ablation, findings.search),
    )


def describe_settings(ablation: AblationStudy, search: Search | None) -> tuple[str, ...]:
    """Say in sentences how the settings of the runs were found."""
    if search:
        return (*describe_search(search, ablation.epochs), CHANCE)
    return (describe_fixed(ablation.training, ablation.dropout),)


CHANCE = (
    "A difference of two runs is also one of two searches, whose chance the intervals do not "
    "contain: each setting was tried once."
)


def describe_setup(
    context: TrialContext[AblationStudy], options: StudyOptions, jobs: int
) -> AblationSetup:
    """Describe what was ablated and how it was trained."""
    ablation, data = context.study, context.data
    own = {
        **({"settings tried for each arm": ablation.tune} if ablation.tune else {}),
        "recipe": ablation.recipe.name,
        "design": ablation.design,
        "epochs": ablation.epochs,
    }
    return AblationSetup(
        data=str(ablation.data),
        recipe=ablation.recipe.name,
        design=ablation.design,
        model=ablation.model,
        epochs=ablation.epochs,
        sources=len(data.train.folder),
        classes=len(data.train.folder.classes),
        test_images=len(data.test.folder) if data.test else 0,
        margin=options.margin,
        settings={**describe_study(context, options, jobs), **own},
    )


def suggest(ablation: AblationStudy, kept: Sequence[int]) -> Suggestion:
    """Suggest the techniques that are kept, with their recipe."""
    recipe = suggested_recipe(ablation, kept)
    names = tuple(ablation.switches[number].name for number in kept)
    return Suggestion(names, recipe_yaml(recipe) if recipe else None)


def suggested_recipe(ablation: AblationStudy, kept: Sequence[int]) -> Recipe | None:
    """Build the recipe of the techniques that are kept; None if there is none."""
    switches = [ablation.switches[number] for number in kept]
    return combine(ablation.recipe, switches, f"{ablation.recipe.name} ablated")


def recipe_yaml(recipe: Recipe) -> str:
    """Write a recipe as YAML, as `--recipe` reads it."""
    return yaml.safe_dump(recipe.to_dict(), sort_keys=False, allow_unicode=True)
