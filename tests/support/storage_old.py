"""A store as the first release left it: three texts, four snapshots, one of which has let its body go."""

import hashlib
from typing import Any

import zstandard
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, bindparam, text
from sqlalchemy.types import LargeBinary
from storage_builders import DAY, START, URL

from storage.columns import Moment, json_bytes, name_hash
from storage.engine import create


def old_store(url: str, revision: str = "v0001") -> list[bytes]:
    """Makes it at `url`; gives the pages in the order in which they were seen, the second one not kept.

    With a later `revision` it has been brought up to that one since, and no further.
    """
    database = create(url)
    try:
        pages = database.write(_fill)
        database.write(lambda connection: _upgrade(connection, revision))
        return pages
    finally:
        database.close()


def _upgrade(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", "storage:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _fill(connection: Connection) -> list[bytes]:
    _upgrade(connection, "v0001")
    _insert(connection, "guide", name="g", name_hash=_hash("g"), title="G", file="g.md", line=1, active=True)
    _insert(connection, "resource", url=URL, url_hash=_hash(URL), render="auto", next_due=START, newest_id=4)
    _insert(connection, "citation", guide_id=1, key="c1", key_hash=_hash("c1"), resource_id=1, url=URL, line=1)
    pages = [b"<p>30 days</p>" * 40 + b"<!-- %d -->" % n for n in range(2)]
    pages += [b"<p>14 days</p>" * 40, b"<p>7 days</p>" * 40]
    for number, page in enumerate(pages):
        digest = hashlib.sha256(page).digest()
        if number != 1:
            data = zstandard.ZstdCompressor(level=6).compress(page)
            _insert(connection, "body", digest=digest, size=len(page), encoding="zstd", data=data)
        _insert(
            connection,
            "snapshot",
            resource_id=1,
            digest=digest,
            text_hash=_hash("30 days" if number < 2 else str(number)),
            at=START + number * DAY,
            last_seen=START + number * DAY,
            status=200,
            good=True,
            pinned=number != 1,
            health="ok",
            final_url=URL,
            headers=json_bytes([["etag", str(number)]]),
        )
        _insert(
            connection,
            "fetch",
            resource_id=1,
            at=START + number * DAY,
            snapshot_id=number + 1,
            status=200,
            attempts=1,
            verdict="ok",
            reason="http-200",
        )
    _insert(connection, "basis", guide_id=1, resource_id=1, snapshot_id=1, set_at=START, set_by="crawl")
    _insert(connection, "finding", kind="link", state="accepted", summary="was gone", now_id=3)
    _insert(connection, "finding", kind="drift", state="open", summary="14 days", basis_id=1, now_id=4)
    return pages


DEFAULTS: dict[str, dict[str, Any]] = {
    "guide": {"added": START, "content": b"\0"},
    "resource": {"added": START, "failures": 0, "etag": "", "last_modified": "", "title": ""},
    "citation": {"role": "citation", "title": "", "column": 1, "render": "auto", "active": True},
    "body": {},
    "snapshot": {},
    "fetch": {"elapsed_ms": 1},
    "basis": {},
    "finding": {
        "guide_id": 1,
        "citation_id": 1,
        "resource_id": 1,
        "severity": "material",
        "url": URL,
        "print": "",
        "opened": START,
        "updated": START,
        "by": "",
        "note": "",
    },
}


def _insert(connection: Connection, table: str, **given: Any) -> None:
    values = {**DEFAULTS[table], **given}
    names = ", ".join(f'"{name}"' for name in values)
    into = f'INSERT INTO "{table}" ({names})'
    statement = text(f"{into} VALUES ({', '.join(f':{name}' for name in values)})")
    typed = [
        bindparam(name, type_=LargeBinary() if isinstance(value, bytes) else Moment() if value in _MOMENTS else None)
        for name, value in values.items()
        if isinstance(value, bytes) or value in _MOMENTS
    ]
    connection.execute(statement.bindparams(*typed), values)


_MOMENTS = [START + number * DAY for number in range(4)]


def _hash(value: str) -> bytes:
    return bytes.fromhex(name_hash(value))
