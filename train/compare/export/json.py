"""comparison.json: all numbers of a comparison, with the keys of earlier versions."""

from __future__ import annotations

from typing import Any

from expand.job.balance import Balance
from expand.storage.json import to_json
from train.compare.arms import Arm
from train.compare.results import (
    ArmSummary,
    BreakEven,
    ClassGain,
    Comparison,
    Cost,
    ExampleViews,
    MissingVerdict,
    PairVerdict,
    Unfinished,
)
from train.statistics.overlap import Drawn


def comparison_to_json(comparison: Comparison) -> str:
    """Format a comparison as JSON."""
    return to_json(comparison_to_dict(comparison), indent=1) + "\n"


def comparison_to_dict(comparison: Comparison) -> dict[str, Any]:
    """Convert a comparison to plain data."""
    c = comparison
    return {
        "title": c.setup.data,
        "headline": list(c.headline),
        "command": c.command,
        "settings": dict(c.setup.settings),
        "arms": [_arm(arm, c.setup.balance) for arm in c.arms],
        "lengths": list(c.epochs),
        "cells": [summary_to_dict(summary) for summary in c.summaries],
        "pairs": [pair_to_dict(pair) for pair in c.pairs],
        "classes": [gain_to_dict(gain) for gain in c.class_gains],
        "worst": [
            {**gain_to_dict(each.gain), "harm": each.harmed, "words": each.sentence}
            for each in c.smallest_gains
        ],
        "costs": [cost_to_dict(cost) for cost in c.costs],
        "break_even": [break_even_to_dict(each) for each in c.break_even],
        "check": {"ok": c.check.ok, "files": c.check.files, "words": c.check.sentence},
        "notes": list(c.notes),
        "strips": [_examples(views) for views in c.examples],
        "not_tested": list(c.not_tested),
        "versions": dict(c.versions),
        "hardware": dict(c.hardware),
        "seeds": [dict(seeds) for seeds in c.seeds],
        "created": c.created,
        "seconds": c.seconds,
        "fairness": list(c.fairness),
        "unfinished": [_unfinished(each) for each in c.unfinished],
        **({"search": c.search.to_dict()} if c.search else {}),
        **({"looks": c.looks.to_dict()} if c.looks else {}),
        **({"draws": drawn_to_dict(c.setup.drawn)} if c.setup.drawn else {}),
        **_diverged(c),
    }


def _unfinished(each: Unfinished) -> dict[str, Any]:
    return {
        "arm": each.arm.name,
        "epochs": each.epochs,
        "left": each.left,
        "epochs_to_try": each.epochs_to_try,
        "words": each.sentence,
    }


def drawn_to_dict(drawn: Drawn) -> dict[str, Any]:
    """Convert the draws of a comparison to plain data."""
    return {
        "draws": drawn.subsets,
        "sources": drawn.sources,
        "total": drawn.total,
        "overlap": drawn.overlap,
    }


def _diverged(comparison: Comparison) -> dict[str, Any]:
    """List the trials that diverged and the pairs without a verdict; nothing if there are none."""
    if not comparison.diverged:
        return {}
    return {
        "diverged": [{**trial.to_dict(), "words": trial.sentence} for trial in comparison.diverged],
        "no_verdict": [_missing(pair) for pair in comparison.without_verdict],
    }


def _arm(arm: Arm, balance: Balance) -> dict[str, Any]:
    description = arm.describe(balance)
    return {
        "name": arm.name, "strategy": arm.strategy, "factor": arm.factor, "words": description
    }  # fmt: skip


def summary_to_dict(summary: ArmSummary) -> dict[str, Any]:
    """Convert a summary to plain data."""
    plain = {**vars(summary)}
    lost = plain.pop("diverged")
    return {
        "arm": plain.pop("arm").name,
        "epochs_asked": plain.pop("epochs_asked"),
        "epochs_trained": plain.pop("epochs_trained"),
        "k_over_f": summary.visits_per_file,
        "n": len(summary.accuracies),
        **plain,
        "accuracies": list(summary.accuracies),
        "per_class": dict(summary.per_class),
        **({"diverged": list(lost)} if lost else {}),
        "gap": summary.gap and vars(summary.gap),
    }


def pair_to_dict(pair: PairVerdict) -> dict[str, Any]:
    """Convert a verdict to plain data."""
    return {"epochs": pair.epochs, **pair.verdict.to_dict()}


def _missing(pair: MissingVerdict) -> dict[str, Any]:
    names = {"arm": pair.arm.name, "against": pair.against.name}
    return {"epochs": pair.epochs, **names, "words": pair.sentence}


def gain_to_dict(gain: ClassGain) -> dict[str, Any]:
    """Convert a gain to plain data."""
    plain = {**vars(gain)}
    return {"class": plain.pop("name"), **plain}


def cost_to_dict(cost: Cost) -> dict[str, Any]:
    """Convert a cost to plain data."""
    once = cost.expansion
    return {
        "arm": cost.arm.name,
        "files": once.files if once else 0,
        "bytes": once.bytes if once else 0,
        "allocated": once.allocated if once else 0,
        "expansion_seconds": once.expansion_seconds if once else 0.0,
        "expansion_cpu_seconds": once.expansion_cpu_seconds if once else 0.0,
        "how": once.how if once else "nothing is stored",
        "pack_seconds": once.read_seconds if once else None,
        "pass_seconds": cost.epoch_seconds,
        "images_per_second": cost.images_per_second,
    }


def break_even_to_dict(each: BreakEven) -> dict[str, Any]:
    """Convert a break-even to plain data."""
    plain = {**vars(each)}
    return {
        "passes": plain.pop("epochs_needed"),
        "runs": plain.pop("trials_needed"),
        "words": plain.pop("sentence"),
        **plain,
        "arm": each.arm.name,
    }


def _examples(views: ExampleViews) -> dict[str, Any]:
    return {"arm": views.arm.name, "images": [vars(image) for image in views.images]}
