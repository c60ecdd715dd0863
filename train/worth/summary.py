"""The summary of a study of worth: everything that its trials show, as one typed value."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from train.data.subsets import validation_sources
from train.runs.records import versions
from train.runtime.device import hardware
from train.trials.context import describe_study
from train.trials.options import StudyOptions
from train.trials.results import DivergedTrial, TrialResult, count_diverged, versions_of
from train.trials.runner import Result
from train.trials.study import TrialContext
from train.trials.tuning.search import Search
from train.worth.findings import Found, Key, find
from train.worth.planning import draws_of
from train.worth.results import ArmRate, Worth, WorthSetup
from train.worth.sentences import describe_rate, describe_settings, headline, not_tested, notes
from train.worth.study import NONE, SizedTrial, WorthStudy

HALF = 0.5


def summarise(
    context: TrialContext[WorthStudy],
    planned: Sequence[SizedTrial],
    results: Sequence[Result],
    options: StudyOptions,
    jobs: int,
    search: Search | None = None,
) -> Worth:
    """Compute everything that a study of worth reports; `results` are those of `planned`.

    `search` is that for the settings of the arms.
    """
    study, test = context.study, context.data.test
    assert test is not None
    sizes = sorted({trial.size for trial in planned})
    setup = _setup(context, sizes, options, jobs)
    shares = dict.fromkeys(sizes, 0.0)
    if setup.scope == "like these":
        shares = dict(zip(sizes, setup.overlaps, strict=True))
    grouped, lost = group(planned, results)
    found = find(grouped, validation_sources(test.folder, HALF), shares)
    rates = _rates(found)
    diverged = [each for each in results if isinstance(each, DivergedTrial)]
    span = _span(found)
    return Worth(
        setup=setup,
        headline=(
            *filter(None, [count_diverged(len(results), len(diverged))]),
            *headline(setup, rates, span),
        ),
        command=options.command,
        arms=study.arms,
        cells=found.cells,
        rates=rates,
        notes=notes(study, setup, jobs),
        fairness=describe_settings(study, search),
        search=search,
        not_tested=not_tested(study, setup),
        versions={**versions(), **versions_of(results)},
        hardware=hardware(context.device),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=sum(result.wall_seconds for result in results),
        diverged=tuple(diverged),
        unfinished=lost,
    )


def group(
    planned: Sequence[SizedTrial], results: Sequence[Result]
) -> tuple[dict[Key, dict[int, list[TrialResult]]], tuple[str, ...]]:
    """Group trials by arm, size and epochs, without the epochs at which one of them diverged.

    Return too, in words, the arms and sizes that then have none.
    """
    every: defaultdict[Key, defaultdict[int, list[Result]]] = defaultdict(lambda: defaultdict(list))
    for trial, result in zip(planned, results, strict=True):
        every[Key(trial.arm, trial.size)][trial.epochs_asked].append(result)
    kept = {key: _finished(by_length) for key, by_length in every.items()}
    lost = tuple(
        f"{key.arm.name} with {key.size:,} sources has no accuracy: trials of every length diverged"
        for key, by_length in kept.items()
        if not by_length
    )
    return {key: by_length for key, by_length in kept.items() if by_length}, lost


def _finished(by_length: Mapping[int, Sequence[Result]]) -> dict[int, list[TrialResult]]:
    finished = {
        length: [each for each in results if isinstance(each, TrialResult)]
        for length, results in by_length.items()
    }
    return {
        length: sorted(some, key=lambda each: each.replicate)
        for length, some in finished.items()
        if len(some) == len(by_length[length])
    }


def _span(found: Found) -> tuple[float, float]:
    sizes = [cell.sources for cell in found.cells if cell.arm == NONE]
    return (min(sizes), max(sizes)) if sizes else (math.nan, math.nan)


def _rates(found: Found) -> tuple[ArmRate, ...]:
    span = _span(found)
    return tuple(
        ArmRate(arm, rate.sources, rate.worth, rate.interval, describe_rate(arm, rate, span))
        for arm, rate in found.rates
    )


def _setup(
    context: TrialContext[WorthStudy], sizes: Sequence[int], options: StudyOptions, jobs: int
) -> WorthSetup:
    study, data = context.study, context.data
    folder, largest = data.train.folder, sizes[-1]
    drawn = [draws_of(study, folder, size, largest, options.seeds) for size in sizes]
    settings = {
        **describe_study(context, options, jobs),
        "sizes": ", ".join(f"{size:,}" for size in sizes),
        "draws": drawn[-1].subsets if largest < len(folder) else drawn[0].subsets,
        "recipe": study.views.name,
        "epochs on the largest size": ", ".join(map(str, study.lengths)),
        "copies": "lossless" if study.codec.lossless else study.codec.format,
    }
    return WorthSetup(
        data=str(study.data),
        sources=largest,
        total=len(folder),
        classes=len(folder.classes),
        test_images=len(data.test.folder) if data.test else 0,
        lengths=study.lengths,
        replicates=options.seeds,
        scope="these" if largest == len(folder) else "like these",
        overlaps=tuple(each.overlap for each in drawn),
        sizes=tuple(each.sources for each in drawn),
        settings={key: value for key, value in settings.items() if key != "margin in points"},
        balance=study.balancing,
    )
