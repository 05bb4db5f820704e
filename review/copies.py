"""What archives and hosts have in the place of what is gone or was never seen, in words. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from review.model import ArchivedBasis, CitationView, Finding, GuideView
from review.text import count, day


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One thing to know of a finding, for people, and the address that it speaks of ("" for none)."""

    words: str
    url: str = ""


def notes_of(finding: Finding) -> tuple[Note, ...]:
    """What is known beside the finding itself: the archived page it was measured from, where a dead page is now."""
    return tuple(_notes(finding))


def _notes(finding: Finding) -> Iterator[Note]:
    if finding.copied is not None:
        yield Note(words=basis_words(finding.copied), url=finding.copied.url)
    suggested = finding.suggested
    if suggested is None:
        return
    if suggested.url:
        why = f" ({suggested.why})" if suggested.why else ""
        yield Note(words=f"The page seems to be elsewhere now{why}", url=suggested.url)
    if suggested.archived:
        yield Note(words=f"Archived copy{_of(suggested.archived_at)}", url=suggested.archived)


def basis_words(copied: ArchivedBasis) -> str:
    """ "Measured from the archived page of 20 October 2025, 19 days before it was verified"."""
    if copied.days == 0:
        when = "the day on which it was verified"
    else:
        side = "before" if copied.days > 0 else "after"
        when = f"{count(abs(copied.days), 'day')} {side} it was verified"
    return f"Measured from the archived page of {day(copied.at.date())}, {when}"


def bases_words(view: GuideView) -> str:
    """ "2 of 3 sources measured from archived pages, at most 19 days from the verified day"; "" for none."""
    sources = {_source(each) for each in view.citations}
    days = {_source(each): abs(each.copied.days) for each in view.citations if each.copied is not None}
    if not days:
        return ""
    most = max(days.values())
    far = f"at most {count(most, 'day')} from" if most else "of"
    return f"{len(days):,} of {count(len(sources), 'source')} measured from archived pages, {far} the verified day"


def _source(cited: CitationView) -> str:
    """However often a guide cites it, it is one."""
    return cited.citation.url.partition("#")[0]


def _of(at: datetime | None) -> str:
    return f" of {day(at.date())}" if at is not None else ""
