"""Files of a labelled dataset that are kept: copied as they are, or linked."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from hashlib import sha256

from expand.errors import BadImageError
from expand.job.tasks.context import Context, Files, problem_of
from expand.job.tasks.files import is_whole
from expand.job.tasks.outcome import Outcome, Task, bad_outcome
from expand.layouts.source import Source, check_name
from expand.records.rows import Row, line_of
from expand.storage.writing import LongNameError


def keep_file(context: Context, folder: Files, task: Task) -> Outcome:
    """Copy a file to its path in the output folder, unless it is there already; return its row."""
    source = task.source
    try:
        check_name(source.id)
        if line := _existing(context, folder, task):
            return Outcome(source, [line], bytes=json.loads(line)["bytes"])
        if context.careful and not task.begun and not task.lines:
            _check_free(context, folder, source)
        row = _copy(context, folder, source)
    except LongNameError as error:
        return bad_outcome(folder, task, f"has a name that is too long: {error}")
    except BadImageError as error:
        return bad_outcome(folder, task, problem_of(context, error))
    return Outcome(source, [line_of(row)], 1, row["bytes"])


def _existing(context: Context, folder: Files, task: Task) -> str | None:
    """Return the line of the file that an earlier run made from these bytes."""
    rows = [(json.loads(line), line) for line in task.lines]
    whole = [(row, line) for row, line in rows if is_whole(folder, row)]
    if not whole:
        return None
    digest = _Digest(context.blocks(task.source))
    for _ in digest:
        pass
    found = (line for row, line in whole if row["source_sha256"] == digest.hexdigest())
    return next(found, None)


def _check_free(context: Context, folder: Files, source: Source) -> None:
    """Raise BadImageError if the file would replace one with other bytes."""
    if not folder.size(source.id):
        return
    here, there = _Digest(context.blocks(source)), sha256()
    for _ in here:
        pass
    for block in folder.blocks(source.id):
        there.update(block)
    if here.hexdigest() != there.hexdigest():
        raise BadImageError(
            f'would be written to "{source.id}", where the output folder has a file that expand '
            "did not write; move that file away"
        )


def _copy(context: Context, folder: Files, source: Source) -> Row:
    """Copy or link a file; return its row."""
    blocks = _Digest(context.blocks(source))
    if context.settings.originals == "link":
        for _ in blocks:
            pass
        folder.link(os.path.realpath(context.path_of(source)), source.id)
    else:
        folder.write(source.id, blocks)
    digest = blocks.hexdigest()
    return Row(
        file_name=source.id,
        label="",
        source=source.id,
        view=0,
        params={},
        width=0,
        height=0,
        bytes=blocks.size,
        sha256=digest,
        source_sha256=digest,
        same_as=0,
        kept=True,
    )


class _Digest:
    """The blocks of a file, hashed while they are read."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self.blocks, self.size, self._hash = blocks, 0, sha256()

    def __iter__(self) -> Iterator[bytes]:
        for block in self.blocks:
            self.size += len(block)
            self._hash.update(block)
            yield block

    def hexdigest(self) -> str:
        """Return the hash of the blocks that were read."""
        return self._hash.hexdigest()
