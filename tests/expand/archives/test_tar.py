"""Tars: the bytes that tarfile writes, read strictly; names, samples and the index."""

from __future__ import annotations

import io
import json
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expand.archives.extension import common_extension, extension_of
from expand.archives.index import Index, Tar, make_index
from expand.archives.members import end, member, member_bytes
from expand.archives.names import Key, parse_tar_name, tar_name
from expand.archives.reading import DamagedTarError, list_members
from expand.archives.samples import Sample, list_samples, read_samples
from expand.errors import ExpandError
from expand.records.rows import Row


def row(view: int = 2, source: str = "cat/1.png") -> Row:
    """Return a row of the manifest; its parameters have a whole number and a fraction."""
    return Row(
        file_name=f"cat/1_v{view}.png",
        label="cat",
        source=source,
        view=view,
        params={"rotate": {"degrees": 3.5 * view}, "flip": {"horizontal": True}, "n": view},
        width=4,
        height=3,
        bytes=5,
        sha256="ab",
        source_sha256="cd",
        same_as=view,
    )


def samples(count: int = 4) -> list[Sample]:
    """Return samples of a block."""
    return [Sample(Key(7, n, 2), "png", bytes([n]) * (n * 300), n % 2, row()) for n in range(count)]


def whole(count: int = 4) -> bytes:
    """Return a tar of samples."""
    data = b"".join(sample.to_members() for sample in samples(count))
    return data + end(len(data))


@given(st.lists(st.binary(max_size=2000), max_size=8))
def test_the_bytes_are_those_that_tarfile_writes(contents: list[bytes]) -> None:
    ours = b"".join(member(f"{n:06d}.png", data) for n, data in enumerate(contents))
    assert sum(member_bytes(len(data)) for data in contents) == len(ours)
    theirs = io.BytesIO()
    with tarfile.open(fileobj=theirs, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for n, data in enumerate(contents):
            info = tarfile.TarInfo(f"{n:06d}.png")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    assert ours + end(len(ours)) == theirs.getvalue()


def test_members_have_constant_time_owner_and_permissions() -> None:
    with tarfile.open(fileobj=io.BytesIO(whole())) as archive:
        found = archive.getmembers()
    assert {(m.mtime, m.mode, m.uid, m.gid, m.uname, m.gname, m.type) for m in found} == {
        (0, 0o644, 0, 0, "", "", tarfile.REGTYPE)
    }
    assert [m.name for m in found[:3]] == [
        "000007-000000-2.png",
        "000007-000000-2.cls",
        "000007-000000-2.json",
    ]


def test_samples_are_read_as_they_were_written() -> None:
    assert list(read_samples(io.BytesIO(whole()))) == samples()


def test_parameters_are_text_in_a_sample() -> None:
    with tarfile.open(fileobj=io.BytesIO(whole())) as archive:
        file = archive.extractfile("000007-000001-2.json")
        assert file
        values = json.load(file)
    assert json.loads(values["params"]) == row()["params"]
    assert {type(value) for value in values.values()} == {str, int}


def test_a_tar_that_is_cut_off_anywhere_is_an_error() -> None:
    data = whole()
    content = len(data.rstrip(b"\0"))
    for size in [*range(0, content, 512), content - 1, content + 600]:
        with pytest.raises(DamagedTarError, match=r"cut off|ends in the middle|not a tar"):
            list(list_samples(io.BytesIO(data[:size])))


def test_an_empty_tar_has_no_samples() -> None:
    assert list(list_samples(io.BytesIO(end(0)))) == []


@pytest.mark.parametrize(
    "data",
    [
        member("000007-000000-2.png", b"x"),
        member("000007-000000-2.png", b"x") + member("000007-000001-2.json", b"{}"),
        member("000007-000000-2.cls", b"1") + member("000007-000000-2.json", b"{}"),
        member("000007-000000-2.png", b"x") + member("000007-000000-2.cls", b"cat"),
        member("000007-000000-2.png", b"x") + member("000007-000000-2.json", b"[1]"),
        member("000007-000000-2.png", b"x") + member("000007-000000-2.json", b'{"params": "1"}'),
        member("a.b.png", b"x"),
        b"x" * 512,
    ],
)
def test_what_is_no_set_of_samples_is_an_error(data: bytes) -> None:
    with pytest.raises(DamagedTarError):
        list(list_samples(io.BytesIO(data + end(len(data)))))


def test_links_in_a_tar_are_an_error() -> None:
    info = tarfile.TarInfo("000007-000000-2.png")
    info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
    with pytest.raises(DamagedTarError, match="not a plain file"):
        list(list_members(io.BytesIO(info.tobuf(tarfile.USTAR_FORMAT) + end(512))))


@given(st.integers(0, 2_000_000), st.integers(0, 2_000_000), st.integers(0, 999))
def test_names_have_no_dots_and_can_be_parsed(block: int, number: int, view: int) -> None:
    key = Key(block, number, view)
    assert not set(str(key)) - set("0123456789-")
    assert Key.parse(str(key)) == key
    assert parse_tar_name(tar_name(block, view)) == (block, view)


@pytest.mark.parametrize("text", ["1-2-3", "000001-000002-03", "000001-000002", "000001-00000x-1"])
def test_other_texts_are_no_keys(text: str) -> None:
    assert Key.parse(text) is None


def index() -> Index:
    tars = [Tar(tar_name(b, v), b, v, 3 + b, 10240, "ab") for v in (1, 0) for b in (1, 0)]
    return make_index(["cat", "größe"], 2, 2, "png", tars)


def test_an_index_is_read_as_it_was_written() -> None:
    assert Index.parse(index().to_json()) == index()
    assert index().samples == 14
    assert [tar.file for tar in index().of_view(1)] == ["000000-1.tar", "000001-1.tar"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("version", 2),
        ("classes", [1]),
        ("extension", "../x"),
        ("blocks", 0),
        ("factor", True),
        ("tars", [{}]),
        ("tars", [dict(file="../000000-0.tar", block=0, view=0, count=1, bytes=1, sha256="")]),
        ("tars", [dict(file="000009-0.tar", block=9, view=0, count=1, bytes=1, sha256="")]),
        ("tars", [dict(file="000000-0.tar", block=0, view=0, count=-1, bytes=1, sha256="")]),
        ("tars", [dict(file="000000-0.tar", block=0, view=0, count=1, bytes=1, sha256="")] * 2),
    ],
)
def test_an_index_that_cannot_be_is_an_error(key: str, value: object) -> None:
    values = json.loads(index().to_json())
    with pytest.raises(ExpandError, match="not an index of tars"):
        Index.parse(json.dumps({**values, key: value}).encode())


def test_suffixes_of_one_format_are_one_extension() -> None:
    assert extension_of("a/B.JPEG") == extension_of("b.jpg") == "jpg"
    assert common_extension(["a.jpg", "b.JPEG", "c.Jpg"], "keep") == "jpg"


def test_several_formats_are_refused_unless_one_is_chosen() -> None:
    with pytest.raises(
        ExpandError, match=r"2 \.jpg \(\"a.jpg\"\), 1 \.png \(\"b.png\"\).*--format"
    ):
        common_extension(["a.jpg", "b.png", "c.jpg"], "keep")
    assert common_extension(["a.jpg", "b.png"], "webp") == "webp"
