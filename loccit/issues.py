"""The one issue that holds the drift report: opened, brought up to date, closed, on GitHub or GitLab.

Issues are known by a label and by a mark in their text, which readers do not see. Two runs at once may both open one:
each looks again after opening, and every run but the first one's issue gives way, so that one stays. A person who
closes the issue is heeded: until the findings change, no new one is opened.
"""

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from loccit.trackers import Hub, Posted, Tracker, client_of

MARK: Final = "loccit drift report"
MOST_CHARACTERS: Final = 65_536
"""Of an issue's text (GitHub's limit). Bytes are counted here, so that no way of counting comes to more."""
_MARKED: Final = re.compile(rf"<!-- {MARK} ([0-9a-f]{{16}}|well) -->")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be said. `digest` changes with the findings and with nothing else; "" where all is well."""

    title: str
    body: str
    digest: str


class Done(StrEnum):
    OPENED = "opened"
    UPDATED = "updated"
    LEFT = "left as it was"
    CLOSED = "closed"
    NOTHING = "nothing to say"
    HEEDED = "closed by a person since; nothing has changed"


def digest_of(*parts: object) -> str:
    """A short digest of what the findings are."""
    return hashlib.sha256(repr(parts).encode("utf-8", "backslashreplace")).hexdigest()[:16]


def marked(body: str, digest: str) -> str:
    """The text with the mark by which it is found again."""
    return f"{body.rstrip()}\n\n<!-- {MARK} {digest or 'well'} -->\n"


def _mark_of(issue: Posted) -> str:
    """The digest of what an issue tells, "well" where it was closed by us, "" where it is none of ours."""
    found = _MARKED.search(issue.body)
    return found[1] if found else ""


def bring_up_to_date(hub: Hub, wanted: Wanted, sleep: Callable[[float], None]) -> tuple[Done, int | None]:
    """One open issue that says this, or none where all is well; gives what was done, and the issue's number.

    Raises LoccitError where the API cannot be reached or refuses; no message holds the token.
    """
    with client_of(hub) as client:
        tracker = Tracker(client, hub, sleep)
        issues = [each for each in tracker.issues() if _mark_of(each)]
        ours = sorted((each for each in issues if each.open), key=lambda each: each.number)
        if not wanted.digest:
            return _all_is_well(tracker, wanted, issues, ours)
        if ours:
            first, *others = ours
            _give_way(tracker, others, first.number)
            body = tracker.sent(wanted.body)
            if (first.title, first.body.replace("\r\n", "\n").rstrip()) == (wanted.title, body.rstrip()):
                return Done.LEFT, first.number
            tracker.write(first.number, title=wanted.title, body=wanted.body)
            return Done.UPDATED, first.number
        # All of them are closed. Those that we closed no longer carry the digest of what they told.
        for each in issues:
            if _mark_of(each) == wanted.digest:
                return Done.HEEDED, each.number
        return Done.OPENED, _settled(tracker, tracker.open(wanted.title, wanted.body))


def _all_is_well(
    tracker: Tracker, wanted: Wanted, issues: Iterable[Posted], ours: list[Posted]
) -> tuple[Done, int | None]:
    for each in ours:
        tracker.close(each.number, title=wanted.title, body=marked(wanted.body, ""), done=True)
    for each in issues:
        if not each.open and _mark_of(each) != "well":
            # A person closed it; what they decided on is over, so that it opens one again if it comes back.
            tracker.write(each.number, body=marked(_MARKED.sub("", each.body), ""))
    return (Done.CLOSED, ours[0].number) if ours else (Done.NOTHING, None)


def _settled(tracker: Tracker, number: int) -> int:
    """After opening: another run may have opened one as well, and the first one stays."""
    there = sorted((each for each in tracker.issues() if each.open and _mark_of(each)), key=lambda each: each.number)
    # What was just opened may not be listed yet.
    first = min([number, *(each.number for each in there)])
    _give_way(tracker, [each for each in there if each.number != first], first)
    if number != first and all(each.number != number for each in there):
        tracker.close(number, body=marked(f"Another run opened #{first} at the same time.", ""))
    return first


def _give_way(tracker: Tracker, others: list[Posted], first: int) -> None:
    for each in others:
        tracker.close(each.number, body=marked(f"The report is in #{first}.", ""))
