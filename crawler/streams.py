"""Connections for httpcore straight on asyncio's transports, dialled only to addresses that the guard has checked."""

# ruff: noqa: ARG002, ASYNC109 (the signatures are httpcore's)

import asyncio
import ssl
from collections.abc import Iterable, Sequence
from typing import Any

import httpcore

from crawler.guard import Endpoint, Guard

HAPPY_EYEBALLS_DELAY = 0.25
"""Seconds before the next address is tried beside the first (RFC 8305, section 5)."""

_HIGH_WATER = 256 * 1024


class ClosedEarlyError(ConnectionResetError):
    """The server closed the connection without answering at all."""


class _Socket(asyncio.Protocol):
    """Bytes from the loop, kept until read; the sender is held back while more than 256 KiB wait."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.buffer = bytearray()
        self.ended = False
        self.error: Exception | None = None
        self.heard = False
        self._reader: asyncio.Future[None] | None = None
        self._drained: asyncio.Future[None] | None = None
        self._paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        self.heard = True
        if len(self.buffer) > _HIGH_WATER and not self._paused and self.transport is not None:
            self._paused = True
            self.transport.pause_reading()
        self._wake()

    def eof_received(self) -> bool:
        self.ended = True
        self._wake()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended, self.error = True, exc or self.error
        self._wake()
        self._release()

    def pause_writing(self) -> None:
        self._drained = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        self._release()

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    def _release(self) -> None:
        waiter, self._drained = self._drained, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    async def take(self, limit: int) -> bytes:
        while not self.buffer and not self.ended:
            self._reader = asyncio.get_running_loop().create_future()
            await self._reader
        if not self.buffer and self.error is not None:
            raise self.error
        if not self.buffer and not self.heard:
            raise ClosedEarlyError("the connection was closed without an answer")
        data = bytes(self.buffer[:limit])
        del self.buffer[:limit]
        if self._paused and self.transport is not None and len(self.buffer) <= _HIGH_WATER // 2 and not self.ended:
            self._paused = False
            self.transport.resume_reading()
        return data

    async def drain(self) -> None:
        if self._drained is not None:
            await self._drained


class SocketStream(httpcore.AsyncNetworkStream):
    """One connection. Raises `OSError`, `ssl.SSLError` and `TimeoutError` as they are."""

    def __init__(self, protocol: _Socket) -> None:
        self._protocol = protocol

    @property
    def _transport(self) -> asyncio.Transport:
        assert self._protocol.transport is not None
        return self._protocol.transport

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if timeout is None:
            return await self._protocol.take(max_bytes)
        async with asyncio.timeout(timeout):
            return await self._protocol.take(max_bytes)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if not buffer:
            return
        if self._protocol.ended:
            raise httpcore.WriteError("the connection is closed")
        self._protocol.heard = False
        self._transport.write(buffer)
        async with asyncio.timeout(timeout):
            await self._protocol.drain()

    async def aclose(self) -> None:
        # abort, not close: a closing TLS shutdown would wait for a peer that may never answer
        self._transport.abort()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> "SocketStream":
        loop = asyncio.get_running_loop()
        inner = _Socket()
        try:
            async with asyncio.timeout(timeout):
                transport = await loop.start_tls(
                    self._transport, inner, ssl_context, server_hostname=server_hostname, ssl_handshake_timeout=3600
                )
        except BaseException:
            self._transport.abort()
            raise
        if transport is None:  # the peer hung up within the handshake
            raise ClosedEarlyError("the connection was closed within the TLS handshake")
        inner.transport = transport
        return SocketStream(inner)

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":
            return self._protocol.ended or bool(self._protocol.buffer)
        names = {"ssl_object": "ssl_object", "client_addr": "sockname", "server_addr": "peername", "socket": "socket"}
        return self._transport.get_extra_info(names[info]) if info in names else None


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Dials hosts by way of the guard; `trusted` hosts (the operator's own proxy) go unchecked."""

    def __init__(self, guard: Guard, *, trusted: bool = False) -> None:
        self._guard = guard
        self._trusted = trusted

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> SocketStream:
        async with asyncio.timeout(timeout):
            if self._trusted:
                return SocketStream(await _dial(Endpoint(address=host, port=port)))
            return SocketStream(await _first_of(await self._guard.endpoints(host, port)))

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None
    ) -> SocketStream:
        raise httpcore.UnsupportedProtocol("sources are never read from a local socket")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def _dial(endpoint: Endpoint) -> _Socket:
    loop = asyncio.get_running_loop()
    _, protocol = await loop.create_connection(_Socket, endpoint.address, endpoint.port)
    return protocol


async def _first_of(endpoints: Sequence[Endpoint]) -> _Socket:
    """The first connection that stands, each address a head start of a quarter second (RFC 8305)."""
    if len(endpoints) == 1:
        return await _dial(endpoints[0])
    waiting = list(endpoints)
    dialling: set[asyncio.Task[_Socket]] = set()
    errors: list[BaseException] = []
    try:
        while waiting or dialling:
            if waiting:
                dialling.add(asyncio.create_task(_dial(waiting.pop(0))))
            pause = HAPPY_EYEBALLS_DELAY if waiting else None
            done, dialling = await asyncio.wait(dialling, timeout=pause, return_when=asyncio.FIRST_COMPLETED)
            won = [task for task in done if task.exception() is None]
            errors += [error for task in done if (error := task.exception()) is not None]
            for extra in won[1:]:
                _hang_up(extra)
            if won:
                return won[0].result()
    finally:
        for task in dialling:
            task.add_done_callback(_hang_up)
            task.cancel()
    raise errors[0]


def _hang_up(task: "asyncio.Task[_Socket]") -> None:
    if not task.cancelled() and task.exception() is None and (transport := task.result().transport) is not None:
        transport.abort()
