"""Verify an output at a URL: its records are fetched, its files are read there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from expand.archives.names import INDEX
from expand.engines.choose import make_thread_engine
from expand.errors import ExpandError
from expand.job.blocks.records import LocalRecords, find_parts, load_card
from expand.job.checks.verify import Verification, check_unchanged, verify
from expand.job.run import Progress
from expand.records.card import CARD, UNFINISHED, is_tars, read_card
from expand.records.manifest import MANIFESTS
from expand.storage.stores.open import check_store, open_store
from expand.storage.stores.store import Store
from expand.storage.stores.url import Url

READERS = 4
"""Threads that read files at a URL, without --workers."""


@contextmanager
def fetched(url: Url) -> Iterator[Path]:
    """Fetch the run card and the manifest of an output at a URL; yield their folder.

    Messages name the URL. Raise ExpandError if it is not a finished output.
    """
    check_store(url)
    store = open_store(url)
    with LocalRecords(store) as records:
        while not _fetch(store, records):
            pass  # a run changed the run card meanwhile
        yield records.path


def _fetch(store: Store, records: LocalRecords) -> bool:
    """Fetch the records; return False if they may be those of two runs."""
    card = load_card(store)
    found = [records.fetch(name) for name in MANIFESTS]
    if is_tars(card):
        records.fetch(INDEX)
    if not any(found) and card and (card["state"] == UNFINISHED or find_parts(store)):
        raise ExpandError(
            f'"{store.place}" is not finished: expand was interrupted. Run the command that '
            "wrote it again to resume"
        )
    records.fetch(CARD)
    return read_card(records.path) == card


def verify_stored(
    url: Url, workers: int | None = None, progress: Progress = lambda _files: None
) -> Verification:
    """Check an output at a URL against its manifest: each file is read."""
    with fetched(url) as folder:
        result = verify(folder, make_thread_engine(workers or READERS), progress, url)
    if result.problems:
        check_unchanged(url, result.card, load_card(open_store(url)))
    return result
