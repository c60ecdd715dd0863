"""Options of a study that change neither its trials nor its folder."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class StudyOptions:
    """How many seeds are trained, what counts as equivalent, and the command as it was typed."""

    margin: float
    """In percentage points."""
    command: str
    seeds: int = 0
    """0: the default of the command."""
    planned: int | None = None
    """How many seeds are planned in all; None: as declared at the first look, or `seeds`."""
