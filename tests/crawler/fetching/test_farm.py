"""Every way in which a server can misbehave, through the sweeper: verdict, reason, and bounds of time and memory.

One table. Each row is a real server on loopback; what it does is judged after all attempts, as on a first sight.
"""

import asyncio
import gc
import gzip
import socket
import ssl
import time
import tracemalloc
import zlib
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import brotli  # type: ignore[import-untyped]
import pytest
import trustme
import zstandard
from crawler_farm import Behaviour, Farm, QuickClock, answer, drip, in_turn, raw, redirect, running

from crawler.fetch import HttpFetcher
from crawler.judge import judge
from crawler.model import FetchOrder, LinkHistory
from crawler.policy import CrawlSettings, NetworkSettings, Policy
from crawler.sweep import PoliteSweeper
from loccit.fetching import Reading, health_of

CRAWL = CrawlSettings(delay=0.0, timeout=0.6, retries=1, retry_wait=0.01, max_bytes=500_000, max_retry_after=0.05)
POLICY = Policy(confirm=3, confirm_wait=0.02)
LOOPBACK = NetworkSettings(allow=("127.0.0.0/24", "::1/128"))
WORDS = "<p>Open the settings, choose to delete your account, and confirm it within 30 days.</p>" * 20
PAGE = f"<!doctype html><html lang=en><title>Leaving</title><main><h1>Leaving</h1>{WORDS}</main>".encode()
MEGABYTES = 1_000_000

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
FILM = b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\n\r\n"
BOMB = b"<p>" + b"\0" * 50_000_000


def named(title: str, text: str, *, status: int = 200, **headers: str) -> Behaviour:
    page = f"<!doctype html><title>{title}</title><main><h1>{title}</h1><p>{text}</p></main>"
    return answer(
        page.encode(), status=status, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )


def packed(coding: str, body: bytes) -> bytes:
    match coding:
        case "gzip":
            return gzip.compress(body, 6)
        case "deflate":
            return zlib.compress(body, 6)
        case "br":
            return bytes(brotli.compress(body, quality=3))
        case _:
            return zstandard.ZstdCompressor(level=3).compress(body)


def sent_on(refresh: str) -> Behaviour:
    return answer(f'<!doctype html><title>Moved</title><meta http-equiv=refresh content="{refresh}"><p>On.'.encode())


def coded(coding: str, body: bytes) -> Behaviour:
    return answer(body, headers={"Content-Encoding": coding})


def chain(length: int) -> dict[str, Behaviour]:
    steps = {f"/{n}": redirect(f"/{n + 1}") for n in range(1, length)}
    return {"/page": redirect("/1"), **steps, f"/{length}": answer(PAGE)}


@dataclass(frozen=True, kw_only=True)
class Row:
    """`pages` may be one behaviour, of /page. Memory is what Python holds at most, the server's part included."""

    pages: Behaviour | dict[str, Behaviour]
    expected: str
    seconds: float = 3.0
    megabytes: float = 12.0
    address: str = "127.0.0.1"
    host: str = ""
    answers: Sequence[Sequence[str]] = field(default_factory=tuple)


def _row(pages: Behaviour | dict[str, Behaviour], expected: str, **bounds: float) -> Row:
    return Row(pages=pages, expected=expected, **bounds)  # type: ignore[arg-type]


RESET, PROTOCOL, TIMEOUT = "unreachable connection-reset", "unreachable protocol-error", "unreachable timeout"
OK = "ok http-200"

