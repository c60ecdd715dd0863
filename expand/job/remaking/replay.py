"""Replay: make copies again, byte for byte, from their sources and their rows in the manifest."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import cv2

from expand.errors import ExpandError
from expand.images.decoder import Decoded, decode
from expand.images.encoder import encode
from expand.images.formats import kind_of_bytes, kind_of_suffix
from expand.job.archives.lookup import find_row
from expand.job.archives.lookup import read_stored as read_tar
from expand.job.archives.plan import Archives, read_archives
from expand.job.remaking.relabel import Relabeller
from expand.job.settings import Settings
from expand.job.summary import unprintable
from expand.job.tasks.copies import encode_original
from expand.layouts.source import read_stored
from expand.recipes.recorded import is_older
from expand.records.card import CARD, FINISHED, derived_names, read_card
from expand.records.manifest import read_rows
from expand.records.rows import Row, files_of
from expand.storage.files import write_whole
from expand.storage.lock import Lock
from expand.storage.removal import open_output
from expand.storage.stores.places import check_outside
from expand.storage.stores.url import Place, Url, is_url, parse_place
from expand.techniques.pixel.noise import Noise

WRONG = (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError, cv2.error)
"""What rendering raises for parameters that no recipe gives."""


class Replayer:
    """Makes files of an expanded dataset again; keeps the source that it decoded last."""

    def __init__(self, folder: Path, src: Place | None = None) -> None:
        card = read_card(folder)
        if card is None:
            missing = f"has no {CARD}" if os.path.lexists(folder) else "does not exist"
            raise ExpandError(f'"{folder}" {missing}: not an output of expand')
        self.settings = Settings.from_dict(card["settings"])
        self.folder = folder
        self.finished = card["state"] == FINISHED
        self.src = src or _source_of(folder, card)
        self.versions = card["versions"]
        self.noise_is_older = is_older(card["settings"]["recipe"])
        self.derived = derived_names(card)
        self.bad = [unprintable(entry["source"]) for entry in card.get("bad", ())]
        """The sources that the run could not use."""
        self.archives = read_archives(card) if self.settings.tars else None
        self._last: tuple[str, bytes, Decoded] | None = None
        self._relabeller: Relabeller | None = None

    def __enter__(self) -> Replayer:
        return self

    def __exit__(self, *_: object) -> None:
        if self._relabeller:
            self._relabeller.close()

    def check_finished(self) -> None:
        """Refuse a dataset that is not finished."""
        if not self.finished:
            raise ExpandError(
                f'"{self.folder}" is not finished; run the same expand command again, which makes '
                "what is missing"
            )

    def make(self, row: Row, name: str = "") -> bytes:
        """Return the bytes of the file of a row, or of one of its label files.

        Raise ExpandError if its source is not the one in the manifest, or if the bytes differ from
        those written (another version of a library).
        """
        name = name or row["file_name"]
        made, digest = self._make(row, name)
        if sha256(made).hexdigest() != digest:
            raise ExpandError(
                f'"{name}" comes out with different bytes; it was written with '
                f"{', '.join(f'{name} {version}' for name, version in self.versions.items())}"
            )
        return made

    def _make(self, row: Row, name: str) -> tuple[bytes, str]:
        """Return the bytes of a file, and the hash that the manifest has."""
        if name != row["file_name"]:
            digests = {file["file_name"]: file["sha256"] for file in row["labels"]["files"]}
            files = {file.name: file.data for file in self.relabeller.make(row)}
            if name not in files:
                raise ExpandError(f'"{name}" is not a label file of "{row["source"]}" any more')
            return files[name], digests[name]
        if row.get("kept"):
            return self._read(row), row["sha256"]
        return self._render(row, *self._decode(row)), row["sha256"]

    @property
    def relabeller(self) -> Relabeller:
        """What makes label files again; it opens the source dataset."""
        if self._relabeller is None:
            if isinstance(self.src, Url):
                raise ExpandError(f'the labels of "{self.src}" are not read from a URL')
            self._relabeller = Relabeller(self.src, self.settings)
        return self._relabeller

    def is_source(self, row: Row) -> bool:
        """Tell whether the file of a row is the file of its source, so that a link can be one."""
        return row["view"] == 0 and row["sha256"] == row["source_sha256"]

    def _decode(self, row: Row) -> tuple[bytes, Decoded]:
        """Return the source of a row, if it is the one that the file was made from."""
        name = row["source"]
        if self._last is None or self._last[0] != name:
            data = self._read(row)
            self._last = name, data, decode(data)
        return self._last[1], self._last[2]

    def _read(self, row: Row) -> bytes:
        """Return the bytes of the source of a row, if they are those of the manifest."""
        path = self.src / row["source"]
        if isinstance(path, Path) and not os.access(path, os.F_OK):
            raise ExpandError(f'"{path}" does not exist; use --source to name the input folder')
        data = read_stored(self.src, row["source"])
        if sha256(data).hexdigest() != row["source_sha256"]:
            raise ExpandError(
                f'"{path}" is not the image that "{row["file_name"]}" was made from '
                "(its hash differs)"
            )
        return data

    def _render(self, row: Row, data: bytes, decoded: Decoded) -> bytes:
        if row["view"] == 0:
            return encode_original(decoded, data, self.settings)
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


@contextmanager
def locked_replayer(folder: Path, src: Place | None = None) -> Iterator[Replayer]:
    """Lock an expanded dataset, and open it: its records are not those of a run before."""
    Replayer(folder, src)  # a folder that is none is refused in words
    with Lock(folder), Replayer(folder, src) as replayer:
        yield replayer


def _source_of(folder: Path, card: dict[str, Any]) -> Place:
    """Return where the input of an output folder is, as its run card has it."""
    source = card["source"]
    return parse_place(source) if is_url(source) else folder / source


def replay(folder: Path, file: str, src: Place | None = None) -> bytes:
    """Make one file of an expanded dataset again, from its recorded parameters; return its bytes.

    `file` is its name in the folder, or its path. Raise ExpandError if it cannot be made again.
    """
    with Replayer(folder, src) as replayer:
        return replay_file(folder, _relative(folder, file), replayer)


def replay_file(folder: Path, name: str, replayer: Replayer) -> bytes:
    """Return the bytes of a file that a record of the folder names."""
    if name in replayer.derived:
        for file in replayer.relabeller.derive(folder):
            if file.name == name:
                return b"".join(file.pieces())
        raise ExpandError(f'"{name}" is not a file of the dataset any more')
    if replayer.archives:
        return replayer.make(find_row(folder, name))
    return replayer.make(_find(folder, name), name)


def replay_into(
    folder: Path, file: str, src: Place | None = None, to: Path | None = None
) -> tuple[Place, bool]:
    """Make a file again and write it to its path in the folder, or to `to`.

    Return the path, and whether a file with these bytes was there already.
    """
    name = _relative(folder, file)
    with (Replayer if to else locked_replayer)(folder, src) as replayer:
        if to:
            check_outside(replayer.src, to)
        made = replay_file(folder, name, replayer)
        if replayer.archives and not to:
            return compare(folder, name, replayer.archives, made), True
        if to:
            check_suffix(to, name, made)
        path = to or folder / name
        if path.is_file() and not path.is_symlink() and path.read_bytes() == made:
            return path, True
        if to:
            write_whole(to, made)
        else:
            with open_output(folder) as output:
                output.write(name, made)
    return path, False


def check_suffix(to: Path, name: str, made: bytes) -> None:
    """Refuse to write an image under the suffix of another format: its bytes stay what they are.

    A source named so, and its view 0, may have such a `name` itself.
    """
    says, has = kind_of_suffix(to.name), kind_of_bytes(made)
    if says and has and says is not has and says is not kind_of_suffix(name):
        raise ExpandError(
            f'"{to}" names a {says.title} file, and "{name}" is {has.title}, which replay writes '
            f'byte for byte; use a name that ends in "{has.suffixes[0]}"'
        )


def compare(
    folder: Path, name: str, archives: Archives, made: bytes, place: Place | None = None
) -> Place:
    """Return the tar that has an image; raise ExpandError if its bytes are not those made again.

    The tars lie at `place`, if not in the `folder` of the records.
    """
    row = find_row(folder, name, place)
    path, stored = read_tar(place or folder, row, archives.blocks)
    if stored != made:
        raise ExpandError(
            f'"{path}" has other bytes of "{name}" than were written: it is damaged. Use --to to '
            "write the image to a file; `expand verify` says what to do about the tar"
        )
    return path


def _relative(folder: Path, file: str) -> str:
    """Return the name of a file in the folder, given that name or the path of the file."""
    absolute = Path(file).absolute()
    inside = os.path.relpath(absolute, folder.absolute())
    return file if inside.startswith("..") else Path(inside).as_posix()


def _find(folder: Path, name: str) -> Row:
    for row in read_rows(folder):
        if name in files_of(row):
            return row
    raise ExpandError(f'"{name}" is not in the manifest of "{folder}"')
