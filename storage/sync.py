"""Brings guides, citations and resources up to date with the guides' files. The caller holds the transaction."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, exists, insert, select, update

from guides.model import Citation as CitationValue
from guides.model import Guide as GuideValue
from guides.model import Render
from review.model import FindingKind, FindingState
from storage import hosts, reported, rows
from storage.columns import bounded, clean, json_bytes, name_hash
from storage.engine import SYNC, alone
from storage.renames import Renamed, renamed, take_over
from storage.reverify import ABOUT_PLACES, on_that_day, verified_in_file
from storage.rows import AnyRow
from storage.statements import chunks, insert_new
from storage.tables import Citation, Finding, Guide, Resource, Standing

Key = Callable[[str], str | None]

NO_LONGER_CITED = "No longer cited by the guide"
GUIDE_GONE = "The guide is no longer there"
CITES_ANOTHER = "The guide cites another address there now"
OTHER_PLACE = "The guide cites another place of the page now"


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """What an editor may want to hear of: guides with a new id (was, is), and gone ones with their open findings."""

    renamed: tuple[tuple[str, str], ...] = ()
    gone: tuple[tuple[str, int], ...] = ()


@dataclass(slots=True, kw_only=True)
class _Sync:
    connection: Connection
    key: Key
    at: datetime
    touched: set[int] = field(default_factory=set)
    """Resources whose citations changed: whether and when they are due is looked at again."""
    fresh: set[int] = field(default_factory=set)
    """Resources that gained a citation: due at once, since it has no basis yet."""


def sync(connection: Connection, guides: Sequence[GuideValue], *, key: Key, at: datetime, complete: bool) -> Synced:
    """See `Store.sync`."""
    alone(connection, SYNC)
    work = _Sync(connection=connection, key=key, at=at)
    told = _by_hash(guides)
    held = {row.name_hash: row for row in connection.execute(select(*Guide.__table__.c))}
    changed = {
        hashed: guide
        for hashed, guide in told.items()
        if hashed not in held or not held[hashed].active or held[hashed].content != _content(guide, key)
    }
    ids = _write_guides(work, changed, held)
    _write_citations(work, {ids[hashed]: guide for hashed, guide in changed.items()})
    done = Synced()
    if complete:
        gone = [row for hashed, row in held.items() if row.active and hashed not in told]
        pairs = _renamed(work, gone, {ids[hashed]: guide for hashed, guide in told.items()}, held)
        done = _retire_guides(work, gone, pairs)
    _refresh(work)
    for hashed, guide in changed.items():
        if guide.verified is not None:
            if hashed not in held:
                on_that_day(connection, ids[hashed], guide.verified, at)
            verified_in_file(connection, ids[hashed], clean(guide.id), guide.verified, at)
    return done


def _by_hash(guides: Iterable[GuideValue]) -> dict[str, GuideValue]:
    """Of two guides with one id the first counts (reading them has told the editor)."""
    told: dict[str, GuideValue] = {}
    for guide in guides:
        told.setdefault(name_hash(guide.id), guide)
    return told


def _content(guide: GuideValue, key: Key) -> str:
    """Changes whenever something of the guide does, or a URL in it comes to mean another resource."""
    places = [rows.place_json(citation.place) for citation in guide.citations]
    keys = [key(citation.url) for citation in guide.citations]
    return hashlib.sha256(json_bytes([rows.plain(guide), places, keys])).hexdigest()


def _write_guides(work: _Sync, changed: Mapping[str, GuideValue], held: Mapping[str, AnyRow]) -> dict[str, int]:
    new, old = [], []
    for hashed, guide in changed.items():
        values = {
            "title": guide.title,
            "file": guide.file,
            "line": bounded(guide.line) or 1,
            "verified": guide.verified,
            "active": True,
            "content": _content(guide, work.key),
            "statements": rows.plain(guide.statements) or None,
        }
        if hashed in held:
            old.append({"row": held[hashed].id, **values})
        else:
            new.append({"name": guide.id, "name_hash": hashed, "stet_on": None, "added": work.at, **values})
    if new:
        work.connection.execute(insert(Guide), new)
    if old:
        work.connection.execute(_update_by_row(Guide, old[0]), old)
    ids = {hashed: row.id for hashed, row in held.items()}
    for part in chunks(row["name_hash"] for row in new):
        query = select(Guide.id, Guide.name_hash).where(Guide.name_hash.in_(part))
        ids |= {row.name_hash: row.id for row in work.connection.execute(query)}
    return ids


# ---------------------------------------------------------------- citations


def _write_citations(work: _Sync, guides: Mapping[int, GuideValue]) -> None:
    told = {guide_id: _by_key(guide.citations) for guide_id, guide in guides.items()}
    addresses = dict.fromkeys(citation.url for mine in told.values() for citation in mine.values())
    resources = _resources(work, {raw: work.key(raw) for raw in addresses})
    held: dict[int, dict[str, AnyRow]] = {guide: {} for guide in guides}
    for part in chunks(guides):
        for row in work.connection.execute(select(*Citation.__table__.c).where(Citation.guide_id.in_(part))):
            held[row.guide_id][row.key_hash] = row
    new: list[dict[str, Any]] = []
    old: list[dict[str, Any]] = []
    gone: list[int] = []
    for guide_id, mine in told.items():
        for hashed, citation in mine.items():
            values = _citation_values(citation, resources.get(citation.url))
            before = held[guide_id].get(hashed)
            if before is None:
                new.append({"guide_id": guide_id, "key": citation.key, "key_hash": hashed, "fragment": None, **values})
                work.fresh.add(values["resource_id"] or 0)
            else:
                old.append({"row": before.id, **values})
                _moved(work, before, values)
        gone += [row.id for hashed, row in held[guide_id].items() if row.active and hashed not in mine]
    if new:
        work.connection.execute(insert(Citation), new)
    if old:
        work.connection.execute(_update_by_row(Citation, old[0]), old)
    _retire_citations(work, gone, NO_LONGER_CITED)


def _by_key(citations: Iterable[CitationValue]) -> dict[str, CitationValue]:
    told: dict[str, CitationValue] = {}
    for citation in citations:
        told.setdefault(name_hash(citation.key), citation)
    return told


def _citation_values(citation: CitationValue, resource: int | None) -> dict[str, Any]:
    return {
        "resource_id": resource,
        "role": citation.role,
        "number": bounded(citation.number),
        "title": citation.title,
        "url": citation.url,
        "line": bounded(citation.line) or 1,
        "column": bounded(citation.column) or 1,
        "render": citation.render,
        "active": True,
        "place": rows.place_json(citation.place),
        "claim": rows.plain(citation.claim),
    }


def _moved(work: _Sync, before: AnyRow, values: Mapping[str, Any]) -> None:
    """A citation that was known: what was measured elsewhere, or while it was retired, is forgotten."""
    same = before.resource_id == values["resource_id"]
    here = same and before.place == values["place"]
    if here and before.active and before.render == values["render"]:
        return
    work.touched |= {before.resource_id or 0, values["resource_id"] or 0}
    if here and before.active:
        return
    work.fresh.add(values["resource_id"] or 0)
    work.connection.execute(delete(Standing).where(Standing.citation_id == before.id))
    work.connection.execute(update(Citation).where(Citation.id == before.id).values(fragment=None))
    if not same:
        _resolve(work, [before.id], CITES_ANOTHER)
    elif not here:
        _resolve(work, [before.id], OTHER_PLACE, kinds=ABOUT_PLACES)


def _renamed(
    work: _Sync, gone: Sequence[AnyRow], told: Mapping[int, GuideValue], held: Mapping[str, AnyRow]
) -> list[Renamed]:
    """Guides that are gone under one id and there under another, which nobody has decided anything about."""
    if not gone:
        return []
    first = min(row.added for row in gone)
    settled = {row.id for row in held.values() if row.stet_on is not None or (row.active and row.added <= first)}
    could_be = {row: guide for row, guide in told.items() if row not in settled}
    sources = {
        row: frozenset(filter(None, (work.key(each.url) for each in guide.citations)))
        for row, guide in could_be.items()
    }
    return renamed(work.connection, gone, could_be, sources)


def _retire_guides(work: _Sync, guides: Sequence[AnyRow], pairs: Sequence[Renamed]) -> Synced:
    for pair in pairs:
        take_over(work.connection, pair, work.at)
    former = {pair.old for pair in pairs}
    gone: list[tuple[str, int]] = []
    for part in chunks(guides):
        for row in part:
            query = select(Citation.id).where(Citation.guide_id == row.id, Citation.active.is_(True))
            note = NO_LONGER_CITED if row.id in former else GUIDE_GONE
            resolved = _retire_citations(work, list(work.connection.execute(query).scalars()), note)
            resolved += reported.close(work.connection, row.id, note, work.at)
            if row.id not in former:
                gone.append((row.name, resolved))
        ids = [row.id for row in part]
        work.connection.execute(update(Guide).where(Guide.id.in_(ids)).values(active=False))
    return Synced(renamed=tuple((pair.was, pair.now) for pair in pairs), gone=tuple(gone))


def _retire_citations(work: _Sync, citations: Sequence[int], note: str) -> int:
    """Gives how many open findings ended by it."""
    resolved = 0
    for part in chunks(citations):
        query = select(Citation.resource_id).where(Citation.id.in_(part))
        work.touched |= {each or 0 for each in work.connection.execute(query).scalars()}
        work.connection.execute(update(Citation).where(Citation.id.in_(part)).values(active=False))
        work.connection.execute(delete(Standing).where(Standing.citation_id.in_(part)))
        resolved += _resolve(work, part, note)
    return resolved


def _resolve(
    work: _Sync, citations: Sequence[int], note: str, *, kinds: Sequence[FindingKind] = tuple(FindingKind)
) -> int:
    done = work.connection.execute(
        update(Finding)
        .where(Finding.citation_id.in_(citations), Finding.state == FindingState.OPEN, Finding.kind.in_(kinds))
        .values(state=FindingState.RESOLVED, note=note, closed=work.at, updated=work.at)
    )
    return done.rowcount


# ---------------------------------------------------------------- resources


def _resources(work: _Sync, keys: Mapping[str, str | None]) -> dict[str, int]:
    """The resource of each URL as written, made where it is new; malformed ones have none."""
    hashes = {url: name_hash(url) for url in keys.values() if url is not None}
    ids: dict[str, int] = {}
    for part in chunks(hashes.items()):
        query = select(Resource.id, Resource.url_hash).where(Resource.url_hash.in_([hashed for _, hashed in part]))
        ids |= {row.url_hash: row.id for row in work.connection.execute(query)}
        fresh = {url: hashed for url, hashed in part if hashed not in ids}
        of = hosts.ids_of(work.connection, fresh, work.at)
        new = [_new_resource(url, hashed, of[url], work.at) for url, hashed in fresh.items()]
        insert_new(work.connection, Resource, new)
        ids |= {row.url_hash: row.id for row in work.connection.execute(query)} if new else {}
    return {raw: ids[hashes[url]] for raw, url in keys.items() if url is not None}


def _new_resource(url: str, hashed: str, host: int, at: datetime) -> dict[str, Any]:
    return {
        "url": url,
        "url_hash": hashed,
        "host_id": host,
        "render": Render.AUTO,
        "added": at,
        "next_due": at,
        "failures": 0,
        "etag": "",
        "last_modified": "",
        "title": "",
    }


def _refresh(work: _Sync) -> None:
    """What nobody cites is not due; what gained a citation is due now; one citation's wish for a browser counts."""
    touched = (work.touched | work.fresh) - {0}
    for part in chunks(sorted(touched)):
        cited = exists().where(Citation.resource_id == Resource.id, Citation.active.is_(True))
        mine = Resource.id.in_(part)
        work.connection.execute(update(Resource).where(mine, ~cited).values(next_due=None))
        later = Resource.next_due.is_(None) | (Resource.next_due > work.at)
        fresh = Resource.id.in_(sorted(work.fresh.intersection(part)))
        work.connection.execute(update(Resource).where(fresh, cited, later).values(next_due=work.at))
        _renders(work, part)


def _renders(work: _Sync, resources: Sequence[int]) -> None:
    query = (
        select(Citation.resource_id, Citation.render, Resource.render.label("held"))
        .join(Resource, Resource.id == Citation.resource_id)
        .where(Citation.resource_id.in_(resources), Citation.active.is_(True))
    )
    wishes: dict[int, set[str]] = {}
    held: dict[int, str] = {}
    for row in work.connection.execute(query):
        wishes.setdefault(row.resource_id, set()).add(row.render)
        held[row.resource_id] = row.held
    for resource, wished in wishes.items():
        render = Render.ALWAYS if Render.ALWAYS in wished else Render.AUTO if Render.AUTO in wished else Render.NEVER
        if render != held[resource]:
            work.connection.execute(update(Resource).where(Resource.id == resource).values(render=render))


def _update_by_row(table: type[Guide] | type[Citation], row: Mapping[str, Any]) -> Any:
    """An UPDATE of many rows by id, one set of values each."""
    core = table.__table__
    return (
        core.update()  # type: ignore[attr-defined]
        .where(core.c.id == bindparam("row"))
        .values({name: bindparam(f"{name}") for name in row if name != "row"})
    )
