"""What fails a check: the words of `fail_on`, and which citations they are true of. Pure.

Apart from the report, because every command reads the settings, which name these words.
"""

from collections.abc import Iterable
from dataclasses import replace
from difflib import get_close_matches
from typing import Final

from crawler.model import DriftKind, VerdictKind
from review.model import CheckedCitation, CheckReport

MISSING_FRAGMENT: Final = "missing-fragment"
STALE: Final = "stale"
FAIL_WORDS: Final = (
    *(word.value for word in VerdictKind),
    *(word.value for word in DriftKind),
    MISSING_FRAGMENT,
    STALE,
)


def fail_words(words: Iterable[str]) -> frozenset[str]:
    """The words of `fail_on`, checked.

    Raises ValueError naming the nearest known word and listing all of them.
    """
    chosen = frozenset(word.strip() for word in words if word.strip())
    for word in sorted(chosen):
        if word not in FAIL_WORDS:
            near = get_close_matches(word, FAIL_WORDS, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"{word!r} is nothing that a check can fail on{hint} (known: {', '.join(FAIL_WORDS)})")
    return chosen


def check_fails(checked: CheckedCitation, fail_on: frozenset[str]) -> str:
    """The word of `fail_on` for which this citation fails, or ""."""
    if checked.verdict.kind.value in fail_on:
        return checked.verdict.kind.value
    if checked.drift is not None and checked.drift.value in fail_on:
        return checked.drift.value
    if checked.fragment == "missing" and MISSING_FRAGMENT in fail_on:
        return MISSING_FRAGMENT
    return ""


def mark_failures(citations: Iterable[CheckedCitation], fail_on: Iterable[str]) -> tuple[CheckedCitation, ...]:
    """Every citation with `fails` and `fails_because` set by these words. Raises ValueError for an unknown word."""
    words = fail_words(fail_on)
    marked = []
    for each in citations:
        because = check_fails(each, words)
        as_it_was = each.fails is bool(because) and each.fails_because == because
        marked.append(each if as_it_was else replace(each, fails=bool(because), fails_because=because))
    return tuple(marked)


def report_fails(report: CheckReport) -> bool:
    """Whether the check fails as a whole (an outage judges nothing and so fails nothing)."""
    return not report.outage and (any(each.fails for each in report.citations) or bool(report.stale))
