"""The bytes of a tar: the same for the same members, whoever writes them and when.

The format is USTAR, which every reader knows. Time, owner and permissions are constant.
"""

from __future__ import annotations

import tarfile

BLOCK, RECORD = tarfile.BLOCKSIZE, tarfile.RECORDSIZE
LARGEST = 8 << 30
"""Bytes that the header of a member can count, exclusive."""


def member(name: str, data: bytes) -> bytes:
    """Return a member of a tar: its header, and its data filled up to whole blocks."""
    header = tarfile.TarInfo(name)  # its defaults: mode 0644, time, owner and group 0
    header.size = len(data)
    return header.tobuf(tarfile.USTAR_FORMAT, "ascii", "strict") + data + padding(len(data))


def padding(size: int) -> bytes:
    """Return what fills data of `size` bytes up to whole blocks."""
    return bytes(-size % BLOCK)


def end(size: int) -> bytes:
    """Return what ends a tar whose members have `size` bytes: two empty blocks, a whole record."""
    return bytes(2 * BLOCK + -(size + 2 * BLOCK) % RECORD)


def member_bytes(size: int) -> int:
    """Return the bytes of a member whose data have `size` bytes."""
    return BLOCK + size + -size % BLOCK
