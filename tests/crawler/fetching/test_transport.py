"""HTTP/2, proxies, and connections that are not left behind."""

# ruff: noqa: SIM117 (a fetcher stands within the servers it asks)

import asyncio
import os
import ssl
from collections.abc import Sequence
from pathlib import Path

import h2.config
import h2.connection
import h2.events
import pytest
import trustme
from crawler_farm import Asked, Peer, QuickClock, answer, drip, raw, running

from crawler.fetch import HttpFetcher
from crawler.model import Attempt, Fetched, FetchOrder, Refused
from crawler.policy import CrawlSettings, NetworkSettings

QUICK = CrawlSettings(delay=0.0, timeout=2.0, retries=0, respect_robots=False)


async def speak_h2(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A small HTTP/2 server: tells what it was asked for, in a body too large for the first window."""
    state = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding=False))
    state.initiate_connection()
    writer.write(state.data_to_send())
    while data := await reader.read(65_536):
        for event in state.receive_data(data):
            if isinstance(event, h2.events.RequestReceived) and event.stream_id:
                fields = dict(event.headers or [])
                body = fields[b":authority"] + b" " + fields[b":path"] + b" " + b"x" * 10_000
                state.send_headers(event.stream_id, [(":status", "200"), ("content-type", "text/html")])
                state.send_data(event.stream_id, body, end_stream=True)
        writer.write(state.data_to_send())
        await writer.drain()
    writer.close()


def test_http2_where_it_is_offered(tmp_path: Path) -> None:
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("two.example").configure_cert(context)
    context.set_alpn_protocols(["h2"])

    async def go() -> list[Attempt]:
        server = await asyncio.start_server(speak_h2, "127.0.0.1", 0, ssl=context)
        port = server.sockets[0].getsockname()[1]
        network = NetworkSettings(
            allow=("127.0.0.0/24",),
            ca_file=str(tmp_path / "ca.pem"),
            connect_to={"two.example:443": f"127.0.0.1:{port}"},
        )
        async with server, HttpFetcher(QUICK, network, QuickClock()) as fetcher:
            orders = [FetchOrder(url=f"https://two.example/a|{n}?q=1") for n in range(5)]
            return list(await asyncio.gather(*(fetcher.fetch(order) for order in orders)))

    for number, attempt in enumerate(asyncio.run(go())):
        assert isinstance(attempt, Fetched), attempt
        assert attempt.body.startswith(f"two.example /a|{number}?q=1 ".encode())


class TestProxy:
    def visit(self, url: str, *, answers: Sequence[str] = ("127.0.0.1",)) -> tuple[Attempt, list[Asked]]:
        async def resolver(host: str, port: int) -> Sequence[str]:
            return answers

        async def go() -> tuple[Attempt, list[Asked]]:
            async with running(default=answer()) as proxy:
                network = NetworkSettings(allow=("127.0.0.0/24",), proxy=proxy.url("/"))
                async with HttpFetcher(QUICK, network, QuickClock(), resolver=resolver) as fetcher:
                    return await fetcher.fetch(FetchOrder(url=url)), proxy.asked

        return asyncio.run(go())

    def test_is_asked_for_the_whole_address(self) -> None:
        attempt, asked = self.visit("http://x.example/page?q=1")
        assert isinstance(attempt, Fetched)
        assert [one.target for one in asked] == ["http://x.example/page?q=1"]

    @pytest.mark.parametrize("url", ["http://127.9.9.9/", "http://[::ffff:127.9.9.9]/", "http://10.example/"])
    def test_targets_are_checked_all_the_same(self, url: str) -> None:
        attempt, asked = self.visit(url, answers=("127.9.9.9",))
        assert isinstance(attempt, Refused)
        assert asked == []

    @pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1", "nonsense", "http://"])
    def test_one_that_cannot_be_used_is_told_at_once(self, proxy: str) -> None:
        with pytest.raises(ValueError, match=r"network\.proxy"):
            HttpFetcher(QUICK, NetworkSettings(proxy=proxy), QuickClock())


def test_a_ca_file_that_is_none_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nonsense")
    for name in ("ca.pem", "absent.pem"):
        with pytest.raises(OSError, match=r".+"):
            HttpFetcher(QUICK, NetworkSettings(ca_file=str(tmp_path / name)), QuickClock())


def test_no_connection_is_left_behind() -> None:
    """Whatever happened to them: finished, cut off, timed out, cancelled."""

    async def nothing(asked: Asked, peer: Peer) -> None:
        await asyncio.sleep(3600)

    async def go() -> tuple[int, int]:
        crawl = CrawlSettings(delay=0.0, timeout=0.05, retries=0, respect_robots=False, max_bytes=1_000)
        pages = {"/ok": answer(), "/big": drip(b"x" * 5_000, 0.001), "/hang": nothing, "/bad": raw(b"rubbish")}
        async with running(pages) as farm:
            before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 (a handful of entries)
            async with HttpFetcher(crawl, NetworkSettings(allow=("127.0.0.0/24",)), QuickClock()) as fetcher:
                for _ in range(10):
                    orders = [FetchOrder(url=farm.url(path), attempt=n, fresh=n > 2) for path in pages for n in (1, 3)]
                    tasks = [asyncio.create_task(fetcher.fetch(order)) for order in orders]
                    await asyncio.sleep(0.01)
                    tasks[-1].cancel()
                    tasks[4].cancel()
                    await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.sleep(0.05)
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()
            await asyncio.sleep(0.05)
            return before, len(os.listdir("/proc/self/fd"))  # noqa: PTH208

    before, after = asyncio.run(go())
    assert after <= before + 1


def test_a_cancelled_fetch_stops_at_once() -> None:
    async def go() -> Attempt | None:
        async with running({"/hang": raw(b"", then="hang")}) as farm:
            async with HttpFetcher(QUICK, NetworkSettings(allow=("127.0.0.0/24",)), QuickClock()) as fetcher:
                try:
                    async with asyncio.timeout(0.05):
                        return await fetcher.fetch(FetchOrder(url=farm.url("/hang")))
                except TimeoutError:
                    return None

    assert asyncio.run(go()) is None


def test_many_requests_to_one_host_at_once_reuse_warm_connections() -> None:
    async def go() -> tuple[int, int]:
        async with running({"/x": answer(b"page")}) as farm:
            network = NetworkSettings(allow=("127.0.0.0/8",))
            crawl = CrawlSettings(delay=0.0, per_host=16, concurrency=16, respect_robots=False)
            async with HttpFetcher(crawl, network, QuickClock()) as fetcher:
                for _ in range(10):
                    found = await asyncio.gather(*(fetcher.fetch(FetchOrder(url=farm.url("/x"))) for _ in range(16)))
                    assert all(isinstance(one, Fetched) and one.body == b"page" for one in found)
            return farm.connections, len(farm.asked)

    connections, asked = asyncio.run(go())
    assert asked == 160 and connections <= 16
