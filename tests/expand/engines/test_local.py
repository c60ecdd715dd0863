"""The local engine: in order, bounded, in as many processes as asked for."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from expand import ExpandError
from expand.engines.local import (
    IN_FLIGHT,
    LocalEngine,
    available_cores,
    check_workers,
    local_engine,
)


def square(number: int) -> tuple[int, int]:
    return number * number, os.getpid()


@pytest.mark.parametrize("workers", [1, 3])
def test_results_come_in_the_order_of_the_work(workers: int) -> None:
    results = list(LocalEngine(workers).map(square, range(100)))
    assert [value for value, _ in results] == [n * n for n in range(100)]
    processes = {process for _, process in results}
    assert (processes == {os.getpid()}) == (workers == 1)


def test_work_is_taken_only_as_it_is_needed() -> None:
    taken = []

    def work() -> Iterator[int]:
        for number in range(1000):
            taken.append(number)
            yield number

    results = LocalEngine(2).map(square, work())
    next(results)
    assert len(taken) <= 2 * IN_FLIGHT + 1
    results.close()


def test_an_error_in_the_work_reaches_the_caller() -> None:
    with pytest.raises(TypeError):
        list(LocalEngine(2).map(len, [[1], 3, [2]]))  # type: ignore[list-item]


def test_a_script_without_a_guard_is_told_so() -> None:
    program = (
        "from expand.engines.local import LocalEngine\n"
        "print(list(LocalEngine(2).map(abs, [1, -2])))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert "[1, 2]" in done.stdout  # -c has no file to run again


def test_without_a_wish_there_is_one_worker_per_core_but_fewer_for_short_work() -> None:
    assert local_engine(3, 0.0).workers == 3
    assert local_engine(None, 1e6).workers == available_cores() >= 1
    assert local_engine(None, 0.1).workers == 1  # not worth the start of a second
    with pytest.raises(ExpandError, match="at least 1"):
        check_workers(0)
