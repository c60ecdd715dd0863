"""Full disks: `expand` on file systems of many sizes, then the same command with more room."""

from __future__ import annotations

import random
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.faults.kills import contents
from benchmarks.faults.processes import Table, draw_images, ending, run, start

SOURCES, FACTOR, ROOM = 100, 8, "size=200m,nr_inodes=20000"
LIMITS = ((resource.RLIMIT_FSIZE, 900), (resource.RLIMIT_NOFILE, 12), (resource.RLIMIT_NOFILE, 20))


def campaign(folder: Path, times: int, seed: int, table: Table) -> None:
    """Expand onto `times` small disks, and under a few limits of a process."""
    rng = random.Random(seed)
    src = draw_images(folder / "src", SOURCES)
    run(["expand", src, folder / "whole", "--factor", FACTOR, "--workers", 1])
    whole = contents(folder / "whole")
    disk = folder / "disk"
    disk.mkdir()
    for number in range(times):
        kind = ("full disk", "no more files")[number % 2]
        if subprocess.run(
            ["mount", "-t", "tmpfs", "-o", ROOM, "none", disk], check=False
        ).returncode:
            sys.exit("mounting a small file system is not allowed here")
        try:
            command = ["expand", src, disk / "out", "--factor", FACTOR, "--workers", 1 + number % 2]
            process = start(command)
            small = _shrink(disk, process, number % 2 == 0, rng)
            table.add(kind, ending(process))
            subprocess.run(["mount", "-o", f"remount,{ROOM}", disk], check=True)
            again = run(command)
            same = again == "0" and contents(disk / "out") == whole
            table.compare(same, f"{small}: {again}")
        finally:
            subprocess.run(["umount", "--lazy", disk], check=True)
    for limit, value in LIMITS:
        _under_limit(folder, src, whole, limit, value, table)


def _shrink(disk: Path, process: subprocess.Popen[str], bytes_: bool, rng: random.Random) -> str:
    """Take room away while the command writes; return how much is left."""
    while process.poll() is None and not any(disk.rglob("*_v*")):
        time.sleep(0.005)
    room = rng.randrange(100, 700)
    while process.poll() is None:
        small = f"size={4 * room}k" if bytes_ else f"nr_inodes={room}"
        shrunk = subprocess.run(
            ["mount", "-o", f"remount,{small}", disk], check=False, stderr=subprocess.DEVNULL
        )
        if shrunk.returncode == 0:
            return small
        room += 20  # the file system holds more than that already
    return "whole disk"


def _under_limit(
    folder: Path, src: Path, whole: dict[str, str], limit: int, value: int, table: Table
) -> None:
    """Expand in a process with a limit, and again without."""
    out = folder / "limited"
    shutil.rmtree(out, ignore_errors=True)
    command = ["expand", src, out, "--factor", FACTOR, "--workers", 2]
    name = {resource.RLIMIT_FSIZE: "file size limit", resource.RLIMIT_NOFILE: "open files limit"}
    program = (
        f"import os, resource, sys; resource.setrlimit({limit}, ({value}, {value}));"
        "os.execv(sys.executable, [sys.executable, '-m', *sys.argv[1:]])"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, *map(str, command)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    table.add(name[limit], ending(process))
    again = run(command)
    table.compare(again == "0" and contents(out) == whole, f"{name[limit]} {value}: {again}")
