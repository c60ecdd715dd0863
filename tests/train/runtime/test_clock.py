"""The clock: seconds by kind of work, each counted once."""

from __future__ import annotations

import time

import pytest

from train.runtime.clock import Clock


def test_seconds_are_added_to_their_kind_of_work(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter([10.0, 13.0, 20.0, 20.5])
    monkeypatch.setattr(time, "perf_counter", lambda: next(now))
    clock = Clock(wait=1.0)
    with clock.measure("wait"):
        pass
    with clock.measure("evaluate"):
        pass
    assert clock == Clock(wait=4.0, evaluate=0.5)
    assert clock.training == 4.0


def test_seconds_of_an_inner_block_are_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter([0.0, 1.0, 4.0, 6.0])
    monkeypatch.setattr(time, "perf_counter", lambda: next(now))
    clock = Clock()
    with clock.measure("compute"), clock.measure("augment"):
        pass
    assert clock == Clock(augment=3.0, compute=3.0)
