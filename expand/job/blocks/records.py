"""The records of an output at a URL: the run card, the manifest, and the parts of blocks."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any

from expand.errors import STOPPED, ExpandError
from expand.job.blocks.parts import FOLDER, LOCAL, PartName, begun_number, read_part
from expand.job.sharding.records import merge_parts
from expand.job.summary import RunSummary
from expand.records.card import CARD, card_bytes, parse_card
from expand.records.manifest import PART
from expand.storage.stores.open import fetch
from expand.storage.stores.store import MissingError, Store, StoreError

TOGETHER = 32
"""Parts that are read side by side."""


def load_card(store: Store) -> dict[str, Any] | None:
    """Read the run card of an output; None if it has none."""
    try:
        text = store.read(CARD)
    except MissingError:
        return None
    return parse_card(text, f"{store.place}/{CARD}")


def save_card(store: Store, card: dict[str, Any]) -> None:
    """Write the run card of an output."""
    store.write(CARD, card_bytes(card))


def replace_card(
    store: Store, card: dict[str, Any], known: Callable[[dict[str, Any]], bool]
) -> bool:
    """Write the run card of an output in the place of a `known` one; return False if it is not."""
    where = f"{store.place}/{CARD}"
    return store.replace(CARD, card_bytes(card), lambda text: known(parse_card(text, where)))


def find_parts(store: Store) -> list[PartName]:
    """Return the parts of an output, sorted."""
    names = (PartName.parse(entry.name) for page in store.pages(FOLDER) for entry in page)
    return sorted(name for name in names if name)


def find_begun(store: Store) -> set[int]:
    """Return the blocks of which files may have been written."""
    names = (begun_number(entry.name) for page in store.pages(FOLDER) for entry in page)
    return {number for number in names if number is not None}


def remove_parts(store: Store) -> None:
    """Remove the folder of the parts, with all that is in it, and the list of the input."""
    for folder in (FOLDER, LOCAL):
        store.delete([entry.name for page in store.pages(folder) for entry in page])


class LocalRecords:
    """Records that were fetched into a temporary folder. Use it in a `with` statement.

    Errors that are raised in it name the place of the records in the store.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self._folder = TemporaryDirectory(prefix="expand-", ignore_cleanup_errors=True)
        self.path = Path(self._folder.name)

    def __enter__(self) -> LocalRecords:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._folder.cleanup()
        if isinstance(error, ExpandError):
            error.args = (str(error).replace(str(self.path), self.store.place),)

    def fetch(self, name: str) -> bool:
        """Fetch a file; return False if it does not exist."""
        try:
            fetch(self.store, name, partial(self._write, name))
        except MissingError:
            (self.path / name).unlink()
            return False
        return True

    def fetch_parts(
        self, parts: Sequence[PartName], settings: str | None = None
    ) -> Iterator[RunSummary]:
        """Fetch the rows of parts; yield the counts in each.

        Raise MissingError for a part that does not exist, and as `read_part` does.
        """
        for first in range(0, len(parts), TOGETHER):
            some = parts[first : first + TOGETHER]
            for number, data in enumerate(self.store.read_many(list(map(str, some))), first):
                if isinstance(data, StoreError):
                    raise data
                summary, rows = read_part(str(parts[number]), data, settings)
                self._write(PART.format(number), [rows])
                yield summary

    def merge(self, name: str, parts: int, columns: tuple[str, ...] | None = None) -> Path:
        """Merge the rows of the first fetched parts; return the path of the manifest.

        With `columns` (see `write_parquet`), it is in Parquet.
        """
        paths = [self.path / PART.format(number) for number in range(parts)]
        numbers = count()
        lines = merge_parts(paths, lambda: self.path / f"merged-{next(numbers)}")
        merged = self.path / name
        if columns is None:
            self._write(name, lines)
        else:
            self._write_parquet(merged, lines, columns)
        for path in paths:
            path.unlink()
        return merged

    def _write_parquet(self, path: Path, lines: Iterable[bytes], columns: Iterable[str]) -> None:
        from expand.records.parquet import write_parquet

        try:
            with path.open("wb") as file:
                write_parquet(file, lines, columns)
        except OSError as error:
            raise self._full(path, error) from error

    def _full(self, path: Path, error: OSError) -> ExpandError:
        return ExpandError(
            f"the records of {self.store.place} do not fit into the temporary folder "
            f'"{os.path.dirname(path)}": {error.strerror}',
            STOPPED,
        )

    def _write(self, name: str, blocks: Iterable[bytes]) -> Path:
        path = self.path / name
        try:
            with path.open("wb") as file:
                file.writelines(blocks)
        except OSError as error:
            raise self._full(path, error) from error
        return path
