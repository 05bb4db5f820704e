"""Certificates that are not as they should be: what the fetcher says of each."""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from crawler_farm import answer, running
from crawler_fetches import LOOPBACK, PAGE, get, kind

from crawler.model import (
    Attempt,
    Fetched,
)
from crawler.policy import NetworkSettings


def certificate(
    ca: trustme.CA, path: Path, host: str, *, until: datetime | None = None
) -> tuple[ssl.SSLContext, NetworkSettings]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(host, not_after=until).configure_cert(context)
    return context, NetworkSettings(allow=("127.0.0.0/24",), ca_file=str(path))


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    return trustme.CA()


class TestTls:
    def visit(self, context: ssl.SSLContext, network: NetworkSettings) -> Attempt:
        async def go() -> Attempt:
            async with running({"/page": answer(PAGE)}, tls=context) as farm:
                return await get(farm.url("/page"), network=network)

        return asyncio.run(go())

    def test_each_kind(self, ca: trustme.CA, tmp_path: Path) -> None:
        file = tmp_path / "ca.pem"
        ca.cert_pem.write_to_path(str(file))
        context, network = certificate(ca, file, "127.0.0.1")
        good = self.visit(context, network)
        assert isinstance(good, Fetched)
        assert good.tls_expires is not None
        assert good.tls_expires > datetime.now(UTC)
        assert kind(self.visit(context, LOOPBACK)) == "tls-untrusted"
        assert kind(self.visit(certificate(ca, file, "other.example")[0], network)) == "tls-hostname"
        past = datetime.now(UTC) - timedelta(days=1)
        assert kind(self.visit(certificate(ca, file, "127.0.0.1", until=past)[0], network)) == "tls-expired"

    def test_a_server_without_tls(self) -> None:
        async def go() -> Attempt:
            async with running(default=answer(PAGE)) as farm:
                return await get(f"https://127.0.0.1:{farm.port}/")

        assert kind(asyncio.run(go())) in ("tls-error", "connection-reset", "timeout")

    def test_a_server_that_hangs_up_within_the_handshake(self) -> None:
        async def go() -> Attempt:
            server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
            async with server:
                return await get(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/")

        assert kind(asyncio.run(go())) in ("tls-error", "connection-reset")

    def test_a_server_that_breaks_off_the_handshake_is_there(self) -> None:
        async def drop(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(1)
            writer.transport.abort()

        async def go() -> Attempt:
            server = await asyncio.start_server(drop, "127.0.0.1", 0)
            async with server:
                return await get(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/")

        assert kind(asyncio.run(go())) == "tls-error"
