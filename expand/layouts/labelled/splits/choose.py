"""Choose the part of a dataset that grows: the one that --split names, or that for training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from expand.errors import ExpandError, cut, did_you_mean
from expand.layouts.recognition.words import part_of

NAMED = 6
"""Parts that a message names."""


def choose_part(root: Path, parts: Sequence[str], asked: str) -> str:
    """Return the part that grows, of the names of all: the one asked for, or that for training.

    Another word for the same part will do: "val" for "valid". Raise ExpandError if none is meant,
    or several are.
    """
    if asked in parts:
        return asked
    wanted = part_of(asked or "train")
    alike = [name for name in parts if _is(name, asked, wanted)]
    if len(alike) == 1:
        return alike[0]
    if alike:
        what = f'several parts "{asked}"' if asked else "several parts for training"
        raise ExpandError(
            f'"{root}" has {what}: {list_parts(alike)}; name the part that is to grow: --split NAME'
        )
    raise no_part(root, parts, asked)


def _is(name: str, asked: str, wanted: object) -> bool:
    """Tell whether a part is meant; any for training is if none is asked for, whatever its rest."""
    role = part_of(name)
    return role is not None and (role == wanted if asked else role.kind == "train")


def no_part(root: Path, parts: Sequence[str], asked: str, having: str = "") -> ExpandError:
    """Return the refusal of a dataset without the part that grows, or with none that has something.

    `having` says what it lacks, such as "with masks".
    """
    what = f" {having}" if having else ""
    if not parts and asked:
        return ExpandError(
            f'"{root}" has no parts{what}, so --split {cut(asked)} names none; leave it out'
        )
    if asked:
        return ExpandError(
            f'"{root}" has no part "{cut(asked)}"{what}; it has {list_parts(parts)}'
            f"{'' if asked in parts else did_you_mean(asked, parts)}"
        )
    other = next((name for name in parts if not _is(name, "", None)), "")
    hint = f'. To expand one of these: --split "{other}"' if other else ""
    there = f"it has {list_parts(parts)}{hint}"
    return ExpandError(f'"{root}" has no part for training{what}; {there}')


def list_parts(parts: Sequence[str]) -> str:
    """Return the names of parts for a message."""
    named = ", ".join(f'"{cut(name)}"' for name in parts[:NAMED])
    return f"{named}, …" if len(parts) > NAMED else named or "no parts"
