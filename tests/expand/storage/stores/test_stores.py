from __future__ import annotations

import os
from pathlib import Path
from uuid import uuid4

import pytest

from expand.errors import ExpandError
from expand.storage.stores.open import check_store, open_store
from expand.storage.stores.store import MissingError, Store, StoreError
from expand.storage.stores.url import Url, parse_place
from tests.stores import variables

ODD = ["a/b.txt", "ü ß.png", "x/50%25 #1?.txt", "a/b/c+d&e=f.txt"]


@pytest.fixture(params=["local", "memory", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "local":
        return open_store(tmp_path / "store")
    if request.param == "memory":
        return open_store(f"memory://{uuid4().hex}/below")
    return open_store(f"{request.getfixturevalue('s3')}/be low/here")


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


@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"])
@pytest.mark.parametrize(
    "address", ["127.0.0.1:9000", "http://a b", "nonsense", "http://", "https://a:99999", "ftp://a"]
)
def test_an_address_that_is_no_url_is_refused(
    address: str, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, address)
    with pytest.raises(ExpandError, match=f"{variable} must be an address such as"):
        check_store("s3://bucket/folder")
