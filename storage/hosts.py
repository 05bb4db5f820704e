"""Which hosts have something due, which are left alone for a while, and when each may be asked. PostgreSQL and SQLite.

The caller holds the transaction. A host's row is what its jobs are known by: the queue itself only says who works on
it. What is due of a host is asked when its job begins, so that a job that is handed out twice finds nothing to do.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, func, or_, select, text, update

from crawler.urls import host_key
from storage.columns import name_hash
from storage.hosttables import Host, Pace
from storage.rows import AnyRow
from storage.statements import chunks, insert_new
from storage.tables import Resource

BORNE: Final = 3
"""So many jobs in a row that died or broke with a host, and it is left alone."""

FIRST_HOLD: Final = timedelta(hours=1)
LONGEST_HOLD: Final = timedelta(days=7)
"""… for an hour, and after every further one for twice as long, up to a week."""

DIED_HOLD: Final = timedelta(minutes=1)
"""… beginning with a minute where workers died: they had other hosts in hand, and machines are switched off."""

NETWORK_HOLD: Final = timedelta(minutes=1)
"""A job that met a network outage of our own is done again so soon."""

_COMING: Final = 100
"""So many of a host's resources, about as many as its next job looks at, are asked for a link in doubt: one that waits
behind others is no less in doubt."""

_MANY: Final = 100_000


class Outcome(StrEnum):
    """How a job ended. `stopped`: the worker was told to leave; `outage`: its network was down; `broke`: the job's own
    failure; `died`: its worker's death.
    """

    DONE = "done"
    STOPPED = "stopped"
    OUTAGE = "outage"
    BROKE = "broke"
    DIED = "died"


@dataclass(frozen=True, slots=True, kw_only=True)
class DueHost:
    """A host that is to be handed out. `urgent`: a link in doubt is among what is due of it next, or somebody waits."""

    id: int
    name: str
    urgent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldHost:
    """A host that is left alone because its jobs died or broke."""

    name: str
    failures: int
    until: datetime
    trouble: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DueFigures:
    """How much is due: `many` stands for 100,000 and more; `oldest` is since when."""

    due: int
    oldest: datetime | None
    held: int


def ids_of(connection: Connection, urls: Iterable[str], at: datetime) -> dict[str, int]:
    """The host of each resource's URL, made where it is new."""
    names = {url: host_key(url) for url in urls}
    hashes = {name: name_hash(name) for name in names.values()}
    found: dict[str, int] = {}
    for part in chunks(hashes.items()):
        query = select(Host.id, Host.name_hash).where(Host.name_hash.in_([hashed for _, hashed in part]))
        found |= {row.name_hash: row.id for row in connection.execute(query)}
        new = [_new(name, hashed, at) for name, hashed in part if hashed not in found]
        if new:
            insert_new(connection, Host, new)
            found |= {row.name_hash: row.id for row in connection.execute(query)}
    return {url: found[hashes[name]] for url, name in names.items()}


def _new(name: str, hashed: str, at: datetime) -> dict[str, object]:
    return {
        "name": name,
        "name_hash": hashed,
        "due": at,
        "urgent": False,
        "queued": None,
        "failures": 0,
        "held_until": None,
        "trouble": "",
    }


# ---------------------------------------------------------------- handing out


def take_due(connection: Connection, now: datetime, limit: int) -> list[DueHost]:
    """Mark up to `limit` hosts with something due as handed out: links in doubt first, then the longest overdue."""
    taken: list[AnyRow] = []
    for urgent in (True, False):
        if len(taken) >= limit:
            break
        query = (
            select(Host.id, Host.name, Host.urgent)
            .where(Host.queued.is_(None), Host.due <= now, Host.urgent.is_(urgent))
            .where(or_(Host.held_until.is_(None), Host.held_until <= now))
            .order_by(Host.due)
            .limit(limit - len(taken))
            .with_for_update(skip_locked=True)
        )
        taken += connection.execute(query).all()
    _mark(connection, [row.id for row in taken], now)
    return [DueHost(id=row.id, name=row.name, urgent=row.urgent) for row in taken]


def take_asked(connection: Connection, now: datetime, *, everything: bool) -> list[DueHost]:
    """Mark every host with something due as handed out, because somebody waits for it. `everything`: due or not.

    One whose job is just ending is waited for: it may have something due all the same.
    """
    if everything:
        later = Resource.next_due > now
        connection.execute(update(Resource).where(later).values(next_due=now))
    query = select(Host.id, Host.name, Host.urgent).where(Host.due <= now).order_by(Host.due)
    query = query.where(or_(Host.held_until.is_(None), Host.held_until <= now))
    taken = connection.execute(query.with_for_update()).all()
    # Whoever waits still does where the job is not done: its host comes before others the next time, too.
    _mark(connection, [row.id for row in taken], now, urgent=True)
    return [DueHost(id=row.id, name=row.name, urgent=row.urgent) for row in taken]


def _mark(connection: Connection, hosts: Sequence[int], now: datetime, **more: bool) -> None:
    for part in chunks(hosts):
        connection.execute(update(Host).where(Host.id.in_(part)).values(queued=now, **more))


def forgotten(connection: Connection, before: datetime) -> dict[str, int]:
    """Hosts that were handed out before then: the caller knows which of them the queue has no job for."""
    query = select(Host.id, Host.name).where(Host.queued < before)
    return {row.name: row.id for row in connection.execute(query)}


def unmark(connection: Connection, hosts: Iterable[int]) -> None:
    """They are not with the queue (any more)."""
    for part in chunks(hosts):
        connection.execute(update(Host).where(Host.id.in_(part)).values(queued=None))


# ---------------------------------------------------------------- a job's end


