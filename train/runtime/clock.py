"""Clock: where the seconds of a run go."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Clock:
    """Where the time of a run goes, in seconds."""

    wait: float = 0.0
    augment: float = 0.0
    compute: float = 0.0
    evaluate: float = 0.0