TABLE: dict[str, Row] = {
    # Connections that break (RFC 9110, 15 and 7.8: an answer that is not complete is none).
    "closed at once": _row(raw(b""), RESET),
    "reset before headers": _row(raw(b"", then="reset"), RESET),
    "reset within headers": _row(raw(b"HTTP/1.1 200 OK\r\nContent-Le", then="reset"), RESET),
    "reset after headers": _row(raw(HEAD + b"Content-Length: 100\r\n\r\n", then="reset"), RESET),
    "reset within the body": _row(raw(HEAD + b"Content-Length: 9000\r\n\r\n" + PAGE, then="reset"), RESET),
    "closed within headers": _row(raw(b"HTTP/1.1 200 OK\r\nContent-Le"), f"{RESET},{PROTOCOL}"),
    # Lengths and codings that do not add up (RFC 9112, 6.3 and 7.1).
    "Content-Length too long": _row(raw(HEAD + b"Content-Length: 9000\r\n\r\n" + PAGE), PROTOCOL),
    "Content-Length too short": _row(raw(HEAD + b"Content-Length: 900\r\n\r\n" + PAGE), OK),
    "Content-Length below zero": _row(raw(HEAD + b"Content-Length: -4\r\n\r\n" + PAGE), PROTOCOL),
    "Content-Length no number": _row(raw(HEAD + b"Content-Length: many\r\n\r\n" + PAGE), PROTOCOL),
    "two Content-Lengths": _row(raw(HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"), PROTOCOL),
    "chunks cut short": _row(raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab"), PROTOCOL),
    "chunks without end": _row(raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n"), PROTOCOL),
    "chunks of no size": _row(raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nab"), PROTOCOL),
    "gzip cut short": _row(coded("gzip", packed("gzip", PAGE)[:-20]), PROTOCOL),
    **{f"page said to be {one}": _row(coded(one, PAGE), PROTOCOL) for one in ("gzip", "deflate", "br", "zstd")},
    "noise said to be gzip": _row(coded("gzip", bytes(range(256)) * 4), PROTOCOL),
    "gzip damaged": _row(coded("gzip", packed("gzip", PAGE)[:60] + b"\xff" * 60), PROTOCOL),
    **{f"page in {one}": _row(coded(one, packed(one, PAGE)), OK) for one in ("gzip", "deflate", "br", "zstd")},
    # Bombs (limits hold on decoded bytes and on the ratio: linkchecker, scrapy).
    **{
        f"bomb in {one}": _row(coded(one, packed(one, BOMB)), "unreachable decompression-bomb")
        for one in ("gzip", "deflate", "br")
    },
    # A zstd frame names its window, which is held whole: 8 MB at most (RFC 8878, 3.1.1.1.2).
    "bomb in zstd": _row(coded("zstd", packed("zstd", BOMB)), "unreachable decompression-bomb", megabytes=24),
    "bomb in a bomb": _row(
        coded("gzip, gzip", packed("gzip", packed("gzip", BOMB))),
        "unreachable decompression-bomb,unreachable too-large",
    ),
    "too large, said so": _row(answer(b"x" * 3_000_000), "unreachable too-large", megabytes=30),
    "too large, not said": _row(drip(b"x" * 50_000, 0.001, head=HEAD + b"\r\n"), "unreachable too-large"),
    # Headers.
    "100,000 headers": _row(raw(HEAD + b"X-Many: 1\r\n" * 100_000 + b"\r\n"), PROTOCOL, megabytes=30),
    "one header of 2 MB": _row(raw(HEAD + b"X-Big: " + b"x" * 2_000_000 + b"\r\n\r\n"), PROTOCOL, megabytes=30),
    "headers without end": _row(drip(b"X-A: b\r\n", 0.01, head=HEAD), TIMEOUT, seconds=6),
    "folded headers": _row(raw(HEAD + b"X-Long: one\r\n two\r\nContent-Length: %d\r\n\r\n" % len(PAGE) + PAGE), OK),
    "header in no charset": _row(raw(HEAD + b"X-A: \xe2\x80\xae\xff\r\n\r\n" + PAGE), OK),
    "header with a line end": _row(raw(HEAD + b"X-A: b\rX-B: c\r\n\r\n" + PAGE), PROTOCOL),
    # Texts in the wrong dress (WHATWG Encoding Standard).
    "invalid UTF-8": _row(answer(PAGE.replace(b"Leaving", b"Lea\xff\xfeving\xc3")), OK),
    "UTF-8 called UTF-16": _row(answer(PAGE, headers={"Content-Type": "text/html; charset=utf-16"}), OK),
    "an unknown charset": _row(answer(PAGE, headers={"Content-Type": "text/html; charset=klingon"}), OK),
    "no type at all": _row(raw(b"HTTP/1.1 200 OK\r\n\r\n" + PAGE), OK),
    "an image": _row(answer(b"\x89PNG\r\n\x1a\n" + b"\0" * 500, headers={"Content-Type": "image/png"}), OK),
    "a PDF": _row(answer(b"%PDF-1.4\n%%EOF", headers={"Content-Type": "application/pdf"}), OK),
    # Of a download nothing is read: its beginning is enough to know that it is there.
    "a long film": _row(answer(b"\0" * 3_000_000, headers={"Content-Type": "video/mp4"}), OK, megabytes=30),
    "a film without end": _row(drip(b"\0" * 50_000, 0.001, head=FILM), OK),
    "plain text": _row(answer(b"Write to us.", headers={"Content-Type": "text/plain"}), OK),
    # No HTTP.
    "HTTP/0.9": _row(raw(PAGE), PROTOCOL),
    "HTTP/1.0": _row(raw(b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n" + PAGE), OK),
    "another protocol": _row(raw(b"SSH-2.0-OpenSSH_9.2\r\n"), PROTOCOL),
    "a status of five digits": _row(raw(b"HTTP/1.1 99999 What\r\n\r\n"), PROTOCOL),
    "100 for ever": _row(drip(b"HTTP/1.1 100 Continue\r\n\r\n", 0.005, head=b""), TIMEOUT, seconds=6),
    "101 unasked": _row(raw(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"), PROTOCOL),
    # Statuses that nobody asked for (RFC 9110, 15.3.5, 15.3.7, 15.4.5).
    "204": _row(answer(b"", status=204), PROTOCOL),
    "205": _row(answer(b"", status=205), PROTOCOL),
    "206": _row(answer(PAGE, status=206, headers={"Content-Range": "bytes 0-99/9999"}), "ok http-206"),
    "304": _row(answer(b"", status=304), PROTOCOL),
    "200 and nothing": _row(answer(b""), PROTOCOL),
    "302 without a target": _row(answer(b"", status=302), PROTOCOL),
    # Redirects.
    "to itself": _row(redirect("/page"), "unreachable redirect-loop"),
    "in a circle": _row({"/page": redirect("/b"), "/b": redirect("/page")}, "unreachable redirect-loop"),
    # Bytes beyond ASCII in Location: UTF-8 where they are that, as browsers take them.
    "to an address in UTF-8": _row({"/page": redirect("/\u00c3\u0096l"), "/%C3%96l": answer(PAGE)}, OK),
    "to an address in Latin-1": _row({"/page": redirect("/\u00d6l"), "/%C3%96l": answer(PAGE)}, OK),
    "chain of 9": _row(chain(9), OK),
    "chain of 40": _row(chain(40), "unreachable redirect-loop"),
    "to file:": _row(redirect("file:///etc/passwd"), PROTOCOL),
    "to javascript:": _row(redirect("javascript:alert(1)"), PROTOCOL),
    "to data:": _row(redirect("data:text/html,hello"), PROTOCOL),
    "to a private address": _row(redirect("http://127.9.9.9/"), "invalid forbidden-address"),
    "to a mapped private address": _row(redirect("http://[::ffff:127.9.9.9]/"), "invalid forbidden-address"),
    "to a private address in disguise": _row(redirect("http:\\\\2130708745\\"), "invalid forbidden-address"),
    "to a moved page": _row({"/page": redirect("/new", 301), "/new": answer(PAGE)}, "moved permanent-redirect"),
    "to a dead page": _row({"/page": redirect("/new", 301)}, "dead http-404"),
    "home": _row({"/page": redirect("/"), "/": answer(PAGE)}, "dead redirect-to-home"),
    # A page that nobody gets to see is where it sends its readers (WHATWG HTML, 7.6.1).
    "sent on by the page": _row({"/page": sent_on("0; url=new"), "/new": answer(PAGE)}, OK),
    "sent on to a dead page": _row(sent_on("0;URL='/gone'"), "dead http-404"),
    "sent home by the page": _row({"/page": sent_on("2; /"), "/": answer(PAGE)}, "dead redirect-to-home"),
    "sent in a circle": _row({"/page": sent_on("0;b"), "/b": sent_on("0;page")}, OK),
    "sent on to a private address": _row(sent_on("0; http://127.9.9.9/"), "invalid forbidden-address"),
    "sent on by a header": _row(answer(b"<p>wait", headers={"Refresh": "0; url=/gone"}), "dead http-404"),
    "to a login": _row({"/page": redirect("/login?to=page"), "/login?to=page": answer(PAGE)}, "blocked login-wall"),
    # Time.
    "never answers": _row(raw(b"", then="hang"), TIMEOUT, seconds=6),
    "stops within headers": _row(raw(HEAD, then="hang"), TIMEOUT, seconds=6),
    "stops within the body": _row(raw(HEAD + b"\r\n" + PAGE, then="hang"), TIMEOUT, seconds=6),
    "slow drip": _row(drip(b"x", 0.01, head=HEAD + b"\r\n"), TIMEOUT, seconds=6),
    # Limits and walls.
    "429 for ever": _row(answer(b"", status=429, headers={"Retry-After": "1"}), "blocked http-429"),
    "429, then the page": _row(in_turn(answer(b"", status=429, headers={"Retry-After": "0"}), answer(PAGE)), OK),
    "429 with a bad date": _row(answer(b"", status=429, headers={"Retry-After": "soon"}), "blocked http-429"),
    "429 until 9999": _row(answer(b"", status=429, headers={"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"}),
                           "blocked http-429"),
    "503 for ever": _row(answer(b"", status=503), "unreachable http-5xx"),
    "999": _row(answer(b"", status=999), "blocked challenge"),
    "bot wall, 403": _row(named("Just a moment...", "", status=403, cf_mitigated="challenge"), "blocked challenge"),
    "bot wall, 200": _row(named("Just a moment...", "Checking your browser."), "blocked challenge"),
    "robots.txt forbids": _row({"/page": answer(PAGE), "/robots.txt": answer(b"User-agent: *\nDisallow: /",
                                headers={"Content-Type": "text/plain"})}, "blocked robots"),
    "robots.txt fails": _row({"/page": answer(PAGE), "/robots.txt": answer(b"", status=500)}, "blocked robots"),
    "robots.txt fails once": _row({"/page": answer(PAGE), "/robots.txt":
                                   in_turn(answer(b"", status=500), answer(b"", status=404))}, OK),
    "robots.txt without end": _row({"/page": answer(PAGE), "/robots.txt":
                                    drip(b"# a comment\n" * 5000, 0, head=HEAD + b"\r\n")}, OK),
    # Death, and what only looks like it.
    "404": _row(answer(b"", status=404), "dead http-404"),
    "410": _row(answer(b"", status=410), "dead http-410"),
    "soft 404": _row(named("Page not found", "Sorry."), "dead soft-404"),
    "parked": _row(named("page.example", "This domain is for sale. Buy this domain!"), "dead parked-domain"),
    "404 once": _row(in_turn(answer(b"", status=404), answer(PAGE)), OK),
    "404 twice": _row(in_turn(answer(b"", status=404), answer(b"", status=404), answer(PAGE)), OK),
    "404 and resets": _row(in_turn(answer(b"", status=404), raw(b"", then="reset"), answer(b"", status=404)),
                           "dead http-404"),
    "404 and a wall": _row(in_turn(answer(b"", status=404), answer(b"", status=403)), "blocked http-403"),
    "500 and resets, then the page": _row(in_turn(answer(b"", status=500), raw(b"", then="reset"), answer(PAGE)), OK),
    "maintenance": _row(named("Site maintenance", "We will be back soon."), "unreachable http-5xx"),
    # Names.
    "IPv6 only": Row(pages=answer(PAGE), expected=OK, address="::1", host="six.example", answers=[["::1"]]),
    "the first address refuses": Row(
        pages=answer(PAGE), expected=OK, host="two.example", answers=[["::1", "127.0.0.3", "127.0.0.1"]]
    ),
    "DNS that changes its mind": Row(
        pages=answer(PAGE), expected=OK, host="rebind.example", answers=[["127.0.0.1"], ["127.9.9.9"]]
    ),
    "DNS that gives a private address": Row(
        pages=answer(PAGE), expected="invalid forbidden-address", host="inside.example", answers=[["127.9.9.9"]]
    ),
    "a name that is gone": Row(pages=answer(PAGE), expected="dead dns-nxdomain", host="gone.example", answers=[[]]),
}  # fmt: skip


def resolver(answers: Sequence[Sequence[str]]) -> Callable[[str, int], Awaitable[Sequence[str]]]:
    """Each look-up gives the next answer, the last for ever; an empty one means that there is no such name."""
    left = list(answers)

    async def look_up(host: str, port: int) -> Sequence[str]:
        if host == "up.example":
            return ["127.0.0.1"]
        found = left.pop(0) if len(left) > 1 else left[0]
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return found

    return look_up


async def judged(farm: Farm, network: NetworkSettings, answers: Sequence[Sequence[str]]) -> str:
    """The farm's /page beside a page of another host that works, so that nothing looks like an outage of ours."""
    clock = QuickClock()
    async with (
        running({"/ok": answer(PAGE)}, host="up.example") as up,
        HttpFetcher(CRAWL, network, clock, resolver=resolver(answers or [[]])) as fetcher,
    ):
        sweeper = PoliteSweeper(fetcher, CRAWL, POLICY, clock, health=health_of, likeness=Reading().likeness)
        orders = [FetchOrder(url=farm.url("/page")), FetchOrder(url=up.url("/ok"))]
        visits = {visit.url: visit async for visit in sweeper.sweep(orders)}
    verdict = judge(visits[farm.url("/page")], LinkHistory(), POLICY, clock.now(), on_the_spot=True)
    assert verdict.detail.isprintable()
    return f"{verdict.kind} {verdict.reason}"


@pytest.fixture(scope="module")
def few_objects() -> Iterator[None]:
    """What other tests have left is not gone through again for each row."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("few_objects")
@pytest.mark.parametrize("name", TABLE)
def test_farm(name: str) -> None:
    row = TABLE[name]

    async def go() -> str:
        pages = row.pages if isinstance(row.pages, dict) else {"/page": row.pages}
        async with running(pages, address=row.address, host=row.host) as farm:
            return await judged(farm, LOOPBACK, row.answers)

    gc.collect()
    tracemalloc.start(1)
    started = time.monotonic()
    try:
        found = asyncio.run(asyncio.wait_for(go(), 30))
        taken = time.monotonic() - started
        peak = tracemalloc.get_traced_memory()[1] / MEGABYTES
    finally:
        tracemalloc.stop()
    assert found in row.expected.split(",")
    assert taken < 3 * row.seconds, f"{taken:.1f} s"  # room for a machine that is busy
    assert peak < row.megabytes, f"{peak:.1f} MB"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[trustme.CA, Path]:
    ca = trustme.CA()
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    ca.cert_pem.write_to_path(str(path))
    return ca, path


@pytest.mark.parametrize(
    ("host", "days", "trusted", "expected"),
    [
        ("127.0.0.1", 90, True, OK),
        ("127.0.0.1", -1, True, "unreachable tls-expired"),
        ("other.example", 90, True, "unreachable tls-hostname"),
        ("127.0.0.1", 90, False, "unreachable tls-untrusted"),
    ],
)
def test_certificates(authority: tuple[trustme.CA, Path], host: str, days: int, trusted: bool, expected: str) -> None:
    ca, path = authority
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(host, not_after=datetime.now(UTC) + timedelta(days=days)).configure_cert(context)
    network = NetworkSettings(allow=LOOPBACK.allow, ca_file=str(path) if trusted else "")

    async def go() -> str:
        async with running({"/page": answer(PAGE)}, tls=context) as farm:
            return await judged(farm, network, [])

    assert asyncio.run(asyncio.wait_for(go(), 30)) == expected


@pytest.mark.parametrize("hangs_up", [False, True])
def test_a_server_without_tls(hangs_up: bool) -> None:
    async def go() -> str:
        async with running({"/page": answer(PAGE)}, default=raw(b"") if hangs_up else None) as farm:
            farm.scheme = "https"
            return await judged(farm, LOOPBACK, [])

    assert asyncio.run(asyncio.wait_for(go(), 30)) in ("unreachable tls-error", RESET, TIMEOUT)
