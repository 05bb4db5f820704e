"""Failures that a team knows of and bears with for a while: which of a check's failures are new, and which are mended.

An entry is known by guide, citation, address and the word that fails, never by line. It has a reason and a day on
which it ends: a baseline that lasts for ever is a hole in the gate. Pure.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final, TypeAlias

import msgspec

from crawler.model import VerdictKind
from guides.model import GuideProblem
from review.failing import STALE
from review.model import Accepted, CheckedCitation, CheckReport
from review.text import inert, one_line

VERSION: Final = 1
MOST_ENTRIES: Final = 200_000
_UNDECIDED: Final = (VerdictKind.BLOCKED, VerdictKind.UNREACHABLE, VerdictKind.SKIPPED)
_Key: TypeAlias = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One failure that is borne with until `expires` (that day included). `citation` and `url` are "" for a guide
    that is stale. `found` is what the check said, for the reader of the file.
    """

    guide: str
    citation: str
    url: str
    fails: str
    reason: str
    recorded: date
    expires: date
    found: str = ""

    @property
    def key(self) -> _Key:
        return (self.guide, self.citation, self.url, self.fails)


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    version: int
    entries: tuple[Entry, ...] = ()


def parse(data: bytes) -> tuple[Entry, ...]:
    """The entries of a baseline file. Raises ValueError saying what is wrong with it."""
    try:
        file = msgspec.json.decode(data, type=_File)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(one_line(str(error), 200)) from None
    if file.version != VERSION:
        raise ValueError(f"version {file.version} is not known (this loccit knows {VERSION})")
    if len(file.entries) > MOST_ENTRIES:
        raise ValueError(f"more than {MOST_ENTRIES:,} entries")
    for entry in file.entries:
        if not entry.reason.strip():
            raise ValueError(f"an entry of guide {one_line(entry.guide, 60)!r} gives no reason")
    return file.entries


def dump(entries: Iterable[Entry]) -> str:
    """The file: sorted, one key a line, so that its history reads well."""
    ordered = sorted(entries, key=lambda entry: entry.key)
    made: dict[str, Any] = {"version": VERSION, "entries": [msgspec.to_builtins(entry) for entry in ordered]}
    return inert(json.dumps(made, indent=2, ensure_ascii=True)) + "\n"


# ---------------------------------------------------------------- a check against it


def hold_against(
    report: CheckReport, entries: Sequence[Entry], *, today: date, file: str, complete: bool
) -> CheckReport:
    """The report in which known failures do not fail; expired entries fail and say so, mended ones are problems of
    `file` to be removed. `complete`: every guide was checked, so that entries of others are about nothing.
    """
    if not entries or report.outage:
        return report
    known = {entry.key: entry for entry in entries}
    stale = tuple(guide for guide in report.stale if not _bears(known.get((guide, "", "", STALE)), today))
    citations = tuple(_held(each, known.get(_key_of(each)), today) if each.fails else each for each in report.citations)
    over = mended(report, entries, complete=complete)
    problems = (*report.problems, *(_to_remove(entry, file) for entry in over))
    return replace(report, citations=citations, stale=stale, problems=problems)


def _bears(entry: Entry | None, today: date) -> bool:
    return entry is not None and today <= entry.expires


def _held(each: CheckedCitation, entry: Entry | None, today: date) -> CheckedCitation:
    if entry is None:
        return each
    if not _bears(entry, today):
        note = f"its entry in the baseline expired on {entry.expires} ({one_line(entry.reason, 120)})"
        return replace(each, note=note)
    accepted = Accepted(word=each.fails_because, reason=entry.reason, until=entry.expires)
    note = f"in the baseline until {entry.expires}: {one_line(entry.reason, 120)}"
    return replace(each, fails=False, fails_because="", accepted=accepted, note=note)


def mended(report: CheckReport, entries: Iterable[Entry], *, complete: bool) -> list[Entry]:
    """Entries whose failure is over. What showed us no page this time is not called mended."""
    failing = {_key_of(each) for each in report.citations if each.fails}
    failing |= {(guide, "", "", STALE) for guide in report.stale}
    undecided = {(each.guide.id, each.citation.key) for each in report.citations if each.verdict.kind in _UNDECIDED}
    read = {each.guide.id for each in report.citations}
    return [
        entry
        for entry in entries
        if entry.key not in failing
        and (entry.guide, entry.citation) not in undecided
        # Whether a guide is stale is only asked where staleness fails.
        and entry.fails != STALE
        and (complete or entry.guide in read)
    ]


def _key_of(each: CheckedCitation) -> _Key:
    return (each.guide.id, each.citation.key, each.citation.url, each.fails_because)


def _to_remove(entry: Entry, file: str) -> GuideProblem:
    what = one_line(entry.url or entry.guide, 200)
    return GuideProblem(
        file=file,
        message=f"mended: {what} in guide {one_line(entry.guide, 60)} does not fail any more ({entry.fails})",
        hint="remove the entry, or run `loccit baseline write`",
        fatal=False,
    )


# ---------------------------------------------------------------- writing it


def updated(
    report: CheckReport, entries: Sequence[Entry], *, today: date, expires: date, reason: str, complete: bool
) -> tuple[Entry, ...]:
    """Today's failures as entries: those known keep their reason and day (a new reason and day where they have
    expired), new ones get these; the mended are gone, and what was not checked or undecided stays.
    """
    old = {entry.key: entry for entry in entries}
    over = {entry.key for entry in mended(report, entries, complete=complete)}
    kept = {key: entry for key, entry in old.items() if key not in over}
    for fresh in _failures(report, today=today, expires=expires, reason=reason):
        if not _bears(old.get(fresh.key), today):
            kept[fresh.key] = fresh
    return tuple(kept.values())


def _failures(report: CheckReport, *, today: date, expires: date, reason: str) -> Iterable[Entry]:
    for each in report.citations:
        if each.fails:
            guide, citation, url, word = _key_of(each)
            yield Entry(
                guide=guide,
                citation=citation,
                url=url,
                fails=word,
                reason=reason,
                recorded=today,
                expires=expires,
                found=each.verdict.reason,
            )
    for name in report.stale:
        yield Entry(guide=name, citation="", url="", fails=STALE, reason=reason, recorded=today, expires=expires)
