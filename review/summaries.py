"""The one line that tells an editor what a finding is about. Pure; words from pages are made safe here."""

from datetime import date
from typing import Final

from crawler.drift import NEVER_FOUND
from crawler.made import IN_WORDS, Made
from crawler.model import Change, Drift, DriftKind, LinkHistory, Verdict, VerdictKind
from guides.model import Anchor, Css, Heading, Place, Quote, TextRange, XPath
from review.text import MAX_SUMMARY, count, day, one_line, shortened

_GONE: Final = {
    "http-404": "Page is gone: 404",
    "http-410": "Page is gone: 410",
    "dns-nxdomain": "Site is gone: its name no longer exists",
    "soft-404": "Page is gone: it says “not found”, though it answers as if all were well",
    "redirect-to-home": "Page is gone: its address now leads to the home page",
    "parked-domain": "Site is gone: the domain is parked or for sale",
    "gone-after-retries": "Site has given no answer",
}
_INVALID: Final = {
    "malformed-url": "The guide's link is malformed",
    "unsupported-scheme": "The guide's link is of a kind that cannot be fetched",
    "forbidden-address": "The guide's link leads to a private address, which is not fetched",
}
_PASSAGE: Final = 90


def drift_summary(drift: Drift) -> str:
    """ "30 days → 14 days (Retention), 2 more changes"."""
    weighty = [change for change in drift.changes if change.drift not in (DriftKind.COSMETIC, DriftKind.UNCHANGED)]
    first = _weightiest(drift, weighty)
    said = one_line(drift.reason) or (_change_words(first) if first else "The cited passage changed")
    heading = one_line(first.heading, 60) if first else ""
    tail = f" ({heading})" if heading and heading not in said else ""
    if len(weighty) > 1:
        tail += f", {count(len(weighty) - 1, 'more change')}"
    return shortened(said, MAX_SUMMARY - len(tail)) + tail


def replaced_summary(drift: Drift) -> str:
    """A page that stays another one than the guide cited."""
    reason = one_line(drift.reason)
    return shortened("Page was replaced by another one" + (f": {reason}" if reason else ""), MAX_SUMMARY)


def unlocated_summary(place: Place | None, drift: Drift) -> str:
    """ "The heading “Retention” is no longer found on the page"; what is wrong where it never was there."""
    if not drift.never_found:
        return shortened(f"{_place_words(place)} is no longer found on the page", MAX_SUMMARY)
    if drift.reason in ("", NEVER_FOUND):
        return shortened(f"{_place_words(place)} was never found on this page", MAX_SUMMARY)
    reason = one_line(drift.reason)
    return shortened(f"{reason[:1].upper()}{reason[1:]}", MAX_SUMMARY)


def uncompared_summary(ways: tuple[str, str]) -> str:
    """How the page was read when the guide was verified, and how it is now."""
    was, now = (IN_WORDS.get(Made(way), way) if way in list(Made) else one_line(way, 40) for way in ways)
    said = f"Cannot be compared: the page was read {was}, and now {now}; look once whether the guide still holds"
    return shortened(said, MAX_SUMMARY)


def link_summary(verdict: Verdict, history: LinkHistory, *, today: date) -> str:
    """ "Page is gone: 404 since 12 November" for `dead`; where it went for `moved`; what is wrong for `invalid`."""
    if verdict.kind is VerdictKind.MOVED:
        target = one_line(verdict.replacement or verdict.final_url)
        return shortened(f"Page has moved to {target}" if target else "Page has moved", MAX_SUMMARY)
    detail = one_line(verdict.detail, 120)
    if verdict.kind is VerdictKind.INVALID:
        said = _INVALID.get(verdict.reason, "The guide's link cannot be used")
        return shortened(f"{said}: {detail}" if detail else said, MAX_SUMMARY)
    said = _GONE.get(verdict.reason) or f"Page is gone: {detail or one_line(verdict.reason, 40)}"
    since = history.unreachable_since if verdict.reason == "gone-after-retries" else history.failing_since
    return shortened(said, MAX_SUMMARY - 25) + (f" since {day(since.date(), seen_from=today)}" if since else "")


def _weightiest(drift: Drift, weighty: list[Change]) -> Change | None:
    named = (change for change in weighty if drift.reason and change.reason == drift.reason)
    worst = (change for change in weighty if change.drift is drift.kind)
    return next(named, None) or next(worst, None) or next(iter(weighty), None)


def _change_words(change: Change) -> str:
    before, after = one_line(change.before, _PASSAGE), one_line(change.after, _PASSAGE)
    if change.reason:
        return one_line(change.reason)
    if not after:
        return f"Passage removed: “{before}”"
    if not before:
        return f"Passage added: “{after}”"
    return f"“{before}” → “{after}”"


def _place_words(place: Place | None) -> str:
    match place:
        case Heading(heading=heading):
            return f"The heading “{one_line(heading, _PASSAGE)}”"
        case Quote(quote=quote):
            return f"The quotation “{one_line(quote, _PASSAGE)}”"
        case TextRange(start=start):
            return f"The passage “{one_line(start, _PASSAGE)}”"
        case Anchor(id=anchor):
            return f"The place “#{one_line(anchor, _PASSAGE)}”"
        case Css(css=css):
            return f"The place “{one_line(css, _PASSAGE)}”"
        case XPath(xpath=xpath):
            return f"The place “{one_line(xpath, _PASSAGE)}”"
        case _:
            return "The cited place"
