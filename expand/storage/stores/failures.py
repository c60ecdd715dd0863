"""Failures of object stores, in words: what the library says of a request, without its secrets."""

from __future__ import annotations

import os
import re

from expand.errors import ExpandError
from expand.storage.stores.environment import PREFIXES, environment
from expand.storage.stores.store import DeniedError, MissingError, StoreError
from expand.storage.stores.url import Url

RETRY_SECONDS = 180
VARIABLE = "EXPAND_RETRY_SECONDS"
VARIABLES = {
    "s3": "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
    "gs": "GOOGLE_APPLICATION_CREDENTIALS",
    "az": "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY",
}
ENDPOINTS = {
    "s3": " (AWS_ENDPOINT_URL names another address)",
    "az": " (AZURE_STORAGE_ACCOUNT_NAME is part of the address)",
}
PANICS = ("PanicException", "RustPanic")
"""Names of what the library raises if it cannot go on; the classes cannot be imported."""
METADATA = ("169.254.169.254", "metadata.google.internal", "InstanceMetadata")
"""Where the library looks for credentials if the environment has none."""
NOT_ACCEPTED = (
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "ExpiredToken",
    "InvalidToken",
    "AuthenticationFailed",
    "InvalidAuthenticationInfo",
    "InvalidSecurity",
)
"""Codes of stores for credentials that are wrong or too old."""
SAID = ("401", "403", "413", "507")
"""Statuses that say enough without a code."""
_FULL = re.compile("Quota|StorageFull|StorageLimit|InsufficientStorage|OutOfSpace")
_CODE = re.compile(r"<Code>(\w+)</Code>")
_STATUS = re.compile(r"status code: (\d{3})")
_SECRET = re.compile(r"(https?://)[^\s/@]*@|\?\S*")


def retry_seconds() -> int:
    """Return for how long a request is repeated that fails."""
    text = os.environ.get(VARIABLE, "")
    if not text:
        return RETRY_SECONDS
    if not (text.isascii() and text.isdigit() and 0 < int(text[:9]) <= 100_000):
        raise ExpandError(f"{VARIABLE} must be a number of seconds, got {text[:20]!r}")
    return int(text)


def store_error(url: Url, place: str, what: str, error: BaseException) -> StoreError:
    """Return the error of a request that failed for good.

    `place` is the URL of the object, `what` what was to be done with it ("read").
    """
    text = str(error)
    found, status = _CODE.search(text), _STATUS.search(text)
    code = found[1] if found else ""
    number = status[1] if status else ""
    cannot = f'"{place}" cannot be {what}'
    if code in ("NoSuchBucket", "ContainerNotFound") or "bucket does not exist" in text:
        return MissingError(f'"{url.scheme}://{url.bucket}" does not exist: no such bucket')
    if any(
        name in text
        for name in (*METADATA, "Missing AccessKeyId", "Missing SecretAccessKey", "Account must")
    ):
        variables = VARIABLES.get(url.scheme, "the credentials of the provider")
        return StoreError(f"{cannot}: no credentials were found; set {variables}")
    if isinstance(error, FileNotFoundError) or number == "404":
        return MissingError(f'"{place}" does not exist')
    if code or number in SAID:
        return _by_code(cannot, code or number, number)
    return StoreError(f"{cannot}: {_reason(url, text, error)}")


def _by_code(cannot: str, code: str, number: str) -> StoreError:
    """Return what an answer of a store says; `code` is the store's own word for it."""
    said = f"{number} {code}".strip() if code != number else code
    if number == "507" or _FULL.search(code):
        return StoreError(
            f"{cannot}: the store has no room for it ({said}). Make room there, then run the same "
            "command again"
        )
    if number == "413" or code.endswith("TooLarge"):
        return StoreError(f"{cannot}: it is larger than the store takes ({said})")
    if code in NOT_ACCEPTED or number == "401":
        return StoreError(f"{cannot}: the credentials are not accepted ({code})")
    if code in ("AccessDenied", "AllAccessDisabled") or number == "403":
        return DeniedError(f"{cannot}: permission denied")
    if number in ("429", "503"):
        return StoreError(f"{cannot}: the store answers that there are too many requests ({code})")
    return StoreError(f"{cannot}: the store answers {said}")


def _reason(url: Url, text: str, error: BaseException) -> str:
    """Return why there was no answer that tells more."""
    status = _STATUS.search(text)
    if status and status[1] in ("429", "503"):
        return f"the store answers that there are too many requests ({status[1]})"
    if status:
        return f"the store answers {status[1]}"
    if "timed out" in text or "Timeout" in text:
        return f"the store does not answer in time{ENDPOINTS.get(url.scheme, '')}"
    if "Connect" in text or "dns error" in text:
        return f"the store cannot be reached{ENDPOINTS.get(url.scheme, '')}"
    if "error sending request" in text or "connection" in text:
        return "the connection was lost"
    if type(error).__name__ in PANICS:
        names = ", ".join(
            name for name, _ in environment() if name.startswith(PREFIXES[url.scheme])
        )
        return f"the client library failed ({_first_line(text)}); check the variables {names}"
    if "empty path segment" in text or "invalid path" in text:
        return f"it has an object whose name is not a path; rename it ({_first_line(text)})"
    return _first_line(text) or type(error).__name__


def _first_line(text: str) -> str:
    line = next(iter(text.strip().splitlines()), "")
    return _SECRET.sub(lambda found: (found[1] or "") + "…", line)[:300]
