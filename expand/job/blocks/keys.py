"""The block that a file belongs to: that depends on nothing but its name."""

from __future__ import annotations

import re
from hashlib import blake2b

from expand.images.formats import SUFFIXES
from expand.layouts.listing import ScanSummary
from expand.layouts.names import fold, split_suffix

NUMBER = re.compile(r"_v[1-9]\d*$")
LEAST, MOST_SOURCES = 64, 2048
"""Sources of a block: at least, while there are few blocks, and at most."""
FEW = 64
"""How many blocks there are, at least, where there are sources enough."""
MOST_BYTES = 256 << 20
"""Bytes of the sources of a block: what a killed worker has to do again, at most."""
MOST_BLOCKS = 100_000


def count_blocks(found: ScanSummary) -> int:
    """Return how many blocks a dataset has."""
    count = found.count + found.kept
    fair = min(FEW, count // LEAST)
    large = max(-(-count // MOST_SOURCES), -(-(found.bytes + found.kept_bytes) // MOST_BYTES))
    return max(1, min(MOST_BLOCKS, count, max(fair, large)))


def block_of(name: str, blocks: int) -> int:
    """Return the number of the block, from 0, of a source or of a file that is made from it.

    A source, its copies, and sources whose copies could get the same names share a block.
    """
    key = fold(stem_of(name)).encode("utf-8", "surrogateescape")
    digest = blake2b(key, digest_size=8, key=b"block").digest()
    return int.from_bytes(digest, "big") * blocks >> 64


def stem_of(name: str) -> str:
    """Return a name without the suffixes of images and the number of a copy.

    >>> [stem_of(name) for name in ("cat/1.jpg", "cat/1_v3.jpg", "cat/1.jpg_v3.png")]
    ['cat/1', 'cat/1', 'cat/1']
    """
    while True:
        stem, suffix = split_suffix(name)
        shorter = NUMBER.sub("", stem if suffix.lower() in SUFFIXES else name)
        if shorter == name or not shorter or shorter.endswith("/"):
            return name
        name = shorter
