"""The fetcher against servers that misbehave: what comes of each, in bounded time."""

import asyncio
import gzip
import socket
import time
import zlib
from collections.abc import Sequence

import brotli  # type: ignore[import-untyped]
import pytest
import zstandard
from crawler_farm import Behaviour, Farm, QuickClock, answer, drip, in_turn, raw, redirect, running
from crawler_fetches import LOOPBACK, PAGE, QUICK, get, kind, visit

from crawler.exchange import CookieJar
from crawler.fetch import HttpFetcher
from crawler.model import (
    Attempt,
    Failed,
    Fetched,
    FetchOrder,
    NotModified,
    Validators,
)
from crawler.policy import CrawlSettings
from crawler.urls import ResourceUrl, resource_url


class TestAnswers:
    @pytest.mark.parametrize("status", [200, 204, 206, 304, 401, 403, 404, 410, 429, 451, 500, 503, 999])
    def test_every_status_is_an_answer(self, status: int) -> None:
        body = b"" if status in (204, 304) else b"<p>x</p>"
        attempt = visit(answer(body, status=status))
        assert isinstance(attempt, Fetched)
        assert (attempt.status, attempt.body) == (status, body)

    def test_a_page_comes_whole_with_headers_in_lower_case(self) -> None:
        attempt = visit(answer(PAGE, headers={"X-One": "1"}))
        assert isinstance(attempt, Fetched)
        assert attempt.body == PAGE
        assert attempt.header("x-one") == "1"
        assert len(attempt.digest) == 64
        assert attempt.hops == ()

    def test_a_body_that_ends_with_the_connection(self) -> None:
        attempt = visit(raw(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>old style</p>"))
        assert isinstance(attempt, Fetched)
        assert attempt.body == b"<p>old style</p>"

    def test_folded_headers_are_read(self) -> None:
        attempt = visit(raw(b"HTTP/1.1 200 OK\r\nX-Long: one\r\n two\r\nContent-Length: 2\r\n\r\nok"))
        assert isinstance(attempt, Fetched)
        assert attempt.header("x-long") == "one two"

    def test_header_values_cannot_break_a_line(self) -> None:
        attempt = visit(raw(b"HTTP/1.1 200 OK\r\nX-A: \xe2\x80\xae \x85x\r\nContent-Length: 2\r\n\r\nok"))
        if isinstance(attempt, Fetched):
            assert attempt.header("x-a").isprintable()


class TestMisbehaviour:
    @pytest.mark.parametrize(
        ("behaviour", "expected"),
        [
            (raw(b""), "connection-reset"),
            (raw(b"", then="reset"), "connection-reset"),
            (raw(b"HTTP/1.1 200 OK\r\nContent-Le", then="reset"), "connection-reset"),
            (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", then="reset"), "connection-reset"),
            (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"), "protocol-error"),
            (raw(b"HTTP/1.1 200 OK\r\nContent-Length: -4\r\n\r\nhalf"), "protocol-error"),
            (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"), "protocol-error"),
            (raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"), "protocol-error"),
            (raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab"), "protocol-error"),
            (raw(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(PAGE)[:-20]), "protocol-error"),
            (raw(b"<p>HTTP/0.9</p>"), "protocol-error"),
            (raw(b"SSH-2.0-OpenSSH_9.2\r\n"), "protocol-error"),
            (raw(b"HTTP/1.1 200 OK\r\n" + b"X-Many: 1\r\n" * 100_000 + b"\r\n"), "protocol-error"),
            (raw(b"HTTP/1.1 200 OK\r\nX-Big: " + b"x" * 2_000_000 + b"\r\n\r\n"), "protocol-error"),
            (raw(b"HTTP/1.1 99999 What\r\n\r\n"), "protocol-error"),
            (raw(b"HTTP/1.1 100 Continue\r\n\r\n" * 20), "connection-reset,protocol-error"),
        ],
    )
    def test_is_a_failure_of_its_kind(self, behaviour: Behaviour, expected: str) -> None:
        assert kind(visit(behaviour)) in expected.split(",")

    def test_a_closed_port_refuses(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        attempt = asyncio.run(get(f"http://127.0.0.1:{port}/"))
        assert kind(attempt) == "connect-refused"

    @pytest.mark.parametrize(
        "behaviour",
        [
            raw(b"", then="hang"),
            raw(b"HTTP/1.1 200 OK\r\n", then="hang"),
            drip(b"x", 0.01),
            drip(b"HTTP/1.1 100 Continue\r\n\r\n", 0.01, head=b""),
            drip(b"X-A: b\r\n", 0.01, head=b"HTTP/1.1 200 OK\r\n"),
        ],
    )
    def test_the_deadline_holds_however_busy_the_server_looks(self, behaviour: Behaviour) -> None:
        start = time.monotonic()
        attempt = visit(behaviour, crawl=CrawlSettings(delay=0, timeout=0.4, retries=2, retry_wait=0.01))
        assert kind(attempt) == "timeout"
        assert isinstance(attempt, Failed)
        assert attempt.connected
        assert time.monotonic() - start < 2

    def test_the_deadline_is_for_the_whole_chain(self) -> None:
        async def slow(asked: object, peer: object) -> None:
            await asyncio.sleep(0.15)
            await redirect(f"/page?{id(asked)}")(asked, peer)  # type: ignore[arg-type]

        async def go() -> Attempt:
            async with running(default=slow, robots=answer(b"", status=404)) as farm:
                return await get(farm.url("/page"), crawl=CrawlSettings(delay=0, timeout=0.5, retries=0))

        assert kind(asyncio.run(go())) == "timeout"


def encoded(name: str, body: bytes) -> bytes:
    match name:
        case "gzip":
            return gzip.compress(body)
        case "deflate":
            return zlib.compress(body)
        case "raw-deflate":
            packer = zlib.compressobj(9, zlib.DEFLATED, -15)
            return packer.compress(body) + packer.flush()
        case "br":
            return bytes(brotli.compress(body, quality=5))
        case "zstd":
            return zstandard.ZstdCompressor().compress(body)
        case _:
            raise AssertionError(name)


class TestCodings:
    @pytest.mark.parametrize("name", ["gzip", "deflate", "raw-deflate", "br", "zstd"])
    def test_are_undone(self, name: str) -> None:
        data = encoded(name, PAGE)
        attempt = visit(answer(data, headers={"Content-Encoding": name.removeprefix("raw-")}))
        assert isinstance(attempt, Fetched)
        assert attempt.body == PAGE

    @pytest.mark.parametrize("name", ["gzip", "deflate", "br", "zstd"])
    def test_bombs_do_not_go_off(self, name: str) -> None:
        bomb = encoded(name, b"\0" * 60_000_000)
        start = time.monotonic()
        assert kind(visit(answer(bomb, headers={"Content-Encoding": name}))) == "decompression-bomb"
        assert time.monotonic() - start < 2

    @pytest.mark.parametrize("size", [200_001, 5_000_000])
    def test_too_large_is_cut_off(self, size: int) -> None:
        assert kind(visit(answer(b"x" * size))) == "too-large"

    def test_too_large_without_a_length_is_cut_off(self) -> None:
        assert kind(visit(drip(b"x" * 50_000, 0.001))) == "too-large"

    def test_an_encoding_that_is_none_is_no_answer(self) -> None:
        assert kind(visit(answer(PAGE, headers={"Content-Encoding": "gzip"}))) == "protocol-error"


class TestRedirects:
    def test_are_followed_and_recorded(self) -> None:
        async def go() -> tuple[Attempt, Farm]:
            pages = {"/a": redirect("/b", 301), "/b": redirect("c?x=1#frag", 307), "/c?x=1": answer(PAGE)}
            async with running(pages) as farm:
                return await get(farm.url("/a")), farm

        attempt, farm = asyncio.run(go())
        assert isinstance(attempt, Fetched)
        assert [(hop.status, hop.target) for hop in attempt.hops] == [(301, farm.url("/b")), (307, farm.url("/c?x=1"))]
        assert (attempt.url, attempt.final_url) == (farm.url("/a"), farm.url("/c?x=1"))

    def test_loops_end(self) -> None:
        attempt = visit(redirect("/page"))
        assert kind(attempt) == "redirect-loop"

    def test_endless_chains_end(self) -> None:
        async def onward(asked: object, peer: object) -> None:
            await redirect(f"/{id(asked)}")(asked, peer)  # type: ignore[arg-type]

        async def go() -> tuple[Attempt, int]:
            async with running(default=onward, robots=answer(b"", status=404)) as farm:
                return await get(farm.url("/a")), len(farm.asked)

        attempt, asked = asyncio.run(go())
        assert kind(attempt) == "redirect-loop"
        assert asked <= 13

    @pytest.mark.parametrize(
        ("target", "expected"),
        [
            ("file:///etc/passwd", "unsupported-scheme"),
            ("javascript:alert(1)", "unsupported-scheme"),
            ("http://127.9.9.9/", "forbidden-address"),
            ("http://[::ffff:127.9.9.9]/", "forbidden-address"),
            ("http://2130708745/", "forbidden-address"),
            ("http://a b/", "malformed-url"),
            ("http:\\\\127.9.9.9\\", "forbidden-address"),
        ],
    )
    def test_to_where_nobody_may_go_are_not_followed(self, target: str, expected: str) -> None:
        attempt = visit(redirect(target))
        assert kind(attempt) == expected
        assert len(attempt.hops) == 1

    def test_a_cookie_wall_that_redirects_to_itself_is_passed(self) -> None:
        async def wall(asked: object, peer: object) -> None:
            ready = "seen=1" in asked.headers.get("cookie", "")  # type: ignore[attr-defined]
            step = answer(PAGE) if ready else redirect("/page", 302, **{"Set-Cookie": "seen=1; Path=/; Secure"})
            await step(asked, peer)  # type: ignore[arg-type]

        assert isinstance(visit(wall), Fetched)

    def test_half_a_pdf_is_no_download(self) -> None:
        """A film that is too large is there; a document that cannot be read to its end says nothing."""
        for start, expected in ((b"%PDF-1.7\n", "too-large"), (b"\0\0\0\x18ftyp", "Fetched")):
            behaviour = answer(start + b"x" * 300_000, headers={"Content-Type": "application/octet-stream"})
            assert kind(visit(behaviour)) == expected

    def test_a_cookie_for_a_domain_goes_to_the_hosts_in_it(self) -> None:
        jar, at = CookieJar(), resource_url
        first, beside = at("https://login.x.example/"), at("https://www.x.example/")
        plain, other = at("http://www.x.example/"), at("https://x.example.org/")
        assert all(isinstance(one, ResourceUrl) for one in (first, beside, plain, other))
        said = ("seen=1; Path=/; domain=X.example", "secret=2; Domain=.x.example; Secure", "own=3")
        others = ("far=4; Domain=y.example", "all=5; Domain=example", "not=6; Domain=in.x.example")
        jar.take(first, tuple(("set-cookie", one) for one in said + others))  # type: ignore[arg-type]
        assert jar.header(beside) == "seen=1; secret=2"  # type: ignore[arg-type]
        assert jar.header(plain) == "seen=1"  # type: ignore[arg-type]
        assert jar.header(other) == ""  # type: ignore[arg-type]
        assert "own=3" in jar.header(first)  # type: ignore[arg-type]

    def test_cookies_stay_with_their_host_and_die_with_the_chain(self) -> None:
        async def go() -> tuple[Farm, Farm]:
            async with running({"/other": answer(PAGE)}, address="127.0.0.2") as other:
                hop = redirect(other.url("/other"), 302, **{"Set-Cookie": "secret=1"})
                async with running({"/page": hop}) as farm:
                    async with HttpFetcher(QUICK, LOOPBACK, QuickClock()) as fetcher:
                        await fetcher.fetch(FetchOrder(url=farm.url("/page")))
                        await fetcher.fetch(FetchOrder(url=farm.url("/page")))
                    return farm, other

        farm, other = asyncio.run(go())
        assert all("cookie" not in one.headers for one in farm.asked + other.asked)

    def test_a_redirect_without_target_is_an_answer(self) -> None:
        attempt = visit(answer(b"", status=302))
        assert isinstance(attempt, Fetched)
        assert attempt.status == 302


class TestWhatIsSent:
    def asked(self, order: FetchOrder | None = None, target: str = "/page") -> dict[str, str]:
        async def go() -> dict[str, str]:
            async with running({target: answer(PAGE)}) as farm:
                mine = order or FetchOrder(url=farm.url(target))
                await get(
                    "",
                    order=FetchOrder(
                        url=farm.url(target), validators=mine.validators, attempt=mine.attempt, fresh=mine.fresh
                    ),
                )
                return dict(farm.asked[-1].headers)

        return asyncio.run(go())

    def test_honest_and_fixed_headers(self) -> None:
        headers = self.asked()
        assert headers["user-agent"] == QUICK.user_agent
        assert headers["accept-language"] == "en"
        assert headers["accept-encoding"] == "gzip, deflate, br, zstd"

    def test_the_last_attempt_is_plain_and_fresh(self) -> None:
        headers = self.asked(FetchOrder(url="x", attempt=3, fresh=True, validators=Validators(etag='"a"')))
        assert headers["connection"] == "close"
        assert headers["accept-encoding"] == "identity"
        assert "if-none-match" not in headers

    def test_validators_go_to_the_first_address_only(self) -> None:
        async def go() -> Farm:
            async with running({"/page": redirect("/to"), "/to": answer(PAGE)}) as farm:
                validators = Validators(etag='"one"', last_modified="Sun, 01 Mar 2026 00:00:00 GMT")
                await get("", order=FetchOrder(url=farm.url("/page"), validators=validators))
                return farm

        first, second = [one.headers for one in asyncio.run(go()).asked if one.target != "/robots.txt"]
        assert first["if-none-match"] == '"one"'
        assert "if-modified-since" in first
        assert "if-none-match" not in second

    def test_not_modified_only_where_it_was_asked_for(self) -> None:
        async def go(validators: Validators) -> Attempt:
            async with running({"/page": answer(b"", status=304)}) as farm:
                return await get("", order=FetchOrder(url=farm.url("/page"), validators=validators))

        assert isinstance(asyncio.run(go(Validators(etag='"one"'))), NotModified)
        assert isinstance(asyncio.run(go(Validators())), Fetched)

    @pytest.mark.parametrize("etag", ['"a"\r\nX-Evil: 1', "ü", "x" * 5_000])
    def test_a_hostile_etag_is_not_sent_back(self, etag: str) -> None:
        assert "if-none-match" not in self.asked(FetchOrder(url="x", validators=Validators(etag=etag)))

    def test_credentials_are_neither_sent_nor_kept(self) -> None:
        async def go() -> tuple[Attempt, Farm]:
            async with running({"/page": answer(PAGE)}) as farm:
                return await get(farm.url("/page").replace("http://", "http://me:secret@")), farm

        attempt, farm = asyncio.run(go())
        assert "secret" not in repr(attempt)
        assert all("authorization" not in one.headers for one in farm.asked)

    @pytest.mark.parametrize("target", ["/a|b^c", "/%zz", "/a%2Fb?x=%20y", "/ä", "/..%2f..//x;y=1", "/'\"<>`{}"])
    def test_the_target_is_what_the_url_parser_made_of_it(self, target: str) -> None:
        from crawler.urls import ResourceUrl, resource_url

        async def go() -> tuple[str, Farm]:
            async with running(default=answer(PAGE), robots=answer(b"", status=404)) as farm:
                await get(farm.url(target))
                parsed = resource_url(farm.url(target))
                assert isinstance(parsed, ResourceUrl)
                return parsed.target, farm

        wanted, farm = asyncio.run(go())
        assert farm.asked[-1].target == wanted


class TestRetries:
    def test_what_passes_is_tried_again(self) -> None:
        crawl = CrawlSettings(delay=0, retries=2, retry_wait=0.01, max_retry_after=0.02)
        flapping = in_turn(raw(b"", then="reset"), answer(b"", status=503), answer(PAGE))
        attempt = visit(flapping, crawl=crawl)
        assert isinstance(attempt, Fetched)
        assert attempt.status == 200

    @pytest.mark.parametrize(("status", "asked"), [(404, 1), (403, 1), (500, 3)])
    def test_only_what_may_pass(self, status: int, asked: int) -> None:
        async def go() -> int:
            async with running({"/page": answer(b"", status=status)}) as farm:
                await get(farm.url("/page"), crawl=CrawlSettings(delay=0, retries=2, retry_wait=0.01))
                return farm.counts["/page"]

        assert asyncio.run(go()) == asked

    def test_a_long_retry_after_is_not_waited_for(self) -> None:
        async def go() -> int:
            limited = answer(b"", status=429, headers={"Retry-After": "3600"})
            async with running({"/page": limited}) as farm:
                await get(farm.url("/page"), crawl=CrawlSettings(delay=0, retries=2, retry_wait=0.01))
                return farm.counts["/page"]

        assert asyncio.run(go()) == 1

    def test_a_second_look_has_no_retries(self) -> None:
        async def go() -> int:
            async with running({"/page": answer(b"", status=500)}) as farm:
                crawl = CrawlSettings(delay=0, retries=2, retry_wait=0.01)
                await get("", crawl=crawl, order=FetchOrder(url=farm.url("/page"), attempt=2))
                return farm.counts["/page"]

        assert asyncio.run(go()) == 1

    def test_a_kept_connection_that_was_closed_meanwhile_is_no_failure(self) -> None:
        async def go() -> Attempt:
            dying = in_turn(answer(PAGE), raw(b""), answer(PAGE))
            async with (
                running({"/page": dying}) as farm,
                HttpFetcher(QUICK, LOOPBACK, QuickClock()) as fetcher,
            ):
                await fetcher.fetch(FetchOrder(url=farm.url("/page")))
                return await fetcher.fetch(FetchOrder(url=farm.url("/page")))

        assert isinstance(asyncio.run(go()), Fetched)

    def test_connections_are_used_again(self) -> None:
        async def go() -> Farm:
            async with running(default=answer(PAGE), robots=answer(b"", status=404)) as farm:
                async with HttpFetcher(QUICK, LOOPBACK, QuickClock()) as fetcher:
                    for number in range(20):
                        await fetcher.fetch(FetchOrder(url=farm.url(f"/{number}")))
                return farm

        assert asyncio.run(go()).connections == 1


def test_pools_are_closed_so_that_many_hosts_cost_no_memory() -> None:
    from crawler.transport import MAX_IDLE_POOLS

    async def everywhere(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    async def go() -> int:
        async with running(default=answer(PAGE)) as farm:
            crawl = CrawlSettings(delay=0, retries=0, respect_robots=False)
            async with HttpFetcher(crawl, LOOPBACK, QuickClock(), resolver=everywhere) as fetcher:
                for number in range(MAX_IDLE_POOLS + 100):
                    await fetcher.fetch(FetchOrder(url=f"http://h{number}.example:{farm.port}/"))
                return len(fetcher._transport._pools)

    assert asyncio.run(go()) <= MAX_IDLE_POOLS
