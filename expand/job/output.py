"""The output folder: held by one run, and refused if it holds anything else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from expand.errors import ExpandError
from expand.job.plan import Plan
from expand.job.run import known_sources
from expand.records.card import CARD, read_card, versions
from expand.storage.files import PARTIAL, empty_folder
from expand.storage.lock import Lock


@dataclass(frozen=True)
class OutputState:
    """An output folder that is ours to write to: what earlier runs did there, and what to say about it."""

    done: int
    runs: list[dict[str, Any]]
    notes: list[str]


@contextmanager
def open_output(plan: Plan, overwrite: bool) -> Iterator[OutputState]:
    """Hold the output folder; refuse one that holds anything but an earlier run of this very plan, unless `overwrite`."""
    out = plan.out
    existed = out.exists()
    out.mkdir(parents=True, exist_ok=True)
    try:
        with Lock(out):
            card = read_card(out)
            if not card and any(path.suffix != PARTIAL for path in out.iterdir()):
                raise ExpandError(
                    f'"{out}" is not empty and has no {CARD}: it was not written by expand; give another folder'
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
    """Refuse to go on with other settings, or with sources gone; note what else changed."""
    earlier, now = card["settings"], plan.settings.to_dict()
    different = [
        f"{key} was {_short(earlier.get(key))}, is {_short(now[key])}"
        for key in now
        if earlier.get(key) != now[key]
    ]
    if different:
        raise ExpandError(
            f'"{plan.out}" was written with other settings: {"; ".join(different)}; --overwrite starts afresh'
        )
    done, gone = known_sources(plan)
    if gone:
        named = ", ".join(f'"{source}"' for source in gone[:3]) + (", …" if len(gone) > 3 else "")
        lost = f'{len(gone):,} sources that "{plan.src}" no longer has ({named})'
        raise ExpandError(f'"{plan.out}" has copies of {lost}; --overwrite starts afresh')
    changed = [
        f"{name} {old} → {versions().get(name)}"
        for name, old in card["versions"].items()
        if versions().get(name) != old
    ]
    notes = (
        [f"written in part with other versions, so the bytes may differ: {', '.join(changed)}"]
        if changed
        else []
    )
    return OutputState(done, card["cost"]["runs"], notes)


def _short(value: Any) -> str:
    """Return a setting in a few words; of a recipe, what it is made of."""
    if isinstance(value, dict) and "techniques" in value:
        return f'"{value["name"]}" ({value["techniques"]})'
    return str(value)
