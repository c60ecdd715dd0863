"""Data workers: processes that read and render the chunks of a run ahead of its training.

Each has a pipe of its own to the training process. No memory is shared, of which a container may
have little. A worker that dies closes its pipe, even in the middle of a message, so that nobody
waits for it.
"""

from __future__ import annotations

import pickle
import signal
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from itertools import cycle, islice
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import NamedTuple, Protocol

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from expand import interrupts
from expand.errors import ExpandError
from expand.images.memory import keep_buffers
from train.errors import STOPPED, TrainError
from train.feed.batches import BatchSampler, Chunk

JOIN_SECONDS = 5.0
AGAIN = "run the same command again to resume"


class Readable(Protocol):
    """What reads the images of any items in any epoch."""

    def read(self, epoch: int, items: NDArray[np.int64]) -> Tensor:
        """Return the images of some items in an epoch: N×C×H×W."""


class Job(NamedTuple):
    """The chunks of a run, and which of them a worker reads: from `rank` on, every `workers`-th."""

    images: bytes
    """A pickle of what reads them, made by the parent."""
    sampler: BatchSampler
    start: int
    stop: int
    rank: int
    workers: int

    def chunks(self) -> Iterator[Chunk]:
        """Yield the worker's chunks."""
        return islice(self.sampler.chunks(self.start, self.stop), self.rank, None, self.workers)


class Worker(NamedTuple):
    """A worker process, and the end of its pipe that is read."""

    process: BaseProcess
    pipe: Connection


def read_ahead(
    images: Readable, sampler: BatchSampler, start: int, stop: int, workers: int
) -> Iterator[tuple[Chunk, Tensor]]:
    """Yield the chunks of steps `start` … `stop` − 1 and their images, read by `workers` processes.

    Raise TrainError or ExpandError if one of them does, TrainError with status 3 if one dies.
    """
    whole = Job(pickle.dumps(images), sampler, start, stop, 0, workers)
    with _started(whole) as started:
        for chunk, worker in zip(sampler.chunks(start, stop), cycle(started)):
            yield chunk, _receive(worker)


@contextmanager
def _started(whole: Job) -> Iterator[list[Worker]]:
    """Start the workers of a job, and end them."""
    with ExitStack() as stack:
        try:
            if hasattr(signal, "pthread_sigmask"):  # where it is missing, there is no tracker
                resource_tracker.ensure_running()  # as it starts, it lets Ctrl-C through again
            with interrupts.left_to_parent():
                started = [
                    stack.enter_context(_running(whole._replace(rank=rank)))
                    for rank in range(whole.workers)
                ]
        except OSError as error:
            raise TrainError(
                f"a data worker cannot be started: {error.strerror or error}; "
                "use fewer --workers (0: none)",
                STOPPED,
            ) from error
        yield started


@contextmanager
def _running(job: Job) -> Iterator[Worker]:
    context = get_context("spawn")
    reader, writer = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(writer, job), daemon=True)
    with reader:
        with writer:  # from now on it is the worker's alone
            process.start()
        try:
            yield Worker(process, reader)
        finally:
            process.kill()
            process.join(JOIN_SECONDS)


def _receive(worker: Worker) -> Tensor:
    """Return the next images of a worker; raise what it sent in their place."""
    try:
        header = worker.pipe.recv()
        if isinstance(header, Exception):
            raise header
        shape, dtype = header
        images = np.empty(shape, dtype)
        worker.pipe.recv_bytes_into(images.data.cast("B"))
    except (EOFError, OSError) as error:
        worker.process.join(JOIN_SECONDS)
        raise TrainError(
            f"a data worker {_ending(worker.process.exitcode)}; {AGAIN}", STOPPED
        ) from error
    return torch.from_numpy(images).permute(0, 3, 1, 2)


def _ending(status: int | None) -> str:
    if status == -signal.SIGKILL:
        return "was killed: the system may have run out of memory (use fewer --workers)"
    if status is not None and status < 0:
        return f"was ended by {signal.strsignal(-status) or f'signal {-status}'}"
    return "ended before its work was done"


def _work(pipe: Connection, job: Job) -> None:
    """Send the images of the worker's chunks, or the error that prevents it."""
    torch.set_num_threads(1)
    cv2.setNumThreads(0)
    keep_buffers()
    with suppress(BrokenPipeError):  # the training process has ended
        try:
            images: Readable = pickle.loads(job.images)
            for chunk in job.chunks():
                pixels = images.read(chunk.epoch, chunk.items).permute(0, 2, 3, 1)
                _send(pipe, np.ascontiguousarray(pixels.numpy()))
        except BrokenPipeError:
            raise
        except (TrainError, ExpandError) as error:
            pipe.send(error)
        except MemoryError:
            words = "a data worker ran out of memory; use fewer --workers or a smaller --batch-size"
            pipe.send(TrainError(f"{words}, then {AGAIN}", STOPPED))
        except Exception as error:  # noqa: BLE001  # its text is all that the parent can show
            pipe.send(TrainError(f"a data worker stopped: {_first_line(error)}; {AGAIN}", STOPPED))


def _send(pipe: Connection, images: NDArray[np.uint8]) -> None:
    pipe.send((images.shape, images.dtype.str))
    pipe.send_bytes(images.data.cast("B"))


def _first_line(error: Exception) -> str:
    lines: Sequence[str] = str(error).splitlines() or [type(error).__name__]
    return lines[0]
