"""The lower bound: each image decoded once, its views encoded, with nothing else timed.

The views are drawn before: the pixels that expand writes, with the source's own chroma subsampling.
With `calls`, only the calls to OpenCV's decoder and encoder that expand makes are made again; with
`functions`, expand's own `decode` and `encode` are called, which also read headers and change the
order of colours. Called as `codecs.py SRC OUT COPIES WORKERS calls|functions:SECONDS`; prints
files, seconds and CPU seconds as JSON, those of all processes together.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from threading import BrokenBarrierError
from typing import Any

import cv2

from expand.images.decoder import decode
from expand.images.encoder import encode
from expand.layouts.class_folders import list_sources
from expand.recipes.recipe import Recipe
from expand.views.views import Views

BYTES = 256 << 20
"""Bytes of views that a process holds."""
Call = Callable[[], object]
CODECS = ("imdecode", "imencode", "imencodeWithMetadata")


@contextmanager
def recorded(names: tuple[str, ...], calls: list[Call]) -> Iterator[None]:
    """Keep every call of these functions of OpenCV in `calls`, to make it again."""
    originals = {name: getattr(cv2, name) for name in names if hasattr(cv2, name)}

    def recording(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            calls.append(partial(original, *args, **options))
            return original(*args, **options)

        return call

    for name, original in originals.items():
        setattr(cv2, name, recording(original))
    try:
        yield
    finally:
        for name, original in originals.items():
            setattr(cv2, name, original)


def calls_of(
    data: bytes, source_id: str, views: Views, copies: int, mode: str
) -> tuple[list[Call], int]:
    """Return the calls for one image, and the bytes of its views."""
    decoded = decode(data)
    encoding = decoded.encoding.override("keep", 90)
    functions: list[Call] = [partial(decode, data)]
    for k in range(1, copies + 1):
        pixels = views.render(decoded.pixels, views.params(source_id, k)).pixels
        functions.append(partial(encode, pixels, encoding))
    size = copies * decoded.pixels.nbytes
    return (functions, size) if mode == "functions" else (codecs_of(functions), 2 * size)


def codecs_of(functions: list[Call]) -> list[Call]:
    """Return the calls to OpenCV's codecs that are made by functions; these, where none are."""
    calls: list[Call] = []
    for function in functions:
        before = len(calls)
        with recorded(CODECS, calls):
            function()
        if len(calls) == before:  # another library does it
            calls.append(function)
    return calls


def prepare(src: Path, copies: int, share: slice, mode: str) -> list[list[Call]]:
    """Return the calls for each image, for as many images as fit into memory."""
    views = Views(Recipe.load(str(Path(__file__).parents[1] / "peers.yaml")))
    prepared, total = [], 0
    for source in list(list_sources(src))[share]:
        data = (src / source.id).read_bytes()
        calls, size = calls_of(data, source.id, views, copies, mode)
        prepared.append(calls)
        total += size
        if total > BYTES:
            break
    return prepared


def measure(src: Path, copies: int, share: slice, mode: str, barrier: Any, results: Any) -> None:
    """Call the codecs for some seconds; put files, seconds and CPU seconds into `results`."""
    cv2.setNumThreads(0)
    what, _, seconds = mode.partition(":")
    prepared, limit = prepare(src, copies, share, what), float(seconds)
    files = 0
    try:
        barrier.wait()
    except BrokenBarrierError:
        results.put((0, 0.0, 0.0))
        return
    started, used = time.perf_counter(), time.process_time()
    while time.perf_counter() - started < limit:
        for calls in prepared:
            for call in calls:
                call()
            files += copies
            if time.perf_counter() - started >= limit:
                break
    results.put((files, time.perf_counter() - started, time.process_time() - used))


def main() -> None:
    """Print what all processes did together."""
    src, copies, workers = Path(sys.argv[1]), int(sys.argv[3]), int(sys.argv[4])
    context = get_context("spawn")
    barrier, results = context.Barrier(workers), context.Queue()
    processes = [
        context.Process(
            target=measure,
            args=(src, copies, slice(i, None, workers), sys.argv[5], barrier, results),
        )
        for i in range(workers)
    ]
    for process in processes:
        process.start()
    done = [results.get() for _ in processes]
    wall = max(seconds for _, seconds, _ in done)
    rate = sum(files / seconds for files, seconds, _ in done if seconds)
    print(json.dumps({"files": rate * wall, "wall": wall, "cpu": sum(cpu for _, _, cpu in done)}))


if __name__ == "__main__":
    main()
