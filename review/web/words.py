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


def drift_words(word: str) -> str:
    return _DRIFTS.get(word) or one_line(word, 40)
