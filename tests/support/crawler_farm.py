"""A farm of loopback servers that misbehave for real: raw sockets, and one behaviour per path."""

import asyncio
import socket
import ssl
import struct
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request as it came: its line, and its headers (names in lower case)."""

    target: str
    headers: Mapping[str, str]
    count: int
    """How often this target was asked for, this time included."""


Send = Callable[[bytes], Awaitable[None]]
Behaviour = Callable[[Asked, "Peer"], Awaitable[None]]


@dataclass(slots=True)
class Peer:
    """The server's end of one connection."""

    writer: asyncio.StreamWriter
    open: bool = True

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    def close(self) -> None:
        self.open = False
        self.writer.close()

    def reset(self) -> None:
        """Break the connection off with a RST."""
        self.open = False
        raw = self.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


def answer(
    body: bytes = b"<!doctype html><title>A page</title><p>A page about deleting accounts, with words enough.</p>",
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Behaviour:
    """A well-formed answer."""

    async def behave(asked: Asked, peer: Peer) -> None:
        fields = {"Content-Type": "text/html; charset=utf-8", "Content-Length": str(len(body)), **(headers or {})}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        await peer.send(f"HTTP/1.1 {status} X\r\n{head}\r\n".encode("latin-1") + body)

    return behave


def redirect(target: str, status: int = 302, **headers: str) -> Behaviour:
    return answer(b"", status=status, headers={"Location": target, **headers})


def raw(data: bytes, *, then: str = "close") -> Behaviour:
    """Exactly these bytes, and then `close`, `reset` or `hang`."""

    async def behave(asked: Asked, peer: Peer) -> None:
        if data:
            await peer.send(data)
        if then == "reset":
            await asyncio.sleep(0.02)
            peer.reset()
        elif then == "hang":
            await asyncio.sleep(3600)
        else:
            peer.close()

    return behave


def drip(piece: bytes, every: float, *, head: bytes = b"HTTP/1.1 200 OK\r\n\r\n") -> Behaviour:
    async def behave(asked: Asked, peer: Peer) -> None:
        await peer.send(head)
        while True:
            await peer.send(piece)
            await asyncio.sleep(every)

    return behave


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """The n-th request gets the n-th behaviour, later ones the last."""

    async def behave(asked: Asked, peer: Peer) -> None:
        await behaviours[min(asked.count, len(behaviours)) - 1](asked, peer)

    return behave


@dataclass(slots=True)
class Farm:
    """One server: `pages` maps a target (path and query) to what it does; others are 404."""

    pages: dict[str, Behaviour] = field(default_factory=dict)
    default: Behaviour = field(default_factory=lambda: answer(b"<p>no such page</p>", status=404))
    asked: list[Asked] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    connections: int = 0
    at_once: int = 0
    most_at_once: int = 0
    port: int = 0
    host: str = "127.0.0.1"
    scheme: str = "http"

    def url(self, target: str = "/") -> str:
        return f"{self.scheme}://{self.host}:{self.port}{target}"

    def targets(self) -> list[str]:
        return [one.target for one in self.asked]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        peer = Peer(writer)
        try:
            while peer.open:
                asked = await self._read(reader)
                if asked is None:
                    break
                self.at_once += 1
                self.most_at_once = max(self.most_at_once, self.at_once)
                try:
                    await self.pages.get(asked.target, self.default)(asked, peer)
                finally:
                    self.at_once -= 1
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> Asked | None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, OSError):
            return None
        line, *rest = head.decode("latin-1").rstrip("\r\n").split("\r\n")
        target = line.split(" ")[1]
        self.counts[target] += 1
        pairs = (field.partition(":") for field in rest)
        headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        asked = Asked(target=target, headers=headers, count=self.counts[target])
        self.asked.append(asked)
        return asked


@asynccontextmanager
async def running(
    pages: Mapping[str, Behaviour] | None = None,
    *,
    address: str = "127.0.0.1",
    host: str = "",
    tls: ssl.SSLContext | None = None,
    robots: Behaviour | None = None,
    default: Behaviour | None = None,
) -> AsyncIterator[Farm]:
    """A farm that serves for the length of the block; robots.txt is 404 unless said otherwise."""
    farm = Farm(pages=dict(pages or {}), host=host or (f"[{address}]" if ":" in address else address))
    if default is not None:
        farm.default = default
    if robots is not None:
        farm.pages["/robots.txt"] = robots
    farm.scheme = "https" if tls else "http"
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await farm.serve(reader, writer)
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            tasks.discard(task)

    server = await asyncio.start_server(serve, address, 0, ssl=tls)
    farm.port = server.sockets[0].getsockname()[1]
    try:
        yield farm
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class QuickClock:
    """Real time from a fixed day on; `sleep` is real as well, so the settings of a test make waits tiny."""

    def __init__(self) -> None:
        self.start = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.start + timedelta(seconds=asyncio.get_running_loop().time() % 1e7)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(seconds)


class LeapClock:
    """Time that passes only by sleeping: hours of waiting take no time at all."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.moment

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        until = self.moment + timedelta(seconds=seconds)
        await asyncio.sleep(0)
        self.moment = max(self.moment, until)
