"""Snapshots as WARC 1.1 (ISO 28500:2017): request, response, revisit and metadata records."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from http import HTTPStatus
from io import BytesIO
from typing import IO

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from crawler.model import Digest, ResourceId
from storage.rows import Look
from storage.store import Store

_CODED = frozenset({"content-encoding", "transfer-encoding", "content-length"})
"""Headers that spoke of the bytes on the wire: what is kept, and written, is decoded."""

_UNFIT = str.maketrans({"\r": " ", "\n": " ", "\0": " "})


def write_warc(store: Store, out: IO[bytes], *, program: str, user_agent: str) -> int:
    """Write every look that a snapshot stands for; gives how many records there are.

    A body is written once, at its first look. Later looks at it, and looks at a page whose bytes are not kept because
    they showed nothing new, are revisits of it.
    """
    writer = WARCWriter(out, gzip=True, warc_version="1.1")
    info = {"software": program, "format": "WARC File Format 1.1", "conformsTo": "ISO 28500:2017"}
    writer.write_record(writer.create_warcinfo_record("loccit.warc.gz", info))
    return 1 + sum(_resource(store, writer, resource, url, user_agent) for resource, url in store.resources())


def _resource(store: Store, writer: WARCWriter, resource: ResourceId, url: str, user_agent: str) -> int:
    snapshots = {each.id: each for each in store.snapshots(resource, good_only=False)}
    written: dict[Digest, datetime] = {}
    records = 0
    for look in reversed(store.timeline(resource, limit=2**31 - 1)):
        snapshot = snapshots.get(look.snapshot)
        if snapshot is None or (snapshot.digest not in written and not store.has_body(snapshot.digest)):
            continue
        address = _fit(snapshot.final_url or url)
        headers = look.headers or snapshot.headers
        first = written.get(snapshot.digest)
        http = _http(snapshot.status, headers)
        if first is None:
            body = store.body(snapshot.digest)
            http.add_header("Content-Length", str(len(body)))
            response = writer.create_warc_record(
                address,
                "response",
                BytesIO(body),
                length=len(body),
                http_headers=http,
                warc_headers_dict={"WARC-Date": _date(look.at)},
            )
            written[snapshot.digest] = look.at
        else:
            response = writer.create_revisit_record(
                address,
                f"sha256:{snapshot.digest}",
                address,
                _date(first),
                http_headers=http,
                warc_headers_dict={"WARC-Date": _date(look.at)},
            )
        for record in (response, *_beside(writer, response, address, look, user_agent)):
            writer.write_record(record)
            records += 1
    return records


def _beside(writer: WARCWriter, response: object, url: str, look: Look, user_agent: str) -> Iterator[object]:
    """The request that we sent, and what we made of the answer."""
    of = response.rec_headers.get_header("WARC-Record-ID")  # type: ignore[attr-defined]
    told = {"WARC-Date": _date(look.at), "WARC-Concurrent-To": of}
    host, _, path = url.partition("://")[2].partition("/")
    asked = StatusAndHeaders(
        f"GET /{path} HTTP/1.1", [("Host", host), ("User-Agent", _fit(user_agent))], is_http_request=True
    )
    yield writer.create_warc_record(url, "request", BytesIO(b""), length=0, http_headers=asked, warc_headers_dict=told)
    facts = {
        "verdict": look.verdict,
        "reason": look.reason,
        "elapsed_ms": look.elapsed_ms,
        "attempts": look.attempts,
        "sha256": look.digest,
    }
    data = json.dumps({name: value for name, value in facts.items() if value is not None}).encode()
    yield writer.create_warc_record(
        url,
        "metadata",
        BytesIO(data),
        length=len(data),
        warc_content_type="application/json",
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
