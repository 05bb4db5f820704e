"""Work by host, for several machines: the hosts' rows and the queue's jobs, changed together in one transaction each.

Every method raises StoreError alone.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection

from storage import hosts, jobs
from storage.engine import QUEUE, Database, alone
from storage.errors import StoreError
from storage.hosts import HeldHost, Outcome

if TYPE_CHECKING:
    from procrastinate import App

DEPTH: Final = 2_000
"""Jobs that wait at most: enough for many workers until the scheduler comes again, and few to look through."""

OVERDUE: Final = timedelta(minutes=10)
"""A host that has been with the queue for so long, and of which the queue knows nothing, was forgotten."""

_DAY: Final = timedelta(days=1)

ELSEWHERE: Final = (
    'the engine "workers" needs PostgreSQL: several machines cannot share a file; set store.url to '
    'postgresql+psycopg://…, or [schedule] engine to "local"'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """Jobs whose workers had died: put back, and those of hosts that are left alone from now on."""

    retried: tuple[str, ...] = ()
    held: tuple[HeldHost, ...] = ()


class Dispatch:
    """The schedule's side of the queue, and the workers'."""

    def __init__(self, database: Database, *, keep: str = "texts") -> None:
        """Raises StoreError where the store is not PostgreSQL."""
        if database.engine.dialect.name != "postgresql":
            raise StoreError(ELSEWHERE)
        self.database, self.keep = database, keep

    def prepare(self) -> None:
        """Make the queue, or bring it up to date."""

        def work(connection: Connection) -> None:
            alone(connection, QUEUE)
            jobs.prepare(connection)

        self.database.write(work)

    # ------------------------------------------------------------ the scheduler's side

    def enqueue(self, now: datetime, *, heartbeat: float, limit: int = DEPTH) -> int:
        """Hand out hosts with something due until `limit` jobs wait; gives how many there are more."""

        def work(connection: Connection) -> int:
            room = limit - jobs.depth(connection, heartbeat=heartbeat).waiting
            return jobs.defer(connection, hosts.take_due(connection, now, room)) if room > 0 else 0

        return self.database.write(work)

    def ask(self, now: datetime, *, everything: bool = False) -> int:
        """Hand out every host with something due before all others; gives how many. `everything`: due or not."""

        def work(connection: Connection) -> int:
            asked = hosts.take_asked(connection, now, everything=everything)
            jobs.defer(connection, asked, priority=jobs.ASKED)
            return len(asked)

        return self.database.write(work)

    def recover(self, now: datetime, *, heartbeat: float, counted: bool = True) -> Recovered:
        """Put back the jobs of workers that died, and hand out anew what the queue has forgotten.

        `counted`: it is a failure of their hosts. It is none where the store itself was away: all workers are silent.
        """
        ended = Outcome.DIED if counted else Outcome.STOPPED
        return self.database.write(lambda connection: self._recover(connection, now, heartbeat, ended))

    def _recover(self, connection: Connection, now: datetime, heartbeat: float, ended: Outcome) -> Recovered:
        retried: list[str] = []
        held: list[HeldHost] = []
        for job in jobs.dead(connection, heartbeat=heartbeat):
            left_alone = hosts.settle(connection, job.host, ended, now, "its worker died")
            if left_alone is not None:
                jobs.drop(connection, job)
                held.append(left_alone)
            else:
                jobs.retry(connection, job)
                retried.append(job.name)
        jobs.bury(connection, heartbeat=heartbeat)
        overdue = hosts.forgotten(connection, now - OVERDUE)
        lost = overdue.keys() - jobs.known(connection, list(overdue))
        hosts.unmark(connection, [overdue[name] for name in lost])
        hosts.forget_paces(connection, now - _DAY)
        return Recovered(retried=tuple(retried), held=tuple(held))

    def depth(self, *, heartbeat: float) -> jobs.Depth | None:
        """How much waits and is worked on; None where there is no queue."""

        def work(connection: Connection) -> jobs.Depth | None:
            return jobs.depth(connection, heartbeat=heartbeat) if jobs.is_prepared(connection) else None

        return self.database.read(work)

    def held(self, now: datetime) -> list[HeldHost]:
        """The hosts that are left alone because their jobs died or broke, the worst first."""
        return self.database.read(lambda connection: hosts.held(connection, now))

    def free(self, name: str) -> bool:
        """Ask a host again that was left alone; whether there is one of that name."""
        return self.database.write(lambda connection: hosts.free(connection, name))

    # ------------------------------------------------------------ the workers' side

    def app(self, work: Callable[[int, str], Awaitable[None]]) -> "App":
        """The queue's application, whose jobs call `work` with a host's number and name."""
        return jobs.make_app(self.database.engine.url, work)

    def name(self, host: int) -> str:
        """What a host is called. StoreError where there is none of that number."""
        found = self.database.read(lambda connection: hosts.name_of(connection, host))
        if found is None:
            raise StoreError(f"there is no host {host} in the store")
        return found

    def failures(self, host: int) -> int:
        """How many jobs in a row died or broke with it."""
        return self.database.read(lambda connection: hosts.failures_of(connection, host))

    def end(self, host: int, outcome: Outcome, now: datetime, trouble: str = "") -> HeldHost | None:
        """A job is over; gives the host where it is left alone from now on."""
        return self.database.write(lambda connection: hosts.settle(connection, host, outcome, now, trouble))

    def reserve(self, name: str, gap: float, *, longest: float) -> float:
        """Take the next moment at which a host may be asked: seconds until then."""
        return self.database.write(lambda connection: hosts.reserve(connection, name, gap, longest))

    def delay(self, name: str, pause: float) -> None:
        """Nobody asks the host for so many seconds."""
        self.database.write(lambda connection: hosts.delay(connection, name, pause))
