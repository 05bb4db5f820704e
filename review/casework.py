"""What editors do with findings: entries of the queue, who works on what, decisions and what undoes them."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import NewType

from crawler.model import Digest, ResourceId, Snapshot, SnapshotId, Verdict
from guides.model import Citation, CitationKey, GuideId
from review.model import Finding, FindingId, FindingState, Mask

DecisionId = NewType("DecisionId", int)


class Action(StrEnum):
    """What an editor can decide. The words stand in the audit log."""

    STET = "stet"
    DISMISS = "dismissed"
    NEEDS_EDIT = "needs-edit"
    ASSIGN = "assigned"
    REPLACE = "url-replaced"
    UNDO = "undone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Who is to do what about an open finding. `needs_edit`: it was looked at, and the guide has to change."""

    assignee: str = ""
    needs_edit: bool = False
    note: str = ""
    by: str = ""
    at: datetime | None = None


NO_WORK = Work()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An open finding as the queue needs it. `change` names what changed, alike for all guides that it touches."""

    id: FindingId
    kind: str
    severity: str
    guide: GuideId
    citation: CitationKey
    resource: ResourceId | None
    url: str
    opened: datetime
    updated: datetime
    summary: str
    claims: int
    change: str
    marks: frozenset[str] = frozenset()
    """In which ways its page changed, to see that a whole host did (see `crawler.groups`)."""
    text: str = ""
    """What a search looks through, in lower case: the changed words and the guide's sentences."""
    work: Work = NO_WORK


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """Changes whenever a finding or a decision does."""

    updated: datetime | None
    last: int
    open: int
    decided: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """A finding as its decider saw it: `updated` tells whether it is still that."""

    finding: FindingId
    updated: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One decision. `undone` is when it was taken back. `written` says what became of the guides' files."""

    id: DecisionId
    at: datetime
    by: str
    action: Action
    findings: tuple[FindingId, ...]
    guides: tuple[GuideId, ...]
    note: str = ""
    written: str = ""
    undone: datetime | None = None
    undone_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """What a decision wrote into a guide's file, so that it can be taken back: the whole file before and after."""

    name: str
    before: bytes
    after: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Somebody was faster: the finding as it is now, and who decided what about it."""

    finding: Finding
    work: Work


class ConflictError(Exception):
    """A decision about findings that are no longer as they were seen; nothing was changed."""

    def __init__(self, conflicts: tuple[Conflict, ...]) -> None:
        super().__init__(f"{len(conflicts)} findings changed meanwhile")
        self.conflicts = conflicts


class DecisionError(Exception):
    """A decision that cannot be made or taken back, in a sentence for the editor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A finding with all that its page tells. `before` and `now` are the snapshots that it compares.

    `alike`: the open findings of the same source with the same change, this one among them.
    """

    finding: Finding
    work: Work
    resource: ResourceId | None
    before: Snapshot | None
    now: Snapshot | None
    verdict: Verdict | None
    history: tuple[Decision, ...] = ()
    masks: tuple[Mask, ...] = ()
    past: tuple[Finding, ...] = ()
    """Of an open one: the earlier findings about its source that say what had changed, newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookLine:
    """One look at a source, for its timeline."""

    at: datetime
    verdict: str
    reason: str
    status: int | None
    snapshot: SnapshotId | None
    elapsed_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotLine:
    """A content of a source: when it was first and last served, and whether its bytes are kept."""

    id: SnapshotId
    digest: Digest
    at: datetime
    last_seen: datetime
    status: int
    good: bool
    kept: bool
    health: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceUse:
    """A citation of a source: by which guide, as what."""

    guide: GuideId
    title: str
    citation: CitationKey
    number: int | None
    name: str
    drift: str
    basis: SnapshotId | None
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceView:
    """A resource with everything that its page tells; looks newest first, snapshots oldest first."""

    id: ResourceId
    url: str
    title: str
    verdict: Verdict | None
    checked: datetime | None
    next_due: datetime | None
    interval_hours: float | None
    failing_since: datetime | None
    looks: tuple[LookLine, ...] = ()
    snapshots: tuple[SnapshotLine, ...] = ()
    uses: tuple[SourceUse, ...] = ()
    findings: tuple[Finding, ...] = ()
    masks: tuple[tuple[FindingId, Mask], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLine:
    """A resource in a list."""

    id: ResourceId
    url: str
    title: str
    verdict: str
    checked: datetime | None
    next_due: datetime | None
    open: int
    guides: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideRecord:
    """What the store knows of a guide besides its view: decisions about it, and what its bases rest on."""

    sources: tuple[tuple[CitationKey, ResourceId], ...] = ()
    decisions: tuple[Decision, ...] = ()
    evidence: tuple["Evidence", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A basis: which snapshot of which source the guide was verified against, by whom."""

    resource: ResourceId
    url: str
    snapshot: SnapshotId
    digest: Digest
    at: datetime
    set_at: datetime
    by: str
    verified: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """How long a finding was open, and who ended it."""

    opened: datetime
    closed: datetime | None
    state: FindingState
    severity: str
    kind: str
    guide: int
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What the overview counts from."""

    spans: tuple[Span, ...] = ()
    verified: tuple[tuple[int, date], ...] = ()
    """Guide (the store's number) and a day on which it was verified, in order of time."""
    guides: int = 0
    sources: int = 0
    verdicts: tuple[tuple[str, int], ...] = ()
    last_crawl: datetime | None = None
    next_due: datetime | None = None
    decisions: tuple[Decision, ...] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """A new address for one citation."""

    guide: GuideId
    file: str
    citation: Citation
    url: str
