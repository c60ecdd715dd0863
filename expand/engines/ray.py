"""The Ray engine: workers of a Ray cluster, on this machine or on many."""

from __future__ import annotations

import os
import socket
from collections import deque
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from types import ModuleType
from typing import Any, ClassVar

from expand import interrupts
from expand.engines.engine import Result, Work
from expand.engines.ray_tasks import Answer, Job, Versions, answer, look, versions
from expand.errors import REFUSED, STOPPED, ExpandError

AHEAD = 3
"""Tasks in flight for each that a cluster can do at the same time: some wait, some are done."""
TASK_SECONDS, MOST_ITEMS = 0.5, 64
"""How long a task should take, and the most items it has: Ray needs some milliseconds for each."""
RETRIES = 20
"""How often a task is done again whose node or worker died."""
MOST_CPUS = 1024
POLL, PROBE_SECONDS, REACH_SECONDS = 0.2, 60.0, 10.0


@dataclass
class RayEngine:
    """Runs work as tasks of a Ray cluster; each takes `cpus` of its cores.

    `address` is that of the cluster, or "auto" for the one of this machine; without it, RAY_ADDRESS
    says it, or a cluster of `workers` cores starts on this machine and ends with the work.
    """

    workers: int
    address: str | None = None
    cpus: float = 1.0
    _cluster: Cluster | None = None
    loses_workers: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not 0 < self.cpus <= MOST_CPUS:
            raise ExpandError(f"--ray-cpus must be over 0, at most {MOST_CPUS}, got {self.cpus:g}")

    def map(
        self, function: Callable[[Work], Result], work: Iterable[Work]
    ) -> Generator[Result, None, None]:
        """Yield the result of `function` for each item of `work`, in order.

        A task whose node or worker dies is done again, on another one. Raise ExpandError with
        status 3 if that fails, and with status 2 for a node with other versions of the libraries.
        """
        cluster, self._cluster = self._cluster or self._connect(), None
        try:
            yield from cluster.map(function, work)
        finally:
            cluster.close()

    def check(self, files: Mapping[str, str]) -> None:
        """Refuse a cluster with a node that has other versions, or does not see some files.

        `files` are paths with the sha256 of what they hold. The connection stays for `map`.
        """
        self._cluster = self._connect()
        try:
            self._cluster.check(files)
        except BaseException:
            self._cluster.close()
            raise

    def _connect(self) -> Cluster:
        return Cluster(load_ray(), self.workers, self.address, self.cpus)


