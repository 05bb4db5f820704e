"""What was observed: the values that pass between fetching, judging and comparing.

Everything the web can do to us is a value here, never an exception. All instants are aware, in UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NewType, TypeAlias

from guides.model import CitationKey, Claim, GuideId, Place, Render, Role, Statement

ResourceId = NewType("ResourceId", int)
SnapshotId = NewType("SnapshotId", int)
Digest = NewType("Digest", str)
"""SHA-256 of a raw body, 64 hexadecimal digits."""


# ---------------------------------------------------------------- what one exchange gave


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One redirect: `url` answered with `status` and pointed at `target` (absolute)."""

    status: int
    url: str
    target: str


class FailureKind(StrEnum):
    """Why no page came; the words are the documented reasons."""

    TIMEOUT = "timeout"
    CONNECT_REFUSED = "connect-refused"
    CONNECTION_RESET = "connection-reset"
    NETWORK = "network-unreachable"
    DNS_NXDOMAIN = "dns-nxdomain"
    DNS_ERROR = "dns-error"
    TLS_EXPIRED = "tls-expired"
    TLS_HOSTNAME = "tls-hostname"
    TLS_UNTRUSTED = "tls-untrusted"
    TLS_ERROR = "tls-error"
    PROTOCOL = "protocol-error"
    REDIRECT_LOOP = "redirect-loop"
    TOO_LARGE = "too-large"
    BOMB = "decompression-bomb"


