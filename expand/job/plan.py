"""The plan: sources × views, checked before anything is written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from expand.errors import ExpandError
from expand.job.settings import Settings
from expand.layouts.class_folders import list_sources
from expand.layouts.layout import AUTO
from expand.layouts.listing import Listing


@dataclass(frozen=True)
class Plan:
    """What a run is to do. Use it in a `with` statement: that closes its listing."""

    src: Path
    out: Path
    settings: Settings
    listing: Listing

    @property
    def files(self) -> int:
        """The number of files of the expanded dataset if no source is bad."""
        return len(self.listing) * len(self.settings.written)

    def __enter__(self) -> Plan:
        return self

    def __exit__(self, *_: object) -> None:
        self.listing.close()


def make_plan(src: Path, out: Path, settings: Settings, layout: str = AUTO) -> Plan:
    """Plan the expansion of a folder of class folders; refuse what is not possible.

    With the layout "folders" each folder is a class, whatever it looks like.
    """
    check_apart(src, out)
    return Plan(src, out, settings, list_sources(src, settings.factor, settings.format, layout))


def check_apart(src: Path, out: Path) -> None:
    """Refuse an output folder that is the input, lies inside it or contains it; and a file."""
    real_src, real_out = src.resolve(), out.resolve()
    if real_src == real_out:
        raise ExpandError(f'"{out}" is the input folder; choose another one for the output')
    if real_src in real_out.parents:
        raise ExpandError(f'"{out}" lies inside the input "{src}", and would become part of it')
    if real_out in real_src.parents:
        raise ExpandError(f'the input "{src}" lies inside "{out}", and would become part of it')
    if out.exists() and not out.is_dir():
        raise ExpandError(f'"{out}" is a file; a folder is needed')
