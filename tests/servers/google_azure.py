"""Google Cloud Storage and Azure Blob Storage for tests: the few requests that a client makes.

No Python package emulates what the client library asks for: Google's XML interface and Azure's blob
interface. The answers follow their references. Azurite 3.37 passes the same tests of stores.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from email.utils import formatdate
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit
from xml.etree import ElementTree
from xml.sax.saxutils import escape

PAGE = 100
"""Names in a page of a listing: less than a provider's, so that small tests have several."""
KEY = "Zm9v"
"""An account key."""
Refuse = Callable[[str, str, int], tuple[int, str] | None]
"""Gets the method, the name and the bytes of a request; returns a status and a code to fail with."""


class Asked(NamedTuple):
    """A request."""

    method: str
    bucket: str
    name: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


class Answer(NamedTuple):
    """An answer."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


class Buckets:
    """A server with one bucket or container, called "bucket", in the memory of this process."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.parts: dict[str, dict[str, bytes]] = {}
        self.seen: list[Asked] = []
        self.refuse: Refuse = lambda _method, _name, _size: None
        self._lock = Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """End the server."""
        self._server.shutdown()
        self._server.server_close()

    def answer(self, asked: Asked) -> Answer:
        """Answer a request; of several at the same time, one after the other."""
        with self._lock:
            self.seen.append(asked)
            refused = self.refuse(asked.method, asked.name, len(asked.body))
            if refused:
                return self.error(*refused)
            if asked.bucket != "bucket":
                return self.error(404, self.no_bucket)
            return self.do(asked)

    no_bucket = "NoSuchBucket"

    def do(self, asked: Asked) -> Answer:
        """Do a request."""
        raise NotImplementedError

    def error(self, status: int, code: str) -> Answer:
        """Return the answer of a request that fails."""
        text = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>m</Message></Error>"
        return Answer(status, text.encode(), (("x-ms-error-code", code),))

    def read(self, asked: Asked) -> Answer:
        """Answer a request for an object, or for a range of it."""
        data = self.objects.get(asked.name)
        if data is None:
            return self.error(
                404, "NoSuchKey" if self.no_bucket == "NoSuchBucket" else "BlobNotFound"
            )
        if asked.headers.get("if-match", tag(data)) != tag(data):
            return self.error(412, "PreconditionFailed")
        headers = (("ETag", tag(data)), ("Last-Modified", formatdate(0, usegmt=True)))
        found = re.fullmatch(r"bytes=(\d+)-(\d+)", asked.headers.get("range", ""))
        if not found:
            return Answer(200, data, (*headers, ("x-goog-generation", "1")))
        first, last = int(found[1]), min(int(found[2]), len(data) - 1)
        if first > last:
            return self.error(416, "InvalidRange")
        where = ("Content-Range", f"bytes {first}-{last}/{len(data)}")
        return Answer(206, data[first : last + 1], (*headers, where))

    def page(self, asked: Asked, marker: str) -> tuple[list[str], str]:
        """Return the names of a page of a listing, and the marker of the next."""
        after = asked.query.get(marker, "")
        names = sorted(n for n in self.objects if n.startswith(asked.query.get("prefix", "")))
        left = [name for name in names if name > after]
        return left[:PAGE], left[PAGE - 1] if len(left) > PAGE else ""


class GoogleBuckets(Buckets):
    """The XML interface of Google Cloud Storage."""

    def do(self, asked: Asked) -> Answer:
        """Do a request: https://cloud.google.com/storage/docs/xml-api/reference-methods."""
        if not asked.name:
            return self._list(asked)
        if asked.method in ("GET", "HEAD"):
            return self.read(asked)
        if asked.method == "DELETE":
            gone = self.objects.pop(asked.name, None) is None
            return self.error(404, "NoSuchKey") if gone else Answer(204)
        upload = asked.query.get("uploadId")
        if "uploads" in asked.query:
            self.parts["upload"] = {}
            return _xml(
                "<InitiateMultipartUploadResult><UploadId>upload</UploadId></InitiateMultipartUploadResult>"
            )
        if upload and asked.method == "PUT":
            self.parts[upload][asked.query["partNumber"]] = asked.body
            return Answer(200, b"", (("ETag", tag(asked.body)),))
        if upload:
            numbers = [
                each.text or ""
                for each in ElementTree.fromstring(asked.body).iter()
                if each.tag.endswith("PartNumber")
            ]
            self.objects[asked.name] = b"".join(self.parts[upload][n] for n in numbers)
            return _xml(
                "<CompleteMultipartUploadResult><ETag>x</ETag></CompleteMultipartUploadResult>"
            )
        if asked.headers.get("x-goog-if-generation-match") == "0" and asked.name in self.objects:
            return self.error(412, "PreconditionFailed")
        self.objects[asked.name] = asked.body
        return Answer(200, b"", (("ETag", tag(asked.body)), ("x-goog-generation", "1")))

    def _list(self, asked: Asked) -> Answer:
        names, following = self.page(asked, "continuation-token")
        entries = "".join(
            f"<Contents><Key>{escape(name)}</Key><Size>{len(self.objects[name])}</Size>"
            f"<ETag>{escape(tag(self.objects[name]))}</ETag>"
            "<LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>"
            for name in names
        )
        token = (
            f"<NextContinuationToken>{escape(following)}</NextContinuationToken>"
            if following
            else ""
        )
        return _xml(
            f"<ListBucketResult><IsTruncated>{str(bool(following)).lower()}</IsTruncated>{token}{entries}</ListBucketResult>"
        )


