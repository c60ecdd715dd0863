"""The plan: sources × views, checked before anything is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from expand.errors import ExpandError
from expand.job.settings import Settings
from expand.layouts.class_folders import ScanSummary, scan, survey
from expand.layouts.source import Source


@dataclass(frozen=True)
class Plan:
    """What a run is to do."""

    src: Path
    out: Path
    settings: Settings
    survey: ScanSummary

    @property
    def files(self) -> int:
        """How many files the expanded set has if no source is bad."""
        return self.survey.count * len(self.settings.written)

    def sources(self) -> Iterator[Source]:
        """Yield the sources, in order."""
        return scan(self.src)


def make_plan(src: Path, out: Path, settings: Settings) -> Plan:
    """Return the plan for a folder of class folders; refuse what cannot be done, before anything is written."""
    found = survey(src, settings.factor, settings.format)
    check_apart(src, out)
    return Plan(src, out, settings, found)


def check_apart(src: Path, out: Path) -> None:
    """Refuse an output folder that is the input, lies inside it, or holds it; and one that is a file."""
    real_src, real_out = src.resolve(), out.resolve()
    if real_src == real_out:
        raise ExpandError(f'"{out}" is the input folder; the output needs one of its own')
    if real_src in real_out.parents:
        raise ExpandError(f'"{out}" lies inside the input "{src}", and would become part of it')
    if real_out in real_src.parents:
        raise ExpandError(f'the input "{src}" lies inside "{out}", and would become part of it')
    if out.exists() and not out.is_dir():
        raise ExpandError(f'"{out}" is a file; a folder is needed')
