"""Records of tars: the index, and notes of each block while a run lasts."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from expand.archives.index import Index, Tar
from expand.archives.names import INDEX, tar_name
from expand.errors import ExpandError
from expand.records.manifest import BLOCK_ROWS, BLOCK_TARS, is_block_record
from expand.storage.folder import OutputFolder
from expand.storage.reading import read_record
from expand.storage.removal import open_output


def remove_records(folder: OutputFolder, blocks: int) -> None:
    """Remove the records of all blocks: the manifest and the index have what is in them."""
    for block in range(blocks):
        folder.remove(BLOCK_ROWS.format(block))
        folder.remove(BLOCK_TARS.format(block))


def write_tars(folder: OutputFolder, block: int, tars: list[Tar]) -> None:
    """Note the tars of a block, before others replace them and when they are done."""
    text = json.dumps([asdict(tar) for tar in tars])
    folder.write(BLOCK_TARS.format(block), text.encode())


def read_tars(folder: OutputFolder, block: int) -> list[Tar] | None:
    """Return the tars of a block that a run noted; None if none did, or the note is damaged."""
    name = BLOCK_TARS.format(block)
    if folder.status(name) is None:
        return None
    try:
        tars = [Tar(**values) for values in json.loads(folder.read(name))]
    except (ValueError, TypeError, ExpandError):
        return None
    return [tar for tar in tars if tar.file == tar_name(block, tar.view)]


def read_index(out: Path) -> Index | None:
    """Return the index of an earlier run; None if there is none that can be used."""
    try:
        data = read_record(out / INDEX)
        return None if data is None else Index.parse(data)
    except ExpandError:
        return None


def count_samples(out: Path) -> int:
    """Return how many samples the tars of an output folder have that runs noted."""
    index = read_index(out)
    known = {tar.file: tar.count for tar in index.tars} if index else {}
    if out.is_dir():
        with open_output(out) as folder:
            for path in out.glob(BLOCK_TARS.replace("{:06d}", "*")):
                block = int(path.stem.rpartition("-")[2]) if is_block_record(path.name) else 0
                known.update({tar.file: tar.count for tar in read_tars(folder, block) or ()})
    return sum(known.values())
