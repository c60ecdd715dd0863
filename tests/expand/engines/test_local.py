"""The local engine: in order, bounded, in as many processes as asked for."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from expand.engines.local import IN_FLIGHT, LocalEngine


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
