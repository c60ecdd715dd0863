"""Tables of settings: what each arm chose in a search, and all that it tried."""

from __future__ import annotations

from train.compare.results import Comparison
from train.report.formatting import arm_name, count, percent, seconds
from train.report.tables import Table
from train.trials.tuning.search import ArmSearch, Tried

SETTINGS = ("epochs", "learning rate", "weight decay", "label smoothing", "dropout")
CHOSEN_COLUMNS = ("arm", *SETTINGS, "held-out accuracy", "as asked", "trials", "cost")
TRIED_COLUMNS = ("arm", "trial", *SETTINGS, "held-out accuracy", "cost")


def chosen(comparison: Comparison) -> Table:
    """Tabulate the settings that each arm chose, and what its search cost."""
    arms = comparison.search.arms if comparison.search else ()
    caption = "Settings that were best for each arm on held-out sources"
    return Table(caption, CHOSEN_COLUMNS, tuple(map(_chosen, arms)))


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


def tried(comparison: Comparison) -> Table:
    """Tabulate every trial of the search; the first of each arm has the settings asked for."""
    arms = comparison.search.arms if comparison.search else ()
    rows = [
        (
            arm_name(arm.arm),
            f"{place + 1}{' (chosen)' if place == arm.chosen else ''}",
            *_settings(each),
            _accuracy(each),
            seconds(each.seconds),
        )
        for arm in arms
        for place, each in enumerate(arm.tried)
    ]
    return Table("Every trial of the search", TRIED_COLUMNS, tuple(rows))


def _settings(each: Tried) -> tuple[str, ...]:
    own = each.settings
    plain = (own.lr, own.weight_decay, own.smoothing, own.dropout)
    return (count(own.epochs), *(f"{value:g}" for value in plain))


def _accuracy(each: Tried) -> str:
    return "diverged" if each.accuracy is None else percent(each.accuracy, 2)
