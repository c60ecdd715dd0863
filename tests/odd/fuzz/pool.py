"""Run numbered inputs in forked processes, so that a crash, a hang or much memory is a finding."""

from __future__ import annotations

import faulthandler
import mmap
import os
import resource
import select
import signal
import struct
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple, NoReturn

from expand.errors import ExpandError

SECONDS = 5.0
"""The most time that one input may take."""
MEMORY = 2 << 30
"""The most bytes that one process may take beyond those it begins with."""
BATCH = 2000
"""Inputs after which a process is replaced by a new one."""
Run = Callable[[int], None]


class Finding(NamedTuple):
    """An input that broke the law: its number, and what happened."""

    number: int
    what: str


def run_inputs(run: Run, first: int, until: float) -> tuple[int, list[Finding]]:
    """Run the inputs from number `first` on until a time; return how many, and the findings."""
    state = mmap.mmap(-1, 16)
    findings: list[Finding] = []
    number = first
    while time.monotonic() < until:
        number = _run_process(run, number, until, state, findings)
    return number - first, findings


def _run_process(
    run: Run, first: int, until: float, state: mmap.mmap, findings: list[Finding]
) -> int:
    """Fork one process for inputs from `first` on; return the number of the next input."""
    reader, writer = os.pipe()
    state[:] = struct.pack("<qd", first, time.monotonic())
    child = os.fork()
    if not child:
        os.close(reader)
        _work(run, first, until, state, writer)
    os.close(writer)
    written, hung = b"", False
    while True:
        ready, _, _ = select.select([reader], [], [], 0.2)
        if ready:
            piece = os.read(reader, 65536)
            if not piece:
                break
            written += piece
        number, begun = struct.unpack("<qd", state[:])
        if time.monotonic() - begun > SECONDS:
            os.kill(child, signal.SIGKILL)
            hung = True
            break
    os.close(reader)
    _, status = os.waitpid(child, 0)
    number, _ = struct.unpack("<qd", state[:])
    for part in written.split(b"\0")[:-1]:
        index, _, what = part.partition(b" ")
        findings.append(Finding(int(index), what.decode("utf-8", "replace")))
    if hung:
        findings.append(Finding(number, f"takes more than {SECONDS:.0f} seconds"))
    elif status:
        findings.append(Finding(number, f"ends the process with status {status}"))
    return int(number) + 1 if hung or status else int(number)


def _work(run: Run, first: int, until: float, state: mmap.mmap, writer: int) -> NoReturn:
    """Run inputs in a forked process until the batch or the time is over."""
    faulthandler.disable()  # a process that ends by a signal is a finding, which is all we need
    with suppress(BaseException):
        with open("/proc/self/statm") as file:
            used = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))
        noise = os.memfd_create("stderr")
        os.dup2(noise, 2)
        seen = 0
        number = first
        while number < first + BATCH and time.monotonic() < until:
            state[:] = struct.pack("<qd", number, time.monotonic())
            what = _judge(run, number)
            size = os.fstat(2).st_size
            if size > seen and not what:
                what = f"prints {os.pread(noise, 300, seen)!r}"
            seen = size
            if what:
                os.write(
                    writer, f"{number} {what}".replace("\0", " ").encode("utf-8", "replace") + b"\0"
                )
            number += 1
        state[:] = struct.pack("<qd", number, time.monotonic())
        os._exit(0)
    os._exit(9)


def _judge(run: Run, number: int) -> str:
    """Run one input; return what is wrong with how it ended, "" if nothing is."""
    try:
        run(number)
    except ExpandError:
        return ""
    except AssertionError as error:
        return f"breaks a law: {error}"
    except BaseException:  # noqa: BLE001  # any other error is a finding
        return traceback.format_exc(limit=-4)
    return ""
