"""What the overview counts: findings from opening to end, and the days on which guides were verified."""

from datetime import date, datetime
from typing import Final

from sqlalchemy import Connection, bindparam, func, or_, select, type_coerce
from sqlalchemy import LargeBinary as Bytes

from crawler.model import Verdict
from review.casework import Action, Figures, Span
from review.model import FindingState
from storage import decided, runs, sources
from storage.columns import unpack
from storage.rows import later, read
from storage.tables import Audit, Basis, Finding, Guide, Resource
from storage.worktables import Decision as DecisionTable

_DECISIONS: Final = 1000


def figures(connection: Connection, *, since: datetime) -> Figures:
    """See `Bench.figures`. `since`: findings that ended before are left out."""
    query = select(
        Finding.opened, Finding.closed, Finding.state, Finding.severity, Finding.kind, Finding.guide_id, Finding.by
    ).where(or_(Finding.closed.is_(None), Finding.closed >= since))
    spans = tuple(
        Span(
            opened=row.opened,
            closed=row.closed,
            state=FindingState(row.state),
            severity=row.severity,
            kind=row.kind,
            guide=row.guide_id,
            by=row.by,
        )
        for row in connection.execute(query)
    )
    run = runs.last(connection, "crawl")
    active = select(Guide.id, Guide.verified, Guide.stet_on).where(Guide.active.is_(True))
    days = {(row.id, later(row.verified, row.stet_on)) for row in connection.execute(active)}
    present = {guide for guide, _ in days}
    moved = select(Basis.guide_id, Basis.verified).where(Basis.verified.is_not(None)).distinct()
    days |= {(row.guide_id, row.verified) for row in connection.execute(moved)}
    days |= _earlier(connection, since)
    return Figures(
        spans=spans,
        verified=tuple(sorted((guide, on) for guide, on in days if on is not None and guide in present)),
        guides=len(present),
        sources=connection.execute(select(func.count()).where(Resource.next_due.is_not(None))).scalar_one(),
        verdicts=_verdicts(connection),
        last_crawl=(run.finished or run.started) if run else None,
        next_due=sources.next_due(connection),
        decisions=tuple(decided.decisions(connection, skip=0, limit=_DECISIONS)),
    )


def _earlier(connection: Connection, since: datetime) -> set[tuple[int, date | None]]:
    """Days on which guides were verified before the last time: a new date takes the old one's place everywhere else.

    What a decision can be taken back to holds the days before it; the audit log holds those of the command line and of
    dates that were written into files.
    """
    days: set[tuple[int, date | None]] = set()
    decided_at: set[datetime] = set()
    for row in connection.execute(_STETS, {"since": since}):
        decided_at.add(row.at)
        kept = row.restore if isinstance(row.restore, dict) and row.undone is None else {}
        days |= {(each["guide_id"], _day(each.get("verified"))) for each in kept.get("bases", ())}
        days |= {(each["id"], _day(each.get("stet_on"))) for each in kept.get("guides", ())}
    days |= {
        (row.id, row.at.date()) for row in connection.execute(_LOGGED, {"since": since}) if row.at not in decided_at
    }
    return days


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


_STETS: Final = (
    select(DecisionTable.at, DecisionTable.undone, DecisionTable.restore)
    .where(DecisionTable.action == Action.STET.value, DecisionTable.at >= bindparam("since"))
    .order_by(DecisionTable.id.desc())
    .limit(_DECISIONS)
)
_LOGGED: Final = (
    select(Guide.id, Audit.at)
    .join(Guide, Guide.name == Audit.guide)
    .where(Audit.action.in_(("stet", "verified-in-file")), Audit.at >= bindparam("since"), Guide.active.is_(True))
)


def _verdicts(connection: Connection) -> tuple[tuple[str, int], ...]:
    """How many watched sources have which verdict. Equal verdicts are equal bytes: each is read once."""
    raw = type_coerce(Resource.verdict, Bytes)
    query = select(raw.label("raw"), func.count().label("many")).where(Resource.next_due.is_not(None)).group_by(raw)
    counted: dict[str, int] = {}
    for row in connection.execute(query):
        verdict = read(unpack(bytes(row.raw)), Verdict | None, None) if row.raw else None  # type: ignore[arg-type]
        word = verdict.kind.value if verdict else "not checked yet"
        counted[word] = counted.get(word, 0) + row.many
    return tuple(sorted(counted.items(), key=lambda item: -item[1]))
