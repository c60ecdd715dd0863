"""Images per second of decoding a set for training, against the codecs alone, on all cores.

Codecs: OpenCV's decoder on bytes in memory, and the same resizing, in as many processes. Decoding:
`train` reads each file and checks its hash, reads headers, decodes, hashes the pixels, resizes, and
writes them to an array on the disk, which is then hashed and read again. Hashing: what it does
before, to know whether the set is in the cache. CPU seconds are those of all processes.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch  # noqa: F401  # `train` has loaded it, so that its workers are new interpreters

from benchmarks.expanding.sets import SETS, ImageSet, prepare
from benchmarks.timing import Seconds, Watch
from expand.engines.choose import available_cores
from expand.images.memory import keep_buffers
from expand.images.readers.picture import AS_RGB
from train.data.cache import Cache
from train.data.decoded import decode_folder
from train.data.decoding import hash_files
from train.data.folders.folder import Folder
from train.data.folders.listing import list_folder
from train.data.shape import Shape, resize_crop

ROUNDS, CHUNK, SIDE = 5, 64, 224
CODECS, DECODING, HASHING = "codecs", "decoding", "hashing"
MEMORY = Path("/dev/shm")
FILES: list[bytes] = []
"""The files of the set; workers are copies of this process, and have them too."""


class Work(NamedTuple):
    """Successive files for a worker: the first one, and how OpenCV decodes and resizes them."""

    first: int
    flags: int
    shape: Shape


def decode_some(work: Work) -> float:
    """Decode and resize some of `FILES`; return the CPU seconds."""
    cv2.setNumThreads(0)
    keep_buffers()
    watch = Watch()
    some = FILES[work.first : work.first + CHUNK]
    for data in some:
        resize_crop(cv2.imdecode(np.frombuffer(data, np.uint8), work.flags), work.shape)
    return watch.read().cpu


def main(arguments: Sequence[str] = ()) -> None:
    """Print the rates of each set."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks.packing")
    for each in SETS:
        parser.add_argument(f"--{each.name}", type=Path, metavar="DIR", help=f"real {each.title}")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args(arguments)
    for each in SETS:
        folder = getattr(options, each.name)
        with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as scratch:
            measure(replace(each, folder=folder), Path(scratch), options.rounds)


def measure(image_set: ImageSet, scratch: Path, rounds: int) -> None:
    """Print what decoding a set takes; its files are written to an empty folder first."""
    root, _ = prepare(image_set, scratch)
    shape = Shape(SIDE, "rgb") if image_set.name == "photographs" else Shape()
    folder = list_folder(root)
    FILES[:] = [(folder.path / name).read_bytes() for name in folder.files]
    hashes = hash_files(folder.path, folder.files)
    flags = AS_RGB if image_set.suffix == ".jpg" else cv2.IMREAD_UNCHANGED
    arms: dict[str, Callable[[], Seconds]] = {
        CODECS: lambda: decode_all(flags, shape),
        DECODING: lambda: time_one(lambda: decode_set(folder, shape, hashes, scratch)),
        HASHING: lambda: time_one(lambda: hash_files(folder.path, folder.files)),
    }
    seconds: dict[str, list[Seconds]] = {name: [] for name in arms}
    for _ in range(rounds):
        for name, arm in arms.items():
            seconds[name].append(arm())
    size = f", resized to {SIDE}×{SIDE}" if shape.side else ""
    print(
        f"{len(folder):,} {image_set.title} ({image_set.origin}){size}, {available_cores()} cores"
    )
    print_costs(seconds, len(folder))


def decode_all(flags: int, shape: Shape) -> Seconds:
    """Decode `FILES` with the codecs alone, in a process for each core that has started before."""
    work = [Work(first, flags, shape) for first in range(0, len(FILES), CHUNK)]
    with get_context("fork").Pool(available_cores()) as pool:
        pool.map(decode_some, work[: available_cores()], chunksize=1)
        watch = Watch()
        cpu = sum(pool.imap_unordered(decode_some, work))
        return Seconds(watch.read().wall, cpu)


def decode_set(folder: Folder, shape: Shape, hashes: list[str], scratch: Path) -> None:
    """Decode a set as `train` does, into an empty cache."""
    with tempfile.TemporaryDirectory(dir=scratch) as empty:
        decode_folder(folder, shape, Cache(Path(empty) / "cache"), hashes=hashes)


def time_one(arm: Callable[[], object]) -> Seconds:
    """Return what an arm takes, in seconds on the clock, and of the CPU in all processes."""
    watch, before = Watch(), cpu_of_all()
    arm()
    return Seconds(watch.read().wall, cpu_of_all() - before)


def cpu_of_all() -> float:
    """Return the CPU seconds of this process and of those that it started and that have ended."""
    both = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(used.ru_utime + used.ru_stime for used in both)


def print_costs(seconds: Mapping[str, Sequence[Seconds]], images: int) -> None:
    """Print the rate and the CPU time for each image, and the ratios of each round."""
    for name, each in seconds.items():
        wall = sorted(images / one.wall for one in each)
        cpu = sorted(1e6 * one.cpu / images for one in each)
        print(
            f"  {name:10} {statistics.median(wall):9,.0f} images/s "
            f"({wall[0]:,.0f} … {wall[-1]:,.0f})  {statistics.median(cpu):8,.1f} CPU µs "
            f"({cpu[0]:,.1f} … {cpu[-1]:,.1f})"
        )
    rounds = list(zip(*(seconds[name] for name in (CODECS, DECODING, HASHING)), strict=True))
    print_ratio("codecs ÷ decoding, CPU", [a.cpu / b.cpu for a, b, _ in rounds])
    print_ratio("codecs ÷ decoding, clock", [a.wall / b.wall for a, b, _ in rounds])
    print_ratio("codecs ÷ both, CPU", [a.cpu / (b.cpu + c.cpu) for a, b, c in rounds])


def print_ratio(name: str, ratios: Sequence[float]) -> None:
    """Print the median of some ratios, and their range."""
    median, count = statistics.median(ratios), len(ratios)
    print(f"  {name:26} {median:.2f} ({min(ratios):.2f} … {max(ratios):.2f}; n={count})")


if __name__ == "__main__":
    main(sys.argv[1:])
