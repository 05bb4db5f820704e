"""The words that pages use for severities, kinds, states and verdicts."""

from typing import Final

from review.text import one_line

_SEVERITIES: Final = {
    "material": "Material change",
    "wording": "New wording",
    "cosmetic": "Cosmetic",
    "broken": "Page replaced",
    "unlocated": "Place not found",
    "dead": "Dead link",
    "moved": "Moved",
    "invalid": "Unusable link",
    "reader-report": "Reader's report",
    "uncompared": "Cannot be compared",
}
_KINDS: Final = {
    "drift": "Changed text",
    "link": "Link",
    "unlocated": "Place not found",
    "reader-report": "Reader's report",
    "uncompared": "Cannot be compared",
}
_STATES: Final = {
    "open": "open",
    "accepted": "still accurate",
    "dismissed": "dismissed as noise",
    "reverted": "the source went back",
    "resolved": "resolved",
}
_ACTIONS: Final = {
    "stet": "let stand",
    "dismissed": "dismissed as noise",
    "needs-edit": "marked: needs an edit",
    "assigned": "assigned",
    "url-replaced": "replaced the address",
}
_VERDICTS: Final = {
    "ok": "answers",
    "moved": "moved",
    "dead": "gone",
    "blocked": "shows us no page",
    "unreachable": "no answer",
    "invalid": "unusable link",
    "skipped": "not checked",
    "": "not checked yet",
    "not checked yet": "not checked yet",
}
_REASONS: Final = {
    "http-200": "",
    "not-modified": "as it was",
    "permanent-redirect": "sent on for good",
    "http-401": "asks for a login",
    "http-403": "refuses us",
    "http-404": "no such page: 404",
    "http-410": "taken away: 410",
    "http-429": "too many requests",
    "http-451": "withheld for legal reasons",
    "http-5xx": "the server fails",
    "dns-nxdomain": "no such host",
    "dns-error": "its name was not found out",
    "soft-404": "says “not found”",
    "redirect-to-home": "sent to the home page",
    "parked-domain": "the domain is parked",
    "gone-after-retries": "no answer for too long",
    "challenge": "a bot wall",
    "login-wall": "asks for a login",
    "consent-wall": "asks for consent",
    "robots": "its robots.txt keeps us out",
    "timeout": "took too long",
    "connect-refused": "refuses connections",
    "connection-reset": "broke off",
    "tls-expired": "its certificate has expired",
    "tls-hostname": "its certificate is another host's",
    "tls-untrusted": "its certificate is not trusted",
    "tls-error": "no secure connection",
    "protocol-error": "no proper answer",
    "redirect-loop": "redirects in a circle",
    "too-large": "too large a page",
    "decompression-bomb": "too large a page",
    "network-outage": "our own network was down",
    "malformed-url": "no proper address",
    "unsupported-scheme": "no web address",
    "forbidden-address": "inside a private network",
}
_DRIFTS: Final = {
    "unchanged": "says the same",
    "cosmetic": "says the same",
    "wording": "new wording",
    "material": "changed",
    "unlocated": "place not found",
    "broken": "page replaced",
}


_STET: Final = {"link": "Let the link stand", "reader-report": "The guide is right"}


def stet_words(kind: str) -> str:
    """What a button says that lets a finding of this kind stand."""
    return _STET.get(kind, "Still accurate")


def severity_words(word: str) -> str:
    return _SEVERITIES.get(word) or one_line(word, 40).capitalize()


def kind_words(word: str) -> str:
    return _KINDS.get(word) or one_line(word, 40)


def state_words(word: str) -> str:
    return _STATES.get(word) or one_line(word, 40)


def action_words(word: str) -> str:
    return _ACTIONS.get(word) or one_line(word, 40)


def verdict_words(word: str) -> str:
    return _VERDICTS.get(word) or one_line(word, 40)


def reason_words(word: str) -> str:
    """Why a link is called what it is, for people; "" where there is nothing to add."""
    return _REASONS.get(word, one_line(word, 40))


def drift_words(word: str) -> str:
    return _DRIFTS.get(word) or one_line(word, 40)
