"""One request and its answer: headers out, body in under every limit, whatever goes wrong as a value."""

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import httpx

from crawler.decode import ACCEPTED, Decoder, TooLargeError
from crawler.failures import FOREIGN, failure_of
from crawler.guard import ForbiddenAddressError
from crawler.model import FailureKind, Validators
from crawler.transport import PooledTransport
from crawler.urls import ResourceUrl, one_line

REDIRECTS = (301, 302, 303, 307, 308)
_DRAIN = 16 * 1024
_START = 64 * 1024
"""So much of a download that is too large is kept: that it is there is all that can be said of it."""

_DOWNLOADS = (
    *("image/", "video/", "audio/", "font/", "application/octet-stream", "application/zip", "application/gzip"),
    *("application/x-", "application/java-archive", "application/vnd.android.package-archive"),
    *("application/vnd.debian.binary-package", "application/vnd.microsoft.portable-executable"),
)
"""Types of which nothing is read, however short they are."""

_MAX_COOKIES = 20
_MAX_COOKIE = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A complete answer. `headers` are in order, names in lower case, values on one line."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    tls_expires: datetime | None = None

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """No answer. `connected`: a connection stood; `stale`: it was a kept one that the server had given up."""

    kind: FailureKind
    detail: str
    connected: bool = False
    stale: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Forbidden:
    """The guard let nobody through; `detail` says which address."""

    detail: str


Outcome = Answer | Trouble | Forbidden


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What is sent. `seconds` is all the time there is for it, the body included."""

    url: ResourceUrl
    seconds: float
    max_bytes: int
    validators: Validators
    fresh: bool = False
    accept_datetime: datetime | None = None
    cut: bool = False
    """A longer body is cut off at `max_bytes` instead of being refused."""
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    """Instead of those that would be sent otherwise, or beside them."""
    content: bytes = b""


@dataclass(slots=True)
class CookieJar:
    """Cookies for the length of one redirect chain, each for the very host that set it, or for the domain above it
    that it names (RFC 6265, 5.1.3 and 5.3).

    Sites set a cookie and redirect to the same address, or to a host beside it; without it that is a loop. Nothing
    outlives the chain, so no list of public suffixes is asked: within one, each server can tell the next by its URL.
    """

    _held: dict[str, dict[str, str]] = field(default_factory=dict)
    _secure: set[tuple[str, str]] = field(default_factory=set)

    def take(self, url: ResourceUrl, headers: tuple[tuple[str, str], ...]) -> None:
        for name, value in headers:
            pair, *attributes = (part.strip() for part in value.split(";"))
            key, equals, _ = pair.partition("=")
            if name != "set-cookie" or not (equals and key and len(pair) <= _MAX_COOKIE and pair.isascii()):
                continue
            where = _reach(url, attributes)
            held = self._held.setdefault(where, {})
            held.pop(key, None)
            self._secure.discard((where, key))
            if len(held) < _MAX_COOKIES:
                held[key] = pair
                if where != url.key and any(one.lower() == "secure" for one in attributes):
                    self._secure.add((where, key))

    def header(self, url: ResourceUrl) -> str:
        """What is sent to a URL: what its host has set, and what is meant for a domain that its host lies in."""
        found = dict(self._held.get(url.key, {}))
        for where, held in self._held.items():
            if where.startswith(".") and f".{url.host}".endswith(where):
                sent = {k: v for k, v in held.items() if url.scheme == "https" or (where, k) not in self._secure}
                found = sent | found
        return "; ".join(found.values())


def _reach(url: ResourceUrl, attributes: Sequence[str]) -> str:
    """Whose a cookie is: `host:port`, or `.domain` where it names one of two labels or more that the host lies in."""
    named = next((one.partition("=")[2] for one in reversed(attributes) if one.lower().startswith("domain=")), "")
    domain = "." + named.strip().lower().removeprefix(".")
    whole = "." in domain[1:] and ":" not in url.host and not url.host.rpartition(".")[2].isdigit()
    return domain if whole and f".{url.host}".endswith(domain) else url.key


class Phases:
    """Follows httpcore's trace: whether a connection was made, whether for this request, whether TLS is agreed on."""

    def __init__(self) -> None:
        self.dialled = False
        self.connected = False
        self.handshake = False

    async def __call__(self, event: str, _: dict[str, Any]) -> None:
        if event == "connection.connect_tcp.started":
            self.dialled = True
        elif event == "connection.connect_tcp.complete" or ".send_request_headers." in event:
            self.connected = True
        if ".start_tls." in event:
            self.handshake = not event.endswith(".complete")


