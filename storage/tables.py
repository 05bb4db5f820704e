"""The tables, for SQLite and PostgreSQL alike. What is read and written often is kept apart from what is large.

A change here needs a migration of its own in `storage.migrations.versions`; a test compares the two.
"""

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import Date, ForeignKey, Index, Integer, LargeBinary, MetaData, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from storage.columns import BIG_ID, Hash, Moment, Packed, Words

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: Moment(), str: Words(), date: Date(), int: Integer()}


class Guide(Base):
    """A guide as its file gave it last. `content` is a digest of all of it: an unchanged guide is not written again.

    `verified` is the file's date, `stet_on` the store's own; the later one counts.
    """

    __tablename__ = "guide"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    name_hash: Mapped[str] = mapped_column(Hash(), unique=True)
    title: Mapped[str]
    file: Mapped[str]
    line: Mapped[int]
    verified: Mapped[date | None]
    stet_on: Mapped[date | None]
    active: Mapped[bool]
    added: Mapped[datetime]
    content: Mapped[str] = mapped_column(Hash())
    statements: Mapped[Any | None] = mapped_column(Packed())


class Resource(Base):
    """What is fetched, with how its link stands. `next_due` is NULL while nobody cites it.

    `newest_id` is the newest good snapshot; no foreign key, since the two tables would need each other. `host_id` is
    whose pace it keeps to: see `storage.hosttables`.
    """

    __tablename__ = "resource"
    __table_args__ = (Index(None, "host_id", "next_due"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    url: Mapped[str]
    url_hash: Mapped[str] = mapped_column(Hash(), unique=True)
    render: Mapped[str]
    added: Mapped[datetime]
    next_due: Mapped[datetime | None] = mapped_column(index=True)
    interval_hours: Mapped[float | None]
    checked: Mapped[datetime | None]
    last_ok: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]
    failures: Mapped[int]
    unreachable_since: Mapped[datetime | None]
    etag: Mapped[str]
    last_modified: Mapped[str]
    title: Mapped[str]
    newest_id: Mapped[int | None] = mapped_column(BIG_ID)
    host_id: Mapped[int | None]
    verdict: Mapped[Any | None] = mapped_column(Packed())
    rate: Mapped[Any | None] = mapped_column(Packed())


class Memory(Base):
    """What was learned of a page's volatility. Apart from the resource: it is large and seldom changes."""

    __tablename__ = "memory"

    resource_id: Mapped[int] = mapped_column(ForeignKey("resource.id"), primary_key=True, autoincrement=False)
    hash: Mapped[str] = mapped_column(Hash())
    data: Mapped[Any | None] = mapped_column(Packed())


class Citation(Base):
    """One use of a source by a guide. Without resource where its URL is malformed. Retired ones stay, inactive."""

    __tablename__ = "citation"
    __table_args__ = (UniqueConstraint("guide_id", "key_hash"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    guide_id: Mapped[int] = mapped_column(ForeignKey("guide.id"))
    key: Mapped[str]
    key_hash: Mapped[str] = mapped_column(Hash())
    resource_id: Mapped[int | None] = mapped_column(ForeignKey("resource.id"), index=True)
    role: Mapped[str]
    number: Mapped[int | None]
    title: Mapped[str]
    url: Mapped[str]
    line: Mapped[int]
    column: Mapped[int]
    render: Mapped[str]
    active: Mapped[bool]
    fragment: Mapped[str | None]
    place: Mapped[Any | None] = mapped_column(Packed())
    claim: Mapped[Any | None] = mapped_column(Packed())


class Body(Base):
    """Raw bytes under their SHA-256. With `base`, `data` is compressed against that body's bytes.

    `chain` and `place` say which one the next body of a resource rests on: see `storage.deltas`.
    """

    __tablename__ = "body"
    __table_args__ = (Index(None, "chain", "place", unique=True),)

    digest: Mapped[str] = mapped_column(Hash(), primary_key=True)
    size: Mapped[int]
    encoding: Mapped[str]
    base: Mapped[str | None] = mapped_column(Hash(), ForeignKey("body.digest"), index=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)
    chain: Mapped[int | None]
    place: Mapped[int | None]


class Picture(Base):
    """How a page looked in the browser (JPEG), beside its body: see `storage.pictures`."""

    __tablename__ = "picture"

    digest: Mapped[str] = mapped_column(Hash(), primary_key=True)
    resource_id: Mapped[int] = mapped_column(ForeignKey("resource.id"), index=True)
    image: Mapped[bytes] = mapped_column(LargeBinary)


class Snapshot(Base):
    """One content of a resource, however often served. Its body may not be kept: see `storage.bodies`.

    `pinned`: a basis, a finding or an entry of the audit log refers to it, and its body is never let go.
    """

    __tablename__ = "snapshot"
    __table_args__ = (
        UniqueConstraint("resource_id", "digest", "status"),
        Index(None, "resource_id", "text_hash"),
    )

    id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    resource_id: Mapped[int] = mapped_column(ForeignKey("resource.id"))
    digest: Mapped[str] = mapped_column(Hash(), index=True)
    text_hash: Mapped[str | None] = mapped_column(Hash())
    at: Mapped[datetime]
    last_seen: Mapped[datetime]
    status: Mapped[int]
    good: Mapped[bool]
    pinned: Mapped[bool]
    health: Mapped[str]
    final_url: Mapped[str]
    headers: Mapped[Any | None] = mapped_column(Packed())
    tls_expires: Mapped[datetime | None]


class Mark(Base):
    """What the store knows of itself, by name: see `storage.marks`."""

    __tablename__ = "mark"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class Run(Base):
    """One pass. Without `finished` it is under way, or was killed."""

    __tablename__ = "run"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    started: Mapped[datetime]
    finished: Mapped[datetime | None]
    outcome: Mapped[str | None]
    counts: Mapped[Any | None] = mapped_column(Packed())


class Lease(Base):
    """What only one process may do at a time: `holder` may, until then."""

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str]
    since: Mapped[datetime]
    until: Mapped[datetime]


class Fetch(Base):
    """One look at a resource, in a few bytes: there are millions.

    Snapshot and run are referred to without foreign keys: letting one go would look through all of these rows.
    `digest` and `headers` are what was served where it differed from the snapshot in nothing that can be seen: see
    `storage.folding`.
    """

    __tablename__ = "fetch"
    __table_args__ = ({"sqlite_with_rowid": False},)

    resource_id: Mapped[int] = mapped_column(ForeignKey("resource.id"), primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    run_id: Mapped[int | None]
    snapshot_id: Mapped[int | None] = mapped_column(BIG_ID)
    status: Mapped[int | None]
    elapsed_ms: Mapped[int]
    attempts: Mapped[int]
    verdict: Mapped[str]
    reason: Mapped[str]
    digest: Mapped[str | None] = mapped_column(Hash())
    headers: Mapped[bytes | None] = mapped_column(LargeBinary)


class Basis(Base):
    """The snapshot that a guide was last verified against, for each of its resources."""

    __tablename__ = "basis"

    guide_id: Mapped[int] = mapped_column(ForeignKey("guide.id"), primary_key=True, autoincrement=False)
    resource_id: Mapped[int] = mapped_column(
        ForeignKey("resource.id"), primary_key=True, autoincrement=False, index=True
    )
    snapshot_id: Mapped[int] = mapped_column(BIG_ID, ForeignKey("snapshot.id"), index=True)
    set_at: Mapped[datetime]
    set_by: Mapped[str]
    verified: Mapped[date | None]


class Standing(Base):
    """Where a cited place stands against its basis."""

    __tablename__ = "standing"

    citation_id: Mapped[int] = mapped_column(ForeignKey("citation.id"), primary_key=True, autoincrement=False)
    kind: Mapped[str]
    basis_id: Mapped[int] = mapped_column(BIG_ID, ForeignKey("snapshot.id"), index=True)
    now_id: Mapped[int | None] = mapped_column(BIG_ID, ForeignKey("snapshot.id"), index=True)
    since: Mapped[datetime]
    now_since: Mapped[datetime]
    sightings: Mapped[int]
    place: Mapped[Any | None] = mapped_column(Packed())
    drift: Mapped[Any | None] = mapped_column(Packed())


class Finding(Base):
    """What an editor should look at. The partial indexes keep two crawls, or two readers, from opening one twice.

    What readers report is about a guide and has no citation.
    """

    __tablename__ = "finding"
    __table_args__ = (
        Index(
            "uq_finding_open",
            "citation_id",
            "kind",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        Index(
            "uq_finding_reported",
            "guide_id",
            "print",
            unique=True,
            sqlite_where=text("state = 'open' AND kind = 'reader-report'"),
            postgresql_where=text("state = 'open' AND kind = 'reader-report'"),
        ),
        Index(None, "state", "guide_id"),
        # The desk's first question, in the order in which it is told; closed ones only grow.
        Index("ix_finding_open", "id", sqlite_where=text("state = 'open'"), postgresql_where=text("state = 'open'")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    guide_id: Mapped[int] = mapped_column(ForeignKey("guide.id"), index=True)
    citation_id: Mapped[int | None] = mapped_column(ForeignKey("citation.id"), index=True)
    resource_id: Mapped[int | None] = mapped_column(ForeignKey("resource.id"), index=True)
    kind: Mapped[str]
    state: Mapped[str]
    severity: Mapped[str]
    url: Mapped[str]
    opened: Mapped[datetime]
    updated: Mapped[datetime]
    closed: Mapped[datetime | None]
    summary: Mapped[str]
    print: Mapped[str]
    by: Mapped[str]
    note: Mapped[str]
    basis_id: Mapped[int | None] = mapped_column(BIG_ID, ForeignKey("snapshot.id"), index=True)
    now_id: Mapped[int | None] = mapped_column(BIG_ID, ForeignKey("snapshot.id"), index=True)
    changes: Mapped[Any | None] = mapped_column(Packed())
    claims: Mapped[Any | None] = mapped_column(Packed())
    reports: Mapped[Any | None] = mapped_column(Packed())


class Audit(Base):
    """Who decided what, when, on which evidence. Triggers refuse any change; each entry seals the one before."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    who: Mapped[str]
    action: Mapped[str]
    guide: Mapped[str]
    note: Mapped[str]
    findings: Mapped[Any] = mapped_column(Packed())
    evidence: Mapped[Any] = mapped_column(Packed())
    before: Mapped[str] = mapped_column(Hash(), unique=True)
    hash: Mapped[str] = mapped_column(Hash())
