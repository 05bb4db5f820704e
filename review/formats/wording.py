"""The sentences that several formats share: what became of a citation, and how a check or a report sums up."""

from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

from crawler.model import DriftKind, Verdict, VerdictKind
from guides.model import CitationKey, GuideId
from review.failing import MISSING_FRAGMENT
from review.model import CheckedCitation, CheckReport, Finding, GuideLine, Report, StateKind
from review.report import count_report, count_verdicts
from review.text import count, one_line, shortened

Places: TypeAlias = Mapping[tuple[GuideId, CitationKey], str]

REASONS: Final = {
    "soft-404": "the page says “not found”",
    "redirect-to-home": "leads to the home page now",
    "parked-domain": "the domain is parked or for sale",
    "dns-nxdomain": "the name does not exist",
    "gone-after-retries": "no answer for too long",
    "permanent-redirect": "moved for good",
    "challenge": "a bot wall answered",
    "login-wall": "asks to sign in",
    "consent-wall": "asks for consent first",
    "geo-block": "is not shown in our country",
    "needs-browser": "needs a browser: empty until its scripts run",
    "robots": "robots.txt asks not to fetch it",
    "timeout": "no answer in time",
    "connect-refused": "connection refused",
    "connection-reset": "connection broken off",
    "http-5xx": "the server failed",
    "dns-error": "the name could not be looked up",
    "tls-expired": "certificate has expired",
    "tls-hostname": "certificate is for another name",
    "tls-untrusted": "certificate is not trusted",
    "tls-error": "no secure connection",
    "protocol-error": "the answer could not be read",
    "redirect-loop": "redirects in a circle",
    "too-large": "page is too large",
    "decompression-bomb": "page unpacks without end",
    "network-unreachable": "no way to its network",
    "network-outage": "our own network was down",
    "malformed-url": "malformed URL",
    "unsupported-scheme": "not http or https",
    "forbidden-address": "private address",
    "unconfirmed": "failed, not yet confirmed",
    "skipped": "skipped by configuration",
    "ignored": "ignored",
    "offline": "not looked at",
    "untouched": "not touched by the change",
}
_TOLD: Final = (VerdictKind.OK, VerdictKind.INVALID, VerdictKind.UNREACHABLE, VerdictKind.SKIPPED)
"""Verdicts whose detail says more than the reason's own words: what is wrong, or will soon be."""
_IN_BROWSER: Final = "needs a browser: "
_ORDER: Final = (
    VerdictKind.DEAD,
    VerdictKind.INVALID,
    VerdictKind.MOVED,
    VerdictKind.BLOCKED,
    VerdictKind.UNREACHABLE,
    VerdictKind.SKIPPED,
    VerdictKind.OK,
)
DRIFT_WORDS: Final = {
    DriftKind.MATERIAL: "changed materially since it was verified",
    DriftKind.WORDING: "worded otherwise since it was verified",
    DriftKind.UNLOCATED: "the cited place was not found",
}


def in_check_order(citations: Iterable[CheckedCitation]) -> list[CheckedCitation]:
    """Failing first, then by verdict; in one verdict, in the order of files."""
    return sorted(citations, key=lambda each: (not each.fails, _ORDER.index(each.verdict.kind), _quiet(each)))


def is_quiet(each: CheckedCitation) -> bool:
    """Nothing to say about this citation: it answered, its place is there and says the same."""
    return (
        not each.fails
        and each.verdict.kind in (VerdictKind.OK, VerdictKind.SKIPPED)
        and each.fragment != "missing"
        and each.drift not in DRIFT_WORDS
        and not (each.verdict.kind is VerdictKind.OK and each.verdict.detail)
    )


def _quiet(each: CheckedCitation) -> int:
    return int(is_quiet(each))


def check_word(each: CheckedCitation) -> str:
    """The one word that names what is the matter: the one it fails for, else verdict, missing fragment or drift."""
    if each.fails_because:
        return each.fails_because
    if each.verdict.kind is VerdictKind.OK and each.fragment == "missing":
        return MISSING_FRAGMENT
    if each.verdict.kind is VerdictKind.OK and each.drift in DRIFT_WORDS:
        return each.drift.value
    return each.verdict.kind.value


