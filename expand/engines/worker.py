"""A worker process of the local engine: receives items on a socket, and sends results back."""

from __future__ import annotations

import io
import os
import pickle
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any, NamedTuple

from expand.engines.engine import Reply
from expand.errors import STOPPED, ExpandError

inside = False
"""Whether this process is a worker."""
importing = False
"""Whether it is running the parent's script again, for something that is defined there."""


class Start(NamedTuple):
    """The first message to a worker."""

    function: bytes
    """Pickled."""
    main: dict[str, str]
    """How to import the script that runs in the parent, if something is defined there."""


def main(handle: int) -> None:
    """Do what the parent sends to a new interpreter."""
    global inside
    inside = True
    connection = Connection(handle)
    try:
        function = _prepare(connection)
    except (EOFError, OSError):
        os._exit(1)  # the parent ended
    except BaseException as error:  # noqa: BLE001  # whatever it is, the parent reports it
        _send(connection, Reply(error=_portable(error)))
        os._exit(1)
    serve(connection, function)


def serve(connection: Connection, function: Callable[[Any], Any]) -> None:
    """Answer each item that comes until the parent says that there are no more."""
    items: SimpleQueue[bytes | None] = SimpleQueue()
    threading.Thread(target=_receive, args=(connection, items), daemon=True).start()
    _send(connection, Reply())
    while (data := items.get()) is not None:
        _send(connection, _answer(function, data))


def _prepare(connection: Connection) -> Callable[[Any], Any]:
    """Load OpenCV, in one thread, and the function."""
    import cv2

    cv2.setNumThreads(0)
    start: Start = pickle.loads(connection.recv_bytes())
    function: Callable[[Any], Any] = _Unpickler(start).load()
    return function


class _Unpickler(pickle.Unpickler):
    """Reads the function; imports the parent's script only if something of it is needed."""

    def __init__(self, start: Start) -> None:
        super().__init__(io.BytesIO(start.function))
        self.main = start.main

    def find_class(self, module: str, name: str) -> Any:
        """Return what a pickle names."""
        if module == "__main__":
            try:
                _import_main(self.main)
                return super().find_class("__main__", name)
            except (OSError, AttributeError) as error:
                raise ExpandError(
                    f'"{name}" is defined in code that worker processes cannot import (typed, or '
                    "read from standard input): put it into a module, or use --workers 1"
                ) from error
        return super().find_class(module, name)


def _import_main(main: dict[str, str]) -> None:
    """Run the parent's script again, without its part under `if __name__ == "__main__":`."""
    global importing
    from multiprocessing.spawn import prepare

    importing = True
    prepare(main)
    importing = False


def _receive(connection: Connection, items: SimpleQueue[bytes | None]) -> None:
    """Take items as they come, so that the parent never waits; end with the parent."""
    try:
        while data := connection.recv_bytes():
            items.put(data)
        items.put(None)
    except (EOFError, OSError):
        os._exit(1)


def _answer(function: Callable[[Any], Any], data: bytes) -> Reply:
    try:
        return Reply(function(pickle.loads(data)))
    except BaseException as error:  # noqa: BLE001  # the parent raises it
        return Reply(error=_portable(error))


def _portable(error: BaseException) -> BaseException:
    """Return an exception that can be sent: itself, or its text."""
    try:
        if type(pickle.loads(pickle.dumps(error))) is type(error):
            return error
    except Exception:  # noqa: BLE001  # a stranger's __reduce__ may raise anything
        pass
    return ExpandError(f"a worker process failed: {type(error).__name__}: {error}", STOPPED)


def _send(connection: Connection, reply: Reply) -> None:
    try:
        data = pickle.dumps(reply)
    except Exception as error:  # noqa: BLE001  # a result that cannot be sent is an error
        data = pickle.dumps(Reply(error=_portable(error)))
    try:
        connection.send_bytes(data)
    except OSError:
        os._exit(1)  # the parent ended
