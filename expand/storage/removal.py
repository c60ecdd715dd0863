"""Remove what a record names, and nothing else; move what it does not name when asked to."""

from __future__ import annotations

import os
import shutil
from bisect import insort
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from expand.errors import STOPPED, ExpandError
from expand.storage.files import walk
from expand.storage.folder import OutputFolder
from expand.storage.lock import Lock
from expand.storage.names import check_inside, is_temporary

NAMED = 3
"""Files that stayed which a message names."""


@dataclass(frozen=True)
class Leftovers:
    """The files that stayed in a folder, because its record does not name them."""

    count: int = 0
    first: tuple[str, ...] = ()
    """The first few names, sorted."""

    def __str__(self) -> str:
        """Say it in a sentence; empty if there are none."""
        if not self.count:
            return ""
        names = ", ".join(f'"{name}"' for name in self.first)
        more = ", …" if self.count > len(self.first) else ""
        files = "1 file that is" if self.count == 1 else f"{self.count:,} files that are"
        return f"{files} not in the record stayed: {names}{more}"


def remove_files(
    folder: Path,
    names: Iterable[str],
    last: Sequence[str] = (),
    *,
    keep: Sequence[str] = (),
    ours: Callable[[str], bool] = lambda _name: False,
) -> Leftovers:
    """Remove the files of a record from a folder; return which files stayed.

    `names` are the files that the record names, relative to the folder, POSIX style; they are read
    once, and those that do not exist are passed over. Folders that this leaves empty are removed,
    and so are temporary files of this program. `last` are the files of the record itself: they are
    removed after all others, in this order, so that a removal which was interrupted can be done
    again from the same record. `keep` are files of the record that stay and are not counted. `ours`
    tells of a file that `names` does not have whether it is to be removed too. No link is followed,
    and `folder` itself stays.

    Raise ExpandError, with status 2 for a name that leads out of the folder (nothing after it is
    removed), and with status 3 if a file cannot be removed.
    """
    with open_output(folder) as output:
        above = ""
        for name in names:
            inside = check_inside(name).rpartition("/")[0]
            if inside != above:
                output.remove_empty(above)
                above = inside
            output.remove(name)
        output.remove_empty(above)
    records = {*last, *keep}
    sweep(folder, lambda name: name not in records and ours(name))
    left = find_others(folder, records.__contains__)
    with open_output(folder) as output:
        for name in last:
            output.remove(check_inside(name))
    return left


def sweep(folder: Path, ours: Callable[[str], bool] = lambda _name: False) -> int:
    """Remove temporary files that killed processes left in a folder; return how many.

    `ours` tells of other names, relative to the folder, whether they are such files too.
    """
    removed = 0
    with open_output(folder) as output:
        for name in walk(folder):
            inside, _, base = name.rpartition("/")
            if (is_temporary(base) or ours(name)) and output.remove(name):
                removed += 1
                output.remove_empty(inside)
    return removed


def move_files(
    folder: Path, names: Iterable[str], to: Path, check: Callable[[], None] = lambda: None
) -> int:
    """Move files of a folder, under their names in it, to a folder outside; return how many.

    `check` is called when the folder is locked, before any is moved. Raise ExpandError if one of
    that name is there already, and with status 3 if one cannot be moved.
    """
    if Path(os.path.realpath(to)).is_relative_to(os.path.realpath(folder)):
        raise ExpandError(f'"{to}" lies inside "{folder}"; choose a folder outside')
    moved = 0
    with Lock(folder), open_output(folder) as output:
        check()
        for name in names:
            if os.path.lexists(to / name):
                raise ExpandError(f'"{to / name}" exists already; choose another folder')
            try:
                (to / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.move(folder / name, to / name)
            except (OSError, shutil.Error) as error:
                reason = getattr(error, "strerror", None) or error
                raise ExpandError(f'"{name}" cannot be moved: {reason}', STOPPED) from error
            output.remove_empty(name.rpartition("/")[0])
            moved += 1
    return moved


def find_others(folder: Path, known: Callable[[str], bool]) -> Leftovers:
    """Return which files of a folder are not `known`; memory does not grow with their number."""
    count, first = 0, list[str]()
    for name in walk(folder):
        if not known(name):
            count += 1
            insort(first, name)
            del first[NAMED:]
    return Leftovers(count, tuple(first))


def open_output(folder: Path, *, durable: bool = False) -> OutputFolder:
    """Open a folder for writing or removing; raise ExpandError with status 3 if that fails."""
    try:
        return OutputFolder(folder, durable=durable)
    except OSError as error:
        raise ExpandError(
            f'"{os.fspath(folder)}" cannot be opened: {error.strerror or error}', STOPPED
        ) from error
