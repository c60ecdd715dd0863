"""Names of tar files and of the samples in them.

A reader takes what follows the first dot of a member's name for its type, so a key has no dot.
There is one tar for each block and view: a source is read once for all of its views, these lie in
different tars, and a training that shows view k reads just the tars of that view.
"""

from __future__ import annotations

import re
from typing import NamedTuple

INDEX = "index.json"
"""The file beside the tars that lists them."""
DIGITS = 6
"""Digits of a block and of a sample, so that sorted names are in order up to a million of each."""
_TAR = re.compile(r"(\d{6,9})-(0|[1-9]\d{0,8})\.tar", re.ASCII)
_KEY = re.compile(r"(\d{6,9})-(\d{6,12})-(0|[1-9]\d{0,8})", re.ASCII)


class Key(NamedTuple):
    """What a sample is known by: its block, its number there, and its view."""

    block: int
    number: int
    view: int

    def __str__(self) -> str:
        return f"{block_name(self.block)}-{self.number:0{DIGITS}d}-{self.view}"

    @classmethod
    def parse(cls, text: str) -> Key | None:
        """Read a key; None for anything else."""
        match = _KEY.fullmatch(text)
        return cls(*map(int, match.groups())) if match else None


def block_name(block: int) -> str:
    """Return the number of a block as names of files have it."""
    return f"{block:0{DIGITS}d}"


def tar_name(block: int, view: int) -> str:
    """Return the name of the tar with one view of all sources of a block."""
    return f"{block_name(block)}-{view}.tar"


def parse_tar_name(name: str) -> tuple[int, int] | None:
    """Return the block and the view of a tar; None if it is not called like one."""
    match = _TAR.fullmatch(name)
    return (int(match[1]), int(match[2])) if match else None
