"""How a process that runs for long is watched: /healthz, /readyz and /metrics on a port of its own, mostly loopback."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import AF_INET6
from typing import Any, Final

from loccit.app import App
from loccit.errors import UsageError
from loccit.metrics import CONTENT_TYPE, Meters
from loccit.ranges import address_of
from storage.errors import StoreError
from storage.store import Store
from storage.watched import Ready

_SECONDS: Final = 10.0
"""Who sends a request more slowly is not answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What is answered. `needs_scheduler`: without one at work, nothing here gets done."""

    meters: Meters
    ready: Callable[[], Ready]
    now: Callable[[], datetime]
    needs_scheduler: bool

    def readiness(self) -> tuple[bool, dict[str, Any]]:
        """Whether all is there that the process needs, and what is."""
        try:
            found = self.ready()
        except StoreError:
            # Why, the log says; here it would be told to anybody.
            return False, {"store": False, "migrated": False, "scheduler": False}
        alive = found.scheduler is not None and found.scheduler > self.now()
        whole = found.migrated and (alive or not self.needs_scheduler)
        return whole, {"store": True, "migrated": found.migrated, "scheduler": alive}


def watch_of(app: App, store: Store, *, needs_scheduler: bool) -> Watch:
    """What is answered of this process and its store. From here on the process counts."""
    meters = app.meters = app.meters or Meters()
    heartbeat = app.settings.schedule.heartbeat.total_seconds()
    now = app.clock.now
    meters.watch(lambda: store.watched.figures(now(), heartbeat=heartbeat), now)
    return Watch(meters=meters, ready=store.watched.ready, now=now, needs_scheduler=needs_scheduler)


@contextmanager
def watched(listen: str, watch: Watch, tell: Callable[[str], None]) -> Iterator[None]:
    """Answer at `listen` (`address:port`, "" for nowhere) while the block runs. Raises UsageError where it cannot."""
    if not listen:
        yield
        return
    address = address_of(listen)
    if address is None:
        raise UsageError(f"--listen: cannot read {listen!r}", 'Write "127.0.0.1:9464".')
    try:
        server = _server(address, watch)
    except OSError as error:
        raise UsageError(f"cannot listen on {listen}: {error.strerror or error}") from None
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True, name="watch")
    thread.start()
    shown = f"[{address[0]}]" if ":" in address[0] else address[0]
    tell(f"http://{shown}:{server.server_address[1]}/healthz, /readyz and /metrics say how it goes")
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _server(address: tuple[str, int], watch: Watch) -> ThreadingHTTPServer:
    class Handler(_Handler):
        state = watch

    class Server(ThreadingHTTPServer):
        address_family = AF_INET6 if ":" in address[0] else ThreadingHTTPServer.address_family
        daemon_threads = True

    return Server(address, Handler)


class _Handler(BaseHTTPRequestHandler):
    state: Watch
    protocol_version = "HTTP/1.1"
    server_version = "loccit"
    sys_version = ""
    timeout = _SECONDS

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/healthz":
            self._send(200, "application/json", b'{"status": "ok"}')
        elif path == "/readyz":
            whole, told = self.state.readiness()
            self._send(200 if whole else 503, "application/json", json.dumps(told).encode())
        elif path == "/metrics":
            self._send(200, CONTENT_TYPE, self.state.meters.page())
        else:
            self._send(404, "text/plain", b"/healthz, /readyz, /metrics\n")

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Whoever watches asks every few seconds: nobody wants to read that."""
