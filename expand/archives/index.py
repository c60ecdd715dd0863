"""The index of a set of tars: what each holds, with its hash. It is written when all are there.

A tar that was cut off between two members is read by most readers without an error; its number of
samples, its bytes and its hash tell.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import groupby
from typing import Any

from expand.archives.names import INDEX, tar_name
from expand.errors import ExpandError
from expand.records.rows import parse_json

VERSION = 1


@dataclass(frozen=True)
class Tar:
    """A tar of an expanded dataset: one view of the sources of a block."""

    file: str
    block: int
    view: int
    count: int
    """Samples in it."""
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Index:
    """The tars of an expanded dataset, by block and view."""

    classes: tuple[str, ...]
    """Their names, by their number; empty if the images have no classes."""
    blocks: int
    factor: int
    """Views of each source, the original counted."""
    extension: str
    """That of all images, without a dot."""
    tars: tuple[Tar, ...]

    @property
    def samples(self) -> int:
        """The number of samples in all tars."""
        return sum(tar.count for tar in self.tars)

    @cached_property
    def by_name(self) -> dict[str, Tar]:
        """The tars by their file."""
        return {tar.file: tar for tar in self.tars}

    @cached_property
    def _by_block(self) -> dict[int, tuple[Tar, ...]]:
        grouped = groupby(self.tars, key=lambda tar: tar.block)
        return {block: tuple(tars) for block, tars in grouped}

    def of_block(self, block: int) -> tuple[Tar, ...]:
        """Return the tars of a block, in the order of views."""
        return self._by_block.get(block, ())

    def of_view(self, view: int) -> tuple[Tar, ...]:
        """Return the tars with one view, in the order of blocks."""
        return tuple(tar for tar in self.tars if tar.view == view)

    def to_json(self) -> bytes:
        """Return the index as the content of its file."""
        values = {
            "version": VERSION,
            "classes": self.classes,
            "blocks": self.blocks,
            "factor": self.factor,
            "extension": self.extension,
            "samples": self.samples,
        }
        head = json.dumps(values, ensure_ascii=False, indent=2).removesuffix("\n}")
        lines = ",\n".join(f"    {json.dumps(asdict(tar))}" for tar in self.tars)
        return f'{head},\n  "tars": [\n{lines}\n  ]\n}}\n'.encode()

    @classmethod
    def parse(cls, data: bytes, where: str = INDEX) -> Index:
        """Read the content of an index file; raise ExpandError if anything in it cannot be."""
        try:
            return _parse(parse_json(data))
        except (ExpandError, KeyError, TypeError) as error:
            reason = f"it has no {error}" if isinstance(error, KeyError) else str(error)
            raise ExpandError(f'"{where}" is not an index of tars: {reason}') from error


def make_index(
    classes: Iterable[str], blocks: int, factor: int, extension: str, tars: Iterable[Tar]
) -> Index:
    """Return the index of tars, which may come in any order."""
    ordered = sorted(tars, key=lambda tar: (tar.block, tar.view))
    return Index(tuple(classes), blocks, factor, extension, tuple(ordered))


def _parse(values: Any) -> Index:
    if not isinstance(values, dict):
        raise ExpandError("an object is needed")
    if values["version"] != VERSION:
        raise ExpandError(f"it has version {values['version']!r}, this one reads {VERSION}")
    classes = _typed(values["classes"], list, "classes")
    names = tuple(_typed(name, str, "classes") for name in classes)
    extension = _typed(values["extension"], str, "extension")
    if not (extension.isascii() and extension.isalnum() and extension == extension.lower()):
        raise ExpandError(f'"extension" cannot be {extension!r}')
    blocks, factor = _count(values["blocks"], "blocks", 1), _count(values["factor"], "factor", 1)
    tars = tuple(_tar(entry, blocks, factor) for entry in _typed(values["tars"], list, "tars"))
    order = [(tar.block, tar.view) for tar in tars]
    if sorted(set(order)) != order:
        raise ExpandError('"tars" are not in order')
    return Index(names, blocks, factor, extension, tars)


def _tar(entry: Any, blocks: int, factor: int) -> Tar:
    values = _typed(entry, dict, "tars")
    block, view, count, size = (
        _count(values[key], key, 0) for key in ("block", "view", "count", "bytes")
    )
    digest = _typed(values["sha256"], str, "sha256")
    tar = Tar(_typed(values["file"], str, "file"), block, view, count, size, digest)
    if tar.block >= blocks or tar.view >= factor or tar.file != tar_name(tar.block, tar.view):
        raise ExpandError(f'"tars" cannot have {values["file"]!r}')
    return tar


def _count(value: Any, name: str, least: int) -> int:
    if type(value) is not int or value < least:
        raise ExpandError(f'"{name}" must be a whole number, at least {least}')
    return value


def _typed(value: Any, kind: type, name: str) -> Any:
    if not isinstance(value, kind):
        raise ExpandError(f'"{name}" has a value that cannot be used')
    return value
