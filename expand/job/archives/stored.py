"""A block of tars for an object store: written to a temporary folder, and put there when whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2

from expand.archives.index import Tar
from expand.errors import STOPPED, ExpandError
from expand.images.memory import keep_buffers
from expand.job.archives.block import Block, BlockWriter
from expand.job.archives.earlier import StaleError, find_tars
from expand.job.archives.plan import Archives
from expand.job.blocks.files import StoredContext
from expand.job.blocks.lists import ListedBlock
from expand.job.blocks.parts import PartName, digest_settings, part_head
from expand.job.blocks.task import BlockDone, BlockJob
from expand.job.summary import RunSummary
from expand.records.manifest import BLOCK_ROWS
from expand.storage.folder import OutputFolder
from expand.storage.reading import read_blocks
from expand.storage.removal import open_output
from expand.storage.stores.open import fetch, open_store
from expand.storage.stores.store import Store


def do_stored_block(job: BlockJob, archives: Archives, block: ListedBlock) -> BlockDone:
    """Write the tars of a block that do not exist yet, then its part of the manifest.

    That can be done again, and at the same time by another worker: all writes are whole, and of the
    same bytes. The temporary folder has room for the tars of a block.
    """
    cv2.setNumThreads(0)
    keep_buffers()
    with (
        TemporaryDirectory(prefix="expand-", ignore_cleanup_errors=True) as path,
        closing(open_store(job.out)) as store,
        open_output(Path(path)) as folder,
    ):
        _fetch(store, folder, block)
        found = find_tars(folder, block.number, job.settings.views_written, ())
        try:
            summary = _write(job, archives, block, folder, found)
        except StaleError:
            found = []
            summary = _write(job, archives, block, folder, found)
        existing = {tar.file for tar in found}
        for tar in summary.tars:
            if tar.file not in existing:
                store.write_file(tar.file, Path(path, tar.file))
        part = PartName(block.number, block.digest)
        head = part_head(summary, digest_settings(job.settings.to_dict()))
        folder.write("part", _part(head, Path(path, BLOCK_ROWS.format(block.number))))
        store.write_file(str(part), Path(path, "part"))
    return BlockDone(part, summary)


def _fetch(store: Store, folder: OutputFolder, block: ListedBlock) -> None:
    """Fetch the tars of a block that exist."""
    for name in block.existing:
        try:
            fetch(store, name, partial(folder.write, name))
        except OSError as error:
            raise ExpandError(
                f'the temporary folder "{folder.path}" cannot take "{name}": {error.strerror}',
                STOPPED,
            ) from error


def _write(
    job: BlockJob,
    archives: Archives,
    block: ListedBlock,
    folder: OutputFolder,
    found: list[Tar],
) -> RunSummary:
    context = StoredContext(job.src, job.settings, job.limits, job.careful)
    sources = Block(block.number, block.sources)
    writer = BlockWriter(context, archives, sources, folder, found)
    return writer.write(strict=False)


def _part(head: bytes, rows: Path) -> Iterator[bytes]:
    """Yield the bytes of the part of a block."""
    yield head
    yield from read_blocks(rows)
