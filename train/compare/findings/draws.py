"""Draws: of which sources a comparison speaks."""

from __future__ import annotations

from train.compare.study import ComparisonStudy
from train.data.subsets import describe_draws
from train.errors import TrainError
from train.statistics.overlap import Drawn
from train.trials.study import TrialContext


def draws_of(context: TrialContext[ComparisonStudy], seeds: int) -> Drawn | None:
    """Return the draws of all replicates; None if all learn from the same sources."""
    study = context.study
    draws = [each for each in map(study.drawn_for, range(seeds)) if each]
    return describe_draws(context.data.train.folder, draws, study.seed) if draws else None


def check_draws(context: TrialContext[ComparisonStudy], seeds: int) -> None:
    """Refuse draws that the dataset has too few sources for, or more draws than seeds."""
    study, total = context.study, len(context.data.train.folder.source_ids)
    if study.draws is None or study.sources is None:
        return
    if not len(context.data.train.folder.classes) <= study.sources < total:
        raise TrainError(
            f"--draws needs --sources from {len(context.data.train.folder.classes):,}, one of each "
            f'class, to {total - 1:,}, fewer than "{study.data}" has, got {study.sources:,}'
        )
    if study.draws > seeds:
        raise TrainError(
            f"--draws {study.draws:,} needs as many --seeds, got {seeds:,}: a seed takes one draw"
        )


def which_sources(sources: int, drawn: Drawn | None) -> str:
    """Say whether verdicts hold for these sources or for sources like these."""
    if drawn is None:
        return (
            f"Sources: this holds for these {sources:,} sources; other sources may give another "
            "answer (--draws)."
        )
    shared = (
        "which share none"
        if not drawn.overlap
        else f"two of which share {100 * drawn.overlap:.0f} % of their sources on average"
    )
    return (
        f"Sources: this holds for sources like these: the seeds learned from {drawn.subsets} draws "
        f"of {drawn.sources:,.0f} of {drawn.total:,} sources, {shared}."
    )


def note_draws(drawn: Drawn | None) -> tuple[str, ...]:
    """Say how draws are accounted for."""
    if drawn is None:
        return ()
    if not drawn.overlap:
        return ("no two seeds share a source, so they are independent samples of sources",)
    return (WIDENED,)


WIDENED = (
    "draws share sources, and intervals are widened by what they share: the variance of the mean "
    "of n seeds is s²(1/n + ρ/(1 − ρ)), with the shared part as ρ (Nadeau and Bengio 2003)"
)
