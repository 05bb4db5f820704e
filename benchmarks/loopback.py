"""What the benchmarks fetch from: pages on disk, and a server for them on loopback, in a process of its own.

Hosts are addresses of 127.0.0.0/8, all of which answer on loopback: they are hosts to every tool alike, without DNS.
"""

import asyncio
import contextlib
import gzip
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path

_VOCABULARY = (
    "account deletion request settings privacy button page email confirm password service support within "
    "thirty days data export help section choose select close permanently contact form profile menu after "
    "before subscription cancel billing period refund policy terms cookie device browser application "
    "phone number verify identity document"
)
_PROLOGUE = (
    "<!doctype html><html lang=en><head><meta charset=utf-8><title>How to close an account {number}</title>"
    "<meta name=viewport content='width=device-width'><link rel=canonical href='/p/{number}'>{head}</head><body>"
    "<header><nav><ul>{menu}</ul></nav></header><main><article><h1>Close account {number}</h1>"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How many URLs lie on how many hosts."""

    hosts: int
    urls: int

    def addresses(self, port: int) -> Iterator[str]:
        """The URLs, a host's all in a row: the order in which a guide would list them."""
        each = -(-self.urls // self.hosts)
        for number in range(self.urls):
            yield f"http://{host_name(number // each)}:{port}/p/{number}.html#part-1"


def host_name(number: int) -> str:
    """The address of one host; thousands of them, none ending in 0 or 255."""
    return f"127.{10 + number // 62_500}.{1 + number // 250 % 250}.{1 + number % 250}"


def write_pages(folder: Path, count: int, *, sizes: tuple[int, int], seed: int = 1) -> None:
    """Pages with between `sizes` bytes of HTML, gzipped beside a plain placeholder, no two alike."""
    pages = folder / "p"
    pages.mkdir()
    for number in range(count):
        rng = random.Random(seed * 1_000_003 + number)
        html = page(number, rng.randint(*sizes), rng).encode()
        (pages / f"{number}.html.gz").write_bytes(gzip.compress(html, 5, mtime=0))
    (folder / "robots.txt.gz").write_bytes(gzip.compress(b"User-agent: *\nAllow: /\n", mtime=0))


def page(number: int, size: int, rng: random.Random) -> str:
    """An article with menus, scripts, styles, links and lists, in the proportions of real pages."""

    vocabulary = _VOCABULARY.split()

    def words(count: int) -> str:
        return " ".join(rng.choices(vocabulary, k=count))

    def link(count: int) -> str:
        return f'<a class="link link--{rng.randrange(99)}" href="/{words(1)}/{rng.randrange(9999)}">{words(count)}</a>'

    menu = "".join(f'<li class="menu__item">{link(2)}</li>' for _ in range(min(40, size // 1_000)))
    script = "".join(f"window.q=window.q||[];q.push({{k:'{words(3)}',v:{rng.random()}}});" for _ in range(size // 300))
    head = f"<style>.a{{color:#{rng.randrange(16**6):06x}}}</style><script>{script}</script>" if size > 2_000 else ""
    parts = [_PROLOGUE.format(number=number, head=head, menu=menu)]
    length = len(parts[0])
    section = 0
    while length < size:
        section += 1
        items = "".join(f"<li><span>{words(6)}</span></li>" for _ in range(rng.randrange(4)))
        cards = "".join(
            f'<div class="card card--{rng.randrange(9)}" data-id="{rng.getrandbits(64):x}"><div class="card__body">'
            f'<svg viewBox="0 0 24 24"><path d="M{rng.random()} {rng.random()}"/></svg>{link(3)}</div></div>'
            for _ in range(rng.randrange(4))
        )
        part = (
            f'<section class="section" id="part-{section}"><h2>{words(4)}</h2><p>{words(40)} <b>{words(2)}</b> '
            f"{words(30)} {link(2)}.</p><ul>{items}</ul><p>{words(50)}</p>{cards}</section>"
        )
        parts.append(part)
        length += len(part)
    parts.append("</article></main><footer><p>Imprint and privacy.</p></footer></body></html>")
    return "".join(parts)


# ---------------------------------------------------------------- servers


@contextlib.contextmanager
def serving(folder: Path, *, own: bool = False) -> Iterator[tuple[str, int]]:
    """A server over `folder`: its name and its port. nginx where there is one, unless `own` is asked for."""
    nginx = None if own else shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
    port = free_port()
    command = _nginx(nginx, folder, port) if nginx else [sys.executable, __file__, str(folder), str(port)]
    with process(command):
        wait_for(port)
        yield ("nginx" if nginx else "own"), port


@contextlib.contextmanager
def process(command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield child
    finally:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, seconds: float = 10.0) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise SystemExit(f"no server came up on port {port}")


def _nginx(program: str, folder: Path, port: int) -> list[str]:
    config = folder / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""
    config.write_text(
        f"{user} worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log error;\n"
        "worker_rlimit_nofile 65536; events { worker_connections 16384; }\n"
        "http { access_log off; default_type text/html; sendfile on; keepalive_requests 1000000;\n"
        f"client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;\n"
        f"uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;\n"
        f"server {{ listen 0.0.0.0:{port} backlog=8192; root {folder};\n"
        "gzip_static always; gunzip on; charset utf-8; } }\n",
        "utf-8",
    )
    return [program, "-c", str(config), "-p", str(folder)]


Latency = Callable[[str], float]
"""Seconds that a host (its address) takes to answer."""


class OwnServer(asyncio.Protocol):
    """HTTP/1.1 with keep-alive, in as few words as a benchmark needs; nothing here counts for the client."""

    def __init__(self, folder: Path, latency: Latency | None = None) -> None:
        self._folder = folder
        self._latency = latency
        self._held = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._held += data
        while (end := self._held.find(b"\r\n\r\n")) >= 0:
            head, self._held = self._held[:end], self._held[end + 4 :]
            self._answer(head)

    def _answer(self, head: bytes) -> None:
        assert self._transport is not None
        path = head.split(b" ", 2)[1].decode("latin-1").lstrip("/").partition("?")[0]
        file = self._folder / f"{path}.gz"
        found = ".." not in path and file.is_file()
        body = file.read_bytes() if found else b""
        status = "200 OK" if found else "404 Not Found"
        coding = "Content-Encoding: gzip\r\n" if found else ""
        date = formatdate(usegmt=True)
        answer = (
            f"HTTP/1.1 {status}\r\nDate: {date}\r\nContent-Type: text/html; charset=utf-8\r\n"
            f"{coding}Content-Length: {len(body)}\r\n\r\n"
        ).encode() + (b"" if head.startswith(b"HEAD") else body)
        host = self._transport.get_extra_info("sockname")[0]
        wait = self._latency(host) if self._latency else 0.0
        if wait:
            asyncio.get_running_loop().call_later(wait, self._transport.write, answer)
        else:
            self._transport.write(answer)


def latencies(seed: int = 7) -> Latency:
    """Answer times as they look on the web: most hosts within 50 to 400 ms, one in fifty takes two to four seconds."""

    def latency(host: str) -> float:
        rng = random.Random(f"{seed}:{host}")
        usual = rng.uniform(2.0, 4.0) if rng.random() < 0.02 else min(1.5, rng.lognormvariate(-2.0, 0.6))
        return usual * random.uniform(0.8, 1.25)

    return latency


async def _serve(folder: Path, port: int, *, slow: bool) -> None:
    latency = latencies() if slow else None
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: OwnServer(folder, latency), "0.0.0.0", port, backlog=8192)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(Path(sys.argv[1]), int(sys.argv[2]), slow="--slow" in sys.argv))
