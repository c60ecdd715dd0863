"""Environment variables of the providers: checked before the client library reads them.

The library panics on an address that is not a URL, and on a name or a key with a line break. No
message shows a value: it may hold a password.
"""

from __future__ import annotations

import json
import os
import re
from typing import Any
from urllib.parse import urlsplit

from expand.errors import ExpandError

PREFIXES = {"s3": "AWS_", "gs": "GOOGLE_", "az": "AZURE_"}
ADDRESSES = {
    "s3": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"),
    "gs": ("GOOGLE_BASE_URL", "STORAGE_EMULATOR_HOST"),
    "az": ("AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT", "AZURITE_BLOB_STORAGE_URL"),
}
"""Variables that name the server, the first one first."""
OTHER_ADDRESSES = {
    "s3": ("AWS_METADATA_ENDPOINT", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_PROXY_URL"),
    "gs": ("GOOGLE_PROXY_URL",),
    "az": ("AZURE_MSI_ENDPOINT", "AZURE_AUTHORITY_HOST", "AZURE_PROXY_URL"),
}
"""Variables that name other servers: of credentials, and proxies."""
SENT = ("_ID", "_KEY", "_NAME", "_REGION", "_SECRET", "_TOKEN", "_ACCOUNT")
"""How variables end whose values the library sends in headers."""
NAMES = (*PREFIXES.values(), "EXPAND_", "STORAGE_EMULATOR_HOST", "AZURITE_")
"""How variables begin on which a client depends."""
NO_ACCOUNT = {"disable_oauth": True, "client_email": "", "private_key": "", "private_key_id": ""}
"""The service account for an emulator, which asks for none."""
AZURE = {
    "AccountName": "account_name",
    "AccountKey": "account_key",
    "SharedAccessSignature": "sas_key",
    "BlobEndpoint": "endpoint",
}
"""What a connection string has, and what the library calls it."""
AZURE_TOOLS = {"AZURE_STORAGE_ACCOUNT": "account_name", "AZURE_STORAGE_KEY": "account_key"}
"""Variables of Azure's own tools that the library does not know."""


def environment() -> tuple[tuple[str, str], ...]:
    """Return the variables on which a client depends, sorted."""
    return tuple((name, os.environ[name]) for name in sorted(os.environ) if name.startswith(NAMES))


def check_variables(scheme: str) -> None:
    """Raise ExpandError for a variable of a provider that no client can use."""
    for variable in (*ADDRESSES[scheme], *OTHER_ADDRESSES[scheme]):
        _check_address(variable)
    for name, value in environment():
        sent = name.startswith(PREFIXES[scheme]) and name.endswith(SENT)
        if sent and not value.isprintable() and not value.lstrip().startswith("{"):
            raise ExpandError(
                f"{name} has a line break or another character that a name or a key cannot have"
            )


def _check_address(variable: str) -> None:
    """Refuse an address that is not a URL."""
    address = os.environ.get(variable, "")
    try:
        parts = urlsplit(address)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname)
        valid = valid and parts.port != 0 and not re.search(r"[\s<>\"{}|^`\\]", address)
    except ValueError:  # a port that is none, a bracket that is not closed
        valid = False
    if address and not valid:
        raise ExpandError(f"{variable} must be an address such as http://127.0.0.1:9000")


def address_of(scheme: str) -> str | None:
    """Return the address of the server that the environment names; None for the provider's own."""
    return next(filter(None, map(os.environ.get, ADDRESSES[scheme])), None)


def google_options() -> dict[str, Any]:
    """Return what the library does not read itself: the server of Google's own emulators."""
    if os.environ.get("STORAGE_EMULATOR_HOST") and not os.environ.get("GOOGLE_BASE_URL"):
        account = {"gcs_base_url": address_of("gs"), **NO_ACCOUNT}
        return {"service_account_key": json.dumps(account)}
    return {}


def azure_options() -> dict[str, str]:
    """Return what the library does not read itself: variables of Azure's own tools."""
    if os.environ.get("AZURE_STORAGE_ACCOUNT_NAME"):
        return {}
    text = os.environ.get("AZURE_STORAGE_CONNECTION_STRING", "")
    parts = dict(part.partition("=")[::2] for part in text.split(";") if part)
    found = {AZURE[name]: value for name, value in parts.items() if name in AZURE}
    if text and not found:
        raise ExpandError(
            "AZURE_STORAGE_CONNECTION_STRING must have the form AccountName=…;AccountKey=…"
        )
    tools = {key: os.environ[name] for name, key in AZURE_TOOLS.items() if os.environ.get(name)}
    return found or tools
