"""Snapshots as WACZ 1.1.1 (Webrecorder's Web Archive Collection Zipped): a WARC with its index and list of pages."""

import gzip
import hashlib
import json
import re
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import IO, Any, Final
from urllib.parse import urlsplit

from warcio.warcwriter import WARCWriter

from loccit.warc import Served, records
from storage.store import Store

VERSION: Final = "1.1.1"
ARCHIVE, INDEX, SUMMARY, PAGES = (
    "archive/loccit.warc.gz",
    "indexes/index.cdx.gz",
    "indexes/index.idx",
    "pages/pages.jsonl",
)
_LINES: Final = 1024
"""Of the index that are compressed together: a reader fetches one such block for a look-up."""
_HTML: Final = frozenset({"text/html", "application/xhtml+xml"})


def write_wacz(store: Store, out: IO[bytes], *, program: str, user_agent: str, now: datetime) -> tuple[int, int]:
    """Write every look that a snapshot stands for, as `loccit.warc` does; gives how many records and pages there are.

    `out` must be seekable. What is in the archive is stored, not compressed again, so that parts of it can be read.
    """
    # An index may be larger than memory; this database is a temporary file that is gone when it is closed.
    with closing(sqlite3.connect("")) as lines, zipfile.ZipFile(out, "w", allowZip64=True) as archive:
        lines.execute("CREATE TABLE line (key TEXT, moment TEXT, place INTEGER, said TEXT, page TEXT)")
        parts = _Parts(archive=archive, now=now)
        number = _archive(store, parts, lines, program=program, user_agent=user_agent)
        _index(parts, lines)
        pages = _pages(parts, lines)
        _package(parts, program, now)
    return number, pages


# ---------------------------------------------------------------- what is in it


def _archive(store: Store, parts: "_Parts", lines: sqlite3.Connection, *, program: str, user_agent: str) -> int:
    number = 0
    with parts.file(ARCHIVE, packed=False) as out:
        writer = WARCWriter(out, gzip=True, warc_version="1.1")
        name = ARCHIVE.rpartition("/")[2]
        for record, served in records(store, writer, program=program, user_agent=user_agent, name=name):
            begins = out.size
            writer.write_record(record)
            number += 1
            if served is not None:
                said = _said(served, begins, out.size - begins, name)
                row = (sort_key(served.url), _timestamp(served.at), begins, said, _page(served, number))
                lines.execute("INSERT INTO line VALUES (?, ?, ?, ?, ?)", row)
    return number


def _said(served: Served, offset: int, length: int, name: str) -> str:
    told = {
        "url": served.url,
        "mime": "warc/revisit" if served.revisit else served.mime,
        "status": str(served.status),
        "digest": served.digest,
        "length": str(length),
        "offset": str(offset),
        "filename": name,
    }
    return json.dumps(told)


def _page(served: Served, number: int) -> str | None:
    """A line of the list of pages; None for what is none, or was listed before."""
    if served.revisit or served.mime not in _HTML or served.status != 200:
        return None
    moment = served.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.dumps({"id": f"p{number}", "url": served.url, "ts": moment, "title": served.url})


def _index(parts: "_Parts", lines: sqlite3.Connection) -> None:
    """CDXJ in gzip members of so many lines each, and beside it the first line of each member."""
    sorted_lines = iter(lines.execute("SELECT key, moment, said FROM line ORDER BY key, moment, place"))
    summary = ['!meta 0 {"format": "cdxj-gzip-1.0", "filename": "index.cdx.gz"}\n']
    with parts.file(INDEX, packed=False) as out:
        while block := list(islice(sorted_lines, _LINES)):
            data = gzip.compress("".join(f"{key} {moment} {said}\n" for key, moment, said in block).encode(), mtime=0)
            digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
            where = json.dumps({"offset": out.size, "length": len(data), "digest": digest, "filename": "index.cdx.gz"})
            summary.append(f"{block[0][0]} {block[0][1]} {where}\n")
            out.write(data)
    with parts.file(SUMMARY) as out:
        out.write("".join(summary).encode())


def _pages(parts: "_Parts", lines: sqlite3.Connection) -> int:
    number = 0
    with parts.file(PAGES) as out:
        head = {"format": "json-pages-1.0", "id": "pages", "title": "All pages", "hasText": False}
        out.write(json.dumps(head).encode() + b"\n")
        for (page,) in lines.execute("SELECT page FROM line WHERE page IS NOT NULL ORDER BY key, moment"):
            out.write(page.encode() + b"\n")
            number += 1
    return number


def _package(parts: "_Parts", program: str, now: datetime) -> None:
    moment = now.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    told = {
        "profile": "data-package",
        "resources": list(parts.told),
        "wacz_version": VERSION,
        "title": "Sources of guides, as loccit saw them",
        "software": program,
        "created": moment,
    }
    data = json.dumps(told, indent=2).encode()
    with parts.file("datapackage.json") as out:
        out.write(data)
    digest = {"path": "datapackage.json", "hash": f"sha256:{hashlib.sha256(data).hexdigest()}"}
    with parts.file("datapackage-digest.json") as out:
        out.write(json.dumps(digest, indent=2).encode())


@dataclass(slots=True, kw_only=True)
class _Parts:
    """The files of the archive, each told of with size and digest once it is written."""

    archive: zipfile.ZipFile
    now: datetime
    told: list[dict[str, Any]] = field(default_factory=list)

    @contextmanager
    def file(self, path: str, *, packed: bool = True) -> Iterator["_Counted"]:
        # ZIP knows no year before 1980 and none after 2107.
        year = min(max(self.now.year, 1980), 2107)
        info = zipfile.ZipInfo(path, (year, *self.now.timetuple()[1:6]))
        info.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
        info.external_attr = 0o644 << 16
        with self.archive.open(info, "w", force_zip64=not packed) as out:
            counted = _Counted(out)
            yield counted
        name = path.rpartition("/")[2].lower()
        self.told.append({"name": name, "path": path, "hash": counted.hash, "bytes": counted.size})


class _Counted:
    """A file to write to that knows how much and what was written."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self._digest = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> int:
        self._digest.update(data)
        self.size += len(data)
        return self._out.write(data)

    def flush(self) -> None:
        self._out.flush()

    @property
    def hash(self) -> str:
        return f"sha256:{self._digest.hexdigest()}"


# ---------------------------------------------------------------- the index's keys


def sort_key(url: str) -> str:
    """The address as indexes of archives sort it: host reversed, case folded, without `www.`, `com,example)/path?a=1`.

    As the Sort-friendly URI Reordering Transform of the Internet Archive gives it for the addresses of pages.
    """
    try:
        parsed = urlsplit(url)
        host, port = (parsed.hostname or "").rstrip("."), parsed.port
    except ValueError:
        return url.lower().replace(" ", "%20")
    head, _, rest = host.partition(".")
    if rest and head.startswith("www") and head[3:].isdigit() | (head == "www"):
        host = rest
    own = {"http": 80, "https": 443}.get(parsed.scheme)
    at = f":{port}" if port not in (None, own) else ""
    path = re.sub("/+", "/", parsed.path.lower()) or "/"
    path = path.rstrip("/") if len(path) > 1 else path
    query = "&".join(sorted(parsed.query.lower().split("&"))) if parsed.query else ""
    backwards = host if ":" in host else ",".join(reversed(host.split(".")))
    return f"{backwards}{at}){path or '/'}{'?' + query if query else ''}".replace(" ", "%20")


def _timestamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%d%H%M%S")
