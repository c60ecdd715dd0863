"""Verify, repair and replay an output at a URL: its records are fetched, its files stay there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from expand.archives.names import INDEX
from expand.engines.choose import make_thread_engine
from expand.errors import ExpandError
from expand.job.archives.lookup import find_row
from expand.job.blocks.records import LocalRecords, find_parts, load_card
from expand.job.checks.remake import Remade, remake_tars
from expand.job.checks.repair import Repair
from expand.job.checks.replay import Replayer, check_suffix, compare, replay_file
from expand.job.checks.verify import Verification, verify
from expand.job.run import Progress
from expand.records.card import CARD, UNFINISHED, is_tars
from expand.records.manifest import MANIFESTS, read_rows
from expand.records.rows import Row, files_of
from expand.storage.files import write_whole
from expand.storage.removal import open_output
from expand.storage.stores.open import check_store, open_store
from expand.storage.stores.places import check_outside
from expand.storage.stores.url import Place, Url

READERS = 4
"""Threads that read files at a URL, without --workers."""


@contextmanager
def fetched(url: Url) -> Iterator[Path]:
    """Fetch the run card and the manifest of an output at a URL; yield their folder.

    Messages name the URL. Raise ExpandError if it is no finished output.
    """
    check_store(url)
    store = open_store(url)
    card = load_card(store)
    with LocalRecords(store) as records:
        found = [records.fetch(name) for name in MANIFESTS]
        if is_tars(card):
            records.fetch(INDEX)
        if not any(found) and card and (card["state"] == UNFINISHED or find_parts(store)):
            raise ExpandError(
                f'"{url}" was interrupted: not a finished output of expand. Run the command that '
                "wrote it again to resume"
            )
        records.fetch(CARD)
        try:
            yield records.path
        except ExpandError as error:
            said = str(error).replace(str(records.path), str(url))
            raise ExpandError(said, error.status) from error


def verify_stored(
    url: Url, workers: int | None = None, progress: Progress = lambda _files: None
) -> Verification:
    """Check an output at a URL against its manifest: each file is read."""
    with fetched(url) as folder:
        return verify(folder, make_thread_engine(workers or READERS), progress, url)


def repair_stored(url: Url, names: Iterable[str], src: Place | None = None) -> Repair:
    """Make files at a URL again that are missing or changed, and only those."""
    wanted, result = set(names), Repair([], [])
    with fetched(url) as folder, Replayer(folder, src) as replayer:
        if not replayer.finished:
            raise ExpandError(
                f'"{folder}" is not finished; run the same expand command again, which makes what '
                "is missing"
            )
        if replayer.archives:
            for name, problem in _remake(url, replayer, folder, wanted):
                result.add(name, problem)
            return result
        for row in read_rows(folder):
            for name in wanted.intersection(files_of(row)):
                result.note(name, partial(_repair, url, replayer, row, name))
    return result


def _remake(url: Url, replayer: Replayer, folder: Path, names: set[str]) -> Iterator[Remade]:
    """Make tars again in the temporary folder, and put each to its place when it is complete."""
    with (
        TemporaryDirectory(prefix="expand-", ignore_cleanup_errors=True) as path,
        open_output(Path(path)) as output,
    ):
        for made in remake_tars(folder, replayer, names, output):
            if not made.problem:
                open_store(url).write_file(made.name, Path(path, made.name))
                output.remove(made.name)
            yield made


def _repair(url: Url, replayer: Replayer, row: Row, name: str) -> None:
    open_store(url).write(name, replayer.make(row, name))


def replay_stored(
    url: Url, file: str, src: Place | None = None, to: Path | None = None
) -> tuple[Place, bool]:
    """Make one file of an output at a URL again, and write it there or to `to`.

    `file` is its name in the output, or its URL. Return where it lies, and whether a file with
    these bytes was there already.
    """
    name = file.removeprefix(f"{url}/")
    with fetched(url) as folder, Replayer(folder, src) as replayer:
        if to:
            check_outside(replayer.src, to)
        if replayer.archives:
            made = replayer.make(find_row(folder, name, url))
            if not to:
                return compare(folder, name, replayer.archives, made, url), True
        else:
            made = replay_file(folder, name, replayer)
    if to:
        check_suffix(to, name, made)
        same = to.is_file() and not to.is_symlink() and to.read_bytes() == made
        if not same:
            write_whole(to, made)
        return to, same
    store = open_store(url)
    if store.size(name) == len(made) and store.read(name) == made:
        return url / name, True
    store.write(name, made)
    return url / name, False
