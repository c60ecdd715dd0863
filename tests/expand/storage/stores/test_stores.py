"""Stores of every kind read, write and list alike, and failures are explained."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from expand.errors import ExpandError
from expand.storage.stores.environment import ADDRESSES, NO_ACCOUNT, OTHER_ADDRESSES
from expand.storage.stores.open import check_store, open_store
from expand.storage.stores.store import DeniedError, MissingError, Store, StoreError
from expand.storage.stores.url import Url, parse_place
from tests.servers.google_azure import Buckets, serve, variables_of
from tests.stores import variables

ODD = ["a/b.txt", "ü ß.png", "x/50%25 #1?.txt", "a/b/c+d&e=f.txt"]


@pytest.fixture(params=["local", "memory", "s3", "gs", "az"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param in ("gs", "az"):
        for server in serve(request.param):
            with variables(NO_PROXY="127.0.0.1", **variables_of(server)):
                yield open_store(f"{request.param}://bucket/be low/here")
        return
    if request.param == "local":
        yield open_store(tmp_path / "store")
    elif request.param == "memory":
        yield open_store(f"memory://{uuid4().hex}/below")
    else:
        yield open_store(f"{request.getfixturevalue('s3')}/be low/here")


def names(store: Store, prefix: str = "") -> list[str]:
    return sorted(entry.name for page in store.pages(prefix) for entry in page)


def test_what_was_written_is_read_and_listed(store: Store) -> None:
    files = [(name, name.encode() * 3) for name in ODD if name != "a/b/c+d&e=f.txt"]
    store.write_many(files)
    assert store.read_many([name for name, _ in files]) == [data for _, data in files]
    assert names(store) == sorted(name for name, _ in files)
    assert {entry.name: entry.size for page in store.pages() for entry in page} == {
        name: len(data) for name, data in files
    }
    assert names(store, "a/") == ["a/b.txt"]
    assert store.read("a/b.txt", 3) == b"a/b"
    assert store.size("a/b.txt") == 21


def test_a_span_of_a_file_is_read_and_ends_with_it(store: Store) -> None:
    store.write("a.tar", b"0123456789")
    assert store.read_span("a.tar", 0, 3) == b"012"
    assert store.read_span("a.tar", 4, 100) == b"456789"
    with pytest.raises(MissingError):
        store.read_span("b.tar", 0, 3)


def test_an_empty_store_has_nothing(store: Store) -> None:
    assert names(store) == []
    assert store.size("a") is None
    with pytest.raises(MissingError, match=r'"[^"]+/a" '):
        store.read("a")
    (error,) = store.read_many(["a"])
    assert isinstance(error, MissingError)
    store.delete(["a"])


def test_only_the_first_creates(store: Store) -> None:
    assert store.create("lock/card.json", b"first")
    assert not store.create("lock/card.json", b"second")
    assert store.read("lock/card.json") == b"first"


def test_a_file_is_replaced_if_it_is_the_one_that_was_read(store: Store) -> None:
    assert not store.replace("card.json", b"second", b"first".__eq__)
    store.write("card.json", b"first")
    assert store.replace("card.json", b"second", b"first".__eq__)
    assert not store.replace("card.json", b"third", b"first".__eq__)
    assert store.read("card.json") == b"second"


def test_of_two_that_replace_a_file_at_the_same_time_one_does(s3: str) -> None:
    store = open_store(s3)
    store.write("card.json", b"first")

    def overtaken(data: bytes) -> bool:
        store.write("card.json", b"of the faster one")
        return data == b"first"

    assert not store.replace("card.json", b"second", overtaken)
    assert store.read("card.json") == b"of the faster one"


def test_a_file_is_replaced_whole_and_its_version_changes(store: Store) -> None:
    store.write("a", b"first")
    (before,) = next(iter(store.pages()))
    store.write("a", b"other")
    (after,) = next(iter(store.pages()))
    assert store.read("a") == b"other"
    assert before.size == after.size
    assert before.version != after.version


def test_a_large_file_is_streamed_and_written_from_a_local_one(
    store: Store, tmp_path: Path
) -> None:
    path = tmp_path / "large"
    path.write_bytes(os.urandom((17 << 20) + 3))
    store.write_file("tar/large", path)
    blocks = list(store.stream("tar/large"))
    assert b"".join(blocks) == path.read_bytes()
    assert max(map(len, blocks)) <= 16 << 20


def test_removed_files_are_gone(store: Store) -> None:
    store.write_many([(f"a/{number}", b"x") for number in range(5)])
    store.delete(["a/1", "a/3", "none"])
    assert names(store) == ["a/0", "a/2", "a/4"]


@pytest.mark.parametrize("place", ["store", "memory://pages/below"])
def test_listings_come_in_pages(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store = open_store(place)
    store.write_many([(f"{number:04}", b"") for number in range(1200)])
    pages = [len(page) for page in store.pages()]
    assert sum(pages) == 1200
    assert len(pages) > 1


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://host/x", "a URL must start with s3://"),
        ("s3://", "names no bucket"),
        ("s3://bucket/../x", '"."'),
        ("s3://bucket//x", "empty part"),
        ("s3://me:secret@bucket/x", "a user or a password"),
        ("s3://bucket/x?X-Amz-Signature=secret", "a query"),
        ("file://host/x", "this machine"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused_without_its_secret(url: str, said: str) -> None:
    with pytest.raises(ExpandError, match=said) as caught:
        parse_place(url)
    assert "secret" not in str(caught.value)
    assert caught.value.status == 2


def test_urls_are_parsed() -> None:
    assert parse_place("s3://bucket/a b/c/") == Url("s3", "bucket", "a b/c")
    assert parse_place("file:///a%20b/c") == Path("/a b/c")
    assert parse_place("a/b") == Path("a/b")
    assert str(Url("gs", "bucket") / "a" / "b.png") == "gs://bucket/a/b.png"
    assert Url("s3", "b", "x").holds(Url("s3", "b", "x/y"))
    assert not Url("s3", "b", "x").holds(Url("s3", "b", "xy"))


def test_a_bucket_that_does_not_exist_is_told(s3: str) -> None:
    with pytest.raises(MissingError, match=r'"s3://no-such-bucket" does not exist: no such bucket'):
        list(open_store("s3://no-such-bucket/x").pages())


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "cannot be reached"),
        ({"AWS_ENDPOINT_URL": "http://no-such-host.invalid"}, "cannot be reached"),
        ({"AWS_PROFILE": "none", "AWS_ACCESS_KEY_ID": ""}, "AWS_PROFILE"),
    ],
)
def test_a_store_that_cannot_be_used_is_told_soon(
    s3: str, environment: dict[str, str], said: str
) -> None:
    with variables(**environment), pytest.raises(ExpandError, match=said):
        check_store(s3)


def test_the_errors_of_a_local_store_name_the_path(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreError, match="cannot be created"):
        open_store(tmp_path / "file" / "below").write("a", b"")


ADDRESSED = [(s, name) for t in (ADDRESSES, OTHER_ADDRESSES) for s in t for name in t[s]]


@pytest.mark.parametrize(("scheme", "variable"), ADDRESSED)
def test_an_address_that_is_no_url_is_refused(
    scheme: str, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for address in ("127.0.0.1:9000", "http://a b", "nonsense", "http://", "https://a:99999", "ftp://a", "http://[::1"):  # fmt: skip
        monkeypatch.setenv(variable, address)
        with pytest.raises(ExpandError, match=f"{variable} must be an address such as"):
            check_store(f"{scheme}://bucket/folder")


@pytest.mark.parametrize(
    ("scheme", "variable"),
    [
        ("s3", "AWS_ACCESS_KEY_ID"),
        ("s3", "AWS_REGION"),
        ("s3", "AWS_SESSION_TOKEN"),
        ("gs", "GOOGLE_BEARER_TOKEN"),
        ("az", "AZURE_STORAGE_ACCOUNT_NAME"),
        ("az", "AZURE_STORAGE_TOKEN"),
    ],
)
def test_a_key_with_a_line_break_is_refused_and_not_shown(
    scheme: str, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "secret\n")
    with pytest.raises(ExpandError, match=f"{variable} has a line break") as caught:
        check_store(f"{scheme}://bucket/folder")
    assert "secret" not in str(caught.value)


def test_a_client_that_fails_in_another_way_is_told_in_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    account = {"gcs_base_url": "nonsense", **NO_ACCOUNT}
    monkeypatch.setenv("GOOGLE_SERVICE_ACCOUNT_KEY", json.dumps(account))
    with pytest.raises(StoreError, match="check the variables GOOGLE_SERVICE_ACCOUNT_KEY"):
        open_store("gs://bucket/folder").write_many([("a", b"x")])
    with pytest.raises(ExpandError, match="check the variables GOOGLE_SERVICE_ACCOUNT_KEY"):
        check_store("gs://bucket/folder")


@pytest.mark.parametrize(
    ("status", "code", "kind", "said"),
    [
        (403, "AccessDenied", DeniedError, "cannot be written: permission denied"),
        (403, "", DeniedError, "cannot be written: permission denied"),
        (403, "AuthenticationFailed", StoreError, "the credentials are not accepted"),
        (403, "QuotaExceeded", StoreError, r"no room for it \(403 QuotaExceeded\)"),
        pytest.param(507, "", StoreError, r"no room for it \(507\)", marks=pytest.mark.slow),
        (413, "RequestBodyTooLarge", StoreError, "is larger than the store takes"),
        (400, "EntityTooLarge", StoreError, "is larger than the store takes"),
        (400, "OutOfRange", StoreError, "the store answers 400 OutOfRange"),
    ],
)
def test_the_refusals_of_a_store_are_told_in_words(
    cloud: tuple[str, Buckets], status: int, code: str, kind: type[StoreError], said: str
) -> None:
    url, server = cloud
    server.refuse = lambda *_: (status, code)
    with variables(EXPAND_RETRY_SECONDS="1"), pytest.raises(kind, match=said) as caught:
        open_store(url).write("a", b"x")
    assert type(caught.value) is kind
    assert caught.value.status == 3


def test_a_profile_of_the_tools_of_aws_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("boto3")
    profile = "[lab]\naws_access_key_id = LABKEY\naws_secret_access_key = x\n"
    (tmp_path / "credentials").write_text(profile)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    for server in serve("gs"):  # its interface is that of S3 here
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.endpoint)
        monkeypatch.setenv("AWS_REGION", "eu-central-1")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setenv("AWS_PROFILE", "lab")
        open_store("s3://bucket/x").write("a", b"1")
        assert "Credential=LABKEY/" in server.seen[-1].headers["authorization"]
        assert "/eu-central-1/s3/" in server.seen[-1].headers["authorization"]


@pytest.mark.parametrize(
    "names",
    [
        ("AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_ACCOUNT_KEY"),
        ("AZURE_STORAGE_ACCOUNT", "AZURE_STORAGE_KEY"),
        ("AZURE_STORAGE_CONNECTION_STRING",),
    ],
)
def test_the_variables_of_the_tools_of_azure_are_read(
    names: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    for server in serve("az"):
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setenv("AZURE_STORAGE_ENDPOINT", server.endpoint)
        connection = "DefaultEndpointsProtocol=https;AccountName=lab;AccountKey=Zm9vYg==;"
        values = (connection,) if len(names) == 1 else ("lab", "Zm9vYg==")
        for name, value in zip(names, values, strict=True):
            monkeypatch.setenv(name, value)
        open_store("az://bucket/x").write("a", b"1")
        assert server.seen[-1].headers["authorization"].startswith("SharedKey lab:")
        monkeypatch.delenv(names[0])
        with pytest.raises(ExpandError, match="no credentials were found; set AZURE_STORAGE_ACC"):
            check_store("az://bucket/x")


def test_a_connection_string_of_another_form_is_refused_and_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", "secret")
    with pytest.raises(ExpandError, match="must have the form AccountName=") as caught:
        check_store("az://bucket/x")
    assert "secret" not in str(caught.value)
