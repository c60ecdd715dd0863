"""Bills: what each arm costs, and after how many passes and runs a folder of copies has paid for itself."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean, median

import numpy as np

from train.compare.arms import Arm
from train.compare.runs import Row, Runs
from train.statistics.intervals import paired


def describe_costs(runs: Runs, expansions: Sequence[Row]) -> list[Row]:
    """Return what each arm costs: once, and for every pass."""
    once = {cost["arm"]: cost for cost in expansions}
    longest = max(runs.study.lengths)
    found = []
    for arm in runs.study.arms:
        cost, seconds = once.get(arm.name), median(runs.epoch_seconds(arm, longest))
        found.append(
            {
                "arm": arm.name,
                "files": cost["files"] if cost else 0,
                "bytes": cost["bytes"] if cost else 0,
                "allocated": cost["allocated"] if cost else 0,
                "expansion_seconds": cost["expansion_seconds"] if cost else 0.0,
                "expansion_cpu_seconds": cost["expansion_cpu_seconds"] if cost else 0.0,
                "how": cost["how"] if cost else "nothing is stored",
                "pack_seconds": cost["read_seconds"] if cost else None,
                "pass_seconds": seconds,
                "images_per_second": runs.sources / seconds,
            }
        )
    return found


def break_even(runs: Runs, expansions: Sequence[Row]) -> list[Row]:
    """Return after how many passes and runs each folder has paid for itself, against views drawn on the fly."""
    fly = next((arm for arm in runs.study.arms if arm.strategy == "fly"), None)
    if fly is None:
        return []
    once = {cost["arm"]: cost for cost in expansions}
    stored = [arm for arm in runs.study.arms if arm.name in once]
    return [
        _break_even(runs, length, arm, fly, once[arm.name])
        for length in runs.study.lengths
        for arm in stored
    ]


def _break_even(runs: Runs, length: int, arm: Arm, fly: Arm, cost: Row) -> Row:
    """Return one folder's break-even: F·(a+w) < R·K·(h·a − r), all in seconds for each source.

    a: augmenting once; w: encoding, writing, and reading once more; r: what a visit to a copy takes more than one to a
    source; h: the share of a that training cannot hide. h·a − r is what a visit to the folder saves, measured as it is.
    """
    count, factor = runs.sources, arm.factor or 1
    flown, read = (runs.epoch_seconds(one, length) for one in (fly, arm))
    saved = paired([(a - b) / count for a, b in zip(flown, read, strict=True)])
    rows = runs.rows(fly, length)
    a = median(row["augment_seconds"] / row["images"] for row in rows)
    plain = next((arm for arm in runs.study.arms if arm.strategy == "none"), None)
    bare = median(runs.epoch_seconds(plain, length)) / count if plain else None
    spent = (cost["expansion_seconds"] + cost["read_seconds"]) / count
    found = {
        "arm": arm.name,
        "epochs": length,
        "a": a,
        "w": spent / factor - a,
        "r": None if bare is None else median(read) / count - bare,
        "h": None if bare is None or not a else (median(flown) / count - bare) / a,
        "passes": None,
        "runs": None,
    }
    took = f"{fmean(read):.3g} s against {fmean(flown):.3g} s"
    if saved.interval is None:
        return {
            **found,
            "words": f"unknown: a single seed does not say which pass takes less time ({took})",
        }
    sure = saved.interval[0] > 0
    if not sure:
        why = (
            "a pass over the folder takes no less time"
            if saved.mean <= 0
            else "a pass over the folder is not surely faster"
        )
        return {
            **found,
            "words": f"never, because {why} than one with views drawn on the fly ({took})",
        }
    need = spent / saved.mean
    return {
        **found,
        "passes": need,
        "runs": need / rows[0]["epochs"],
        "words": f"the folder has paid for itself after {np.ceil(need):,.0f} passes "
        f"({need / rows[0]['epochs']:,.1f} runs of {rows[0]['epochs']}): a pass takes {took}",
    }
