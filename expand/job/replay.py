"""Replay: make copies again, byte for byte, from their sources and their rows in the manifest."""

from __future__ import annotations

import os
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import cv2

from expand.errors import STOPPED, ExpandError
from expand.images.decoder import Decoded, decode
from expand.images.encoder import encode
from expand.job.plan import check_outside
from expand.job.settings import Settings
from expand.job.tasks.copies import encode_original
from expand.layouts.source import read_source
from expand.recipes.recorded import is_older
from expand.records.card import CARD, FINISHED, read_card
from expand.records.manifest import read_rows
from expand.records.rows import Row
from expand.storage.files import write_whole
from expand.storage.folder import OutputFolder
from expand.storage.lock import Lock
from expand.storage.removal import open_output
from expand.techniques.pixel.noise import Noise

WRONG = (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError, cv2.error)
"""What rendering raises for parameters that no recipe gives."""


class Replayer:
    """Makes files of an expanded dataset again; keeps the source that it decoded last."""

    def __init__(self, folder: Path, src: Path | None = None) -> None:
        card = read_card(folder)
        if card is None:
            missing = f"has no {CARD}" if os.path.lexists(folder) else "does not exist"
            raise ExpandError(f'"{folder}" {missing}: not an output of expand')
        self.settings = Settings.from_dict(card["settings"])
        self.finished = card["state"] == FINISHED
        self.src = src or folder / card["source"]
        self.versions = card["versions"]
        self.noise_is_older = is_older(card["settings"]["recipe"])
        self._last: tuple[str, bytes, Decoded] | None = None

    def make(self, row: Row) -> bytes:
        """Return the bytes of the file of a row.

        Raise ExpandError if its source is not the one in the manifest, or if the bytes differ from
        those written (another version of a library).
        """
        made = self._render(row, *self._decode(row))
        if sha256(made).hexdigest() != row["sha256"]:
            raise ExpandError(
                f'"{row["file_name"]}" comes out with different bytes; it was written with '
                f"{', '.join(f'{name} {version}' for name, version in self.versions.items())}"
            )
        return made

    def is_source(self, row: Row) -> bool:
        """Tell whether the file of a row is the file of its source, so that a link can be one."""
        return row["view"] == 0 and row["sha256"] == row["source_sha256"]

    def _decode(self, row: Row) -> tuple[bytes, Decoded]:
        """Return the source of a row, if it is the one that the file was made from."""
        name, path = row["source"], self.src / row["source"]
        if self._last is None or self._last[0] != name:
            if not os.access(path, os.F_OK):
                raise ExpandError(f'"{path}" does not exist; use --source to name the input folder')
            data = read_source(path)
            if sha256(data).hexdigest() != row["source_sha256"]:
                raise ExpandError(
                    f'"{path}" is not the image that "{row["file_name"]}" was made from '
                    "(its hash differs)"
                )
            self._last = name, data, decode(data)
        return self._last[1], self._last[2]

    def _render(self, row: Row, data: bytes, decoded: Decoded) -> bytes:
        if row["view"] == 0:
            return encode_original(decoded, data)
        try:
            if self.noise_is_older and row["params"].get(Noise.name, {}).get("amount"):
                raise ExpandError(
                    f'"{row["file_name"]}" has noise of an earlier version, which hits other '
                    "pixels; only the version of expand that wrote it can make it again"
                )
            rendered = self.settings.views.render(decoded.pixels, row["params"])
        except WRONG as error:
            raise ExpandError(
                f'"{row["file_name"]}" has parameters in the manifest that cannot be used ({error})'
            ) from error
        encoding = decoded.encoding.override(self.settings.format, self.settings.quality)
        return encode(rendered.pixels, encoding)


def replay(folder: Path, file: str, src: Path | None = None) -> bytes:
    """Make one file of an expanded dataset again, from its recorded parameters; return its bytes.

    `file` is its name in the folder, or its path. Raise ExpandError if it cannot be made again.
    """
    return Replayer(folder, src).make(_find(folder, _relative(folder, file)))


def replay_into(
    folder: Path, file: str, src: Path | None = None, to: Path | None = None
) -> tuple[Path, bool]:
    """Make a file again and write it to its path in the folder, or to `to`.

    Return the path, and whether a file with these bytes was there already.
    """
    name, replayer = _relative(folder, file), Replayer(folder, src)
    if to:
        check_outside(replayer.src, to)
    made = replayer.make(_find(folder, name))
    path = to or folder / name
    if path.is_file() and not path.is_symlink() and path.read_bytes() == made:
        return path, True
    if to:
        write_whole(to, made)
    else:
        with open_output(folder) as output:
            output.write(name, made)
    return path, False


class Repair(NamedTuple):
    """What a repair made again, and what it could not, with the reason."""

    made: list[str]
    failed: list[str]


def repair(folder: Path, names: Iterable[str], src: Path | None = None) -> Repair:
    """Make files of an expanded dataset again that are missing or changed, and only those.

    Raise ExpandError if the folder is not finished or is being written to, and with status 3 if a
    file cannot be written.
    """
    wanted, result = set(names), Repair([], [])
    replayer = Replayer(folder, src)
    if not replayer.finished:
        raise ExpandError(
            f'"{folder}" is not finished; run the same expand command again, which makes what is '
            "missing"
        )
    with Lock(folder), open_output(folder) as output:
        for row in read_rows(folder):
            if row["file_name"] in wanted:
                try:
                    _repair_file(output, replayer, row)
                except ExpandError as error:
                    if error.status == STOPPED:
                        raise
                    result.failed.append(f'"{row["file_name"]}" cannot be made again: {error}')
                else:
                    result.made.append(row["file_name"])
    return result


def _repair_file(output: OutputFolder, replayer: Replayer, row: Row) -> None:
    name, made = row["file_name"], replayer.make(row)
    output.remove_empty(name)
    if output.has_folder(name):
        raise ExpandError("a folder with files lies in its place; move it away")
    if replayer.settings.originals == "link" and replayer.is_source(row):
        output.link(str(replayer.src / row["source"]), name)
    else:
        output.write(name, made)


def _relative(folder: Path, file: str) -> str:
    """Return the name of a file in the folder, given that name or the path of the file."""
    absolute = Path(file).absolute()
    inside = os.path.relpath(absolute, folder.absolute())
    return file if inside.startswith("..") else Path(inside).as_posix()


def _find(folder: Path, name: str) -> Row:
    for row in read_rows(folder):
        if row["file_name"] == name:
            return row
    raise ExpandError(f'"{name}" is not in the manifest of "{folder}"')