class AzureBuckets(Buckets):
    """The blob interface of Azure."""

    no_bucket = "ContainerNotFound"

    def do(self, asked: Asked) -> Answer:
        """Do a request: https://learn.microsoft.com/rest/api/storageservices/blob-service-rest-api."""
        if not asked.name:
            return self._delete(asked) if asked.query.get("comp") == "batch" else self._list(asked)
        if asked.method in ("GET", "HEAD"):
            return self.read(asked)
        if asked.query.get("comp") == "block":
            self.parts.setdefault(asked.name, {})[asked.query["blockid"]] = asked.body
            return Answer(201)
        data = asked.body
        if asked.query.get("comp") == "blocklist":
            parts, listed = self.parts.pop(asked.name), ElementTree.fromstring(asked.body)
            data = b"".join(parts[each.text or ""] for each in listed)
        elif asked.headers.get("if-none-match") == "*" and asked.name in self.objects:
            return self.error(409, "BlobAlreadyExists")
        self.objects[asked.name] = data
        return Answer(
            201, b"", (("ETag", tag(data)), ("Last-Modified", formatdate(0, usegmt=True)))
        )

    def _delete(self, asked: Asked) -> Answer:
        """Answer a batch of deletions, which has a part for each."""
        boundary, parts = "batchresponse", list[str]()
        paths = re.findall(rb"^DELETE (\S+) HTTP", asked.body, re.MULTILINE)
        for number, path in enumerate(paths):
            name = unquote(path.decode()).removeprefix("/bucket/")
            gone = self.objects.pop(name, None) is None
            status = "404 The specified blob does not exist." if gone else "202 Accepted"
            code = "x-ms-error-code: BlobNotFound\r\n" if gone else ""
            parts.append(
                f"--{boundary}\r\nContent-Type: application/http\r\nContent-ID: {number}\r\n\r\n"
                f"HTTP/1.1 {status}\r\n{code}x-ms-version: 2023-11-03\r\n\r\n"
            )
        body = "".join(parts) + f"--{boundary}--\r\n"
        return Answer(
            202, body.encode(), (("Content-Type", f"multipart/mixed; boundary={boundary}"),)
        )

    def _list(self, asked: Asked) -> Answer:
        names, following = self.page(asked, "marker")
        entries = "".join(
            f"<Blob><Name>{escape(name)}</Name><Properties>"
            f"<Last-Modified>{formatdate(0, usegmt=True)}</Last-Modified>"
            f"<Etag>{escape(tag(self.objects[name]))}</Etag>"
            f"<Content-Length>{len(self.objects[name])}</Content-Length>"
            "<Content-Type>application/octet-stream</Content-Type><BlobType>BlockBlob</BlobType>"
            "</Properties></Blob>"
            for name in names
        )
        return _xml(
            f'<EnumerationResults ContainerName="bucket"><Blobs>{entries}</Blobs>'
            f"<NextMarker>{escape(following)}</NextMarker></EnumerationResults>"
        )


def tag(data: bytes) -> str:
    """Return the ETag of an object."""
    return f'"{md5(data).hexdigest()}"'


def _xml(text: str) -> Answer:
    declared = f'<?xml version="1.0" encoding="utf-8"?>{text}'
    return Answer(200, declared.encode(), (("Content-Type", "application/xml"),))


def _handler(buckets: Buckets) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet: else each waits for an acknowledgement

        def log_message(self, *_: object) -> None:
            pass

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            url = urlsplit(self.path)
            bucket, _, name = unquote(url.path).lstrip("/").partition("/")
            query = dict(parse_qsl(url.query, keep_blank_values=True))
            headers = {key.lower(): value for key, value in self.headers.items()}
            found = buckets.answer(Asked(self.command, bucket, name, query, headers, body))
            self.send_response(found.status)
            for key, value in found.headers:
                self.send_header(key, value)
            self.send_header("Content-Length", str(len(found.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(found.body)

        do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _answer  # noqa: N815

    return Handler


def variables_of(buckets: Buckets) -> dict[str, str]:
    """Return the environment that leads to a server."""
    if isinstance(buckets, GoogleBuckets):
        return {"STORAGE_EMULATOR_HOST": buckets.endpoint}
    return {
        "AZURE_STORAGE_CONNECTION_STRING": f"AccountName=account;AccountKey={KEY};BlobEndpoint={buckets.endpoint}"
    }


def serve(scheme: str) -> Iterator[Buckets]:
    """Yield a server of a provider while it runs."""
    buckets = GoogleBuckets() if scheme == "gs" else AzureBuckets()
    try:
        yield buckets
    finally:
        buckets.stop()
