"""The tars of a block that earlier runs wrote, read side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from hashlib import file_digest
from io import BufferedReader

from expand.archives.index import Tar
from expand.archives.names import tar_name
from expand.archives.reading import DamagedTarError
from expand.archives.samples import Entry, list_samples
from expand.storage.folder import OutputFolder


class StaleError(Exception):
    """The tars of a block are not those of its sources any more: all are to be made again."""


class EarlierTars:
    """The tars of a block that exist, whole, for some views. Use it in a `with` statement."""

    def __init__(self, folder: OutputFolder, block: int, views: Iterable[int]) -> None:
        self.folder, self.block = folder, block
        self._stack = ExitStack()
        self._streams: dict[int, Iterator[Entry]] = {}
        self._next: dict[int, Entry | None] = {}
        for view in views:
            file = BufferedReader(folder.open(tar_name(block, view)))
            self._stack.enter_context(file)
            self._streams[view] = list_samples(file)
            self._advance(view)

    @property
    def views(self) -> set[int]:
        """The views that have a tar."""
        return set(self._streams)

    def __enter__(self) -> EarlierTars:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def take(self, number: int) -> dict[int, Entry]:
        """Return the samples of the source with this number, by view; call it in order.

        Empty if the source had none, because it could not be used. Raise StaleError if some of the
        views have it and others do not.
        """
        found = {
            view: entry
            for view, entry in self._next.items()
            if entry and entry.key.number == number and entry.key.view == view
        }
        for view in found:
            self._advance(view)
        if found and len(found) < len(self._streams):
            raise StaleError
        return found

    def end(self) -> None:
        """Raise StaleError if a sample was not taken: its source is gone."""
        if any(self._next.values()):
            raise StaleError

    def _advance(self, view: int) -> None:
        try:
            self._next[view] = next(self._streams[view], None)
        except DamagedTarError as error:
            raise StaleError from error


def find_tars(
    folder: OutputFolder, block: int, views: Iterable[int], known: Iterable[Tar]
) -> list[Tar]:
    """Return the tars of a block that exist, whole; one that is not known is read."""
    by_view = {tar.view: tar for tar in known}
    found = []
    for view in views:
        name = tar_name(block, view)
        status = folder.status(name)
        tar = by_view.get(view)
        if status is None:
            continue
        if tar is None:
            tar = _read(folder, block, view, status.st_size)
        if tar is not None and tar.bytes == status.st_size:
            found.append(tar)
    return found


def _read(folder: OutputFolder, block: int, view: int, size: int) -> Tar | None:
    """Return a tar with its hash; None if it is damaged, so that it is made again."""
    name = tar_name(block, view)
    with BufferedReader(folder.open(name)) as file:
        try:
            count = sum(1 for _ in list_samples(file))
        except DamagedTarError:
            return None
        file.seek(0)
        digest = file_digest(file, "sha256").hexdigest()
    return Tar(name, block, view, count, size, digest)
