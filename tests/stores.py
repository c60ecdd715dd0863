"""Object stores for tests: moto's S3 server, and small tools to fill and compare stores."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from expand.storage.stores.open import open_store

AWS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_REGION": "us-east-1",
    "NO_PROXY": "127.0.0.1",
}
VOLATILE = ("expand.json",)
"""What holds times."""


class S3:
    """A server of S3 on this machine."""

    def __init__(self, port: int = 0) -> None:
        from moto.server import ThreadedMotoServer

        logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line for each request
        self._server = ThreadedMotoServer(port=port, verbose=False)
        self._server.start()
        self.port = self._server.get_host_and_port()[1]
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self._buckets = 0

    def bucket(self) -> str:
        """Make a bucket; return its URL."""
        import boto3

        self._buckets += 1
        name = f"bucket-{self._buckets}"
        client = boto3.client("s3", endpoint_url=self.endpoint, **CLIENT)
        client.create_bucket(Bucket=name)
        return f"s3://{name}"

    def stop(self) -> None:
        """End the server; what it holds stays in this process."""
        self._server.stop()


CLIENT = {
    "aws_access_key_id": "test",
    "aws_secret_access_key": "test",
    "region_name": "us-east-1",
}


@contextmanager
def variables(**values: str) -> Iterator[None]:
    """Set environment variables while the block runs."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def fill(url: str, folder: Path) -> str:
    """Copy a folder to a URL; return the URL."""
    store = open_store(url)
    files = [path for path in folder.rglob("*") if path.is_file()]
    store.write_many([(path.relative_to(folder).as_posix(), path.read_bytes()) for path in files])
    return url


def contents(place: str | Path) -> dict[str, bytes]:
    """Return every file of a store but the run card, which holds times."""
    store = open_store(place)
    names = sorted(entry.name for page in store.pages() for entry in page)
    kept = [name for name in names if name not in VOLATILE]
    found: dict[str, bytes] = {}
    for name, data in zip(kept, store.read_many(kept), strict=True):
        assert isinstance(data, bytes), data
        found[name] = data
    return found
