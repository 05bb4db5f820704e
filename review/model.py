"""What a person must act on: findings, decisions, the state of a guide, the report."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NewType, TypeAlias

from crawler.model import Change, DriftKind, SnapshotId, Verdict
from guides.model import Citation, CitationKey, Claim, Guide, GuideId, GuideProblem

FindingId = NewType("FindingId", int)


class FindingKind(StrEnum):
    DRIFT = "drift"
    LINK = "link"
    UNLOCATED = "unlocated"
    READER_REPORT = "reader-report"
    UNCOMPARED = "uncompared"
    """The page is made in another way now: what changed meanwhile cannot be told, and a person has to look once."""


class FindingState(StrEnum):
    """open → accepted (stet), dismissed (noise), reverted (it came back), resolved (mended or no longer cited)."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DISMISSED = "dismissed"
    REVERTED = "reverted"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderReport:
    """What a reader wrote, and how many wrote the same. Nothing else is known of them."""

    words: str
    at: datetime
    times: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Mask:
    """Changes of one source that are noise. A passage is one of them where it holds these stretches in this order.

    `words`: what stays the same around what varies. With `anchored`, the passage must begin with the first stretch
    and end with the last one.
    """

    words: tuple[str, ...]
    anchored: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggested:
    """Where the page of a dead link is now. `url`: an address that shows the same content, "" for none; `why`, in a
    few words. `archived` is the address of the last archived copy, "" for none; `archived_at` its moment.
    """

    url: str = ""
    why: str = ""
    archived: str = ""
    archived_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedBasis:
    """An archived page that a guide is measured from, since loccit came after the verified day.

    `days`: how long before that day the copy was made; negative after it. `url` is its address in the archive, "" where
    it came out of a file.
    """

    at: datetime
    days: int
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that an editor should look at. At most one is open for a citation and kind.

    `severity` is a drift (`material`, `wording`, …) or a verdict (`dead`, …). `print` is the fingerprint of the
    state it speaks of: a dismissed state is not raised again. `closed` and `by` say when and by whom it ended.
    """

    id: FindingId
    kind: FindingKind
    state: FindingState
    severity: str
    guide: GuideId
    citation: CitationKey
    url: str
    opened: datetime
    updated: datetime
    summary: str
    changes: tuple[Change, ...] = ()
    claims: tuple[Claim, ...] = ()
    print: str = ""
    basis: SnapshotId | None = None
    now: SnapshotId | None = None
    closed: datetime | None = None
    by: str = ""
    note: str = ""
    group: str = ""
    """The mass change of its host that it is part of (see `crawler.groups`), "" for none."""
    masks: tuple[Mask, ...] = ()
    """Of a dismissed one: changes of its source that are not raised for its citation any more."""
    reports: tuple[ReaderReport, ...] = ()
    """What readers wrote. Such a finding has no citation (its key is "") and no URL."""
    suggested: Suggested | None = None
    """Of a dead link: what is known to stand in its place."""
    copied: ArchivedBasis | None = None
    """Of a drift: set where its basis is an archived page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenFinding:
    """Raise a finding, or bring the open one of this citation and kind up to date."""

    kind: FindingKind
    severity: str
    guide: GuideId
    citation: CitationKey
    summary: str
    changes: tuple[Change, ...] = ()
    claims: tuple[Claim, ...] = ()
    print: str = ""
    basis: SnapshotId | None = None
    now: SnapshotId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseFinding:
    """End an open finding by itself: the source came back, or the link lives."""

    finding: FindingId
    state: FindingState
    note: str


FindingOp: TypeAlias = OpenFinding | CloseFinding


class StateKind(StrEnum):
    VERIFIED = "verified"
    STALE = "stale"
    EXPIRED = "expired"
    UNVERIFIED = "unverified"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a guide is in its state. `kind`: `drift`, `link`, `unlocated`, `reader-report`, `age`, `never-verified`,
    `unseen` (a source that was there and has shown no page for long).
    """

    kind: str
    summary: str
    url: str = ""
    drift: DriftKind | None = None
    verdict: str = ""
    finding: FindingId | None = None
    claims: tuple[Claim, ...] = ()
    since: datetime | None = None
    notes: tuple[str, ...] = ()
    """What else is known of the finding, with addresses (see `review.copies`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideState:
    """`since`: when the guide came into this state."""

    state: StateKind
    since: datetime | None
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CitationView:
    """One citation with what is known of its source."""

    citation: Citation
    verdict: Verdict | None
    checked: datetime | None
    drift: DriftKind | None = None
    fragment: str | None = None
    basis_at: datetime | None = None
    """When the snapshot that the guide was verified against was first seen."""
    pending: bool = False
    """A drift was seen but has not stood long enough to be shown."""
    last_ok: datetime | None = None
    """When its source last showed a page."""
    copied: ArchivedBasis | None = None
    """Set where the guide is measured from an archived page of the source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideView:
    """A guide with all that the store knows of it. `verified` is the later of the file's and the store's date."""

    guide: Guide
    verified: date | None
    citations: tuple[CitationView, ...]
    open_findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideLine:
    """One guide in a report."""

    view: GuideView
    state: GuideState


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What every format tells. Findings come worst first, guides in the order of need."""

    made: datetime
    lines: tuple[GuideLine, ...]
    findings: tuple[Finding, ...]
    problems: tuple[GuideProblem, ...] = ()
    last_crawl: datetime | None = None
    sources: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A failure that the baseline bears with: the word that would fail, why, and the last day of it."""

    word: str
    reason: str
    until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedCitation:
    """One line of `check`: a citation, and what was concluded of it now."""

    guide: Guide
    citation: Citation
    verdict: Verdict
    fragment: str | None
    drift: DriftKind | None
    archived: str | None
    fails: bool
    fails_because: str = ""
    accepted: Accepted | None = None
    """Set where it would fail if the baseline did not bear with it."""
    note: str = ""
    """One more thing to say of it, for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """The result of one `check`, whatever the format. `outage`: the network was down and nothing was judged."""

    version: str
    started: datetime
    finished: datetime
    outage: bool
    guides: int
    resources: int
    citations: tuple[CheckedCitation, ...]
    problems: tuple[GuideProblem, ...] = ()
    stale: tuple[GuideId, ...] = ()
    """Guides that fail the check by being stale, where `fail_on` says so."""
    base: str = ""
    """The way from the repository's top folder to the folder that the files' names start from, with `/` at its end."""