def load_ray() -> ModuleType:
    """Import Ray; raise ExpandError if it is not installed."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
    except ImportError as error:
        raise ExpandError('--engine ray needs Ray: pip install ".[ray]"') from error
    return ray


class Cluster:
    """A connection to a Ray cluster; one that was started for it ends with it."""

    def __init__(self, ray: ModuleType, workers: int, address: str | None, cpus: float) -> None:
        """Connect; raise ExpandError if the cluster cannot be reached."""
        self.ray, self.cpus, self.connected_here = ray, cpus, not ray.is_initialized()
        if self.connected_here:
            self._connect(workers, address or os.environ.get("RAY_ADDRESS"))

    def _connect(self, workers: int, address: str | None) -> None:
        if address:
            _check_reachable(address)
        options: dict[str, Any] = (
            {"address": address}
            if address
            else {
                "address": "local",
                "num_cpus": max(1, round(workers * self.cpus)),
                "include_dashboard": False,
            }
        )
        try:
            self.ray.init(**options, log_to_driver=False, logging_level="ERROR")
        except Exception as error:  # ConnectionError, ValueError, RuntimeError, …
            where = f'the Ray cluster at "{address}"' if address else "a Ray cluster"
            raise ExpandError(f"{where} cannot be reached: {_first_line(error)}") from error

    def close(self) -> None:
        """Leave the cluster; one that was started here ends."""
        if self.connected_here:
            with suppress(Exception):
                self.ray.shutdown()

    @property
    def slots(self) -> int:
        """How many tasks the cluster can do at the same time, as it is now."""
        cores = self.ray.cluster_resources().get("CPU", 1)
        return max(1, int(cores / self.cpus))

    def map(
        self, function: Callable[[Work], Result], work: Iterable[Work]
    ) -> Generator[Result, None, None]:
        """Yield the result of `function` for each item of `work`, in order."""
        remote = self.ray.remote(num_cpus=self.cpus, max_retries=RETRIES)(answer)
        shared, own = self.ray.put(Job(function, os.getcwd())), versions()
        waiting: deque[Any] = deque()
        remaining, count = iter(work), 1
        try:
            while True:
                interrupts.check()
                most = AHEAD * self.slots
                while len(waiting) < most and (items := list(islice(remaining, count))):
                    waiting.append(remote.remote(shared, items))
                if not waiting:
                    return
                found = self._result(waiting.popleft(), own)
                count = _next_count(found)
                for reply in found.replies:
                    if reply.error is not None:
                        raise reply.error
                    yield reply.value
        finally:
            for reference in waiting:
                with suppress(Exception):
                    self.ray.cancel(reference, force=True)

    def check(self, files: Mapping[str, str]) -> None:
        """Refuse the cluster if one of its nodes has other versions or does not see the files."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        own = versions()
        probe = self.ray.remote(num_cpus=0, max_retries=0)(look)
        nodes = [node["NodeID"] for node in self.ray.nodes() if node["Alive"]]
        for node in nodes:
            strategy = NodeAffinitySchedulingStrategy(node_id=node, soft=False)
            reference = probe.options(scheduling_strategy=strategy).remote(dict(files))
            found = self._wait(reference, PROBE_SECONDS)
            if found is None:
                continue  # it died meanwhile
            _check_versions(found, own)
            if lacking := found.replies[0].value:
                raise ExpandError(
                    f'node {found.node} of the Ray cluster does not see "{lacking}" as this '
                    "machine does; the input and the output must lie on a file system that all "
                    "nodes share, under the same path"
                )

    def _result(self, reference: Any, own: Versions) -> Answer:
        found = self._wait(reference)
        assert found is not None
        _check_versions(found, own)
        return found

    def _wait(self, reference: Any, seconds: float | None = None) -> Answer | None:
        """Return the answer of a task; None if it has none after some seconds."""
        errors = self.ray.exceptions
        waited = 0.0
        while not self.ray.wait([reference], timeout=POLL)[0]:
            interrupts.check()
            waited += POLL
            if seconds is not None and waited > seconds:
                return None
        try:
            found: Answer = self.ray.get(reference)
        except errors.RayTaskError as error:  # the function's own errors come in an answer
            raise ExpandError(
                f"a node of the Ray cluster cannot do the work: {_last_line(error)}. All nodes "
                "need expand with the same versions of its libraries"
            ) from error
        except errors.RayError as error:
            if seconds is not None:
                return None
            raise ExpandError(
                f"the Ray cluster lost its work {RETRIES} times: {_first_line(error)}. Run the "
                "same command again to resume.",
                STOPPED,
            ) from error
        return found


def _next_count(answer: Answer) -> int:
    """Return how many items the next task gets: twice those of this one at most."""
    count = len(answer.replies)
    fitting = count * TASK_SECONDS / max(answer.seconds, 1e-6)
    return max(1, min(MOST_ITEMS, 2 * count, round(fitting)))


def _check_reachable(address: str) -> None:
    """Raise ExpandError if nobody listens at an address: Ray would end this process."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not (host and port.isdigit()):
        return  # "auto", "local"
    try:
        socket.create_connection((host.strip("[]"), int(port)), REACH_SECONDS).close()
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ExpandError(f'the Ray cluster at "{address}" cannot be reached: {reason}') from error


def _check_versions(answer: Answer, own: Versions) -> None:
    """Raise ExpandError if a node has other versions than this process."""
    here = dict(own)
    for name, version in answer.versions:
        if here[name] != version:
            raise ExpandError(
                f"node {answer.node} of the Ray cluster has {name} {version}, this machine has "
                f"{here[name]}: the bytes of copies may differ. Install the same versions",
                REFUSED,
            )


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _last_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[-1]
