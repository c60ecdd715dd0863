"""The summary of a comparison: everything that its trials show, as one typed value."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from train.compare.examples import example_views
from train.compare.findings.accuracy import summarise_arms
from train.compare.findings.classes import compare_classes
from train.compare.findings.costs import break_even, describe_costs
from train.compare.findings.diverged import list_diverged
from train.compare.findings.draws import draws_of, note_draws, which_sources
from train.compare.findings.grouped import GroupedResults
from train.compare.findings.pairs import compare_pairs, without_verdict
from train.compare.findings.sentences import headline, not_tested, notes
from train.compare.findings.settings import describe_settings
from train.compare.findings.unfinished import label_unfinished, list_unfinished, list_unread
from train.compare.results import Check, Comparison, ComparisonSetup, ExpansionCost
from train.compare.study import ComparisonStudy
from train.runs.records import versions
from train.runtime.device import hardware
from train.statistics.looks import Looks
from train.statistics.overlap import Drawn
from train.trials.context import describe_study, of_draw
from train.trials.options import StudyOptions
from train.trials.results import count_diverged, versions_of
from train.trials.runner import Result, parted
from train.trials.study import Seeds, TrialContext
from train.trials.tuning.search import Search


def summarise(
    context: TrialContext[ComparisonStudy],
    results: Sequence[Result],
    expansions: Sequence[ExpansionCost],
    options: StudyOptions,
    jobs: int,
    search: Search | None = None,
    looks: Looks | None = None,
) -> Comparison:
    """Compute everything that a comparison reports; `search` is that for the arms' settings."""
    study, test = context.study, context.data.test
    assert test is not None
    finished, diverged = parted(results)
    drawn = draws_of(context, options.seeds)
    first = of_draw(context, study.drawn_for(0))
    grouped = GroupedResults(study, finished, test.folder.names, diverged, drawn)
    unfinished = list_unfinished(grouped, len(context.data.train.folder.classes))
    pairs = label_unfinished(compare_pairs(grouped, options.margin, looks), unfinished)
    missing = without_verdict(grouped)
    payback = break_even(grouped, expansions)
    summaries = summarise_arms(grouped)
    class_gains, smallest_gains = compare_classes(grouped, options.margin, looks)
    return Comparison(
        setup=_setup(first, options, jobs, drawn),
        headline=(
            *filter(None, [count_diverged(len(results), len(diverged))]),
            *headline(study, pairs, payback, missing, unfinished),
            which_sources(len(first.data.train.folder), drawn),
        ),
        command=options.command,
        arms=study.arms,
        epochs=study.lengths,
        summaries=summaries,
        pairs=pairs,
        class_gains=class_gains,
        smallest_gains=smallest_gains,
        costs=describe_costs(grouped, expansions),
        break_even=payback,
        check=_check(expansions),
        notes=(
            *list_diverged(grouped),
            *list_unread(grouped),
            *notes(study, jobs),
            *note_draws(drawn),
        ),
        examples=tuple(example_views(first, arm) for arm in study.arms)
        if study.shape.side is None
        else (),
        not_tested=not_tested(study),
        versions={**versions(), **versions_of(results)},
        hardware=hardware(context.device),
        seeds=tuple(_seeds(study, replicate) for replicate in range(options.seeds)),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=sum(result.wall_seconds for result in results),
        diverged=tuple(diverged),
        without_verdict=missing,
        fairness=describe_settings(study, summaries, search),
        search=search,
        looks=looks,
        unfinished=unfinished,
    )


def _setup(
    context: TrialContext[ComparisonStudy], options: StudyOptions, jobs: int, drawn: Drawn | None
) -> ComparisonSetup:
    """Describe what was compared; `context` is that of the first draw, if there are draws."""
    study, data = context.study, context.data
    settings: dict[str, Any] = {
        **describe_study(context, options, jobs),
        "recipe": study.views.name,
        "budget": study.budget,
        "epochs": ", ".join(map(str, study.lengths)),
        "copies": "lossless" if study.codec.lossless else study.codec.format,
    }
    if drawn:
        settings |= {
            "drawn from": drawn.total,
            "draws": drawn.subsets,
            "overlap of two draws": f"{100 * drawn.overlap:.0f} %",
        }
    if study.tune:
        settings["tuning"] = f"{study.tune} trials for each arm"
    if any(arm.strategy == "disk-balanced" for arm in study.arms):
        settings["balance"] = study.balancing.options
    return ComparisonSetup(
        data=str(study.data),
        sources=len(data.train.folder),
        classes=len(data.train.folder.classes),
        test_images=len(data.test.folder) if data.test else 0,
        budget=study.budget,
        margin=options.margin,
        settings=settings,
        balance=study.balancing,
        drawn=drawn,
    )


def _check(expansions: Sequence[ExpansionCost]) -> Check:
    files = sum(cost.checked_files for cost in expansions)
    if not files:
        return Check(True, 0, "no arm has copies, so there was nothing to check")
    same = "have exactly the pixels that the disk arms were trained on"
    return Check(True, files, f"{files:,} files that expand wrote {same}")


def _seeds(study: ComparisonStudy, replicate: int) -> dict[str, int]:
    _, training, views = Seeds.of(study.seed, replicate)
    draw = study.drawn_for(replicate)
    drawn = {"draw": draw.number} if draw else {}
    return {"replicate": replicate, "init": training, "order": training, "views": views, **drawn}
