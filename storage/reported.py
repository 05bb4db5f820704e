"""What readers report, as findings: one for each step of a guide, however many write. The caller holds the transaction.

Kept of a reader are the words alone.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from guides.model import Claim, GuideId
from review.model import FindingId, FindingKind, FindingState, ReaderReport
from review.reported import Step, joined, print_of, summary_of, words_of
from storage import rows
from storage.columns import clean, name_hash
from storage.errors import StoreError
from storage.statements import insert_new
from storage.tables import Finding, Guide

_OPEN = (Finding.state == FindingState.OPEN, Finding.kind == FindingKind.READER_REPORT)


def put(connection: Connection, guide: GuideId, step: Step | None, words: str, at: datetime) -> FindingId:
    """Open a finding, or add to the open one; gives its id."""
    query = select(Guide.id).where(Guide.name_hash == name_hash(guide), Guide.active.is_(True))
    row = connection.execute(query.with_for_update()).scalar()
    if row is None:
        raise StoreError(f"the store knows no guide {clean(guide)!r}; run loccit crawl first")
    mark = print_of(step)
    query_open = select(Finding.id, Finding.reports).where(*_OPEN, Finding.guide_id == row, Finding.print == mark)
    found = connection.execute(query_open).first()
    before = rows.read(found.reports, tuple[ReaderReport, ...], ()) if found else ()
    reports = joined(before, words_of(words), at)
    said = {
        "summary": summary_of(reports, step.number if step else None),
        "reports": rows.plain(reports),
        "claims": rows.plain((Claim(text=step.text, line=step.line),) if step else ()),
        "updated": at,
    }
    if found:
        connection.execute(update(Finding).where(Finding.id == found.id).values(said))
        return FindingId(found.id)
    insert_new(connection, Finding, {**_NEW, **said, "guide_id": row, "print": mark, "opened": at})
    return FindingId(connection.execute(query_open).one().id)


_NEW: dict[str, Any] = {
    "citation_id": None,
    "resource_id": None,
    "kind": FindingKind.READER_REPORT,
    "state": FindingState.OPEN,
    "severity": FindingKind.READER_REPORT,
    "url": "",
    "closed": None,
    "by": "",
    "note": "",
    "basis_id": None,
    "now_id": None,
    "changes": rows.plain(()),
}


def close(connection: Connection, guide: int, note: str, at: datetime) -> int:
    """The guide is gone; gives how many open findings ended by it."""
    values = {"state": FindingState.RESOLVED, "note": note, "closed": at, "updated": at}
    return connection.execute(update(Finding).where(*_OPEN, Finding.guide_id == guide).values(values)).rowcount


def take_over(connection: Connection, old: int, new: int, at: datetime) -> None:
    """The guide got another id: its reports go with it, joined where both have an open one of a step."""
    mine = select(Finding.id, Finding.print, Finding.reports, Finding.claims).where(Finding.guide_id == old, *_OPEN)
    for row in connection.execute(mine).all():
        query = select(Finding.id, Finding.reports).where(*_OPEN, Finding.guide_id == new, Finding.print == row.print)
        there = connection.execute(query).first()
        if there is None:
            continue
        every = rows.read(row.reports, tuple[ReaderReport, ...], ())
        for each in rows.read(there.reports, tuple[ReaderReport, ...], ()):
            every = joined(every, each.words, each.at)
        connection.execute(update(Finding).where(Finding.id == row.id).values(reports=rows.plain(every)))
        ended = {"state": FindingState.RESOLVED, "note": f"joined with finding {row.id}", "closed": at, "updated": at}
        connection.execute(update(Finding).where(Finding.id == there.id).values(ended))
    reported = (Finding.guide_id == old, Finding.kind == FindingKind.READER_REPORT)
    connection.execute(update(Finding).where(*reported).values(guide_id=new))
