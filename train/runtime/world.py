"""Several processes that train one model, started by `torchrun`; each takes a share of a batch."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, distributed, nn
from torch.distributed.rendezvous import rendezvous

from train.errors import STOPPED, TrainError
from train.runtime.device import shares_gpu


class World(NamedTuple):
    """The rank of this process, and the number of processes."""

    rank: int = 0
    size: int = 1

    @property
    def is_main(self) -> bool:
        """Whether this process writes files and messages."""
        return self.rank == 0

    def share(self, items: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return this process's share of a batch."""
        return items[self.rank :: self.size]

    def wrap(self, model: nn.Module) -> nn.Module:
        """Wrap a model so that its gradients are averaged over all processes."""
        if self.size == 1:
            return model
        return nn.parallel.DistributedDataParallel(model)

    def all_reduce(self, *values: Tensor) -> None:
        """Replace each value by its sum over all processes."""
        if self.size > 1:
            for value in values:
                distributed.all_reduce(value)

    def barrier(self) -> None:
        """Wait until every process has come this far."""
        if self.size > 1:
            distributed.barrier()

    @contextmanager
    def main_first(self) -> Iterator[None]:
        """Run a block in the main process first; the others follow and can read what it wrote."""
        if not self.is_main:
            self.barrier()
        yield
        if self.is_main:
            self.barrier()

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Raise a TrainError with status 3 if another process has ended, or cannot be reached."""
        try:
            yield
        except RuntimeError as error:
            if self.size == 1 or not _is_of_connection(error):
                raise
            raise self.lost() from error

    def lost(self) -> TrainError:
        """Return the error of a process that waits for one that has ended."""
        return TrainError(
            f"another of the {self.size:,} processes ended before its work was done; "
            "run the same command again to resume",
            STOPPED,
        )

    def broadcast(self, text: str) -> str:
        """Return the main process's text in every process."""
        texts = [text]
        if self.size > 1:
            distributed.broadcast_object_list(texts)
        return texts[0]


ALONE = World()
CONNECTING = timedelta(minutes=10)
WAITING = timedelta(days=1)
"""The main process may decode a large dataset while the others wait: the default timeout of ten
minutes would end them."""
CONNECTIONS = ("gloo", "Connection", "NCCL")
"""Words in the errors of a broken connection, which are plain RuntimeErrors."""


def _is_of_connection(error: RuntimeError) -> bool:
    """Return whether an error is one of the connection between processes."""
    known = isinstance(error, distributed.DistError)
    return known or any(word in str(error) for word in CONNECTIONS)


def current_world() -> World:
    """Read the rank and the number of processes from the environment that torchrun sets."""
    return World(int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1")))


def join_world(device: torch.device | None = None) -> World:
    """Connect to the other processes, if there are any.

    `device` is the one on which they train a model together; None: each trains its own models.
    """
    world = current_world()
    if world.size > 1 and not distributed.is_initialized():
        on_gpu = device is not None and device.type == "cuda"
        # NCCL refuses two processes on one GPU
        alone = on_gpu and not shares_gpu()
        own = torch.device("cuda", torch.cuda.current_device()) if alone else None
        store = _find_store(world)
        with world.explained():
            distributed.init_process_group(
                "nccl" if own else "gloo",
                store=store,
                rank=world.rank,
                world_size=world.size,
                timeout=WAITING,
                device_id=own,
            )
    return world


def _find_store(world: World) -> Any:
    """Connect to the store through which the processes find each other.

    Raise TrainError if it cannot be reached: what started them may have ended.
    """
    try:
        store = next(iter(rendezvous("env://", timeout=CONNECTING)))[0]
    except RuntimeError as error:
        raise TrainError(
            f"the {world.size:,} processes cannot find each other; run the same command again",
            STOPPED,
        ) from error
    store.set_timeout(WAITING)
    return store
