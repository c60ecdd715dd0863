"""What an engine is, and what its workers answer."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from typing import Any, NamedTuple, Protocol, TypeVar

Work = TypeVar("Work")
Result = TypeVar("Result")


class Reply(NamedTuple):
    """What a worker answers: the value of one item, or the error that it raised."""

    value: Any = None
    error: BaseException | None = None


class Engine(Protocol):
    """Maps a function over work with a number of workers."""

    @property
    def workers(self) -> int:
        """How many items are worked on at the same time."""
        ...

    @property
    def loses_workers(self) -> bool:
        """Whether work goes on after a worker died, which may have left temporary files."""
        ...

    def check(self, files: Mapping[str, str]) -> None:
        """Refuse workers that cannot do the work as this process would; call it before `map`.

        `files` are paths that the workers need, with the sha256 of what they hold. Raise
        ExpandError if workers on other machines see other files, or have other versions.
        """
        ...

    def map(
        self, function: Callable[[Work], Result], work: Iterable[Work]
    ) -> Generator[Result, None, None]:
        """Yield the result of `function` for each item of `work`, in order.

        `function`, the items and the results must be picklable. An engine takes items only as it
        needs them, so that memory stays bounded; closing the generator stops the work. Raise
        ExpandError with status 3 if a worker dies. Functions read and write files by their paths:
        workers on other machines need the same file system.
        """
        ...
