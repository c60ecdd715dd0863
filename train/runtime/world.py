"""Several processes on one model, as `torchrun` starts them: each takes its share of every batch."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, distributed, nn


class World(NamedTuple):
    """Which of how many processes this one is."""

    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        """Tell whether this process writes and speaks for all."""
        return self.rank == 0

    def share(self, items: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return this process's share of a batch."""
        return items[self.rank :: self.size]

    def wrap(self, model: nn.Module) -> nn.Module:
        """Return a model whose gradients are averaged over all processes."""
        if self.size == 1:
            return model
        return nn.parallel.DistributedDataParallel(model)

    def add_up(self, *values: Tensor) -> None:
        """Replace each value by its sum over all processes."""
        if self.size > 1:
            for value in values:
                distributed.all_reduce(value)

    def wait(self) -> None:
        """Wait until all processes are here."""
        if self.size > 1:
            distributed.barrier()

    @contextmanager
    def in_turn(self) -> Iterator[None]:
        """Let the first process go ahead alone; the others follow, and find what it wrote."""
        if not self.leads:
            self.wait()
        yield
        if self.leads:
            self.wait()

    def agree(self, word: str) -> str:
        """Return the first process's word."""
        words = [word]
        if self.size > 1:
            distributed.broadcast_object_list(words)
        return words[0]


def current_world() -> World:
    """Return what torchrun says of this process."""
    return World(int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1")))


def join_world(device: torch.device) -> World:
    """Meet the other processes, if there are any."""
    world = current_world()
    if world.size > 1 and not distributed.is_initialized():
        own = torch.device("cuda", torch.cuda.current_device()) if device.type == "cuda" else None
        # the first process may decode a large set while the others wait for it
        distributed.init_process_group(
            "nccl" if own else "gloo", timeout=timedelta(days=1), device_id=own
        )
    return world


def split_up() -> World:
    """Meet the other processes, then let each of them train models of its own."""
    world = join_world(torch.device("cpu"))
    for name in ("RANK", "WORLD_SIZE"):
        os.environ.pop(name, None)
    return world
