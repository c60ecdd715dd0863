"""Clients of object stores, from the library obstore; what they raise, and how they try again.

Endpoints, regions and credentials come from environment variables: those that the library reads
(AWS_*, GOOGLE_*, AZURE_*), and a few of the providers' own tools.
"""

from __future__ import annotations

import os
from datetime import timedelta
from functools import lru_cache
from typing import Any

from obstore.exceptions import BaseError
from obstore.store import AzureStore, GCSStore, MemoryStore, S3Store

from expand.errors import ExpandError
from expand.storage.stores.environment import (
    address_of,
    azure_options,
    check_variables,
    environment,
    google_options,
)
from expand.storage.stores.failures import PANICS, retry_seconds, store_error
from expand.storage.stores.url import Url

QUICK: dict[str, Any] = {"max_retries": 2, "retry_timeout": timedelta(seconds=10)}
"""The first request of a run fails soon, so that a wrong address is told at once."""
CLIENT = {"connect_timeout": "5s", "timeout": "60s"}
QUICK_CLIENT = {"timeout": "10s"}
FAILURES = (BaseError, OSError, ValueError)
"""What the library raises."""

_memory: dict[str, MemoryStore] = {}
"""The stores of this process by the bucket of `memory://bucket`."""


def is_failure(error: BaseException) -> bool:
    """Tell whether an error comes from the library."""
    return isinstance(error, FAILURES) or type(error).__name__ in PANICS


def patient() -> dict[str, Any]:
    """Return how requests are repeated that fail for a while: throttling, lost connections."""
    return {
        "max_retries": 100,
        "retry_timeout": timedelta(seconds=retry_seconds()),
        "backoff": {
            "init_backoff": timedelta(milliseconds=100),
            "max_backoff": timedelta(seconds=10),
            "base": 2,
        },
    }


def connect(url: Url, *, quick: bool = False) -> Any:
    """Return the library's client for a bucket, which keeps its connections; nothing is asked.

    Raise ExpandError if the environment has values that cannot be used.
    """
    if url.scheme == "memory":
        return _memory.setdefault(url.bucket, MemoryStore())
    return _connect(Url(url.scheme, url.bucket), quick, environment())


@lru_cache(maxsize=16)
def _connect(url: Url, quick: bool, _environment: tuple[tuple[str, str], ...]) -> Any:
    check_variables(url.scheme)
    # an address may begin with http:// where the user gives one; those of the providers do not
    client: Any = {**CLIENT, **(QUICK_CLIENT if quick else {}), "allow_http": True}
    options: Any = {"retry_config": QUICK if quick else patient(), "client_options": client}
    try:
        return _open(url, options)
    except BaseException as error:
        if not is_failure(error):
            raise
        raise store_error(url, str(url), "opened", error) from error


def _open(url: Url, options: Any) -> Any:
    if url.scheme == "gs":
        return GCSStore(url.bucket, **{**options, **google_options()})
    if url.scheme == "az":
        return AzureStore(url.bucket, **{**options, **azure_options()})
    if endpoint := address_of("s3"):
        options["endpoint"] = endpoint
    return S3Store(url.bucket, **options, **_profile(url))


def _profile(url: Url) -> dict[str, Any]:
    """Return credentials by AWS_PROFILE, which only the provider's own library reads."""
    name = os.environ.get("AWS_PROFILE")
    if not name or os.environ.get("AWS_ACCESS_KEY_ID"):
        return {}
    try:
        from boto3.session import Session
        from botocore.exceptions import BotoCoreError
        from obstore.auth.boto3 import Boto3CredentialProvider
    except ImportError as error:
        raise ExpandError(
            f'AWS_PROFILE is "{name}", and profiles need another library: pip install boto3'
        ) from error
    try:
        return {"credential_provider": Boto3CredentialProvider(Session())}
    except (BotoCoreError, ValueError) as error:
        raise ExpandError(f'"{url}" cannot be used with AWS_PROFILE={name}: {error}') from error
