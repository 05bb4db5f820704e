"""One object over everything that is remembered: the crawler's ledger and the editors' desk."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Final, TypeAlias

from sqlalchemy import Connection

from crawler.carried import Carried
from crawler.model import (
    Digest,
    FetchOrder,
    KnownSource,
    Observation,
    ResourceId,
    Snapshot,
    SnapshotId,
)
from guides.model import Guide, GuideId
from review.model import Finding, FindingId, FindingKind, FindingOp, FindingState, GuideView
from review.reported import Step
from storage import (
    audit,
    blobs,
    bodies,
    carried,
    clocks,
    desk,
    hosts,
    imports,
    leases,
    ledger,
    looks,
    migrate,
    paging,
    reported,
    retention,
    runs,
    shelving,
    upkeep,
)
from storage import backup as copying
from storage.accounts import Accounts
from storage.archives import Archives
from storage.bench import StoreBench
from storage.dispatch import Dispatch
from storage.engine import BUSY_SECONDS, Database, create
from storage.errors import BucketError, StoreError
from storage.notices import Notices
from storage.rows import AuditEntry, BasisRecord, LeaseRecord, Look, RunRecord
from storage.sitemaps import Sitemaps
from storage.sync import Key, Synced
from storage.sync import sync as sync_guides
from storage.watched import Watched

_Look: TypeAlias = tuple[Observation, tuple[FindingOp, ...]]

BATCH_LOOKS: Final = 64
BATCH_BYTES: Final = 16_000_000
"""What a batch holds back at most before it is written: looks, and bytes of their bodies."""


class Store:
    """Everything that outlives a run. Every method is one transaction and raises StoreError alone.

    Reading from several threads is fine; one writer at a time is what SQLite allows, and others wait for it.
    """

    keeps: ClassVar[bool] = True

    def __init__(self, database: Database, *, keep: str) -> None:
        self._database = database
        self._keep = keep
        self._run: int | None = None
        self._batch: list[_Look] | None = None
        self._batch_bytes = 0
        self._batch_lock = threading.RLock()

    @classmethod
    def open(
        cls,
        url: str,
        *,
        keep: str = "texts",
        root: Path | None = None,
        busy_seconds: float = BUSY_SECONDS,
        bucket: blobs.BlobSettings | None = None,
    ) -> "Store":
        """Open the store at `url`, made or migrated where need be; relative SQLite paths are relative to `root`.

        New bodies go into `bucket`, where one is given; those that are in the database already stay there.
        Raises StoreError: no such place, another program's database, a newer loccit's store, somebody writing.
        """
        database = create(url, root=root, busy_seconds=busy_seconds)
        if bucket is not None:
            database = replace(database, engine=blobs.attach(database.engine, blobs.connect(bucket)))
        try:
            migrate.upgrade(database)
        except BaseException:
            database.close()
            raise
        return cls(database, keep=keep)

    def close(self) -> None:
        self._database.close()

    def __enter__(self) -> "Store":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def name(self) -> str:
        """Where the store is, for messages; without password."""
        return self._database.name

    # ------------------------------------------------------------ guides and runs

    def sync(self, library_guides: Sequence[Guide], *, key: Key, at: datetime, complete: bool) -> Synced:
        """Bring guides, citations and resources up to date with the files.

        `key` gives the resource of a URL as written, None where it is malformed (such a citation is kept without
        resource). `complete`: guides that are not among these are retired; their findings become `resolved`,
        unless the guide is there under another id.
        """
        return self._database.write(
            lambda connection: sync_guides(connection, library_guides, key=key, at=at, complete=complete)
        )

    def reach(self, now: datetime, longest: timedelta) -> None:
        """Nothing is due later than `longest` from now, whatever a clock that was ahead has written."""
        self._database.write(lambda connection: clocks.reach(connection, now, longest))

    def begin_run(self, kind: str, at: datetime) -> int:
        """The run's number. Looks that are recorded from now on belong to it."""
        self._run = self._database.write(lambda connection: runs.begin(connection, kind, at))
        return self._run

    def end_run(self, run: int, at: datetime, outcome: str, counts: Mapping[str, int]) -> None:
        self._database.write(lambda connection: runs.end(connection, run, at, outcome, counts))
        if self._run == run:
            self._run = None

    def last_run(self, kind: str | None = None) -> RunRecord | None:
        return self._database.read(lambda connection: runs.last(connection, kind))

    def take_lease(
        self, name: str, holder: str, *, at: datetime, lasts: timedelta, dead: str = ""
    ) -> LeaseRecord | None:
        """Take or renew a lease; None where it is ours now, else whose it is (see `storage.leases`)."""
        return self._database.write(
            lambda connection: leases.take(connection, name, holder, at=at, lasts=lasts, dead=dead)
        )

    def release_lease(self, name: str, holder: str) -> None:
        self._database.write(lambda connection: leases.release(connection, name, holder))

    # ------------------------------------------------------------ the ledger

    def due(
        self, now: datetime, *, everything: bool = False, guides: frozenset[GuideId] | None = None
    ) -> list[tuple[ResourceId, FetchOrder]]:
        """What is to be fetched (cited by `guides`, where given), the longest overdue first."""
        return self._database.read(lambda connection: ledger.due(connection, now, everything=everything, guides=guides))

    def known(self, resource: ResourceId) -> KnownSource:
        return self._database.read(lambda connection: ledger.known(connection, resource))

    def before(self, resources: Sequence[ResourceId]) -> list[tuple[KnownSource, list[Finding]]]:
        """What a look at each of these resources starts from (`known` and `findings_of`), asked for at once."""

        def asked(connection: Connection) -> list[tuple[KnownSource, list[Finding]]]:
            known = ledger.known_of(connection, resources)
            findings = desk.findings_by_resource(connection, resources)
            if missing := [each for each in resources if each not in known]:
                raise StoreError(f"there is no resource {missing[0]} in the store")
            return [(known[each], findings.get(each, [])) for each in resources]

        return self._database.read(asked)

    def body(self, digest: Digest) -> bytes:
        """The raw body, checked against its digest; StoreError where it is damaged or not kept."""
        return self._database.read(lambda connection: bodies.get(connection, digest))

    def has_body(self, digest: Digest) -> bool:
        """Whether the raw body is kept (`keep = "texts"` lets some go)."""
        return self._database.read(lambda connection: bodies.kept(connection, digest))

    def snapshots(self, resource: ResourceId, *, good_only: bool = True) -> list[Snapshot]:
        """The stored snapshots of a resource, oldest first; the bodies of some may not be kept."""
        return self._database.read(lambda connection: ledger.snapshots(connection, resource, good_only=good_only))

    def snapshot(self, snapshot: SnapshotId) -> Snapshot:
        return self._database.read(lambda connection: ledger.snapshot(connection, snapshot))

    def timeline(self, resource: ResourceId, *, limit: int = 1000) -> list[Look]:
        """The last looks at a resource, newest first."""
        return self._database.read(lambda connection: ledger.timeline(connection, resource, limit=limit))

    def past(self, resource: ResourceId) -> list[tuple[datetime, Snapshot]]:
        """The last looks that showed the good page of a resource, oldest first, as far as its bodies are kept."""
        return self._database.read(lambda connection: ledger.past(connection, resource))

    # ------------------------------------------------------------ recording

    def record(self, observation: Observation, ops: Sequence[FindingOp]) -> None:
        """Everything that one look gave, whole or not at all; done twice, it is as done once.

        Inside `batch` it is written with others, at the latest when the batch ends.
        """
        with self._batch_lock:
            if self._batch is None:
                self._looks([(observation, tuple(ops))])
                return
            self._batch.append((observation, tuple(ops)))
            self._batch_bytes += len(observation.body or b"")
            if len(self._batch) >= BATCH_LOOKS or self._batch_bytes >= BATCH_BYTES:
                self.flush()

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Group looks into one commit. Until it is written, a look is not seen by readers: one look a resource."""
        with self._batch_lock:
            if self._batch is not None:
                raise StoreError("a batch is under way already")
            self._batch = []
        try:
            yield
        finally:
            # Also after an error: what was looked at is worth keeping.
            with self._batch_lock:
                try:
                    self.flush()
                finally:
                    self._batch = None

    def flush(self) -> None:
        """Write what a batch holds back."""
        with self._batch_lock:
            held, self._batch_bytes = self._batch or [], 0
            if not held:
                return
            self._batch = []
            # One order for all writers, so that two of them never wait for each other in a circle.
            held.sort(key=lambda look: look[0].source)
            try:
                self._looks(held)
            except BucketError:
                # It would refuse each of them, one by one and slowly.
                raise
            except StoreError:
                self._one_by_one(held)

    def _one_by_one(self, held: Sequence[_Look]) -> None:
        """One look that cannot be written must not take the others with it."""
        failed: StoreError | None = None
        for look in held:
            try:
                self._looks([look])
            except StoreError as error:
                failed = failed or error
        if failed is not None:
            raise failed

    def _looks(self, held: Sequence[_Look]) -> None:
        ready = shelving.foreseen(self._database, [seen for seen, _ in held], keep=self._keep)
        self._database.write(partial(looks.write, looks=held, run=self._run, keep=self._keep, ready=ready))

    # ------------------------------------------------------------ the desk

    def findings_of(self, resource: int) -> list[Finding]:
        """Of one resource: open findings, and those whose state is not to be raised again."""
        return self._database.read(lambda connection: desk.findings_of(connection, resource))

    def findings(
        self, *, states: Sequence[FindingState] = (FindingState.OPEN,), guides: Sequence[GuideId] = ()
    ) -> list[Finding]:
        """The findings in these states (of these guides, where given), oldest first."""
        return self._database.read(lambda connection: desk.findings(connection, states, guides))

    def finding(self, finding: FindingId) -> Finding | None:
        return self._database.read(lambda connection: desk.finding(connection, finding))

    def view(self, guides: Sequence[Guide]) -> list[GuideView]:
        """Each guide of the files with all that the store knows of it, in their order."""
        return self._database.read(lambda connection: desk.view(connection, guides))

    def stet(
        self,
        guide: GuideId,
        *,
        on: date,
        at: datetime,
        by: str,
        note: str = "",
        finding: FindingId | None = None,
    ) -> list[Finding]:
        """Let it stand: newest good snapshots become bases, open findings are accepted; gives those.

        With `finding`, only that one is accepted and only its source gets a new basis; the guide's date stays.
        Raises StoreError for an unknown guide, and for a finding that is not an open one of it.
        """
        return self._database.write(
            lambda connection: desk.stet(connection, guide, on=on, at=at, by=by, note=note, only=finding)
        )

    def decide(self, finding: FindingId, state: FindingState, *, by: str, note: str = "", at: datetime) -> Finding:
        """Close an open finding; gives it as it is now. Raises StoreError where it was decided otherwise before."""
        return self._database.write(lambda connection: desk.decide(connection, finding, state, by=by, note=note, at=at))

    def basis_of(self, guide: GuideId, resource: ResourceId) -> BasisRecord | None:
        return self._database.read(lambda connection: desk.basis_of(connection, guide, resource))

    def sources(self) -> int:
        """How many resources are watched."""
        return self._database.read(lambda connection: desk.sources(connection))

    def audit_log(self) -> list[AuditEntry]:
        """Every decision, oldest first."""
        return self._database.read(lambda connection: audit.entries(connection))

    def resources(self) -> list[tuple[ResourceId, str]]:
        """Every resource with its URL, watched or not, in the order in which they came."""
        return self._database.read(lambda connection: ledger.resources(connection))

    def evidence(self) -> dict[str, Digest]:
        """The digest of each resource's newest good page, by its URL."""
        return self._database.read(lambda connection: ledger.evidence(connection))

    @property
    def dispatch(self) -> Dispatch:
        """Work by host for several machines. Raises StoreError where the store is not PostgreSQL."""
        return Dispatch(self._database, keep=self._keep)

    def due_figures(self, now: datetime) -> hosts.DueFigures:
        """How much is due, and since when."""
        return self._database.read(lambda connection: hosts.figures(connection, now))

    @property
    def watched(self) -> Watched:
        """What whoever watches the programs asks."""
        return Watched(self._database)

    @property
    def bench(self) -> StoreBench:
        """What the editors' pages need (see `review.ports.Bench`)."""
        return StoreBench(self._database)

    @property
    def accounts(self) -> Accounts:
        """People and tokens (see `review.people.People`)."""
        return Accounts(self._database)

    @property
    def archives(self) -> Archives:
        """What was asked of web archives, and where dead pages may have gone."""
        return Archives(self._database)

    @property
    def sitemaps(self) -> Sitemaps:
        """What hosts' site maps said, and how often that was so."""
        return Sitemaps(self._database)

    @property
    def notices(self) -> Notices:
        """What was told to whom."""
        return Notices(self._database)

    def findings_after(
        self,
        last: int,
        limit: int,
        *,
        states: Sequence[FindingState],
        kinds: Sequence[FindingKind] = (),
        severity: str = "",
        guide: GuideId | None = None,
    ) -> list[Finding]:
        """The next `limit` findings whose number is larger than `last`, in order."""
        return self._database.read(
            lambda connection: paging.after(
                connection, last, limit, states=states, kinds=kinds, severity=severity, guide=guide
            )
        )

    def newest_findings(self, limit: int, *, guides: Sequence[GuideId] | None = None) -> list[Finding]:
        """The open findings (of these guides, where given) that were opened last, newest first."""
        return self._database.read(lambda connection: paging.newest(connection, limit, guides=guides))

    def report_incorrect(self, guide: GuideId, step: Step | None, words: str, *, at: datetime) -> FindingId:
        """A reader says that a guide is wrong: the finding that holds it. StoreError where there is no such guide."""
        return self._database.write(lambda connection: reported.put(connection, guide, step, words, at))

    # ------------------------------------------------------------ what a state file carries

    def put_carried(self, links: Mapping[str, Carried]) -> None:
        """What a state file knows of the links, by their URLs, takes the place of what the store knew of them."""
        self._database.write(lambda connection: carried.put(connection, links))

    def carried(self) -> dict[str, Carried]:
        """What a state file is to know of every link that was looked at, by its URL."""
        return self._database.read(lambda connection: carried.take(connection))

    # ------------------------------------------------------------ archives of others

    def take(self, pages: Sequence[imports.Archived], *, run: int) -> int:
        """Pages out of an archive join the timelines of their resources; gives how many were not there yet."""
        return self._database.write(
            lambda connection: sum(imports.take(connection, page, run=run, keep=self._keep) for page in pages)
        )

    def rebase(
        self, resources: Sequence[ResourceId], *, run: int, note: str, at: datetime, taken: int = 0
    ) -> list[imports.Moved]:
        """Guides are measured from archived pages that are nearer to their verified day (see `storage.imports`)."""
        return self._database.write(
            lambda connection: imports.rebase(connection, resources, run=run, note=note, at=at, taken=taken)
        )

    # ------------------------------------------------------------ upkeep

    def fsck(self, *, repair: bool = False, accept_loss: bool = False, at: datetime) -> upkeep.Checked:
        """Check every body, reference and entry; with `repair`, mend what can be mended (see `storage.repair`).

        Where most pages cannot be read, nothing is mended, unless it is said that they are lost (`accept_loss`).
        """
        return upkeep.check(self._database, mend=repair, accept_loss=accept_loss, at=at)

    def prune(self, rule: retention.Retention, *, now: datetime, dry: bool = False) -> retention.Pruned:
        """Apply the retention policy, one resource at a time. `dry`: only count what would go."""
        return upkeep.prune(self._database, rule, now=now, dry=dry)

    def backup(self, target: Path) -> int:
        """A consistent copy in a SQLite file, made while others write; gives its size (see `storage.backup`)."""
        return copying.backup(self._database, target)

    def restore(self, file: Path) -> int:
        """Fill this store, which must be empty, with such a copy; gives the number of rows."""
        return copying.restore(file, self._database)
