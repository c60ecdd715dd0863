"""worth.json: all numbers of a study of worth."""

from __future__ import annotations

from typing import Any

from expand.storage.json import to_json
from train.statistics.intervals import Interval
from train.worth.exchange import ABOVE, BELOW
from train.worth.results import ArmRate, Cell, Worth


def worth_to_json(worth: Worth) -> str:
    """Format a study of worth as JSON."""
    return to_json(worth_to_dict(worth), indent=1) + "\n"


def worth_to_dict(worth: Worth) -> dict[str, Any]:
    """Convert a study of worth to plain data.

    What lies outside the curve has no number: it is "above" or "below".
    """
    setup = {**vars(worth.setup), "balance": worth.setup.balance.options}
    low, high = worth.span
    return {
        "title": worth.setup.data,
        "headline": list(worth.headline),
        "command": worth.command,
        "settings": dict(setup.pop("settings")),
        "setup": {**setup, "lengths": list(worth.setup.lengths)},
        "arms": [arm.name for arm in worth.arms],
        "sizes": list(worth.setup.sizes),
        "smallest": low if low == low else None,  # NaN: no curve
        "largest": high if high == high else None,
        "curves": [cell_to_dict(cell) for cell in worth.cells],
        "rates": [rate_to_dict(rate) for rate in worth.rates],
        "notes": list(worth.notes),
        "fairness": list(worth.fairness),
        **({"search": worth.search.to_dict()} if worth.search else {}),
        "not_tested": list(worth.not_tested),
        "unfinished": list(worth.unfinished),
        "diverged": [{**each.to_dict(), "words": each.sentence} for each in worth.diverged],
        "versions": dict(worth.versions),
        "hardware": dict(worth.hardware),
        "created": worth.created,
        "seconds": worth.seconds,
    }


def cell_to_dict(cell: Cell) -> dict[str, Any]:
    """Convert the accuracies of an arm at a size to plain data."""
    return {**vars(cell), "arm": cell.arm.name, "interval": _ends(cell.interval)}


def rate_to_dict(rate: ArmRate) -> dict[str, Any]:
    """Convert a rate to plain data."""
    return {
        "arm": rate.arm.name,
        "sources": rate.sources,
        "worth": _known(rate.worth),
        "times": rate.times,
        "interval": rate.interval and [_known(end) for end in rate.interval],
        "words": rate.sentence,
    }


def _known(sources: float) -> float | str:
    return {ABOVE: "above", BELOW: "below"}.get(sources, sources)


def _ends(interval: Interval | None) -> list[float] | None:
    return interval and list(interval)
