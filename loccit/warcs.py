"""WARC files of others (ISO 28500, plain, gzip, or inside a WACZ), read as hostile input: every step is bounded.

warcio takes the records apart. It reads lines of any length, so it is fed through a meter: between two records no more
than a megabyte may pass, however well that is compressed.
"""

import gzip
import io
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager, redirect_stderr
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from warcio.archiveiterator import ArchiveIterator
from warcio.bufferedreaders import ChunkedDataReader
from warcio.exceptions import ArchiveLoadFailed
from warcio.statusandheaders import StatusAndHeadersParserException

from crawler.decode import BombError, Decoder, DecodingError, TooLargeError

HEADERS: Final = 1 << 20
"""Bytes that the headers of a record may take, those of HTTP with them."""
_STEP: Final = 1 << 16
_WARC: Final = (".warc", ".warc.gz")
_BROKEN: Final = (
    ArchiveLoadFailed,
    StatusAndHeadersParserException,
    ValueError,
    ArithmeticError,
    TypeError,
    AttributeError,
    KeyError,
    IndexError,
    OSError,
)
"""What warcio raises for records that are none."""


class ArchiveError(Exception):
    """The file cannot be read (any further); the message says why, in words that fit after its name and a colon."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What an address answered. Without `body` it is a revisit: what has the payload digest `repeats`, served again."""

    url: str
    at: datetime
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes | None
    payload: str
    """The payload digest as the archive tells it; "" where it does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A record that is not taken: `why` is a few words, the same for all of a kind."""

    why: str


def recorded(path: Path, *, wanted: Callable[[str], bool], max_bytes: int) -> Iterator[Recorded | LeftOut]:
    """Every answer in the file whose address is wanted; of others only that they are there.

    Raises ArchiveError where the file is none, or damaged; what came before is good.
    """
    try:
        with closing(_streams(path)) as streams:
            for stream in streams:
                yield from _records(stream, wanted, max_bytes)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError) as error:
        raise ArchiveError(f"it is no WACZ that can be read ({error})") from None
    except OSError as error:
        raise ArchiveError(f"it cannot be read ({error.strerror or error})") from None


def _streams(path: Path) -> Generator[io.BufferedIOBase, None, None]:
    if path.is_dir():
        raise ArchiveError("it is a folder; name the files in it")
    if not zipfile.is_zipfile(path):
        with path.open("rb") as raw:
            yield _unzipped(raw)
        return
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.startswith("archive/") and name.endswith(_WARC)]
        if not names:
            raise ArchiveError("there is no WARC in it (a WACZ has one under archive/)")
        for name in names:
            with archive.open(name) as raw:
                yield _unzipped(raw)


def _unzipped(stream: Any) -> io.BufferedIOBase:
    plain = io.BufferedReader(stream)
    return gzip.GzipFile(fileobj=plain) if plain.peek(2)[:2] == b"\x1f\x8b" else plain


class _Meter:
    """Reads on while no more is taken than is left; `left` is None where anything may be taken."""

    def __init__(self, stream: io.BufferedIOBase) -> None:
        self._stream = stream
        self.left: int | None = HEADERS

    def read(self, size: int = _STEP) -> bytes:
        try:
            # No more than is there: before a damaged place all that is sound is to be had.
            data = self._stream.read1(min(size, _STEP) if size and size > 0 else _STEP)
        except EOFError:
            raise ArchiveError("it ends in the middle of a record") from None
        except (OSError, zlib.error) as error:
            raise ArchiveError(f"it is damaged ({error})") from None
        if self.left is not None:
            self.left -= len(data)
            if self.left < 0:
                raise ArchiveError(f"a record has headers of more than {HEADERS:,} bytes")
        return data


def _records(stream: io.BufferedIOBase, wanted: Callable[[str], bool], max_bytes: int) -> Iterator[Recorded | LeftOut]:
    meter = _Meter(stream)
    first = meter.read(8)
    if not first.startswith(b"WARC/"):
        raise ArchiveError("it is no WARC file" if first else "it is empty")
    records = ArchiveIterator(_Joined(first, meter), check_digests=True, arc2warc=False)
    while True:
        meter.left = HEADERS
        record = _next(records)
        if record is None:
            return
        meter.left = None
        if record.length is None or record.length < 0:
            raise ArchiveError("it is damaged: a record does not say how long it is")
        with _words():
            told = _told(record, wanted, max_bytes)
            while record.raw_stream.read(_STEP):
                pass
        if record.raw_stream.limit > 0:
            raise ArchiveError("it ends in the middle of a record")
        if told is not None:
            yield told


