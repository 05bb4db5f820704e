"""The queue's questions to a store of many years: how long each takes, and the plan of every statement that it makes.

python benchmarks/queries.py --scale 0.1 [--postgres]        (scale 1: 100,000 resources, 5 million looks, 1 million
snapshots). The store is made by the database itself, row by number; the questions are those that loccit asks.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event, text

from crawler.model import Change, Drift, DriftKind, ResourceId, Verdict, VerdictKind
from guides.model import Citation, CitationKey, Claim, Guide, GuideId, Role
from storage import rows
from storage.columns import Moment, json_bytes, name_hash, pack
from storage.store import Store

START = datetime(2024, 1, 1, tzinfo=UTC)
RESOURCES, LOOKS, SNAPSHOTS = 100_000, 5_000_000, 1_000_000
A_GUIDE = 10
"""Citations of one guide."""
OPEN_EVERY = 500
"""Of so many findings one is open; every citation has one."""
DUE = 100
ROUNDS = 50

NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count) "
FILL = (
    (
        "resources",
        "INSERT INTO resource (id, url, url_hash, render, added, next_due, checked, failures, etag, last_modified, "
        "title, newest_id, verdict) {numbers} SELECT i, 'https://site' || (i % 997) || '.example/help/' || i, {hash}, "
        "'auto', {start}, {start} + i * {hour}, {start}, 0, '', '', 'Help', i, :verdict FROM n",
    ),
    (
        "resources",
        'INSERT INTO citation (id, guide_id, key, key_hash, resource_id, role, title, url, line, "column", render, '
        "active) {numbers} SELECT i, 1 + (i - 1) / {each}, 'c' || (1 + (i - 1) % {each}), {hash}, i, 'citation', '', "
        "'https://site' || (i % 997) || '.example/help/' || i, 1, 1, 'auto', {true} FROM n",
    ),
    (
        "snapshots",
        "INSERT INTO snapshot (id, resource_id, digest, text_hash, at, last_seen, status, good, pinned, health, "
        "final_url, headers) {numbers} SELECT i, 1 + (i - 1) % :resources, {hash}, {hash}, {start} + i * {minute}, "
        "{start} + i * {minute}, 200, {true}, i <= :resources, 'ok', 'https://site.example/help/' || i, :headers "
        "FROM n",
    ),
    (
        "resources",
        "INSERT INTO basis (guide_id, resource_id, snapshot_id, set_at, set_by) {numbers} "
        "SELECT 1 + (i - 1) / {each}, i, i, {start}, 'crawl' FROM n",
    ),
    (
        "resources",
        "INSERT INTO standing (citation_id, kind, basis_id, now_id, since, now_since, sightings, drift) {numbers} "
        "SELECT i, 'unchanged', i, i, {start}, {start}, 40, :drift FROM n",
    ),
    (
        "resources",
        "INSERT INTO finding (id, guide_id, citation_id, resource_id, kind, state, severity, url, opened, updated, "
        'summary, print, "by", note, basis_id, now_id, changes, claims) {numbers} SELECT i, 1 + (i - 1) / {each}, i, '
        "i, 'drift', CASE WHEN i % {open} = 0 THEN 'open' ELSE 'accepted' END, 'material', '', {start}, {start}, "
        "'30 days became 14 days', '', '', '', i, i, :changes, :claims FROM n",
    ),
    (
        "looks",
        'INSERT INTO "fetch" (resource_id, at, run_id, snapshot_id, status, elapsed_ms, attempts, verdict, reason) '
        "{numbers} SELECT 1 + (i - 1) % :resources, {start} + i / :resources * {hour}, i / :resources, "
        "1 + (i - 1) % :resources, 200, 20, 1, 'ok', 'http-200' FROM n",
    ),
)


def words(dialect: str) -> dict[str, Any]:
    """What the databases spell differently."""
    common = {"numbers": NUMBERS, "each": A_GUIDE, "open": OPEN_EVERY}
    start = Moment().process_bind_param(START, _Dialect(dialect))
    if dialect == "sqlite":
        hour, minute = 3_600_000_000, 60_000_000
        return {**common, "hash": "randomblob(32)", "start": start, "hour": hour, "minute": minute, "true": "1"}
    return {
        **common,
        "hash": "sha256(CAST(CAST(i AS text) AS bytea))",
        "start": f"TIMESTAMPTZ '{START.isoformat()}'",
        "hour": "INTERVAL '1 hour'",
        "minute": "INTERVAL '1 minute'",
        "true": "TRUE",
    }


class _Dialect:
    def __init__(self, name: str) -> None:
        self.name = name


def fill(connection: Connection, scale: float) -> dict[str, int]:
    """Ten citations a guide, each of a source of its own; looks and snapshots spread evenly."""
    size = {
        "resources": max(2 * OPEN_EVERY, int(RESOURCES * scale)),
        "looks": int(LOOKS * scale),
        "snapshots": max(2 * OPEN_EVERY, int(SNAPSHOTS * scale)),
    }
    _guides(connection, size["resources"] // A_GUIDE)
    change = Change(before="within 30 days", after="within 14 days", drift=DriftKind.MATERIAL, reason="30 → 14 days")
    drift = Drift(kind=DriftKind.UNCHANGED, algorithm="1", before_print="ab" * 16, now_print="ab" * 16)
    verdict = Verdict(kind=VerdictKind.OK, reason="http-200", status=200, final_url="https://site.example/help")
    headers = [("content-type", "text/html; charset=utf-8"), ("date", "Mon, 01 Jan 2024 00:00:00 GMT"), ("etag", "a")]
    values = {
        "resources": size["resources"],
        "verdict": pack(rows.plain(verdict)),
        "drift": pack(rows.drift_json(drift)),
        "changes": pack(rows.plain((change,))),
        "claims": pack(rows.plain((Claim(text="It is deleted within 30 days.", line=40),))),
        "headers": pack(headers),
    }
    spelled = words(connection.dialect.name)
    for what, statement in FILL:
        query = statement.format(**spelled)
        mine = {key: value for key, value in values.items() if f":{key}" in query}
        connection.execute(text(query), {**mine, "count": size[what]})
    return size


def _guides(connection: Connection, count: int) -> None:
    at = Moment().process_bind_param(START, connection.dialect)
    insert = text(
        "INSERT INTO guide (id, name, name_hash, title, file, line, active, added, content, verified) "
        "VALUES (:id, :name, :hash, :name, '', 1, :yes, :at, :blank, :day)"
    )
    day: Any = date(2024, 1, 1)
    connection.execute(
        insert,
        [
            {
                "id": number,
                "name": f"g{number}",
                "hash": bytes.fromhex(name_hash(f"g{number}")),
                "yes": True,
                "at": at,
                "blank": json_bytes(0),
                "day": day.isoformat() if connection.dialect.name == "sqlite" else day,
            }
            for number in range(1, count + 1)
        ],
    )


# ---------------------------------------------------------------- asking


def guide(number: int) -> Guide:
    """A guide as its file gives it, with its ten citations."""
    first = (number - 1) * A_GUIDE + 1
    cited = tuple(
        Citation(
            key=CitationKey(f"c{place + 1}"),
            role=Role.CITATION,
            url=f"https://site{(first + place) % 997}.example/help/{first + place}",
            line=1,
            column=1,
        )
        for place in range(A_GUIDE)
    )
    return Guide(id=GuideId(f"g{number}"), file="g.md", title="g", citations=cited)


def questions(store: Store, size: dict[str, int]) -> dict[str, Callable[[], Any]]:
    now = START + timedelta(hours=DUE)
    middle = size["resources"] // 2
    asked = guide(middle // A_GUIDE)
    return {
        "due": lambda: store.due(now),
        "open findings": lambda: store.findings(),
        "open findings of a guide": lambda: store.findings(guides=(asked.id,)),
        "a finding": lambda: store.finding(OPEN_EVERY),  # type: ignore[arg-type]
        "a guide's state": lambda: store.view([asked]),
        "what is known of a source": lambda: store.known(ResourceId(middle)),
        "a source's findings": lambda: store.findings_of(middle),
        "a source's snapshots": lambda: store.snapshots(ResourceId(middle)),
        "a source's last 100 looks": lambda: store.timeline(ResourceId(middle), limit=100),
        "the last run": lambda: store.last_run(),
    }


@contextmanager
def overheard(store: Store) -> Iterator[list[tuple[str, Any]]]:
    """The statements that are sent meanwhile, with their parameters."""
    heard: list[tuple[str, Any]] = []

    def listen(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        if statement.lstrip().startswith("SELECT"):
            heard.append((statement, parameters))

    engine = store._database.engine
    event.listen(engine, "before_cursor_execute", listen)
    try:
        yield heard
    finally:
        event.remove(engine, "before_cursor_execute", listen)


def ask(store: Store, question: Callable[[], Any]) -> dict[str, Any]:
    """Milliseconds of the whole question, of its statements alone, and their plans."""
    with overheard(store) as heard:
        answer = question()
    times, alone = [], []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        question()
        times.append(time.perf_counter() - began)
    with store._database.reading() as connection:
        for _ in range(ROUNDS):
            began = time.perf_counter()
            for statement, parameters in heard:
                connection.exec_driver_sql(statement, parameters).all()
            alone.append(time.perf_counter() - began)
        explain = "EXPLAIN QUERY PLAN " if connection.dialect.name == "sqlite" else "EXPLAIN "
        plans = [
            [str(row[-1]) for row in connection.exec_driver_sql(explain + statement, parameters)]
            for statement, parameters in heard
        ]
    return {
        "answers": len(answer) if isinstance(answer, list) else 1,
        "ms_p50": _percentile(times, 0.5),
        "ms_p99": _percentile(times, 0.99),
        "statements_ms_p50": _percentile(alone, 0.5),
        "statements_ms_p99": _percentile(alone, 0.99),
        "scans": [line.strip() for plan in plans for line in plan if _is_scan(line)],
        "plans": plans,
    }


def _is_scan(line: str) -> bool:
    """Whether a line of a plan says that a whole table is read."""
    return "Seq Scan" in line or (line.startswith("SCAN ") and "INDEX" not in line)


def _percentile(values: Sequence[float], share: float) -> float:
    return round(sorted(values)[min(len(values) - 1, int(share * len(values)))] * 1000, 2)


def measure(url: str, scale: float) -> dict[str, Any]:
    """Make the store at `url`, an empty place, and ask it everything."""
    with Store.open(url) as store:
        began = time.perf_counter()
        size = store._database.write(lambda connection: fill(connection, scale))
        took = time.perf_counter() - began
        store._database.write(lambda connection: connection.execute(text("ANALYZE")))
        asked = {name: ask(store, question) for name, question in questions(store, size).items()}
    return {"size": size, "fill_seconds": round(took, 1), "questions": asked}


def both(scale: float, *, postgres: bool) -> dict[str, Any]:
    told: dict[str, Any] = {}
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        told["sqlite"] = measure(f"sqlite:///{folder}/queue.db", scale)
        if postgres:
            sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))
            from storage_servers import running_postgres

            server = stack.enter_context(running_postgres())
            told["postgresql"] = server if isinstance(server, str) else measure(server.new_database(), scale)
    return told


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--postgres", action="store_true", help="also on a PostgreSQL out of the tests' wheel")
    options = parser.parse_args(arguments)
    print(json.dumps(both(options.scale, postgres=options.postgres), indent=2, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
