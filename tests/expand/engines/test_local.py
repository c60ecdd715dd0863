"""The local engine: in order, bounded, in as many processes as asked for."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from expand import ExpandError
from expand.engines import pool
from expand.engines.forked import can_fork
from expand.engines.local import LocalEngine
from expand.engines.pool import IN_FLIGHT


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


def squares(number: int) -> list[tuple[int, int]]:
    return list(LocalEngine(3).map(square, range(number)))


@pytest.mark.parametrize("copies", [True, False])
def test_a_worker_does_what_it_has_work_for_itself(
    copies: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if copies and not can_fork():
        pytest.skip("this process cannot be copied")
    monkeypatch.setattr(pool, "can_fork", lambda: copies)
    results = list(LocalEngine(2).map(squares, [3, 4]))
    assert [[value for value, _ in each] for each in results] == [[0, 1, 4], [0, 1, 4, 9]]
    assert all(len({process for _, process in each}) == 1 for each in results)


def test_no_more_workers_start_than_there_is_work() -> None:
    began = time.monotonic()
    results = list(LocalEngine(500).map(square, range(3)))
    assert [value for value, _ in results] == [0, 1, 4]
    assert time.monotonic() - began < 60
    assert list(LocalEngine(2).map(square, [])) == []


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


class Stubborn(Exception):  # noqa: N818  # what it is called does not matter
    """Cannot be pickled and read again."""

    def __init__(self, one: int, two: int) -> None:
        super().__init__("stubborn")


def fail(number: int) -> None:
    if number == 1:
        raise Stubborn(1, 2)
    if number == 2:
        raise MemoryError
    if number == 3:
        os._exit(7)


@pytest.mark.parametrize(
    ("number", "kind", "said"),
    [
        (1, ExpandError, "a worker process failed: Stubborn: stubborn"),
        (2, MemoryError, "^$"),
        (3, ExpandError, "a worker process ended .exit status 7."),
    ],
)
def test_whatever_a_worker_raises_reaches_the_caller(
    number: int, kind: type[Exception], said: str
) -> None:
    with pytest.raises(kind, match=said):
        list(LocalEngine(2).map(fail, [0, number, 0]))


THREAD = "import threading; threading.Thread(target=threading.Event().wait, daemon=True).start()\n"
"""A process with a thread cannot be copied: workers are new interpreters."""


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux")
def test_something_defined_in_typed_code_works_in_copies_of_the_process() -> None:
    program = (
        "from expand.engines.local import LocalEngine\n"
        "def double(n): return 2 * n\n"
        "print(list(LocalEngine(2).map(double, [1, 2])))\n"
    )
    done = subprocess.run(
        [sys.executable], input=program, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("[2, 4]\n", "")


def test_something_defined_in_typed_code_is_named() -> None:
    program = (
        f"{THREAD}from expand.engines.local import LocalEngine\n"
        "def double(n): return 2 * n\n"
        "print(list(LocalEngine(2).map(double, [1, 2])))\n"
    )
    done = subprocess.run(
        [sys.executable], input=program, capture_output=True, text=True, check=False
    )
    assert '"double" is defined in code that worker processes cannot import' in done.stderr


def test_a_script_without_a_guard_works_or_is_told_to_have_one(tmp_path: Path) -> None:
    script = tmp_path / "job.py"
    script.write_text(
        f"{THREAD}from expand.engines.local import LocalEngine\n"
        "def double(n): return 2 * n\n"
        "print(list(LocalEngine(2).map(abs, [1, -2])))\n"
        "print(list(LocalEngine(2).map(double, [1, 2])))\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert done.stdout.startswith("[1, 2]\n")
    assert 'if __name__ == "__main__":' in done.stderr