class _Joined:
    """What was read already, and then the rest."""

    def __init__(self, first: bytes, rest: _Meter) -> None:
        self._first, self._rest, self._at = first, rest, 0

    def read(self, size: int = _STEP) -> bytes:
        data, self._first = self._first or self._rest.read(size), b""
        self._at += len(data)
        return data

    def tell(self) -> int:
        return self._at


def _next(records: Any) -> Any:
    before = records.err_count
    # warcio writes what it finds between two records to standard error.
    with _words(), redirect_stderr(io.StringIO()):
        record = next(records, None)
    if records.err_count != before:
        raise ArchiveError("it is damaged: what follows a record is none")
    return record


@contextmanager
def _words() -> Iterator[None]:
    try:
        yield
    except EOFError:
        raise ArchiveError("it ends in the middle of a record") from None
    except _BROKEN as error:
        first = str(error).strip().partition("\n")[0][:120]
        raise ArchiveError(f"it is damaged: what should be a record is none ({first})") from None


# ---------------------------------------------------------------- one record


def _told(record: Any, wanted: Callable[[str], bool], max_bytes: int) -> Recorded | LeftOut | None:
    """None for what is no answer (requests, metadata)."""
    if record.rec_type not in ("response", "revisit", "resource", "conversion", "continuation"):
        return None
    url = record.rec_headers.get_header("WARC-Target-URI") or ""
    if not wanted(url):
        return LeftOut(why="of an address that no guide cites")
    if record.rec_type not in ("response", "revisit") or record.http_headers is None:
        return LeftOut(why="not an answer to a request over HTTP")
    if record.rec_headers.get_header("WARC-Truncated") or record.rec_headers.get_header("WARC-Segment-Number"):
        return LeftOut(why="cut off when it was recorded")
    at = _moment(record.rec_headers.get_header("WARC-Date"))
    status = record.http_headers.get_statuscode()
    if at is None or not (status.isascii() and status.isdigit()):
        return LeftOut(why="without a date or a status that can be read")
    body = _body(record, max_bytes) if record.rec_type == "response" else None
    if isinstance(body, LeftOut):
        return body
    headers = tuple((str(name).lower(), str(value)) for name, value in record.http_headers.headers)
    payload = record.rec_headers.get_header("WARC-Payload-Digest") or ""
    return Recorded(url=url, at=at, status=int(status[:3]), headers=headers, body=body, payload=payload)


def _body(record: Any, max_bytes: int) -> bytes | LeftOut:
    """The body as a browser shows it: neither in chunks nor compressed."""
    raw = bytearray()
    while piece := record.raw_stream.read(_STEP):
        raw += piece
        if len(raw) > 2 * max_bytes:
            return LeftOut(why="larger than [crawl] max_bytes")
    if record.digest_checker.passed is False:
        return LeftOut(why="not what its digest says")
    http = record.http_headers
    data = bytes(raw)
    if (http.get_header("Transfer-Encoding") or "").strip().lower() == "chunked":
        data = ChunkedDataReader(io.BytesIO(data), decomp_type=None).read(len(data) + 1)
    try:
        decoder = Decoder(http.get_header("Content-Encoding") or "", max_bytes=max_bytes)
        decoder.feed(data)
        return decoder.finish()
    except TooLargeError:
        return LeftOut(why="larger than [crawl] max_bytes")
    except BombError:
        return LeftOut(why="a decompression bomb")
    except DecodingError:
        return LeftOut(why="compressed otherwise than its headers say")


def _moment(text: str | None) -> datetime | None:
    """WARC-Date: W3C's profile of ISO 8601, from a year alone to nanoseconds; such parts of it as name a second."""
    try:
        found = datetime.fromisoformat((text or "").strip())
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
