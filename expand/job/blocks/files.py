"""The files of a block: read side by side, and written side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile

from expand.errors import ExpandError
from expand.job.settings import Settings
from expand.job.tasks.labels import LoadedLabels
from expand.layouts.labelled.dataset import Labels
from expand.layouts.limits import NameLimits
from expand.layouts.source import Source, read_source, stored_problem
from expand.storage.reading import read_blocks
from expand.storage.stores.open import check_store, open_store
from expand.storage.stores.store import ChangedError, DeniedError, MissingError, Store, StoreError
from expand.storage.stores.url import Place, Url


class StoredFiles:
    """The files of one block in a store; `flush` writes what tasks have written."""

    def __init__(self, store: Store, existing: dict[str, int]) -> None:
        """`existing` has the bytes of the files that are there, so that nothing asks for each."""
        self.store, self.existing = store, dict(existing)
        self._written: dict[str, bytes] = {}
        self._removed: list[str] = []

    def size(self, name: str) -> int | None:
        """Return the bytes that a file has."""
        return self.existing.get(name)

    def read(self, name: str) -> bytes:
        """Return the bytes of a file."""
        return self._written[name] if name in self._written else self.store.read(name)

    def blocks(self, name: str) -> Iterator[bytes]:
        """Yield the bytes of a file."""
        return self.store.stream(name)

    def write(self, name: str, data: bytes | Iterable[bytes]) -> None:
        """Keep the bytes of a file until `flush`; write one that comes in blocks at once."""
        if isinstance(data, bytes):
            self._written[name] = data
            self.existing[name] = len(data)
            return
        with NamedTemporaryFile(prefix="expand-") as file:
            file.writelines(data)
            self.existing[name] = file.tell()
            file.flush()
            self.store.write_file(name, Path(file.name))

    def link(self, source: str, name: str) -> None:
        """Refuse: a store has no links."""
        raise ExpandError("an object store has no links; use --originals copy")

    def remove(self, name: str) -> bool:
        """Note that a file is to be removed."""
        self._removed.append(name)
        return self.existing.pop(name, None) is not None

    def flush(self) -> None:
        """Write and remove what tasks have."""
        written, self._written = self._written, {}
        removed, self._removed = self._removed, []
        self.store.write_many(list(written.items()))
        if removed:
            self.store.delete(removed)


@dataclass
class StoredContext:
    """Where the tasks of a block read."""

    src: Place
    settings: Settings
    limits: NameLimits
    careful: bool = False
    labels: Labels | None = None
    _fetched: dict[str, bytes | StoreError] = field(default_factory=dict)

    def fetch(self, sources: Sequence[Source]) -> None:
        """Read sources, which `read` returns from now on instead of those before."""
        self._fetched.clear()
        if isinstance(self.src, Url):
            names = [source.id for source in sources if not source.kept]
            found = open_store(self.src).read_many(names)
            self._fetched.update(zip(names, found, strict=True))

    def read(self, source: Source) -> bytes:
        """Return the bytes of a source."""
        if not isinstance(self.src, Url):
            return read_source(self.src / source.id)
        found = self._fetched.pop(source.id)
        if isinstance(found, bytes):
            return found
        raise stored_problem(found)

    def blocks(self, source: Source) -> Iterator[bytes]:
        """Yield the bytes of a file."""
        if not isinstance(self.src, Url):
            yield from read_blocks(self.src / source.id)
            return
        try:
            yield from open_store(self.src).stream(source.id)
        except (MissingError, DeniedError, ChangedError) as error:
            raise stored_problem(error) from error

    def path_of(self, source: Source) -> str:
        """Refuse: a store has no links."""
        raise ExpandError("an object store has no links; use --originals copy")

    def load_labels(self, source: Source) -> tuple[Labels, LoadedLabels] | None:
        """Return None: datasets with labels beside classes are not read from stores."""
        return None

    def check_input(self) -> None:
        """Raise ExpandError with status 3 if the whole input went away."""
        if isinstance(self.src, Url):
            check_store(self.src)
        elif not self.src.is_dir():
            raise StoreError(
                f'the input folder "{self.src}" went away during the run. When it is back, run the '
                "same command again to resume."
            )
