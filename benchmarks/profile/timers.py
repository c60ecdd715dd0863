"""Timers around functions, by name: each counts its own time, without that of others in it.

They are put in place from outside: no line of the program knows of them. A timer costs time too;
what it costs is measured on an empty function and subtracted.
"""

from __future__ import annotations

import pkgutil
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from importlib import import_module
from types import GeneratorType
from typing import Any

from benchmarks.profile.stages import IDLE, OTHER, Timed

TRIALS = 20_000
NOTHING = Timed("timers", __name__, "nothing")


@dataclass
class Spent:
    """What was counted for one function."""

    seconds: float = 0.0
    calls: int = 0
    nested: int = 0
    """Calls of other functions of the list in it."""

    def add(self, other: Spent) -> None:
        """Add what another thread counted."""
        self.seconds += other.seconds
        self.calls += other.calls
        self.nested += other.nested


class Clock:
    """The time of one thread: it always goes to the innermost function of the list."""

    def __init__(self, now: Callable[[], float], root: Timed) -> None:
        self.now, self.whole = now, False
        self.spent: dict[Timed, Spent] = {root: Spent()}
        self.stack, self.last = [self.spent[root]], now()

    def enter(self, timed: Timed) -> None:
        """A function begins."""
        now, outer = self.now(), self.stack[-1]
        outer.seconds += now - self.last
        outer.nested += 1
        inner = self.spent.setdefault(timed, Spent())
        inner.calls += 1
        self.stack.append(inner)
        self.whole = timed.whole
        self.last = self.now()

    def leave(self) -> None:
        """It ends."""
        now = self.now()
        self.stack.pop().seconds += now - self.last
        self.whole = False
        self.last = self.now()


@dataclass
class Timers:
    """The clocks of all threads of a run."""

    now: Callable[[], float] = time.perf_counter
    clocks: list[Clock] = field(default_factory=list)
    own: threading.local = field(default_factory=threading.local)

    def clock(self) -> Clock:
        """Return the clock of this thread."""
        found: Clock | None = getattr(self.own, "clock", None)
        if found is None:
            main = threading.current_thread() is threading.main_thread()
            found = self.own.clock = Clock(self.now, OTHER if main else IDLE)
            self.clocks.append(found)
        return found

    def around(self, timed: Timed, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that does the same, and is timed."""

        @wraps(function)
        def call(*args: Any, **options: Any) -> Any:
            clock = self.clock()
            if clock.whole:
                return function(*args, **options)
            clock.enter(timed)
            try:
                result = function(*args, **options)
            finally:
                clock.leave()
            return self._drive(timed, result) if isinstance(result, GeneratorType) else result

        return call

    def _drive(
        self, timed: Timed, generator: Generator[Any, None, Any]
    ) -> Generator[Any, None, None]:
        """Yield what a generator yields; what it does in between is timed."""
        try:
            while True:
                clock = self.clock()
                inside = clock.whole
                if not inside:
                    clock.enter(timed)
                try:
                    item = next(generator)
                except StopIteration:
                    return
                finally:
                    if not inside:
                        clock.leave()
                yield item
        finally:
            generator.close()

    def spent(self) -> dict[Timed, Spent]:
        """Return what all threads counted, without what the timers themselves took."""
        total: dict[Timed, Spent] = {}
        for clock in self.clocks:
            for timed, spent in clock.spent.items():
                total.setdefault(timed, Spent()).add(spent)
        inside, outside = cost(self.now)
        for spent in total.values():
            spent.seconds -= spent.calls * inside + spent.nested * outside
            spent.seconds = max(0.0, spent.seconds)
        return total


def cost(now: Callable[[], float]) -> tuple[float, float]:
    """Return what a timer adds to its function and to the function around it, in seconds a call."""
    timers = Timers(now)
    empty: Callable[[], None] = lambda: None  # noqa: E731  # the cheapest function there is
    timed = timers.around(NOTHING, empty)
    started = time.perf_counter()
    for _ in range(TRIALS):
        empty()
    plain = (time.perf_counter() - started) / TRIALS
    clock = timers.clock()
    for _ in range(TRIALS):
        timed()
    clock.enter(NOTHING)
    spent = clock.spent
    root = next(iter(spent.values()))
    return max(0.0, spent[NOTHING].seconds / TRIALS - plain), root.seconds / TRIALS


@contextmanager
def timed_functions(functions: Sequence[Timed], timers: Timers) -> Iterator[None]:
    """Put timers around functions, wherever a module of expand has them; then take them away."""
    changed: list[tuple[Any, str, Any]] = []
    load_all("expand")
    modules = [module for name, module in sys.modules.items() if name.split(".")[0] == "expand"]
    try:
        for timed in functions:
            owner, original = find(timed)
            replacement = timers.around(timed, original)
            places = [owner, *modules] if "." not in timed.name else [owner]
            for place in places:
                for key, value in list(vars(place).items()):
                    if value is original:
                        changed.append((place, key, original))
                        setattr(place, key, replacement)
        timers.clock()  # the main thread's time begins now
        yield
        timers.clock().enter(OTHER)  # and ends now
    finally:
        for place, key, original in reversed(changed):
            setattr(place, key, original)


def find(timed: Timed) -> tuple[Any, Callable[..., Any]]:
    """Return the module or class of a function, and the function.

    Raise AttributeError if it does not exist.
    """
    owner: Any = import_module(timed.module)
    *classes, name = timed.name.split(".")
    for each in classes:
        owner = getattr(owner, each)
    return owner, getattr(owner, name)


def load_all(package: str) -> None:
    """Import every module of a package, so that none takes a function before it is timed."""
    root = import_module(package)
    for found in pkgutil.walk_packages(root.__path__, f"{package}."):
        if not found.name.endswith("__main__"):
            import_module(found.name)
