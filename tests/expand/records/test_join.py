"""The join: every source and every record once, in order, with its partner."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from expand.layouts.source import Source
from expand.records.join import join
from expand.records.manifest import Record, order

NAMES = st.sets(st.text("ab/._", min_size=1, max_size=4), max_size=12)


@given(NAMES, NAMES)
def test_it_is_an_outer_join_in_order(ids: set[str], recorded: set[str]) -> None:
    sources = {name: Source(name, 1, "a") for name in sorted(ids, key=order)}
    records = {name: Record(name, [], set()) for name in sorted(recorded, key=order)}
    assert list(join(sources.values(), records.values())) == [
        (sources.get(name), records.get(name)) for name in sorted(ids | recorded, key=order)
    ]
