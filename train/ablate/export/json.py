"""ablation.json, and the screen of a trial: plain data with the keys of earlier versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from expand.storage.json import to_json
from train.ablate.findings.sentences import format_technique
from train.ablate.results import (
    EFFECTS,
    RECIPE,
    AblationResult,
    ArmAccuracy,
    CheckSummary,
    ClassEffect,
    Flag,
    ScreenRow,
    TechniqueEffect,
)


def ablation_to_json(result: AblationResult) -> str:
    """Format a result as JSON."""
    return to_json(to_plain(result), indent=1) + "\n"


def to_plain(result: AblationResult) -> dict[str, Any]:
    """Convert a result to plain data; accuracies are in percent there."""
    setup = result.setup
    diverged = [{**trial.to_dict(), "words": trial.sentence} for trial in result.diverged]
    names = result.names or [each.name for each in result.techniques]
    return {
        "title": setup.data,
        "headline": list(result.headline),
        "command": result.command,
        # "passes" is the name of "epochs" in files of earlier versions
        "settings": {**setup.settings, "passes": setup.epochs},
        "design": setup.design,
        "runs": [{"arm": arm.name, "on": [names[i] for i in arm.on]} for arm in result.runs],
        "techniques": [_technique(each) for each in result.techniques],
        "screen": [_screen_percent(row) for row in result.screen],
        "check": _check(result.check) if result.check else None,
        "suggestion": _suggestion(result),
        "not_tested": list(result.not_tested),
        "versions": dict(result.versions),
        "hardware": dict(result.hardware),
        "created": result.created,
        "seconds": result.seconds,
        **({"looks": result.looks.to_dict()} if result.looks else {}),
        **({"fairness": list(result.fairness)} if result.fairness else {}),
        **({"search": result.search.to_dict()} if result.search else {}),
        **({"diverged": diverged} if diverged else {}),
    }


def _technique(technique: TechniqueEffect) -> dict[str, Any]:
    verdict = technique.verdict
    return {
        "technique": technique.name,
        "says": technique.effect,
        "mean": verdict.mean,
        "sd": verdict.sd,
        "interval": verdict.interval,
        "interval_here": verdict.interval_here,
        "says_here": EFFECTS[verdict.verdict_here],
        "p_t": verdict.p_t,
        "p": verdict.p,
        "p_signflip": verdict.p_signflip,
        "more_seeds": verdict.more_seeds,
        "classes": [_class(each) for each in technique.classes],
        "harmed": [_class(each) for each in technique.harmed],
        "words": format_technique(technique),
        "microseconds": 1e6 * technique.seconds,
        "effects": list(technique.effects),
    }


def _class(effect: ClassEffect) -> dict[str, Any]:
    return {
        "class": effect.name,
        "mean": effect.mean,
        "interval": effect.interval,
        "p_t": effect.p_t,
        "p": effect.p,
    }


def _check(check: CheckSummary) -> dict[str, Any]:
    missing = [{"arm": one.name, "against": other.name} for one, other in check.without_verdict]
    return {
        "cells": [_accuracy(each) for each in check.accuracies],
        "pairs": [pair.verdict.to_dict() for pair in check.pairs],
        **({"no_verdict": missing} if missing else {}),
    }


def _accuracy(accuracy: ArmAccuracy) -> dict[str, Any]:
    return {"arm": accuracy.arm.name, **accuracy.estimate._asdict()}


def _suggestion(result: AblationResult) -> dict[str, Any]:
    suggestion = result.suggestion
    return {
        "techniques": ", ".join(suggestion.techniques) or None,
        "yaml": suggestion.yaml,
        "file": RECIPE if suggestion.yaml else None,
    }


def _screen_percent(row: ScreenRow) -> dict[str, Any]:
    return {
        "technique": row.technique,
        "setting": row.strength,
        "plain": 100 * row.plain,
        "accuracy": 100 * row.accuracy,
        "harmed": [_flag(flag, 100) | {"times": flag.times} for flag in row.flags],
    }


def screen_to_json(rows: Sequence[ScreenRow]) -> tuple[dict[str, Any], ...]:
    """Convert the screen of a trial to plain data; accuracies are in [0, 1]."""
    return tuple(
        {
            "technique": row.technique,
            "setting": row.strength,
            "accuracy": row.accuracy,
            "per_class": dict(row.per_class),
            "plain": row.plain,
            "harmed": [_flag(flag, 1) for flag in row.flags],
        }
        for row in rows
    )


def _flag(flag: Flag, scale: int) -> dict[str, Any]:
    return {
        "class": flag.name,
        "before": scale * flag.before,
        "after": scale * flag.after,
        "taken_for": flag.taken_for,
    }


def screen_from_json(rows: Sequence[Mapping[str, Any]]) -> tuple[ScreenRow, ...]:
    """Read the screen of a trial from plain data."""
    return tuple(
        ScreenRow(
            row["technique"],
            row["setting"],
            row["plain"],
            row["accuracy"],
            tuple(
                Flag(flag["class"], flag["before"], flag["after"], flag["taken_for"])
                for flag in row["harmed"]
            ),
            row.get("per_class", {}),
        )
        for row in rows
    )
