"""What reports show of a search: what each arm chose, all that it tried, and what that cost."""

from __future__ import annotations

from typing import NamedTuple

from train.report.formatting import arm_name, count, percent, seconds
from train.report.markdown import table
from train.report.tables import Table
from train.trials.tuning.search import ArmSearch, Search, Tried

SETTINGS = ("epochs", "learning rate", "weight decay", "label smoothing", "dropout")
CHOSEN_COLUMNS = ("arm", *SETTINGS, "held-out accuracy", "as asked", "trials", "cost")
TRIED_COLUMNS = ("arm", "trial", *SETTINGS, "held-out accuracy", "cost")


def chosen(search: Search) -> Table:
    """Tabulate the settings that each arm chose, and what its search cost."""
    caption = "Settings that were best for each arm on held-out sources"
    return Table(caption, CHOSEN_COLUMNS, tuple(map(_chosen, search.arms)))


def _chosen(search: ArmSearch) -> tuple[str, ...]:
    cost = sum(each.seconds for each in search.tried)
    return (
        arm_name(search.arm),
        *_settings(search.best),
        _accuracy(search.best),
        _accuracy(search.tried[0]),
        count(len(search.tried)),
        seconds(cost),
    )


def tried(search: Search) -> Table:
    """Tabulate every trial of the search; the first of each arm has the settings asked for."""
    rows = [
        (
            arm_name(arm.arm),
            f"{place + 1}{' (chosen)' if place == arm.chosen else ''}",
            *_settings(each),
            _accuracy(each),
            seconds(each.seconds),
        )
        for arm in search.arms
        for place, each in enumerate(arm.tried)
    ]
    return Table("Every trial of the search", TRIED_COLUMNS, tuple(rows))


def _settings(each: Tried) -> tuple[str, ...]:
    own = each.settings
    plain = (own.lr, own.weight_decay, own.smoothing, own.dropout)
    return (count(own.epochs), *(f"{value:g}" for value in plain))


def _accuracy(each: Tried) -> str:
    return "diverged" if each.accuracy is None else percent(each.accuracy, 2)


class SearchShown(NamedTuple):
    """What a page shows of a search."""

    chosen: Table
    note: str
    tried: Table


def search_shown(search: Search | None, compared: float) -> SearchShown | None:
    """Return what a page shows; `compared` are the seconds of the trials that are reported."""
    if not search:
        return None
    note = (
        f"The search cost {seconds(search.seconds)} of training, beside {seconds(compared)} of the "
        f"trials that are compared. The held-out accuracy of the best of {search.trials} is higher "
        'than that of new images, since it was chosen for it. "As asked" is the first trial of '
        "each arm: the settings on the command line."
    )
    return SearchShown(chosen(search), note, tried(search))


def search_blocks(search: Search | None) -> list[str]:
    """Return the tables and the cost of a search as blocks of Markdown."""
    if not search:
        return []
    cost = f"The search cost {seconds(search.seconds)} of training."
    return [table(chosen(search)), cost, table(tried(search))]


def search_lines(search: Search) -> list[str]:
    """Return the lines that the terminal shows: what each arm chose, and what that cost."""
    width = max(len(arm.arm) for arm in search.arms)
    cost = f"best of {search.trials} settings each, on {search.held_out:,} held-out sources"
    return [
        f"  {cost} ({seconds(search.seconds)} of training):",
        *(
            f"  {arm.arm:<{width}}  {arm.best.settings.epochs:>4} epochs, {arm.best.settings.words}"
            for arm in search.arms
        ),
    ]
