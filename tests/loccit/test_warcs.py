"""Other people's WARC files: what is sound is read, and whatever else is in them ends in words."""

import gzip
import io
import random
import time
import zipfile
from pathlib import Path
from typing import Any

import brotli
import pytest
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from loccit.warcs import HEADERS, ArchiveError, LeftOut, Recorded, recorded

URL = "https://example.com/privacy"
MAX = 1_000_000


def written(*answers: dict[str, Any], packed: bool = True) -> bytes:
    """A WARC as others write it: `body`, `headers`, `warc` headers and `kind` of each answer."""
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=packed, warc_version="1.1")
    writer.write_record(writer.create_warcinfo_record("a.warc.gz", {"software": "another"}))
    for answer in answers:
        body = answer.get("body", b"<p>page</p>")
        http = StatusAndHeaders(answer.get("status", "200 OK"), answer.get("headers", []), protocol="HTTP/1.1")
        record = writer.create_warc_record(
            answer.get("url", URL),
            answer.get("kind", "response"),
            io.BytesIO(body),
            length=len(body),
            http_headers=http,
            warc_headers_dict={"WARC-Date": answer.get("date", "2026-01-02T03:04:05Z"), **answer.get("warc", {})},
        )
        writer.write_record(record)
    return out.getvalue()


def read(tmp_path: Path, data: bytes, name: str = "a.warc.gz") -> list[Recorded | LeftOut]:
    path = tmp_path / name
    path.write_bytes(data)
    return list(recorded(path, wanted=lambda url: url == URL, max_bytes=MAX))


def chunked(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n0\r\n\r\n" % (len(data), data)


@pytest.mark.parametrize("packed", [True, False], ids=["gzip", "plain"])
def test_bodies_come_out_as_a_browser_shows_them(tmp_path: Path, packed: bool) -> None:
    page = b"<p>You may delete it within 30 days.</p>" * 50
    data = written(
        {"body": page},
        {"body": gzip.compress(page), "headers": [("Content-Encoding", "gzip")]},
        {
            "body": chunked(brotli.compress(page)),
            "headers": [("Content-Encoding", "br"), ("Transfer-Encoding", "chunked")],
        },
        {"body": b"", "status": "204 No Content"},
        packed=packed,
    )
    answers = read(tmp_path, data)
    assert [each.body for each in answers if isinstance(each, Recorded)] == [page, page, page, b""]
    first = answers[0]
    assert isinstance(first, Recorded) and first.at.isoformat() == "2026-01-02T03:04:05+00:00"
    assert (first.status, first.payload[:5]) == (200, "sha1:")


def test_a_wacz_is_read_without_unpacking_it(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("../../evil.warc.gz", b"x")
        archive.writestr("archive/data.warc.gz", written({}))
    assert len(read(tmp_path, out.getvalue(), "a.wacz")) == 1
    assert [each.name for each in tmp_path.iterdir()] == ["a.wacz"]


def test_what_is_left_out_is_told(tmp_path: Path) -> None:
    data = written(
        {"url": "https://elsewhere.example/"},
        {"warc": {"WARC-Truncated": "length"}},
        {"warc": {"WARC-Payload-Digest": "sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ"}},
        {"body": gzip.compress(b"\0" * 50_000_000), "headers": [("Content-Encoding", "gzip")]},
        {"body": b"x" * (MAX + 1)},
        {"body": b"\x1f\x8b\xff\xff" * 9, "headers": [("Content-Encoding", "gzip")]},
        {"date": "yesterday"},
        {"status": "abc def"},
        {"date": "0001-01-01T00:00:00+23:59"},
        {"date": "9999-12-31T23:59:59-23:59"},
        {"headers": [("Content-Encoding", "gzip, " * 5000)]},
        {},
    )
    answers = read(tmp_path, data)
    assert [each.why for each in answers if isinstance(each, LeftOut)] == [
        "of an address that no guide cites",
        "cut off when it was recorded",
        "not what its digest says",
        "a decompression bomb",
        "larger than [crawl] max_bytes",
        "compressed otherwise than its headers say",
        *["without a date or a status that can be read"] * 4,
        "a decompression bomb",
    ]
    assert isinstance(answers[-1], Recorded)


HEAD = b"WARC/1.1\r\nWARC-Type: response\r\nWARC-Target-URI: " + URL.encode() + b"\r\n"
BAD: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "it is empty"),
    "text": (b"Dear diary, " * 100, "no WARC file"),
    "gzip of gzip": (gzip.compress(written({})), "no WARC file"),
    "one endless line": (b"WARC/1.1\r\nX: " + b"a" * (2 * HEADERS), "headers of more than"),
    "an endless line, packed": (gzip.compress(b"WARC/1.1\r\nX: " + b"a" * 80_000_000), "headers of more than"),
    "endless headers": (b"WARC/1.1\r\n" + b"X: a\r\n" * HEADERS, "headers of more than"),
    "endless headers of HTTP": (
        HEAD + b"Content-Length: 9000000\r\n\r\nHTTP/1.1 200 OK\r\n" + b"X: a\r\n" * HEADERS,
        "headers of more than",
    ),
    "no length": (HEAD + b"\r\nHTTP/1.1 200 OK\r\n\r\nbody", "does not say how long"),
    "negative length": (HEAD + b"Content-Length: -5\r\n\r\nHTTP/1.1 200 OK\r\n\r\nbody", "damaged|ends in the middle"),
    "length beyond measure": (HEAD + b"Content-Length: %d\r\n\r\nHTTP/1.1 200 OK\r\n\r\n" % 10**40, "it is damaged"),
    "too long": (HEAD + b"Content-Length: 99\r\n\r\nHTTP/1.1 200 OK\r\n\r\nbody", "ends in the middle of a record"),
    "zip without archive": (b"PK\x05\x06" + b"\0" * 18, "no WARC in it"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_archive_ends_in_words(tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]) -> None:
    data, says = BAD[name]
    began = time.process_time()
    with pytest.raises(ArchiveError, match=says):
        read(tmp_path, data)
    assert time.process_time() - began < 3
    assert capfd.readouterr().err == ""


def test_cut_and_flipped_files_end_in_words(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rng = random.Random(3)
    for whole in (written({}, {}, {}), written({}, {}, {}, packed=False)):
        assert len(read(tmp_path, whole)) == 3
        for number in range(150):
            data = bytearray(whole[: rng.randrange(1, len(whole))] if number % 2 else whole)
            for _ in range(0 if number % 2 else 3):
                data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
            try:
                assert len(read(tmp_path, bytes(data))) <= 4
            except ArchiveError as error:
                assert len(str(error)) < 300
    assert capfd.readouterr().err == ""
    with pytest.raises(ArchiveError, match="folder"):
        list(recorded(tmp_path, wanted=lambda _url: True, max_bytes=MAX))


def test_what_comes_before_a_damaged_place_is_read(tmp_path: Path) -> None:
    whole = written({}, {}, {})
    path = tmp_path / "a.warc.gz"
    path.write_bytes(whole[:-200])
    seen: list[Recorded | LeftOut] = []
    with pytest.raises(ArchiveError, match="ends in the middle"):
        seen.extend(iter(recorded(path, wanted=lambda _url: True, max_bytes=MAX)))
    assert len(seen) == 2
