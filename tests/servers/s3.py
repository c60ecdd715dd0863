"""S3 for tests: moto's server, and a proxy in front of it that fails."""

from __future__ import annotations

import logging
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

AWS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_REGION": "us-east-1",
    "NO_PROXY": "127.0.0.1",
}
CLIENT = {
    "aws_access_key_id": "test",
    "aws_secret_access_key": "test",
    "region_name": "us-east-1",
}


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


class Faults:
    """A proxy in front of a server that answers some requests with 503, and cuts others."""

    def __init__(self, endpoint: str, busy: int = 0, cut: int = 0) -> None:
        """Every `busy`-th request gets 503; every `cut`-th one no answer, or half of one."""
        self.requests, self.failed, self.ended = 0, 0, False
        host = endpoint.removeprefix("http://")
        faults = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body in one packet: else each waits for an acknowledgement

            def log_message(self, *_: object) -> None:
                pass

            def _forward(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                faults.requests += 1
                number = faults.requests
                if faults.ended:
                    self.close_connection = True
                    return
                if busy and number % busy == 0:
                    faults.failed += 1
                    self._answer(503, "text/xml", b"<Error><Code>SlowDown</Code></Error>")
                    return
                cuts = cut and number % cut == 0
                if cuts and number % 2:
                    faults.failed += 1
                    self.close_connection = True
                    return
                connection = HTTPConnection(host, timeout=30)
                headers = {key.title(): value for key, value in self.headers.items()}
                connection.request(self.command, self.path, body, headers)
                found = connection.getresponse()
                data = found.read()
                connection.close()
                self.send_response(found.status)
                for key, value in found.getheaders():
                    if key.lower() not in ("transfer-encoding", "connection", "content-length"):
                        self.send_header(key, value)
                length = found.getheader("Content-Length") if self.command == "HEAD" else len(data)
                self.send_header("Content-Length", str(length or 0))
                self.end_headers()
                if cuts and data:
                    faults.failed += 1
                    self.wfile.write(data[: len(data) // 2])
                    self.close_connection = True
                    return
                self.wfile.write(data)

            def _answer(self, status: int, kind: str, data: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(data)

            do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _forward  # noqa: N815

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """End the proxy, and the connections that it has."""
        self.ended = True
        self._server.shutdown()
        self._server.server_close()
