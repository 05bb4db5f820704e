"""One connection pool per origin, because a pool looks at every connection it has at every request.

A single pool for all hosts costs time per request that grows with what is open (measured: 5 to 10 times over).
"""

import asyncio
import ssl
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import httpcore
import httpx

from crawler.guard import Guard
from crawler.policy import NetworkSettings
from crawler.streams import GuardedBackend

MAX_IDLE_POOLS = 128
"""Origins whose warm connections are kept; beyond, the one idle for longest is closed, so memory stays flat."""

KEEPALIVE = 20.0
"""Seconds that an idle connection is kept."""

POOL_SIZE = 4
"""Connections of one pool; where a host may be asked more often at once it has several, for the same reason."""

Origin = tuple[bytes, bytes, int | None, int]
"""Scheme, host, port, and which of the pools for them."""

GiveBack = Callable[[], Awaitable[None]]


@dataclass(slots=True, kw_only=True)
class _Pool:
    pool: httpcore.AsyncConnectionPool
    active: int = 0
    used: float = 0.0


class PooledTransport(httpx.AsyncBaseTransport):
    """Sends one request over the pool of its origin; raises what httpcore, ssl and the sockets raise.

    The request's extension `fresh` asks for a new connection, HTTP/1.1, closed afterwards. Neither cookies nor
    redirects nor content codings are handled here. With a proxy the guard cannot choose the address that is dialled:
    the target's name is looked up and its addresses checked all the same (`vet`), names that only the proxy can
    resolve are left to it, and the proxy's own address is not checked, since the operator chose it.
    """

    def __init__(self, network: NetworkSettings, guard: Guard, *, per_host: int) -> None:
        """Raises `OSError` (of which `ssl.SSLError` is one) for an unreadable CA file, `ValueError` for a bad proxy."""
        self._guard = guard
        self._per_host = per_host
        self._tls = tls_context(network.ca_file)
        self._proxy = _proxy(network.proxy) if network.proxy else None
        self._backend = GuardedBackend(guard, trusted=self._proxy is not None)
        self._pools: OrderedDict[Origin, _Pool] = OrderedDict()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        if self._proxy is not None:
            await self._vet(url.host, url.port or (443 if url.scheme == "https" else 80))
        fresh = bool(request.extensions.get("fresh"))
        pool = _Pool(pool=self._new_pool(http2=False)) if fresh else self._pool(url)
        pool.active += 1
        try:
            answer = await pool.pool.handle_async_request(_core_request(request))
        except BaseException:
            await self._give_back(pool, fresh=fresh)
            raise
        stream = _Body(answer, lambda: self._give_back(pool, fresh=fresh))
        return httpx.Response(answer.status, headers=answer.headers, stream=stream, extensions=answer.extensions)

    async def aclose(self) -> None:
        pools, self._pools = list(self._pools.values()), OrderedDict()
        for pool in pools:
            await pool.pool.aclose()

    async def _vet(self, host: str, port: int) -> None:
        try:
            await self._guard.endpoints(host, port)
        except OSError:  # no such name here: only the proxy can tell
            return

    def _new_pool(self, *, http2: bool) -> httpcore.AsyncConnectionPool:
        return httpcore.AsyncConnectionPool(
            ssl_context=self._tls,
            proxy=self._proxy,
            max_connections=min(self._per_host, POOL_SIZE),
            keepalive_expiry=KEEPALIVE,
            http2=http2,
            network_backend=self._backend,
        )

    def _pool(self, url: httpx.URL) -> _Pool:
        """The first pool of an origin that has a connection to spare, so that warm ones are used first."""
        part = 0
        while True:
            origin = (url.raw_scheme, url.raw_host, url.port, part)
            pool = self._pools.get(origin)
            if pool is None:
                pool = self._pools[origin] = _Pool(pool=self._new_pool(http2=True))
            if pool.active < POOL_SIZE or (part + 1) * POOL_SIZE >= self._per_host:
                self._pools.move_to_end(origin)
                return pool
            part += 1

    async def _give_back(self, pool: _Pool, *, fresh: bool) -> None:
        pool.active -= 1
        now = pool.used = asyncio.get_running_loop().time()
        if fresh:
            await pool.pool.aclose()
        await self._close_idle(now)

    async def _close_idle(self, now: float) -> None:
        """Close what has been idle for too long, or is one too many: the least recently used come first."""
        surplus = len(self._pools) - MAX_IDLE_POOLS
        stale: list[Origin] = []
        for origin, pool in self._pools.items():
            if surplus <= 0 and now - pool.used < KEEPALIVE:
                break
            if not pool.active:
                stale.append(origin)
                surplus -= 1
        for pool in [self._pools.pop(origin) for origin in stale]:
            await pool.pool.aclose()


class _Body(httpx.AsyncByteStream):
    """A body that gives its pool back when it is closed, however far it was read."""

    def __init__(self, answer: httpcore.Response, give_back: GiveBack) -> None:
        self._answer = answer
        self._give_back: GiveBack | None = give_back

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._answer.aiter_stream():
            yield part

    async def aclose(self) -> None:
        give_back, self._give_back = self._give_back, None
        if give_back is None:
            return
        try:
            await self._answer.aclose()
        finally:
            await give_back()


def tls_context(ca_file: str) -> ssl.SSLContext:
    """The machine's trusted authorities, and one more where a file names it. Making one costs more than a request."""
    context = ssl.create_default_context()
    if ca_file:
        context.load_verify_locations(cafile=str(Path(ca_file)))
    return context


def _proxy(address: str) -> httpcore.Proxy:
    url = httpx.URL(address)
    if url.scheme not in ("http", "https") or not url.host:
        raise ValueError("network.proxy needs http://host:port or https://host:port")
    auth = (url.username, url.password) if url.username or url.password else None
    return httpcore.Proxy(httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=b"/"), auth=auth)


def _core_request(request: httpx.Request) -> httpcore.Request:
    # Set in the URL and not handed on as httpcore's extension: that would replace a forward proxy's absolute form.
    extensions = dict(request.extensions)
    target = extensions.pop("target", request.url.raw_path)
    url = httpcore.URL(
        scheme=request.url.raw_scheme,
        host=request.url.raw_host,
        port=request.url.port,
        target=target,
    )
    return httpcore.Request(
        method=request.method,
        url=url,
        headers=request.headers.raw,
        content=request.stream,
        extensions=extensions,
    )
