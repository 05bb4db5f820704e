"""Snapshots as WARC 1.1 (ISO 28500:2017): request, response, revisit and metadata records."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from io import BytesIO
from typing import IO, Any, TypeAlias

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from crawler.model import Digest, ResourceId
from storage.rows import Look
from storage.store import Store

_CODED = frozenset({"content-encoding", "transfer-encoding", "content-length"})
"""Headers that spoke of the bytes on the wire: what is kept, and written, is decoded."""

_UNFIT = str.maketrans({"\r": " ", "\n": " ", "\0": " "})


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What an index of the archive says of a response, or of a revisit of one."""

    url: str
    at: datetime
    status: int
    mime: str
    digest: str
    revisit: bool


Record: TypeAlias = Any
"""warcio's records have no types."""


def write_warc(store: Store, out: IO[bytes], *, program: str, user_agent: str) -> int:
    """Write every look that a snapshot stands for; gives how many records there are.

    A body is written once, at its first look. Later looks at it, and looks at a page whose bytes are not kept because
    they showed nothing new, are revisits of it.
    """
    writer = WARCWriter(out, gzip=True, warc_version="1.1")
    number = 0
    for record, _ in records(store, writer, program=program, user_agent=user_agent):
        writer.write_record(record)
        number += 1
    return number


def records(
    store: Store, writer: WARCWriter, *, program: str, user_agent: str, name: str = "loccit.warc.gz"
) -> Iterator[tuple[Record, Served | None]]:
    """Every record of the archive, each to be written before the next one is asked for."""
    info = {"software": program, "format": "WARC File Format 1.1", "conformsTo": "ISO 28500:2017"}
    yield writer.create_warcinfo_record(name, info), None
    for resource, url in store.resources():
        yield from _resource(store, writer, resource, url, user_agent)


def _resource(
    store: Store, writer: WARCWriter, resource: ResourceId, url: str, user_agent: str
) -> Iterator[tuple[Record, Served | None]]:
    snapshots = {each.id: each for each in store.snapshots(resource, good_only=False)}
    written: dict[Digest, datetime] = {}
    for look in reversed(store.timeline(resource, limit=2**31 - 1)):
        snapshot = snapshots.get(look.snapshot)
        if snapshot is None or (snapshot.digest not in written and not store.has_body(snapshot.digest)):
            continue
        first = written.setdefault(snapshot.digest, look.at)
        served = Served(
            url=_fit(snapshot.final_url or url),
            at=look.at,
            status=snapshot.status,
            mime=snapshot.content_type.partition(";")[0].strip().lower(),
            digest=f"sha256:{snapshot.digest}",
            revisit=first != look.at,
        )
        http = _http(snapshot.status, look.headers or snapshot.headers)
        body = None if served.revisit else store.body(snapshot.digest)
        response = _response(writer, served, http, first, body)
        yield response, served
        for record in _beside(writer, response, served.url, look, user_agent):
            yield record, None


def _response(
    writer: WARCWriter, served: Served, http: StatusAndHeaders, first: datetime, body: bytes | None
) -> Record:
    """A response with its body, or a revisit of the one at `first`."""
    dated = {"WARC-Date": _date(served.at)}
    if body is None:
        return writer.create_revisit_record(
            served.url, served.digest, served.url, _date(first), http_headers=http, warc_headers_dict=dated
        )
    http.add_header("Content-Length", str(len(body)))
    return writer.create_warc_record(
        served.url,
        "response",
        BytesIO(body),
        length=len(body),
        http_headers=http,
        # Under the name that revisits give it, so that whoever replays them finds it.
        warc_headers_dict={**dated, "WARC-Payload-Digest": served.digest},
    )


def _beside(writer: WARCWriter, response: Record, url: str, look: Look, user_agent: str) -> Iterator[Record]:
    """The request that we sent, and what we made of the answer."""
    of = response.rec_headers.get_header("WARC-Record-ID")
    told = {"WARC-Date": _date(look.at), "WARC-Concurrent-To": of}
    host, _, path = url.partition("://")[2].partition("/")
    asked = StatusAndHeaders(
        f"GET /{path} HTTP/1.1", [("Host", host), ("User-Agent", _fit(user_agent))], is_http_request=True
    )
    yield writer.create_warc_record(url, "request", BytesIO(b""), length=0, http_headers=asked, warc_headers_dict=told)
    # As fields, not as JSON: what is no page must not be taken for one by whoever replays the archive.
    facts = {
        "fetchTimeMs": look.elapsed_ms,
        "attempts": look.attempts,
        "verdict": look.verdict,
        "reason": look.reason,
        "sha256": look.digest,
    }
    data = "".join(f"{name}: {_fit(str(value))}\r\n" for name, value in facts.items() if value is not None).encode()
    yield writer.create_warc_record(
        url,
        "metadata",
        BytesIO(data),
        length=len(data),
        warc_content_type="application/warc-fields",
        warc_headers_dict={"WARC-Date": _date(look.at), "WARC-Refers-To": of},
    )


def _http(status: int, headers: tuple[tuple[str, str], ...]) -> StatusAndHeaders:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    kept = [(_fit(name), _fit(value)) for name, value in headers if name not in _CODED]
    return StatusAndHeaders(f"{status} {phrase}".strip(), kept, protocol="HTTP/1.1")


def _date(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _fit(text: str) -> str:
    """One line that a header can hold."""
    return text.translate(_UNFIT).encode("latin-1", "replace").decode("latin-1")
