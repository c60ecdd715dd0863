"""The writer of the manifest: rows in order, into a part that becomes the manifest at the end."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from expand.errors import ExpandError
from expand.layouts.source import is_utf8
from expand.records.manifest import (
    BEGUN,
    LABELLED_MANIFEST,
    LABELLED_PART,
    MANIFEST,
    PART,
    as_parquet,
    find_parts,
    read_part,
)
from expand.records.rows import Row
from expand.storage.appending import AppendedFile, growing_file, publish
from expand.storage.folder import OutputFolder
from expand.storage.reading import open_record, read_lines
from expand.storage.removal import open_output


class ManifestWriter:
    """Writes rows, in order, to a part that becomes the manifest when the run is done.

    Before files of a source are written, its id goes to a second file. So a folder always names
    every file that a run may have written to it.
    """

    def __init__(
        self, folder: Path, *, labelled: bool = False, columns: tuple[str, ...] | None = None
    ) -> None:
        """Begin a part; with `columns` (see `write_parquet`), the manifest will be in Parquet."""
        self.folder, self.columns = open_output(folder), columns
        self.manifest = LABELLED_MANIFEST if labelled else MANIFEST
        if columns is not None:
            self.manifest = as_parquet(self.manifest)
        part = LABELLED_PART if labelled else PART
        taken = {path.name for path in find_parts(folder)}
        number = next(
            n for n in range(len(taken) + 1) if not {part.format(n), BEGUN.format(n)} & taken
        )
        try:
            self.begun = AppendedFile(self.folder, BEGUN.format(number))
            self.part = AppendedFile(self.folder, part.format(number))
        except BaseException:
            self.folder.close()
            raise
        self.paths = folder / self.part.name, folder / self.begun.name
        self.lines: list[str] = []

    def begin(self, sources: Iterable[tuple[str, ...]]) -> None:
        """Note sources whose files are written from now on, and give all lines to the system.

        So they outlive a kill of this process. Each is its id, and the label files that its views
        can have.
        """
        # a name that is not UTF-8 makes its source bad: it gets no files
        named = (
            json.dumps(names if len(names) > 1 else names[0])
            for names in sources
            if all(map(is_utf8, names))
        )
        self.begun.append("".join(f"{line}\n" for line in named).encode())
        self.flush()

    def write(self, lines: Iterable[str]) -> None:
        """Add a source's lines."""
        self.lines += lines

    def flush(self) -> None:
        """Give the lines to the operating system."""
        lines, self.lines = "".join(self.lines), []
        self.part.append(lines.encode())

    def rows(self) -> Iterator[Row]:
        """Yield the rows that were written."""
        self.flush()
        if file := open_record(self.paths[0]):
            yield from read_part(file, self.paths[0])

    def check(self) -> None:
        """Raise ExpandError with status 3 if the parts are no longer where they were created."""
        self.part.check()
        self.begun.check()

    def close(self) -> None:
        """Close the part; it stays for the next run to read."""
        with suppress(ExpandError):  # the error that ends the run is the one to tell
            self.flush()
        self.part.close()
        self.begun.close()
        self.folder.close()

    def discard(self) -> None:
        """Remove the part of a run that wrote no file: it tells nothing that was not known."""
        self.lines = []
        for part in (self.part, self.begun):
            part.close()
            self.folder.remove(part.name)

    def publish(self) -> None:
        """Turn the part into the manifest, and remove the other parts."""
        self.flush()
        self.check()
        if self.columns is None:
            self.part.sync()
            self.folder.rename(self.part.name, self.manifest)
        elif file := open_record(self.paths[0]):
            with file:
                write_stored(
                    self.folder, self.manifest, read_lines(file, self.paths[0]), self.columns
                )
        for part in find_parts(Path(self.folder.path)):
            self.folder.remove(part.name)
        self.folder.sync_names()


def write_stored(
    folder: OutputFolder, name: str, lines: Iterable[bytes], columns: Iterable[str]
) -> None:
    """Write a manifest in Parquet to an output folder, from its lines."""
    from expand.records.parquet import Sink, write_parquet

    with growing_file(folder) as file:
        write_parquet(Sink(file.append), lines, columns)
        publish(file, name, sync=True)
