"""Replay: make one copy again, byte for byte, from its source and its row in the manifest."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

from expand.errors import ExpandError
from expand.images.decoder import decode
from expand.images.encoder import encode
from expand.job.copies import encode_original
from expand.job.settings import Settings
from expand.layouts.source import read_source
from expand.records.card import CARD, read_card
from expand.records.manifest import read_rows
from expand.records.rows import Row
from expand.storage.files import write_whole


def replay(folder: Path, file: str, src: Path | None = None) -> bytes:
    """Make one file of an expanded dataset again, from its recorded parameters; return its bytes.

    `file` is its name in the folder, or its path. Raise ExpandError if the source is not the one in
    the manifest, or if the bytes differ from those written (another version of a library).
    """
    card = read_card(folder)
    if card is None:
        raise ExpandError(f'"{folder}" has no {CARD}: not an output of expand')
    settings = Settings.from_dict(card["settings"])
    row = _find(folder, _relative(folder, file))
    path = (src or folder / card["source"]) / row["source"]
    if not path.exists():
        raise ExpandError(f'"{path}" does not exist; use --source to name the input folder')
    data = read_source(path)
    if sha256(data).hexdigest() != row["source_sha256"]:
        raise ExpandError(
            f'"{path}" is not the image that "{row["file_name"]}" was made from (its hash differs)'
        )
    made = _make(row, data, settings)
    if sha256(made).hexdigest() != row["sha256"]:
        raise ExpandError(
            f'"{row["file_name"]}" comes out with different bytes; it was written with '
            f"{card['versions']}"
        )
    return made


def replay_into(
    folder: Path, file: str, src: Path | None = None, to: Path | None = None
) -> tuple[Path, bool]:
    """Make a file again and write it to its path in the folder, or to `to`.

    Return the path, and whether a file with these bytes was there already.
    """
    made = replay(folder, file, src)
    path = to or folder / _relative(folder, file)
    if path.is_file() and path.read_bytes() == made:
        return path, True
    write_whole(path, made)
    return path, False


def _make(row: Row, data: bytes, settings: Settings) -> bytes:
    decoded = decode(data)
    if row["view"] == 0:
        return encode_original(decoded, data)
    rendered = settings.views.render(decoded.pixels, row["params"])
    return encode(rendered.pixels, decoded.encoding.override(settings.format, settings.quality))


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
