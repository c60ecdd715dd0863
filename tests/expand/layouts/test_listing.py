"""A listing: every iteration gives the same sources, however many there are."""

from __future__ import annotations

import errno
import os
import tracemalloc
from collections.abc import Iterator

import pytest

from expand import ExpandError
from expand.layouts.listing import CHUNK, IN_MEMORY, Listing, ScanSummary
from expand.layouts.source import Source

ODD = ["a/line\nbreak.png", "a/\udcff.jpg", "a/ü \0.png", "a/" + "long" * 500 + ".png"]


def sources(count: int) -> Iterator[Source]:
    for number in range(count):
        yield Source(f"label{number % 3}/{number:09d}.png", number, f"label{number % 3}")


def test_any_name_survives_in_memory_and_on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    odd = [Source(name, 1, os.fsdecode(b"\xff")) for name in ODD]
    for limit in (IN_MEMORY, 1):
        monkeypatch.setattr("expand.layouts.listing.IN_MEMORY", limit)
        with Listing(odd, ScanSummary()) as listing:
            assert list(listing) == odd


@pytest.mark.parametrize("count", [0, 1, CHUNK, 3 * CHUNK + 1])
def test_iterations_do_not_disturb_each_other(count: int) -> None:
    expected = list(sources(count))
    with Listing(sources(count), ScanSummary()) as listing:
        assert list(zip(listing, listing, strict=True)) == [(s, s) for s in expected]
        first = iter(listing)
        begun = [source for source, _ in zip(first, range(CHUNK + 5), strict=False)]
        assert list(listing) == expected
        assert [*begun, *first] == [*expected[: CHUNK + 5], *expected[CHUNK + 6 :]]
        assert len(listing) == count


def test_sources_are_counted() -> None:
    with Listing(sources(10), ScanSummary(hidden=2)) as listing:
        summary = listing.summary
    assert (summary.count, summary.bytes, summary.hidden) == (10, 45, 2)
    assert dict(summary.labels) == {"label0": 4, "label1": 3, "label2": 3}


def test_memory_does_not_grow_with_the_number_of_sources() -> None:
    tracemalloc.start()
    with Listing(sources(150_000), ScanSummary()) as listing:
        assert sum(1 for _ in listing) == 150_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * IN_MEMORY


def test_a_listing_that_fails_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = []
    monkeypatch.setattr(Listing, "close", lambda self: closed.append(self))

    def broken() -> Iterator[Source]:
        yield from sources(3 * CHUNK)
        raise ExpandError("cannot be read")

    with pytest.raises(ExpandError, match="cannot be read"):
        Listing(broken(), ScanSummary())
    assert len(closed) == 1


def test_a_full_temporary_folder_is_an_error_with_status_3(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("expand.layouts.spooled.lists.SpooledTemporaryFile.write", fail)
    with pytest.raises(ExpandError, match="temporary folder: No space left on device") as error:
        Listing(sources(3), ScanSummary())
    assert error.value.status == 3
