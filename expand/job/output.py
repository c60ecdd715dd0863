"""The output folder: held by one run, and refused if its content is not an earlier run's.

View k does not depend on the factor, so the files of a smaller expansion are part of a larger one:
a plan can resume an earlier run, and can also grow it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from expand.errors import ExpandError
from expand.job.plan import Plan
from expand.records.card import CARD, FINISHED, read_card, versions
from expand.records.join import join
from expand.records.manifest import read_records
from expand.storage.files import PARTIAL, empty_folder
from expand.storage.lock import Lock

NAMED = 3
"""Missing sources that a message names."""


@dataclass(frozen=True)
class OutputState:
    """What earlier runs left in the output folder, and what to tell the user about it."""

    files: int
    runs: list[dict[str, Any]]
    notes: list[str]


@contextmanager
def open_output(plan: Plan, overwrite: bool) -> Iterator[OutputState]:
    """Hold the output folder for a run.

    Refuse one that has anything else in it than an earlier run which this plan resumes or grows;
    with `overwrite`, remove that run first.
    """
    out = plan.out
    existed = out.exists()
    out.mkdir(parents=True, exist_ok=True)
    try:
        with Lock(out):
            card = read_card(out)
            if not card and any(path.suffix != PARTIAL for path in out.iterdir()):
                raise ExpandError(
                    f'"{out}" is not empty and has no {CARD}: expand did not write it; choose '
                    "another folder"
                )
            if card and overwrite:
                empty_folder(out)
                card = None
            yield _check_earlier(plan, card) if card else OutputState(0, [], [])
    except BaseException:
        if not existed and not any(out.iterdir()):
            out.rmdir()
        raise


def _check_earlier(plan: Plan, card: dict[str, Any]) -> OutputState:
    """Refuse a folder that this plan can neither resume nor grow; note what differs."""
    notes = [*_check_settings(plan, card), *_check_versions(card)]
    return OutputState(_count_known_files(plan), card["cost"]["runs"], notes)


def _check_settings(plan: Plan, card: dict[str, Any]) -> list[str]:
    """Refuse other settings than those of the run card, except a larger factor; note that one."""
    earlier, now = card["settings"], plan.settings.to_dict()
    differing = [key for key in now if earlier.get(key) != now[key]]
    if not differing:
        return []
    if differing != ["factor"]:
        changes = "; ".join(
            f"{key} was {_format_setting(earlier.get(key))}, is {_format_setting(now[key])}"
            for key in differing
        )
        raise ExpandError(
            f'"{plan.out}" was written with other settings: {changes}. '
            "Use --overwrite to start again"
        )
    if earlier["factor"] > now["factor"]:
        raise ExpandError(_format_smaller(plan, card))
    return [f"the folder grows from ×{earlier['factor']} to ×{now['factor']}"]


def _check_versions(card: dict[str, Any]) -> list[str]:
    """Note library versions that are not those of the earlier run."""
    current = versions()
    changed = [
        f"{name} {version} → {current.get(name)}"
        for name, version in card["versions"].items()
        if current.get(name) != version
    ]
    if not changed:
        return []
    return [f"written in part with other versions, so the bytes may differ: {', '.join(changed)}"]


def _count_known_files(plan: Plan) -> int:
    """Count the files of the plan that earlier runs recorded.

    Refuse records of sources that the input no longer has.
    """
    files, missing = 0, 0
    names: list[str] = []
    for source, record in join(plan.listing, read_records(plan.out)):
        if source and record:
            files += len(record.views.intersection(plan.settings.written))
        elif record:
            missing += 1
            names = [*names, record.source][:NAMED]
    if missing:
        raise ExpandError(_format_missing(plan, missing, names))
    return files


def _format_smaller(plan: Plan, card: dict[str, Any]) -> str:
    """Say that a folder cannot shrink."""
    has, asked = card["settings"]["factor"], plan.settings.factor
    state = "was expanded" if card["state"] == FINISHED else "is being expanded (not finished)"
    return (
        f'"{plan.out}" {state} with --factor {has}, and --factor {asked} is smaller: a folder can '
        f"grow, not shrink. Use --factor {has} or more, choose another folder, or use "
        "--overwrite to start again"
    )


def _format_missing(plan: Plan, count: int, first: list[str]) -> str:
    names = ", ".join(f'"{source}"' for source in first) + (", …" if count > len(first) else "")
    sources = "1 source" if count == 1 else f"{count:,} sources"
    return (
        f'"{plan.out}" has copies of {sources} that "{plan.src}" no longer has ({names}). '
        "Use --overwrite to start again"
    )


def _format_setting(value: Any) -> str:
    """Return a setting as text; of a recipe, its name and techniques."""
    if isinstance(value, dict) and "techniques" in value:
        return f'"{value["name"]}" ({value["techniques"]})'
    return str(value)
