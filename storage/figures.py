"""What the overview counts: findings from opening to end, and the days on which guides were verified."""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, func, or_, select, type_coerce
from sqlalchemy import LargeBinary as Bytes

from crawler.model import Verdict
from review.casework import Figures, Span
from review.model import FindingState
from storage import decided, runs, sources
from storage.columns import unpack
from storage.rows import later, read
from storage.tables import Basis, Finding, Guide, Resource

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
    guides = len(days)
    moved = select(Basis.guide_id, Basis.verified).where(Basis.verified.is_not(None)).distinct()
    days |= {(row.guide_id, row.verified) for row in connection.execute(moved)}
    return Figures(
        spans=spans,
        verified=tuple(sorted((guide, on) for guide, on in days if on is not None)),
        guides=guides,
        sources=connection.execute(select(func.count()).where(Resource.next_due.is_not(None))).scalar_one(),
        verdicts=_verdicts(connection),
        last_crawl=(run.finished or run.started) if run else None,
        next_due=sources.next_due(connection),
        decisions=tuple(decided.decisions(connection, skip=0, limit=_DECISIONS)),
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
