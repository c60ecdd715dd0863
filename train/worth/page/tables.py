"""Tables of a study of worth: rates and accuracies."""

from __future__ import annotations

from train.report.formatting import arm_name, count, decimal, listing, percent, percent_range
from train.report.formatting import seconds as duration
from train.report.tables import Table
from train.statistics.intervals import paired
from train.worth.exchange import ABOVE, BELOW
from train.worth.results import ArmRate, Cell, Worth
from train.worth.sentences import between, quantity

RATE_COLUMNS = (
    *("arm", "sources", "worth in sources without augmentation", "95 % interval"),
    *("times as many", "what is shown"),
)
MEANINGS = {
    "better": "worth more images than it has",
    "worse": "worth fewer images than it has",
    "undecided": "neither a gain nor a loss",
}
ACCURACY_COLUMNS = (
    *("arm", "sources", "test accuracy", "95 % interval", "SD over seeds, points", "seeds"),
    *("epochs that suit best", "training"),
)


def rates(worth: Worth) -> Table:
    """Tabulate what every arm is worth at every size."""
    every = [rate for arm in worth.others for rate in worth.rates_of(arm)]
    caption = "How many sources without augmentation do as well as an arm"
    rows = tuple(_rate(worth, each) for each in every)
    return Table(caption, RATE_COLUMNS, rows, (0, 5), tuple(map(_mark, every)))


def _rate(worth: Worth, rate: ArmRate) -> tuple[str, ...]:
    return (
        arm_name(rate.arm.name),
        count(rate.sources),
        quantity(rate.worth, worth.span),
        between(rate.interval, worth.span),
        _times(worth, rate),
        MEANINGS[_mark(rate)],
    )


def _times(worth: Worth, rate: ArmRate) -> str:
    """Return how many times as many sources would be needed; a bound outside the curve."""
    low, high = (end / rate.sources for end in worth.span)
    if rate.worth == ABOVE:
        return f"> {high:.2f}"
    return f"< {low:.2f}" if rate.worth == BELOW else f"{rate.worth / rate.sources:.2f}"


def _mark(rate: ArmRate) -> str:
    return "better" if rate.gains else "worse" if rate.loses else "undecided"


def accuracy(worth: Worth) -> Table:
    """Tabulate the accuracy of every arm at every size."""
    rows = tuple(_accuracy(cell) for arm in worth.arms for cell in worth.curve(arm))
    return Table("Test accuracy of every arm at every size", ACCURACY_COLUMNS, rows)


def _accuracy(cell: Cell) -> tuple[str, ...]:
    sd = paired([100 * share for share in cell.accuracies]).sd
    return (
        arm_name(cell.arm.name),
        count(cell.sources),
        percent(cell.mean, 2),
        percent_range(cell.interval, 2),
        decimal(sd, 2),
        count(len(cell.accuracies)),
        listing(f"{each:,}" for each in cell.epochs),
        duration(cell.seconds),
    )
