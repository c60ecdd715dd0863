"""The lower bound: decode each image once and encode its views, with nothing else timed.

The views are rendered before. They have the pixels that expand writes and the source's own chroma
subsampling, so that the codecs do what they must do in any program. Prints files per second.
"""

from __future__ import annotations

import sys
import time
from multiprocessing import get_context
from pathlib import Path
from threading import BrokenBarrierError
from typing import Any

import cv2
import numpy as np

from expand.images.decoder import decode
from expand.images.encoder import encode
from expand.layouts.class_folders import list_sources
from expand.recipes.recipe import Recipe
from expand.views.views import Views

BYTES = 256 << 20
"""Bytes of rendered views that a process holds."""
SECONDS = 2.0


def prepare(src: Path, copies: int, share: slice) -> list[tuple[bytes, Any, list[Any]]]:
    """Return files with their encoding and rendered views, as many as fit into memory."""
    views = Views(Recipe.load(str(Path(__file__).parents[1] / "peers.yaml")))
    prepared, size = [], 0
    for source in list(list_sources(src))[share]:
        data = (src / source.id).read_bytes()
        decoded = decode(data)
        rendered = [
            views.render(decoded.pixels, views.params(source.id, k)).pixels
            for k in range(1, copies + 1)
        ]
        prepared.append((data, decoded.encoding.override("keep", 90), rendered))
        size += sum(pixels.nbytes for pixels in rendered)
        if size > BYTES:
            break
    return prepared


def measure(src: Path, copies: int, share: slice, barrier: Any, results: Any) -> None:
    """Decode and encode for a few seconds; put the rate into `results`."""
    cv2.setNumThreads(0)
    prepared = prepare(src, copies, share)
    files, started = 0, 0.0
    try:
        barrier.wait()
        started = time.perf_counter()
        while time.perf_counter() - started < SECONDS:
            for data, encoding, rendered in prepared:
                cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
                for pixels in rendered:
                    encode(pixels, encoding)
                files += copies
        results.put(files / (time.perf_counter() - started))
    except BrokenBarrierError:
        results.put(0.0)


def main() -> None:
    """Print the files per second of all processes together."""
    src, copies, workers = Path(sys.argv[1]), int(sys.argv[3]), int(sys.argv[4])
    context = get_context("spawn")
    barrier, results = context.Barrier(workers), context.Queue()
    processes = [
        context.Process(
            target=measure, args=(src, copies, slice(i, None, workers), barrier, results)
        )
        for i in range(workers)
    ]
    for process in processes:
        process.start()
    print(sum(results.get() for _ in processes))


if __name__ == "__main__":
    main()