def check_detail(each: CheckedCitation) -> str:
    """ "is dead (404, 3 attempts)", "has moved to https://…": one line without the URL."""
    verdict = each.verdict
    parts = [_cause(verdict)]
    if verdict.attempts > 1:
        parts.append(f"{verdict.attempts} attempts")
    said = {
        VerdictKind.OK: "answers",
        VerdictKind.MOVED: "has moved",
        VerdictKind.DEAD: "is dead",
        VerdictKind.BLOCKED: "shows us no page",
        VerdictKind.UNREACHABLE: "could not be reached",
        VerdictKind.INVALID: "is not a usable link",
        VerdictKind.SKIPPED: "was skipped",
    }[verdict.kind]
    target = one_line(verdict.replacement or (verdict.final_url if verdict.kind is VerdictKind.MOVED else ""))
    if verdict.kind is VerdictKind.MOVED and target:
        said = f"has moved to {target}"
    elif target:
        parts.append(f"try {target}")
    said += f" ({', '.join(parts)})"
    if verdict.detail and (verdict.kind in _TOLD or verdict.reason == "soft-404"):
        said += f": {one_line(verdict.detail, 160)}"
    return said + _place_detail(each)


def _cause(verdict: Verdict) -> str:
    """The reason's words; of a page that was shown to a browser, what came of that."""
    if verdict.detail.startswith(_IN_BROWSER):
        return one_line(verdict.detail, 160)
    return reason_words(verdict.reason, verdict.status)


def _place_detail(each: CheckedCitation) -> str:
    tail = ""
    if each.fragment == "missing":
        tail += "; the #fragment is not on the page"
    if each.drift in DRIFT_WORDS:
        tail += f"; {DRIFT_WORDS[each.drift]}"
    if each.archived:
        tail += f"; archived: {one_line(each.archived)}"
    if each.note:
        tail += f"; {one_line(each.note)}"
    return tail


def reason_words(reason: str, status: int | None = None) -> str:
    """ "404", "no answer in time"; an unknown reason as it is."""
    if reason.startswith("http-") and reason[5:].isdigit():
        return reason[5:]
    words = REASONS.get(reason, one_line(reason, 60))
    return f"{words}, {status}" if status is not None and status >= 300 and reason != "permanent-redirect" else words


def check_summary(report: CheckReport) -> str:
    """ "4 citations of 1 guide, 4 sources: 3 ok, 1 dead. 1 fails."."""
    if report.outage:
        return "The network is down: nothing was judged."
    number = len(report.citations)
    said = f"{count(number, 'citation')} of {count(report.guides, 'guide')}, {count(report.resources, 'source')}"
    counted = [f"{n:,} {kind.value}" for kind, n in count_verdicts(report.citations).items() if n]
    failing = sum(each.fails for each in report.citations)
    tail = f"{failing:,} {'fails' if failing == 1 else 'fail'}." if failing else ""
    if report.stale:
        tail = f"{tail} {count(len(report.stale), 'guide')} stale.".strip()
    if wrong := sum(problem.wrong for problem in report.problems):
        tail = f"{tail} {count(wrong, 'mistake')} in the guides.".strip()
    return f"{said}: {', '.join(counted) or 'nothing to check'}. {tail or 'Nothing fails.'}"


def report_headline(report: Report) -> str:
    """ "3 of 12 guides need a look"; what an editor reads first."""
    counts = count_report(report)
    if not counts.guides:
        return "No guides were found"
    if counts.needing:
        verb = "needs" if counts.needing == 1 else "need"
        return f"{counts.needing:,} of {count(counts.guides, 'guide')} {verb} a look"
    verified = counts.states[StateKind.VERIFIED]
    if verified == counts.guides:
        return "Everything stands" if counts.guides > 1 else "The guide stands"
    return f"Nothing has changed; {count(verified, 'guide')} verified, {counts.guides - verified:,} never"


def places_of(lines: Iterable[GuideLine]) -> Places:
    """ "guides/coursera.md:12" of every citation in these guides."""
    return {
        (line.view.guide.id, each.citation.key): f"{one_line(line.view.guide.file)}:{each.citation.line}"
        for line in lines
        for each in line.view.citations
    }


def place_of(finding: Finding, places: Places) -> str:
    """Where the citation stands that a finding is about, or else the guide's id."""
    return places.get((finding.guide, finding.citation)) or one_line(finding.guide)


def title_of(line: GuideLine) -> str:
    guide = line.view.guide
    return shortened(one_line(guide.title) or one_line(guide.id), 160)