def settle(connection: Connection, host: int, outcome: Outcome, now: datetime, trouble: str = "") -> HeldHost | None:
    """What a job's end means for its host; gives it where it is left alone from now on because of its failures."""
    # Locked first, and what is due asked afterwards: whoever makes something due meanwhile waits, and sees this.
    query = select(Host.name, Host.failures, Host.urgent).where(Host.id == host)
    row = connection.execute(query.with_for_update()).first()
    if row is None:
        return None
    failed = outcome in (Outcome.BROKE, Outcome.DIED)
    failures = row.failures + 1 if failed else 0 if outcome is Outcome.DONE else row.failures
    held = None
    if outcome is Outcome.OUTAGE:
        held = now + NETWORK_HOLD
    elif failed and failures >= BORNE:
        held = now + hold_after(failures, DIED_HOLD if outcome is Outcome.DIED else FIRST_HOLD)
    coming = connection.execute(
        select(Resource.next_due, Resource.failing_since, Resource.unreachable_since)
        .where(Resource.host_id == host, Resource.next_due.is_not(None))
        .order_by(Resource.next_due)
        .limit(_COMING)
    ).all()
    suspect = any(each.failing_since is not None or each.unreachable_since is not None for each in coming)
    values = {
        "queued": None,
        "failures": failures,
        "held_until": held,
        "trouble": trouble if failures or held else "",
        "due": coming[0].next_due if coming else None,
        "urgent": suspect or (row.urgent and outcome is not Outcome.DONE),
    }
    connection.execute(update(Host).where(Host.id == host).values(**values))
    if held is None or failures < BORNE:
        return None
    return HeldHost(name=row.name, failures=failures, until=held, trouble=trouble)


def hold_after(failures: int, first: timedelta = FIRST_HOLD) -> timedelta:
    """For how long a host is left alone after so many failures in a row (from `BORNE` on)."""
    doubled: int = 1 << min(max(failures - BORNE, 0), 20)
    return min(first * doubled, LONGEST_HOLD)


def name_of(connection: Connection, host: int) -> str | None:
    return connection.execute(select(Host.name).where(Host.id == host)).scalar()


def failures_of(connection: Connection, host: int) -> int:
    """How many jobs in a row died or broke with this host."""
    return connection.execute(select(Host.failures).where(Host.id == host)).scalar() or 0


def held(connection: Connection, now: datetime, limit: int = 1000) -> list[HeldHost]:
    """The hosts that are left alone because of their failures, the worst first."""
    query = (
        select(Host.name, Host.failures, Host.held_until, Host.trouble)
        .where(Host.failures >= BORNE, Host.held_until > now)
        .order_by(Host.failures.desc(), Host.id)
        .limit(limit)
    )
    return [
        HeldHost(name=row.name, failures=row.failures, until=row.held_until, trouble=row.trouble)
        for row in connection.execute(query)
    ]


def free(connection: Connection, name: str) -> bool:
    """Ask a host again that was left alone; whether there was one of that name."""
    mine = Host.name_hash == name_hash(name)
    done = connection.execute(update(Host).where(mine).values(failures=0, held_until=None, trouble=""))
    return bool(done.rowcount)


def figures(connection: Connection, now: datetime) -> DueFigures:
    """How much is due now, and since when; at any size in a moment."""
    some = select(Resource.id).where(Resource.next_due <= now).limit(_MANY).subquery()
    return DueFigures(
        due=connection.execute(select(func.count()).select_from(some)).scalar_one(),
        oldest=connection.execute(select(func.min(Resource.next_due))).scalar(),
        held=connection.execute(
            select(func.count()).select_from(Host).where(Host.failures >= BORNE, Host.held_until > now)
        ).scalar_one(),
    )


# ---------------------------------------------------------------- pace

_RESERVE: Final = text(
    "INSERT INTO pace AS p (name_hash, free_at) VALUES (:host, clock_timestamp() + make_interval(secs => :gap)) "
    "ON CONFLICT (name_hash) DO UPDATE SET free_at = "
    # A time that lies too far ahead was written by a clock that was wrong.
    "CASE WHEN p.free_at > clock_timestamp() + make_interval(secs => :longest) THEN clock_timestamp() "
    "ELSE GREATEST(p.free_at, clock_timestamp()) END + make_interval(secs => :gap) "
    "RETURNING EXTRACT(EPOCH FROM free_at - clock_timestamp()) - :gap AS wait"
)
_DELAY: Final = text(
    "INSERT INTO pace AS p (name_hash, free_at) VALUES (:host, clock_timestamp() + make_interval(secs => :pause)) "
    "ON CONFLICT (name_hash) DO UPDATE SET free_at = "
    "GREATEST(p.free_at, clock_timestamp() + make_interval(secs => :pause))"
)


def reserve(connection: Connection, name: str, gap: float, longest: float) -> float:
    """Take the next moment at which a host may be asked, by the server's clock: seconds until then. PostgreSQL only."""
    _soon(connection)
    asked = {"host": bytes.fromhex(name_hash(name)), "gap": gap, "longest": longest}
    return max(0.0, float(connection.execute(_RESERVE, asked).scalar_one()))


def delay(connection: Connection, name: str, pause: float) -> None:
    """Nobody asks the host for so many seconds. PostgreSQL only."""
    _soon(connection)
    connection.execute(_DELAY, {"host": bytes.fromhex(name_hash(name)), "pause": pause})


def _soon(connection: Connection) -> None:
    """A pace that a power failure loses is over before the server is back: its commit need not wait for the disk."""
    connection.execute(text("SET LOCAL synchronous_commit = off"))


def forget_paces(connection: Connection, before: datetime) -> None:
    """Let go of paces that hold nobody up any more."""
    connection.execute(Pace.__table__.delete().where(Pace.free_at < before))  # type: ignore[attr-defined]
