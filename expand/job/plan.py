"""The plan: sources × views, checked before anything is written."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from expand.errors import STOPPED, BadImageError, ExpandError
from expand.job.settings import Settings
from expand.layouts.class_folders import list_sources
from expand.layouts.layout import AUTO
from expand.layouts.limits import NameLimits
from expand.layouts.listing import Listing
from expand.layouts.names import fold
from expand.records.card import is_record
from expand.storage.identity import Identity


@dataclass(frozen=True)
class Plan:
    """What a run is to do. Use it in a `with` statement: that closes its listing."""

    src: Path
    out: Path
    settings: Settings
    listing: Listing
    input: Identity
    """The input folder when it was listed."""

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
    listing = list_sources(src, settings.factor, settings.format, layout)
    try:
        _check_labels(src, listing)
        return Plan(src, out, settings, listing, Identity.of(src))
    except OSError as error:
        listing.close()
        raise ExpandError(f'"{src}" cannot be read: {error.strerror}', STOPPED) from error
    except ExpandError:
        listing.close()
        raise


def _check_labels(src: Path, listing: Listing) -> None:
    """Refuse a class whose folder would have the name of a record in the output folder."""
    for label in listing.summary.labels:
        if is_record(fold(label)):
            raise ExpandError(
                f'"{src / label}" has the name of a file that expand writes; rename the folder'
            )


def find_long_names(plan: Plan) -> list[str]:
    """Return a sentence if some sources cannot be used, because a copy's name is too long."""
    limits, settings = NameLimits.of(plan.out), plan.settings
    count, first = 0, ""
    for source in plan.listing:
        try:
            limits.check(source.id, settings.written, settings.format)
        except BadImageError as error:
            count += 1
            first = first or f'"{source.id}" {error}'
    if not count:
        return []
    return [f"{count:,} source{'s' if count > 1 else ''} cannot be used; the first: {first}"]


def check_outside(src: Path, path: Path) -> None:
    """Refuse a file inside the input folder, which is never written to."""
    real = Path(os.path.realpath(path.parent), path.name)
    if any(same_folder(src, parent) for parent in real.parents):
        raise ExpandError(f'"{path}" lies inside the input "{src}"; choose a path outside')


def check_apart(src: Path, out: Path) -> None:
    """Refuse an output folder that is the input, lies inside it or contains it; and a file."""
    real_src, real_out = (Path(os.path.realpath(path)) for path in (src, out))
    if real_src == real_out or same_folder(src, out):
        raise ExpandError(f'"{out}" is the input folder; choose another one for the output')
    if any(same_folder(src, parent) for parent in real_out.parents):
        raise ExpandError(f'"{out}" lies inside the input "{src}", and would become part of it')
    if any(same_folder(out, parent) for parent in real_src.parents):
        raise ExpandError(f'the input "{src}" lies inside "{out}", and would become part of it')
    check_folder(out)


def check_folder(out: Path) -> None:
    """Refuse an output path that cannot be a folder: a file, or a link that leads nowhere."""
    try:
        found = os.stat(out)
    except FileNotFoundError:
        if out.is_symlink():
            raise ExpandError(f'"{out}" is a link to a folder that does not exist') from None
    except NotADirectoryError:
        raise ExpandError(f'"{out}" lies below a file; a folder is needed') from None
    except (OSError, ValueError) as error:
        raise ExpandError(f'"{out}" cannot be used: {_reason(error)}') from error
    else:
        if not stat.S_ISDIR(found.st_mode):
            raise ExpandError(f'"{out}" is a file; a folder is needed')


def same_folder(one: Path, other: Path) -> bool:
    """Tell whether two paths lead to one folder, by a bind mount for example."""
    try:
        return one.samefile(other)
    except (OSError, ValueError):
        return False


def _reason(error: OSError | ValueError) -> str:
    return getattr(error, "strerror", None) or str(error)