async def exchange(transport: PooledTransport, ask: Ask, *, user_agent: str, jar: CookieJar) -> Outcome:
    """Send one request (a GET, unless it says otherwise) and read its answer."""
    phases = Phases()
    try:
        async with asyncio.timeout(max(0.001, ask.seconds)):
            request = _request(ask, user_agent, jar, phases)
            response = await transport.handle_async_request(request)
            try:
                return await _read(response, ask)
            finally:
                await response.aclose()
    except ForbiddenAddressError as error:
        return Forbidden(detail=one_line(str(error)))
    except FOREIGN as error:
        kind, detail = failure_of(error, handshake=phases.handshake)
        broken = kind in (FailureKind.CONNECTION_RESET, FailureKind.PROTOCOL)
        stale = broken and not phases.dialled and not ask.fresh
        return Trouble(kind=kind, detail=detail, connected=phases.connected, stale=stale)


def _request(ask: Ask, user_agent: str, jar: CookieJar, phases: Phases) -> httpx.Request:
    url = ask.url
    headers = {
        "Host": url.authority,
        "User-Agent": user_agent,
        "Accept": "*/*" if ask.fresh else "text/html,application/xhtml+xml,application/pdf;q=0.9,*/*;q=0.8",
        "Accept-Language": "en",
        "Accept-Encoding": "identity" if ask.fresh else ACCEPTED,
    }
    if ask.fresh:
        headers["Connection"] = "close"
    if ask.validators.etag and _sendable(ask.validators.etag):
        headers["If-None-Match"] = ask.validators.etag
    if ask.validators.last_modified and _sendable(ask.validators.last_modified):
        headers["If-Modified-Since"] = ask.validators.last_modified
    if ask.accept_datetime is not None:
        headers["Accept-Datetime"] = format_datetime(ask.accept_datetime.astimezone(UTC), usegmt=True)
    if cookies := jar.header(url):
        headers["Cookie"] = cookies
    sent = httpx.Headers(headers)
    sent.update(ask.headers)
    return httpx.Request(
        ask.method,
        httpx.URL(scheme=url.scheme, host=url.host, port=url.port, path="/"),
        headers=sent,
        content=ask.content or None,
        # The request line is what the URL parser made of the address: a second parser might see another target.
        extensions={"trace": phases, "fresh": ask.fresh, "target": url.target.encode("ascii")},
    )


def _sendable(value: str) -> bool:
    return value.isascii() and value.isprintable() and len(value) <= 1_000


async def _read(response: httpx.Response, ask: Ask) -> Answer:
    headers = tuple(
        (name.decode("latin-1").lower(), one_line(_decoded(value), 8_192)) for name, value in response.headers.raw
    )
    expires = _certificate_end(response)
    if response.status_code in REDIRECTS and "location" in response.headers:
        await _drain(response)
        return Answer(status=response.status_code, headers=headers, body=b"", tls_expires=expires)
    encodings = ",".join(value for name, value in headers if name == "content-encoding")
    download = 200 <= response.status_code < 300 and _is_download(headers)
    longer = _says_longer(headers, ask.max_bytes)
    if longer and not (ask.cut or download):
        raise TooLargeError(f"{longer:,} bytes, more than {ask.max_bytes:,}")
    decoder = Decoder(encodings, max_bytes=min(_START, ask.max_bytes) if longer and download else ask.max_bytes)
    try:
        async for part in response.stream:  # type: ignore[union-attr]
            decoder.feed(part)
        body = decoder.finish()
    except TooLargeError:
        if not (ask.cut or download) or (download and decoder.so_far()[:1_024].lstrip().startswith(b"%PDF-")):
            # Half a PDF, whatever type it is sent as, would be read as one that has lost its end.
            raise
        body = decoder.so_far()[:_START] if download else decoder.so_far()
    return Answer(status=response.status_code, headers=headers, body=body, tls_expires=expires)


def _decoded(value: bytes) -> str:
    """A header's value. Servers send UTF-8 as it is, in Location above all, and browsers follow it there."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _says_longer(headers: tuple[tuple[str, str], ...], limit: int) -> int:
    """How long an answer says that it is, where that is too long (compressed ones are only longer once decoded); or 0.

    What says so is refused at once, or not read to its end.
    """
    length = next((value for name, value in headers if name == "content-length"), "")
    said = int(length[:18]) if length.isascii() and length.isdigit() else 0
    return said if said > limit else 0


def _is_download(headers: tuple[tuple[str, str], ...]) -> bool:
    kind = next((value for name, value in headers if name == "content-type"), "").partition(";")[0].strip().lower()
    return kind.startswith(_DOWNLOADS)


async def _drain(response: httpx.Response) -> None:
    """Read a redirect's few words, so that its connection can be used again."""
    taken = 0
    async for part in response.stream:  # type: ignore[union-attr]
        taken += len(part)
        if taken > _DRAIN:
            return


def _certificate_end(response: httpx.Response) -> datetime | None:
    stream = response.extensions.get("network_stream")
    tls = stream.get_extra_info("ssl_object") if stream is not None else None
    if tls is None:
        return None
    until = (tls.getpeercert() or {}).get("notAfter")
    try:
        return datetime.fromtimestamp(ssl.cert_time_to_seconds(until), UTC) if isinstance(until, str) else None
    except (ValueError, OverflowError, OSError):
        return None
