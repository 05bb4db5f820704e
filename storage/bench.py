"""The editors' pages' side of the store: `review.ports.Bench` over a database."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Connection

from crawler.model import ResourceId, Snapshot, SnapshotId
from guides.model import Guide, GuideId
from review.casework import (
    Case,
    Decision,
    DecisionId,
    Entry,
    Expected,
    Figures,
    FileChange,
    GuideRecord,
    SourceLine,
    SourceView,
    Stamp,
)
from review.model import Finding, FindingId, GuideView, Mask
from storage import decided, decisions, desk, figures, pictures, queue, sources, undoing
from storage.engine import Database


class StoreBench:
    """Each call is one transaction. Raises StoreError, and what `review.casework` says of decisions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def stamp(self) -> Stamp:
        return self._database.read(queue.stamp)

    def entries(self, *, since: datetime | None = None) -> tuple[list[Entry], list[FindingId]]:
        return self._database.read(lambda connection: queue.entries(connection, since))

    def case(self, finding: FindingId) -> Case | None:
        return self._database.read(lambda connection: sources.case(connection, finding))

    def view(self, guides: Sequence[Guide]) -> list[GuideView]:
        return self._database.read(lambda connection: desk.view(connection, guides))

    def page_of(self, guide: Guide) -> tuple[GuideView, GuideRecord]:
        return self._database.read(lambda connection: sources.page_of(connection, guide))

    def source(self, resource: ResourceId) -> SourceView | None:
        return self._database.read(lambda connection: sources.source(connection, resource))

    def findings_about(self, resource: ResourceId) -> list[Finding]:
        return self._database.read(lambda connection: list(sources.findings_about(connection, resource)))

    def source_lines(self, *, host: str = "", text: str = "", skip: int = 0, limit: int = 50) -> list[SourceLine]:
        return self._database.read(
            lambda connection: sources.source_lines(connection, host=host, text=text, skip=skip, limit=limit)
        )

    def snapshot_body(self, snapshot: SnapshotId) -> tuple[Snapshot, ResourceId, bytes] | None:
        return self._database.read(lambda connection: sources.snapshot_body(connection, snapshot))

    def snapshot_picture(self, snapshot: SnapshotId) -> bytes | None:
        return self._database.read(lambda connection: pictures.picture(connection, snapshot))

    def figures(self, *, since: datetime) -> Figures:
        return self._database.read(lambda connection: figures.figures(connection, since=since))

    def decisions(self, *, skip: int = 0, limit: int = 50) -> list[Decision]:
        return self._database.read(lambda connection: decided.decisions(connection, skip=skip, limit=limit))

    def decision(self, decision: DecisionId) -> Decision | None:
        return self._database.read(lambda connection: decided.decision(connection, decision))

    def files_of(self, decision: DecisionId) -> tuple[FileChange, ...]:
        return self._database.read(lambda connection: undoing.files_of(connection, decision))

    # ------------------------------------------------------------ deciding

    def let_stand(
        self,
        expected: Sequence[Expected],
        *,
        verify: Sequence[GuideId] = (),
        on: date,
        at: datetime,
        by: str,
        note: str = "",
        files: Sequence[FileChange] = (),
        written: str = "",
    ) -> Decision:
        def work(connection: Connection) -> Decision:
            done = decisions.let_stand(
                connection,
                expected,
                verify=verify,
                on=on,
                at=at,
                by=by,
                note=note,
                files=files,
                written=written,
            )
            return _told(connection, done)

        return self._database.write(work)

    def dismiss(
        self, expected: Sequence[Expected], *, masks: Sequence[Mask] = (), at: datetime, by: str, note: str = ""
    ) -> Decision:
        return self._database.write(
            lambda connection: _told(
                connection, decisions.dismiss(connection, expected, masks=masks, at=at, by=by, note=note)
            )
        )

    def assign(
        self, expected: Sequence[Expected], *, to: str, needs_edit: bool, at: datetime, by: str, note: str = ""
    ) -> Decision:
        def work(connection: Connection) -> Decision:
            done = decisions.assign(connection, expected, to=to, needs_edit=needs_edit, at=at, by=by, note=note)
            return _told(connection, done)

        return self._database.write(work)

    def replaced(
        self,
        expected: Sequence[Expected],
        *,
        at: datetime,
        by: str,
        note: str = "",
        files: Sequence[FileChange] = (),
        written: str = "",
    ) -> Decision:
        def work(connection: Connection) -> Decision:
            done = decisions.replaced(connection, expected, at=at, by=by, note=note, files=files, written=written)
            return _told(connection, done)

        return self._database.write(work)

    def undo(self, decision: DecisionId, *, at: datetime, by: str) -> tuple[Decision, tuple[FileChange, ...]]:
        def work(connection: Connection) -> tuple[Decision, tuple[FileChange, ...]]:
            files = undoing.undo(connection, decision, at=at, by=by)
            return _told(connection, decision), files

        return self._database.write(work)


def _told(connection: Connection, number: DecisionId) -> Decision:
    made = decided.decision(connection, number)
    assert made is not None
    return made
