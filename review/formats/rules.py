"""What a check can say of a citation or a guide, one rule for each word, with help for the person who must act.

The rules are stable names: alerts in code scanning and a team's filters are kept by them.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from crawler.model import DriftKind, VerdictKind
from review.failing import MISSING_FRAGMENT, STALE
from review.formats.wording import DRIFT_WORDS, REASONS
from review.model import CheckedCitation

Level: TypeAlias = Literal["error", "warning", "note"]
"""`error`: it fails. `warning`: an editor can mend it. `note`: worth knowing, and nobody here can mend it."""

UNREADABLE: Final = "guide/unreadable"
PROBLEM: Final = "guide/problem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`id` is "dead/http-404", "drift/material", …; `what` is one sentence, `level` where nothing fails."""

    id: str
    what: str
    advice: str
    level: Level


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """One thing that is the matter with a citation: a link may be moved and its place changed at once."""

    rule: Rule
    level: Level


_WORD: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+){0,6}")
_LINKS: Final[dict[VerdictKind, tuple[str, Level, str, tuple[str, ...]]]] = {
    VerdictKind.DEAD: (
        "The cited page is gone",
        "warning",
        "Find where the source went and cite its new address, cite another source or an archived copy, or take the "
        "statement back that rests on it. The link was tried several times before it was called dead.",
        ("http-404", "http-410", "dns-nxdomain", "soft-404", "redirect-to-home", "parked-domain", "gone-after-retries"),
    ),
    VerdictKind.MOVED: (
        "The cited page has moved for good",
        "warning",
        "Cite the new address. It answers; the old one may stop to redirect one day.",
        ("permanent-redirect",),
    ),
    VerdictKind.BLOCKED: (
        "A server is there but shows us no page",
        "note",
        "Look at the page in a browser. Readers may well see it: nothing was concluded about the source, and this does "
        "not fail a check unless it is told to.",
        (
            *("http-401", "http-403", "http-429", "http-451"),
            *("challenge", "login-wall", "consent-wall", "geo-block", "robots", "needs-browser"),
        ),
    ),
    VerdictKind.UNREACHABLE: (
        "The cited page could not be reached",
        "note",
        "Nothing to do at once: it may be a bad day of the source's server. A link that stays unreachable for longer "
        "than the policy allows is called dead.",
        (
            *("timeout", "connect-refused", "connection-reset", "network-unreachable", "http-5xx", "dns-error"),
            *("tls-expired", "tls-hostname", "tls-untrusted", "tls-error", "protocol-error", "redirect-loop"),
            *("too-large", "decompression-bomb", "network-outage", "unconfirmed"),
        ),
    ),
    VerdictKind.INVALID: (
        "The link in the guide cannot work",
        "warning",
        "Correct the address in the guide: this is no fault of the source.",
        ("malformed-url", "unsupported-scheme", "forbidden-address"),
    ),
}
_REST: Final[dict[VerdictKind, tuple[str, Level, str, tuple[str, ...]]]] = {
    VerdictKind.OK: ("The cited page answers", "note", "This fails only because the check was told so.", ()),
    VerdictKind.SKIPPED: (
        "The link was skipped by configuration",
        "note",
        "This fails only because the check was told so.",
        (),
    ),
}
_LOOK: Final = (
    "Compare the guide with the source as it is now (`loccit diff` shows what changed). Mend the guide, or let it "
    "stand with `loccit stet`."
)
_DRIFT_LEVELS: Final[dict[DriftKind, Level]] = {
    DriftKind.WORDING: "note",
    DriftKind.MATERIAL: "warning",
    DriftKind.UNLOCATED: "warning",
    DriftKind.BROKEN: "note",
}
_OTHERS: Final = (
    Rule(
        id=MISSING_FRAGMENT,
        what="The #fragment of a link is not on the page that it leads to.",
        advice="Cite an anchor that the page has, or the page without a fragment. Readers land at the page's top now.",
        level="warning",
    ),
    Rule(
        id=STALE,
        what="A guide's sources have changed since it was verified.",
        advice="Look at the guide's findings (`loccit findings`), mend it, and verify it again with `loccit stet`.",
        level="warning",
    ),
    Rule(
        id=UNREADABLE,
        what="A guide's file cannot be read as a guide.",
        advice="Correct the file where the message says. Until then none of its citations is checked.",
        level="error",
    ),
    Rule(
        id=PROBLEM,
        what="Something in a guide's file is not as it should be.",
        advice="Correct the file where the message says. The guide was read all the same.",
        level="warning",
    ),
)


def matters(each: CheckedCitation) -> list[Matter]:
    """What a person should see of this citation, the link itself first; what fails is an `error`."""
    because = each.fails_because if each.fails else ""
    found: list[Matter] = []
    if each.verdict.kind in _LINKS or because == each.verdict.kind.value:
        found.append(_matter(link_rule(each.verdict.kind, each.verdict.reason), because == each.verdict.kind.value))
    if each.fragment == "missing":
        found.append(_matter(rule_of(MISSING_FRAGMENT), because == MISSING_FRAGMENT))
    if each.drift is not None and (each.drift in DRIFT_WORDS or because == each.drift.value):
        found.append(_matter(drift_rule(each.drift), because == each.drift.value))
    if each.fails and not any(matter.level == "error" for matter in found):
        # Marked as failing for a word that is none of these: it must not be lost.
        found.insert(0, _matter(link_rule(each.verdict.kind, each.verdict.reason), True))
    return found


def _matter(rule: Rule, fails: object) -> Matter:
    return Matter(rule=rule, level="error" if fails else rule.level)


def link_rule(kind: VerdictKind, reason: str) -> Rule:
    """The rule of a verdict for a reason; a reason that is no plain word is `other`."""
    what, level, advice, _ = {**_LINKS, **_REST}[kind]
    word = reason if len(reason) <= 40 and _WORD.fullmatch(reason) else "other"
    why = f"answers {word[5:]}" if word.startswith("http-") and word[5:].isdigit() else REASONS.get(word, word)
    return Rule(id=f"{kind.value}/{word}", what=f"{what}: {why}.", advice=advice, level=level)


def drift_rule(kind: DriftKind) -> Rule:
    words = DRIFT_WORDS.get(kind, f"is {kind.value} against its basis")
    return Rule(
        id=f"drift/{kind.value}",
        what=f"The cited place: {words}.",
        advice=_LOOK,
        level=_DRIFT_LEVELS.get(kind, "note"),
    )


def rule_of(identity: str) -> Rule:
    """One of the rules that are about no verdict and no drift. KeyError for any other name."""
    return {rule.id: rule for rule in _OTHERS}[identity]


def catalogue() -> list[Rule]:
    """Every rule for which a check can fail or warn, in a fixed order."""
    links = [link_rule(kind, reason) for kind, (*_, reasons) in _LINKS.items() for reason in reasons]
    return [*links, *(drift_rule(kind) for kind in _DRIFT_LEVELS), *_OTHERS]