class RefusalKind(StrEnum):
    """Why we did not ask, or went no further."""

    ROBOTS = "robots"
    RATE = "http-429"
    UNAVAILABLE = "http-5xx"
    MALFORMED = "malformed-url"
    SCHEME = "unsupported-scheme"
    ADDRESS = "forbidden-address"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """An answer with a status and a body (decompressed, complete).

    `headers` are the last hop's, in order, names in lower case. `screenshot`: a picture (JPEG) out of the browser.
    """

    url: str
    final_url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    digest: Digest
    at: datetime
    elapsed_ms: float
    hops: tuple[Hop, ...] = ()
    dropped: bool = False
    """The body was looked at and let go, to save memory (of answers that are no page): `digest` still names it."""
    tls_expires: datetime | None = None
    """When the certificate of the last hop's server runs out."""
    unrendered: str = ""
    """Why a browser, which the page needs, gave nothing that can be used; one line. "": it did, or was not needed."""
    screenshot: bytes | None = field(default=None, repr=False, compare=False)

    def header(self, name: str) -> str:
        """The first header of that name, or ""."""
        return next((value for key, value in self.headers if key == name), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class NotModified:
    """304 to a conditional request: the page is the one we hold."""

    url: str
    final_url: str
    headers: tuple[tuple[str, str], ...]
    at: datetime
    elapsed_ms: float
    hops: tuple[Hop, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """No answer that could be read. `detail` is for people and never parsed."""

    url: str
    kind: FailureKind
    detail: str
    at: datetime
    elapsed_ms: float
    hops: tuple[Hop, ...] = ()
    connected: bool = False
    """A connection was made first: whatever failed, our own network was up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """We did not ask, or did not follow a redirect. With `hops`, it was a redirect's target that was refused."""

    url: str
    kind: RefusalKind
    detail: str
    at: datetime
    hops: tuple[Hop, ...] = ()
    passing: bool = False
    """It may be otherwise in a moment: robots.txt could not be had just now (RFC 9309, section 2.3.1.4)."""


Attempt: TypeAlias = Fetched | NotModified | Failed | Refused


class Health(StrEnum):
    """Whether a body is the page that was asked for, judged by the page alone."""

    OK = "ok"
    EMPTY = "empty"
    SOFT_404 = "soft-404"
    PARKED = "parked-domain"
    CHALLENGE = "challenge"
    LOGIN_WALL = "login-wall"
    CONSENT_WALL = "consent-wall"
    GEO_BLOCK = "geo-block"
    MAINTENANCE = "maintenance"
    ERROR_PAGE = "error-page"
    SCRIPT_SHELL = "script-shell"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageHealth:
    """`evidence`: the words or the header that gave it away, one line, for people."""

    health: Health
    evidence: str = ""
    chars: int = field(default=-1, compare=False)
    """Visible characters that the page has of its own, menus left out (a long page: at least so many); -1: unknown."""
    embedded: bool = field(default=False, compare=False)  # the text is out of the page's JSON, its markup of our making


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """All attempts at one resource within one run, in order; never empty."""

    url: str
    attempts: tuple[Attempt, ...]
    health: PageHealth | None = None
    """Of the last attempt's body, where it was looked at; `healths` of each, where the sweeper looked as they came."""
    healths: tuple[PageHealth | None, ...] = ()
    outage: bool = False
    """This machine's network was down: nothing may be concluded about the source."""

    @property
    def last(self) -> Attempt:
        return self.attempts[-1]


# ---------------------------------------------------------------- what is asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """For a conditional request (RFC 9110, section 13.1)."""

    etag: str = ""
    last_modified: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkHistory:
    """What earlier runs saw of a link. Only what is definitive counts; "cannot tell" neither raises nor resets."""

    checked: datetime | None = None
    last_ok: datetime | None = None
    failing_since: datetime | None = None
    failures: int = 0
    unreachable_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchOrder:
    """One resource to fetch: `url` is without fragment."""

    url: str
    validators: Validators = Validators()
    history: LinkHistory = LinkHistory()
    render: Render = Render.AUTO
    selected: bool = False
    """Some citation names its place by a selector, which speaks of the markup that a browser shows."""
    attempt: int = 1
    """Which attempt of this run. A second look is one exchange, without validators and without retries of its own."""
    fresh: bool = False
    """A new connection, HTTP/1.1, the plainest headers."""
    follow: bool = True
    """Without it a redirect is the answer: a `Fetched` with its status and headers, and no body."""
    past_robots: bool = False
    """Ask for the page although its robots.txt does not answer (RFC 9309, 2.3.1.4: "for a reasonably long time")."""
    accept_datetime: datetime | None = None
    """The moment as of which an archive is asked for a page (RFC 7089, section 2.1.1)."""


# ---------------------------------------------------------------- what was concluded about a link


class VerdictKind(StrEnum):
    OK = "ok"
    MOVED = "moved"
    DEAD = "dead"
    BLOCKED = "blocked"
    UNREACHABLE = "unreachable"
    INVALID = "invalid"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of one link. `reason`: a documented word (or `unconfirmed`); `detail`: one line for people."""

    kind: VerdictKind
    reason: str
    detail: str = ""
    status: int | None = None
    final_url: str = ""
    hops: tuple[Hop, ...] = ()
    attempts: int = 0
    elapsed_ms: float = 0.0
    replacement: str | None = None
    tls_expires: datetime | None = None
    """When the certificate of the server that answered runs out, where it was seen."""


# ---------------------------------------------------------------- what was concluded about a place


class DriftKind(StrEnum):
    """How far a place is from its basis, in rising order of what an editor cares about (use `severity`)."""

    UNCHANGED = "unchanged"
    COSMETIC = "cosmetic"
    WORDING = "wording"
    MATERIAL = "material"
    UNLOCATED = "unlocated"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One passage that differs. An empty `before` is an addition, an empty `after` a removal.

    `reason` is one line that an editor understands ("30 days → 14 days"); `heading` the nearest heading above.
    """

    before: str
    after: str
    drift: DriftKind
    reason: str = ""
    heading: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """Basis → now, of one cited place. `reason` is the weightiest change's, one line.

    `before_print` and `now_print` are fingerprints by `algorithm`: equal ones mean "says the same".
    `relocated`: the place was found elsewhere, and this is how it may be named now.
    """

    kind: DriftKind
    algorithm: str
    reason: str = ""
    changes: tuple[Change, ...] = ()
    before_print: str = ""
    now_print: str = ""
    relocated: Place | None = None

    @property
    def never_found(self) -> bool:
        """Whether the place is not even on the basis: a mistake of the guide's, rather than a change of the source."""
        return self.kind is DriftKind.UNLOCATED and not self.before_print

    @property
    def first_found(self) -> bool:
        """Whether the page has the place now that its basis lacked: there was nothing to compare it with."""
        return self.kind is DriftKind.UNCHANGED and bool(self.now_print) and not self.before_print


# ---------------------------------------------------------------- what the store knows and is told


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What a resource answered at one moment; its body is kept under `digest`. `id` is None until stored.

    `at` is when this content was first seen, `last_seen` when it was last served.
    """

    id: SnapshotId | None
    digest: Digest
    at: datetime
    last_seen: datetime
    status: int
    final_url: str
    headers: tuple[tuple[str, str], ...] = ()
    health: Health = Health.OK

    @property
    def content_type(self) -> str:
        return next((value for key, value in self.headers if key == "content-type"), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a cited place stands against its basis, carried from run to run.

    `since`: it has differed from the basis without a break since then; `now_since` and `sightings`: since when and
    in how many looks the present state (`now_print`) was seen. `basis` and `now` name the snapshots compared.
    """

    drift: Drift
    basis: SnapshotId
    now: SnapshotId | None
    since: datetime
    now_since: datetime
    sightings: int = 1
    place: Place | None = None
    """The place that was compared: a citation whose place was edited is measured anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gamma:
    """What is believed of a rate: a gamma distribution of `shape`, as if so many changes had been seen in `days`."""

    shape: float
    days: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRate:
    """How often a source changes: of late, and in the long run (see `crawler.rates`)."""

    recent: Gamma
    lasting: Gamma


@dataclass(frozen=True, slots=True, kw_only=True)
class Cited:
    """One citation of a resource, with its basis (None: none yet) and where it stood after the last look."""

    guide: GuideId
    key: CitationKey
    place: Place
    fragment: str = ""
    claim: Claim | None = None
    statements: tuple[Statement, ...] = ()
    verified: datetime | None = None  # the end of that day, UTC
    basis: Snapshot | None = None
    standing: Standing | None = None
    fragment_state: str | None = None
    role: Role = Role.CITATION
    archived_at: datetime | None = None
    """When an archived page became the basis; None where the basis is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSource:
    """All that is known of one resource before a look.

    `memory` is what was learned of the page's volatility, in the form `crawler.memory` writes; it can be made
    again from the stored snapshots. `newest` is the newest good snapshot.
    """

    id: ResourceId
    url: str
    history: LinkHistory = LinkHistory()
    validators: Validators = Validators()
    verdict: Verdict | None = None
    memory: Mapping[str, Any] = field(default_factory=dict)
    newest: Snapshot | None = None
    cited: tuple[Cited, ...] = ()
    interval_hours: float | None = None
    rate: ChangeRate | None = None  # before its first look


@dataclass(frozen=True, slots=True, kw_only=True)
class CitedLook:
    """What one look means for one citation. `basis` is set when the look makes one (`basis_is_new`) or confirms it.
    `drift` is of this look alone: `broken` where a wall or an error came, which leaves the standing as it was.

    A basis that the look's own snapshot becomes has `id` None until stored.
    """

    guide: GuideId
    key: CitationKey
    standing: Standing | None
    basis: Snapshot | None
    basis_is_new: bool = False
    fragment: str | None = None
    drift: DriftKind | None = None
    lost: Drift | None = None
    """Set where this look makes the basis and the cited place is not on it (see `Drift.never_found`)."""
    uncompared: tuple[str, str] | None = None  # how the old basis and the page were made, where `basis` is new for that


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """Everything that one look at one resource gave: what `storage` writes in one transaction.
    `snapshot` is the page that was seen (good or not; None when nothing came or nothing new: see `same_as`),
    `body` its bytes. `same_as` is the stored snapshot that was served again.
    """

    source: ResourceId
    url: str
    at: datetime
    visit: Visit
    verdict: Verdict
    history: LinkHistory
    validators: Validators
    memory: Mapping[str, Any]
    snapshot: Snapshot | None = None
    body: bytes | None = None
    same_as: Snapshot | None = None
    page_health: PageHealth | None = None
    screenshot: bytes | None = None
    title: str = ""
    text_digest: str = ""  # of the text; where it is known already, the body need not be kept. A first page needs none.
    earlier_text: tuple[Snapshot, str] | None = None  # that of the first page, once another has come
    cited: tuple[CitedLook, ...] = ()
    next_due: datetime | None = None
    interval_hours: float | None = None
    rate: ChangeRate | None = None
