"""Repair: make the files again that are missing or changed, and only those."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from expand.errors import STOPPED, ExpandError
from expand.job.remaking.remake import Remade, remake_tars
from expand.job.remaking.replay import Replayer, locked_replayer, replay_file
from expand.records.manifest import read_rows
from expand.records.rows import Row, files_of
from expand.storage.folder import OutputFolder
from expand.storage.removal import open_output, sweep
from expand.storage.stores.url import Place


class Repair(NamedTuple):
    """What a repair made again, and what it could not, with the reason."""

    made: list[str]
    failed: list[str]

    def add(self, name: str, problem: str) -> None:
        """Note that a file was made again, or, with a `problem`, that it was not."""
        if problem:
            self.failed.append(f'"{name}" cannot be made again: {problem}')
        else:
            self.made.append(name)

    def note(self, name: str, make: Callable[[], None]) -> None:
        """Make a file again, and note whether that was possible; raise an error that stops all."""
        try:
            make()
        except ExpandError as error:
            if error.status == STOPPED:
                raise
            self.add(name, str(error))
        else:
            self.add(name, "")


def repair(folder: Path, names: Iterable[str], src: Place | None = None) -> Repair:
    """Make files of an expanded dataset again that are missing or changed, and only those.

    Temporary files that a killed run or repair left are removed. Raise ExpandError if the folder
    is not finished or is being written to, and with status 3 if a file cannot be written.
    """
    wanted = set(names)
    with locked_replayer(folder, src) as replayer, open_output(folder) as output:
        replayer.check_finished()
        sweep(folder)
        if replayer.archives:
            return repair_tars(remake_tars(folder, replayer, wanted, output))
        result = repair_rows(folder, wanted, partial(_repair_file, output, replayer))
        for name in sorted(wanted.intersection(replayer.derived)):
            result.note(name, partial(_repair_derived, output, replayer, folder, name))
    return result


def repair_tars(remade: Iterable[Remade]) -> Repair:
    """Note which tars were made again."""
    result = Repair([], [])
    for name, problem in remade:
        result.add(name, problem)
    return result


def repair_rows(folder: Path, wanted: set[str], make: Callable[[Row, str], None]) -> Repair:
    """Make the wanted files of all rows of a manifest again, each by a call with row and name."""
    result = Repair([], [])
    for row in read_rows(folder):
        for name in wanted.intersection(files_of(row)):
            result.note(name, partial(make, row, name))
    return result


def _repair_file(output: OutputFolder, replayer: Replayer, row: Row, name: str) -> None:
    made = replayer.make(row, name)
    _make_room(output, name)
    is_image = name == row["file_name"]
    if is_image and replayer.settings.originals == "link" and replayer.is_source(row):
        output.link(f"{replayer.src}/{row['source']}", name)
    else:
        output.write(name, made)


def _repair_derived(output: OutputFolder, replayer: Replayer, folder: Path, name: str) -> None:
    made = replay_file(folder, name, replayer)
    _make_room(output, name)
    output.write(name, made)


def _make_room(output: OutputFolder, name: str) -> None:
    if problem := output.make_room(name):
        raise ExpandError(problem)
