"""What reviewing needs from outside: a desk that keeps findings and decisions."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from crawler.model import Observation, ResourceId, Snapshot, SnapshotId
from guides.model import Guide, GuideId, GuideProblem
from review.casework import (
    Case,
    Decision,
    DecisionId,
    Entry,
    Expected,
    Figures,
    FileChange,
    GuideRecord,
    Replacement,
    SourceLine,
    SourceView,
    Stamp,
)
from review.model import Finding, FindingId, FindingOp, FindingState, GuideView, Mask


class Desk(Protocol):
    """The editors' side of the store."""

    def findings_of(self, resource: int) -> list[Finding]:
        """Of one resource: the open findings, and the dismissed ones (their states are not raised again)."""
        ...

    def findings(
        self, *, states: Sequence[FindingState] = (FindingState.OPEN,), guides: Sequence[GuideId] = ()
    ) -> list[Finding]: ...

    def finding(self, finding: FindingId) -> Finding | None: ...

    def record(self, observation: Observation, ops: Sequence[FindingOp]) -> None:
        """Everything that one look gave, in one transaction."""
        ...

    def view(self, guides: Sequence[Guide]) -> list[GuideView]: ...

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
        """Let it stand: newest good snapshots become bases, and the decision is logged; gives the findings it accepts.

        With `finding`, only that finding's source gets the new basis and only that finding is accepted.
        """
        ...


class Bench(Protocol):
    """What the editors' pages need of the store, beside the desk. Every call is one transaction."""

    def stamp(self) -> Stamp: ...

    def entries(self, *, since: datetime | None = None) -> tuple[list[Entry], list[FindingId]]:
        """The open findings (those that changed at or after `since`), and the ids of ones that are open no more."""
        ...

    def case(self, finding: FindingId) -> Case | None: ...

    def view(self, guides: Sequence[Guide]) -> list[GuideView]: ...

    def page_of(self, guide: Guide) -> tuple[GuideView, GuideRecord]:
        """One guide with all that its page tells, as it was at one moment."""
        ...

    def source(self, resource: ResourceId) -> SourceView | None: ...

    def findings_about(self, resource: ResourceId) -> list[Finding]:
        """The last findings about a source, newest first, open or not."""
        ...

    def source_lines(self, *, host: str = "", text: str = "", skip: int = 0, limit: int = 50) -> list[SourceLine]: ...

    def snapshot_body(self, snapshot: SnapshotId) -> tuple[Snapshot, ResourceId, bytes] | None:
        """A snapshot with its bytes; of one whose bytes are not kept, those of one that says the same."""
        ...

    def snapshot_picture(self, snapshot: SnapshotId) -> bytes | None:
        """How the page looked in the browser (JPEG); None where no picture was taken or kept."""
        ...

    def figures(self, *, since: datetime) -> Figures: ...

    def decisions(self, *, skip: int = 0, limit: int = 50) -> list[Decision]: ...

    def decision(self, decision: DecisionId) -> Decision | None: ...

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
        """Still accurate: what was seen of these findings' sources becomes the basis of their guides.

        `verify`: the guides of which nothing else is open; they are verified on that day. Raises ConflictError where a
        finding is no longer as it was seen, and DecisionError where another one would be let stand unseen.
        """
        ...

    def dismiss(
        self, expected: Sequence[Expected], *, masks: Sequence[Mask] = (), at: datetime, by: str, note: str = ""
    ) -> Decision:
        """Noise: these states, and with masks also such changes, are not raised again. Raises ConflictError."""
        ...

    def assign(
        self, expected: Sequence[Expected], *, to: str, needs_edit: bool, at: datetime, by: str, note: str = ""
    ) -> Decision: ...

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
        """Another address stands in the guides' files now: the findings are resolved. Raises ConflictError."""
        ...

    def files_of(self, decision: DecisionId) -> tuple[FileChange, ...]:
        """What a decision changes in guides' files."""
        ...

    def undo(self, decision: DecisionId, *, at: datetime, by: str) -> tuple[Decision, tuple[FileChange, ...]]:
        """Take a decision back: everything in the store is as it was. Gives what it had written into files.

        Raises DecisionError where later decisions rest on it or it was taken back already.
        """
        ...


class Shelf(Protocol):
    """The guides as their files say them now."""

    def guides(self) -> Mapping[GuideId, Guide]: ...

    def problems(self) -> Sequence[GuideProblem]: ...

    def held(self) -> AbstractContextManager[object]:
        """Meanwhile no file is read again: a decision is written to files and store as one."""
        ...


class Writing(StrEnum):
    """How a decision reaches a guide's file."""

    FILE = "file"
    BRANCH = "branch"
    PATCH = "patch"
    NONE = "none"


class TakenBack(StrEnum):
    """What became of the files of a decision that was taken back."""

    NOTHING = "nothing"
    FILES = "files"
    COMMIT = "commit"
    LEFT = "left"
    """Somebody has changed them since, or the branch is gone: they stay as they are."""
    PATCH = "patch"
    """It was given as a patch: whoever applied it has to take it back."""


class Scribe(Protocol):
    """Writes decisions into guides' files. Raises DecisionError, and then nothing was written."""

    def ways(self) -> Sequence[Writing]:
        """What is possible here, the preferred one first. NONE is among them only where it is preferred."""
        ...

    def verified(self, guides: Sequence[Guide], on: date) -> list[FileChange]:
        """What setting the verified date would make of the guides' files; writes nothing."""
        ...

    def relinked(self, links: Sequence[Replacement]) -> list[FileChange]:
        """What other addresses would make of the guides' files; writes nothing."""
        ...

    def write(self, changes: Sequence[FileChange], *, way: Writing, by: str, message: str) -> str:
        """Write them, and say in a few words what was done."""
        ...

    def take_back(self, changes: Sequence[FileChange], *, way: Writing, by: str, message: str) -> TakenBack:
        """Put the files as they were before, where nobody has changed them since: in place, or on the branch."""
        ...

    def patch(self, changes: Sequence[FileChange]) -> str:
        """A unified diff that `git apply` takes."""
        ...
