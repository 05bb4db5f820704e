"""The demo's web: a real HTTP server on loopback whose pages change with the story's day."""

import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the web says to one request."""

    body: str = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Site = Callable[[str, str], Answer]
"""From host and path to an answer."""


@contextmanager
def serve(site: Site) -> Iterator[int]:
    """Serve `site` on loopback; gives the port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        server_version = "demo"
        sys_version = ""

        def do_GET(self) -> None:
            host = self.headers.get("Host", "").partition(":")[0]
            answer = site(host, self.path)
            body = answer.body.encode()
            etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
            unchanged = answer.status == 200 and self.headers.get("If-None-Match") == etag
            self.send_response(304 if unchanged else answer.status)
            if answer.status == 200:
                self.send_header("ETag", etag)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if not unchanged:
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if not unchanged:
                self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            """The story is told elsewhere."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
