"""Tables of a comparison: accuracies, seconds, verdicts and gaps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from train.compare.results import ArmSummary, Comparison, PairVerdict
from train.report.formatting import (
    arm_name,
    count,
    decimal,
    number,
    percent,
    percent_range,
    points,
    points_range,
    probability,
    seconds,
)
from train.report.tables import Table, name_of, pairs_of

ACCURACY_COLUMNS = (
    *("arm", "K", "test accuracy", "95 % interval", "SD, points", "seeds", "K/F", "test loss"),
    "training accuracy",
)
SPEED_COLUMNS = (
    *("arm", "K", "test accuracy", "training", "with expansion", "waiting", "augmenting"),
    *("computing", "evaluating", "images/s", "optimizer steps"),
)
TEST_COLUMNS = (
    *("pair", "SD over seeds, points", "SE of the test images, points"),
    *("p, images like these", "p, these images", "p, equivalence"),
    *("one pair alone: p, seeds × images", "p, seeds", "p, sign flips", "seeds still needed"),
)
GAP_COLUMNS = (
    *("arm", "K", "gap, points", "95 % interval", "on views trained on", "on fresh views"),
    "K/F",
)


def total_seconds(summary: ArmSummary, expansion: Mapping[str, float]) -> float:
    """Add the seconds of training and of the expansion that an arm needs."""
    return summary.seconds + expansion.get(summary.arm.name, 0.0)


def accuracy(comparison: Comparison) -> Table:
    """Tabulate the accuracy of every arm after each number of epochs.

    The epochs trained have a column if the budget makes them differ from those asked for.
    """
    shown = comparison.summaries_after()
    differ = any(each.epochs_trained != each.epochs_asked for each in shown)
    rows = tuple(
        (*_accuracy(each), *([count(each.epochs_trained)] if differ else [])) for each in shown
    )
    columns = (*ACCURACY_COLUMNS, *(["epochs trained"] if differ else []))
    caption = "Test accuracy of every arm after K epochs, averaged over the seeds"
    return Table(caption, columns, rows)


def _accuracy(summary: ArmSummary) -> tuple[str, ...]:
    return (
        arm_name(summary.arm.name),
        count(summary.epochs_asked),
        percent(summary.mean, 2),
        percent_range(summary.interval, 2),
        decimal(None if summary.sd is None else 100 * summary.sd, 2),
        _seeds(summary),
        number(summary.visits_per_file),
        decimal(summary.loss, 3),
        percent(summary.train_accuracy),
    )


def _seeds(summary: ArmSummary) -> str:
    """Count the seeds that an accuracy is averaged over: "6", or "4 of 6" if some diverged."""
    finished = count(len(summary.accuracies))
    return f"{finished} of {count(summary.replicates)}" if summary.diverged else finished


def every_trial(comparison: Comparison) -> Table:
    """Tabulate the accuracy of every trial."""
    shown = comparison.summaries_after()
    most = max((each.replicates for each in shown), default=0)
    rows = (
        (
            arm_name(each.arm.name),
            count(each.epochs_asked),
            *_every_accuracy(each, most),
        )
        for each in shown
    )
    columns = ("arm", "K", *(f"seed {index}" for index in range(most)))
    return Table("Test accuracy of every trial", columns, tuple(rows))


def _every_accuracy(summary: ArmSummary, replicates: int) -> Iterator[str]:
    """Yield the accuracy of each replicate, or that it diverged."""
    shares = iter(summary.accuracies)
    for replicate in range(replicates):
        lost = replicate in summary.diverged
        yield "diverged" if lost else percent(next(shares, None), 2)


def speed(comparison: Comparison) -> Table:
    """Tabulate where the seconds of a trial went."""
    expansion = comparison.expansion_seconds
    rows = tuple(_speed(each, expansion) for each in comparison.summaries_after())
    return Table("Seconds and steps of one trial", SPEED_COLUMNS, rows)


def _speed(summary: ArmSummary, expansion: Mapping[str, float]) -> tuple[str, ...]:
    parts = (summary.wait, summary.augment, summary.compute, summary.evaluate)
    return (
        arm_name(summary.arm.name),
        count(summary.epochs_asked),
        percent(summary.mean, 2),
        seconds(summary.seconds),
        seconds(total_seconds(summary, expansion)),
        *map(seconds, parts),
        count(summary.images_per_second),
        count(summary.steps),
    )


def pairs(comparison: Comparison, epochs: int) -> Table:
    """Tabulate the verdict on every pair after a number of epochs."""
    verdicts = [pair.verdict for pair in comparison.pairs_after(epochs)]
    return pairs_of(verdicts, f"All pairs after {comparison.trained(epochs)}")


def tests(comparison: Comparison, epochs: int) -> Table:
    """Tabulate all p values of every pair after a number of epochs."""
    caption = f"Spread and p values after {comparison.trained(epochs)}"
    return Table(caption, TEST_COLUMNS, tuple(map(_tests, comparison.pairs_after(epochs))))


def _tests(pair: PairVerdict) -> tuple[str, ...]:
    verdict = pair.verdict
    judged = (verdict.p, verdict.p_here, verdict.p_equivalence)
    adjusted = judged if verdict.interval else (None, None, None)
    p_values = (*adjusted, verdict.p_crossed, verdict.p_t, verdict.p_signflip)
    return (
        name_of(verdict),
        decimal(verdict.sd, 2),
        decimal(verdict.images_se, 2),
        *map(probability, p_values),
        count(verdict.more_seeds),
    )


def gaps(comparison: Comparison) -> Table:
    """Tabulate the copy-memorisation gap of the arms that have one."""
    rows = (
        (
            arm_name(each.arm.name),
            count(each.epochs_asked),
            points(each.gap.points),
            points_range(each.gap.interval),
            percent(each.gap.stored, 2),
            percent(each.gap.fresh, 2),
            number(each.visits_per_file),
        )
        for each in comparison.summaries_after()
        if each.gap
    )
    caption = "Accuracy on views trained on and on fresh views of the same sources"
    return Table(caption, GAP_COLUMNS, tuple(rows))
