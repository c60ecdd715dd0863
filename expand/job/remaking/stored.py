"""Make files of an output at a URL again: its records are fetched, its files stay there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from expand.job.archives.lookup import find_row
from expand.job.checks.stored import fetched
from expand.job.remaking.remake import Remade, remake_tars
from expand.job.remaking.repair import Repair, repair_rows, repair_tars
from expand.job.remaking.replay import Replayer, check_suffix, compare, replay_file
from expand.records.rows import Row
from expand.storage.files import write_whole
from expand.storage.removal import open_output
from expand.storage.stores.open import open_store
from expand.storage.stores.places import check_outside
from expand.storage.stores.url import Place, Url


def repair_stored(url: Url, names: Iterable[str], src: Place | None = None) -> Repair:
    """Make files at a URL again that are missing or changed, and only those."""
    wanted = set(names)
    with fetched(url) as folder, Replayer(folder, src) as replayer:
        replayer.check_finished()
        if replayer.archives:
            return repair_tars(_remake(url, replayer, folder, wanted))
        return repair_rows(folder, wanted, partial(_repair, url, replayer))


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
