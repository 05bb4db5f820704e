"""What hosts' site maps said, and how often that was so: which hosts may be asked, and what is due sooner for it.

Every method is one transaction and raises StoreError alone.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, delete, func, or_, select, update

from crawler.lastmod import DAY, FAR, SitemapDecision, SitemapRecord, WatchedPage, settled
from crawler.model import ResourceId
from storage.engine import Database
from storage.hosttables import Host, Sitemap, SitemapClaim
from storage.statements import insert_or_update
from storage.tables import Resource

MOST_PAGES: Final = 2_000
"""Pages of one host that are compared with its site map: those that would be looked at last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SitemapHost:
    """A host whose site map may be asked for now."""

    id: int
    name: str
    pages: tuple[WatchedPage, ...]
    record: SitemapRecord


class Sitemaps:
    """The store's side of `crawler.lastmod`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def hosts(self, now: datetime, *, limit: int, only: int | None = None) -> list[int]:
        """Hosts with pages that have something to gain, and which may be asked: never asked ones first."""
        query = (
            select(Resource.host_id)
            .outerjoin(Sitemap, Sitemap.host_id == Resource.host_id)
            .where(Resource.next_due > now + FAR, Resource.last_ok == Resource.checked)
            .where(Resource.host_id.is_not(None), or_(Sitemap.again.is_(None), Sitemap.again <= now))
            .group_by(Resource.host_id, Sitemap.again)
            .order_by(Sitemap.again.nulls_first(), func.count().desc(), Resource.host_id)
            .limit(limit)
        )
        if only is not None:
            query = query.where(Resource.host_id == only)
        return [row.host_id for row in self._database.read(lambda connection: connection.execute(query).all())]

    def begin(self, host: int, now: datetime) -> SitemapHost | None:
        """A host with what is known of it, after its pages' last looks have shown what was true.

        It counts as asked from now on: whoever comes within a day finds None, also if this is cut off.
        """
        return self._database.write(lambda connection: _begin(connection, host, now))

    def end(self, host: int, decision: SitemapDecision, now: datetime) -> int:
        """Remember what was decided; gives how many pages are due sooner. One that was looked at meanwhile is left."""
        return self._database.write(lambda connection: _end(connection, host, decision, now))


def _begin(connection: Connection, host: int, now: datetime) -> SitemapHost | None:
    # The host's row is the lock: of two that come at once, one asks.
    name = connection.execute(select(Host.name).where(Host.id == host).with_for_update()).scalar()
    row = connection.execute(select(*Sitemap.__table__.c).where(Sitemap.host_id == host)).first()
    if name is None or (row is not None and row.again > now):
        return None
    record = SitemapRecord()
    if row is not None:
        record = SitemapRecord(hits=row.hits, misses=row.misses, fruitless=row.fruitless, lies=row.lies)
    record = _settle(connection, host, record)
    _remember(connection, host, record, now + DAY)
    found = connection.execute(
        select(Resource.id, Resource.url, Resource.checked, Resource.next_due)
        .where(Resource.host_id == host, Resource.next_due > now + FAR, Resource.last_ok == Resource.checked)
        .order_by(Resource.next_due.desc())
        .limit(MOST_PAGES)
    )
    pages = tuple(
        WatchedPage(resource=ResourceId(each.id), url=each.url, checked=each.checked, next_due=each.next_due)
        for each in found
    )
    return SitemapHost(id=host, name=name, pages=pages, record=record)


def _settle(connection: Connection, host: int, record: SitemapRecord) -> SitemapRecord:
    """What the looks since then say of what was said. A look that failed says nothing, and the claim waits on."""
    looked = connection.execute(
        select(SitemapClaim.resource_id, SitemapClaim.newest_id, Resource.newest_id.label("now_id"))
        .join(Resource, Resource.id == SitemapClaim.resource_id)
        .where(SitemapClaim.host_id == host, Resource.last_ok > SitemapClaim.said)
    ).all()
    for each in looked:
        connection.execute(delete(SitemapClaim).where(SitemapClaim.resource_id == each.resource_id))
    hits = sum(each.newest_id != each.now_id for each in looked)
    return settled(record, hits=hits, misses=len(looked) - hits)


def _end(connection: Connection, host: int, decision: SitemapDecision, now: datetime) -> int:
    done = 0
    for resource, due in sorted(decision.forward.items()):
        row = connection.execute(
            select(Resource.newest_id)
            .where(Resource.id == resource, Resource.next_due > due, Resource.checked < now)
            .with_for_update()
        ).first()
        if row is None:
            continue
        connection.execute(update(Resource).where(Resource.id == resource).values(next_due=due))
        claim = {"resource_id": resource, "host_id": host, "said": now, "newest_id": row.newest_id}
        insert_or_update(connection, SitemapClaim, claim)
        done += 1
    # After the resources, in whose wake the host's row is written: `_begin` holds it before it comes to this.
    _remember(connection, host, decision.record, decision.again)
    return done


def _remember(connection: Connection, host: int, record: SitemapRecord, again: datetime) -> None:
    row = {
        "host_id": host,
        "again": again,
        "hits": record.hits,
        "misses": record.misses,
        "fruitless": record.fruitless,
        "lies": record.lies,
    }
    insert_or_update(connection, Sitemap, row)
