"""Bytes in a temporary file."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from tempfile import SpooledTemporaryFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expand import ExpandError
from expand.layouts.spooled.bytes import SpooledBytes


@given(st.lists(st.binary(max_size=9)), st.integers(0, 30), st.sampled_from([1, 1 << 20]))
def test_what_was_written_is_read_from_any_byte_on_and_more_can_follow(
    pieces: list[bytes], start: int, in_memory: int
) -> None:
    kept, expected = SpooledBytes("it", in_memory), b""
    for piece in pieces:
        kept.write(piece)
        expected += piece
        assert b"".join(kept.blocks(start)) == expected[start:]
    assert b"".join(kept.blocks()) == expected == b"".join(kept.blocks())


def test_two_readers_at_once_and_a_writer_do_not_disturb_each_other() -> None:
    kept = SpooledBytes("it", 1)
    kept.write(bytes(3 << 20))
    one: Iterator[bytes]
    one, other = kept.blocks(), kept.blocks(1 << 20)
    read = [next(one), next(other)]
    kept.write(b"end")
    assert b"".join([read[0], *one]) == bytes(3 << 20) + b"end"
    assert b"".join([read[1], *other]) == bytes(2 << 20) + b"end"


def test_memory_does_not_grow_with_the_number_of_bytes() -> None:
    tracemalloc.start()
    kept = SpooledBytes("it")
    for _ in range(300):
        kept.write(bytes(100_000))
    assert sum(map(len, kept.blocks())) == 30_000_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000


def test_a_full_temporary_folder_stops_the_run_and_says_what_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(_file: object, _data: bytes) -> int:
        raise OSError(28, "No space left on device")

    kept = SpooledBytes('"a.json" with its copies')
    monkeypatch.setattr(SpooledTemporaryFile, "write", full)
    with pytest.raises(ExpandError, match='"a.json" with its copies does not fit into') as stopped:
        kept.write(b"1")
    assert stopped.value.status == 3
