"""What editors are told without asking: urgent changes, each once, and a daily summary. Pure."""

import hashlib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Final

from review.model import Finding, Report, StateKind
from review.order import worst_first
from review.settings import NotifySettings
from review.text import count, day, one_line, shortened

_MOST: Final = 20
"""Changes named one by one in a message."""
_GUIDES: Final = 5
_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MENTION: Final = re.compile(r"[@<](?=\S)")
_JOINER: Final = "\u2060"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One changed source, or one change of a host, with the findings of all guides that it touches. `keys` name it: any
    one that was told before means that it was told. They are those of its findings: what joins a change that was told
    is no news, and what comes back when all of them have ended is.
    """

    findings: tuple[Finding, ...]
    keys: tuple[str, ...]

    @property
    def first(self) -> Finding:
        return self.findings[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    kind: str
    title: str
    body: str


def urgent_changes(findings: Sequence[Finding], settings: NotifySettings) -> list[Change]:
    """The open findings that are urgent, as changes: the same source with the same change is one, the worst first."""
    wanted = set(settings.urgent)
    groups: dict[str, list[Finding]] = {}
    for finding in worst_first(findings):
        if finding.severity in wanted or finding.kind.value in wanted:
            groups.setdefault(_change_of(finding), []).append(finding)
    return [
        Change(findings=tuple(group), keys=tuple(f"finding {number}" for number in sorted(each.id for each in group)))
        for group in groups.values()
    ]


def news(changes: Sequence[Change], told: Collection[str], target: str) -> tuple[list[Change], list[str]]:
    """The changes that this target has not been told of, and the keys of the others that are not yet marked as told.

    A finding that was told goes on as another change when its source changes again while it is open: that is no news.
    """
    fresh: list[Change] = []
    known: list[str] = []
    for change in changes:
        keys = [key_of(target, each) for each in change.keys]
        if any(key in told for key in keys):
            known += [key for key in keys if key not in told]
        else:
            fresh.append(change)
    return fresh, known


def key_of(target: str, what: str) -> str:
    """What the store remembers: neither the target nor what was told can be read from it."""
    return hashlib.sha256(f"{target}\n{what}".encode("utf-8", "replace")).hexdigest()


def urgent_message(changes: Sequence[Change], *, base: str) -> Message:
    """All that is new in one message."""
    first = changes[0].first
    title = _said(first.summary, 120) if len(changes) == 1 else f"{count(len(changes), 'change')} to look at"
    lines = [_change_lines(each, base) for each in changes[:_MOST]]
    if len(changes) > _MOST:
        lines.append(f"… and {count(len(changes) - _MOST, 'more change')}")
    if base:
        lines.append(f"All of it: {base}/")
    return Message(kind="urgent", title=f"loccit: {title}", body="\n\n".join(lines))


def digest_day(settings: NotifySettings, zone: tzinfo, now: datetime) -> date | None:
    """The day whose summary is due now; None where none is. Missed ones are not made up for on another day."""
    if not settings.digest:
        return None
    here = now.astimezone(zone)
    hour, _, minute = settings.digest.partition(":")
    if _DAYS[here.weekday()] not in settings.days or (here.hour, here.minute) < (int(hour), int(minute)):
        return None
    return here.date()


def digest_message(report: Report, *, on: date, base: str) -> Message | None:
    """The summary of what is open; None where nothing is."""
    findings = worst_first(report.findings)
    if not findings:
        return None
    states = {kind: sum(line.state.state is kind for line in report.lines) for kind in StateKind}
    stood = ", ".join(f"{number:,} {kind}" for kind, number in states.items() if number)
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(_change_of(finding), []).append(finding)
    changes = [Change(findings=tuple(group), keys=()) for group in groups.values()]
    lines = [f"{count(len(changes), 'change')} in {count(len(findings), 'finding')} wait for an editor."]
    if stood:
        lines.append(f"Guides: {stood}.")
    lines += [_change_lines(each, base) for each in changes[:_MOST]]
    if len(changes) > _MOST:
        lines.append(f"… and {count(len(changes) - _MOST, 'more change')}")
    if base:
        lines.append(f"All of it: {base}/")
    return Message(kind="digest", title=f"loccit: {count(len(changes), 'change')}, {day(on)}", body="\n\n".join(lines))


def quiet_message(report: Report, *, on: date) -> Message:
    """The summary of a day on which nothing waits."""
    guides = count(len(report.lines), "guide")
    return Message(kind="digest", title=f"loccit: nothing to do, {day(on)}", body=f"{guides}, and nothing is open.")


def _change_lines(change: Change, base: str) -> str:
    finding = change.first
    guides = list(dict.fromkeys(each.guide for each in change.findings))
    named = ", ".join(_said(each, 60) for each in guides[:_GUIDES])
    more = f" and {len(guides) - _GUIDES} more" if len(guides) > _GUIDES else ""
    lines = [f"{finding.severity}: {_said(finding.summary, 240)}", f"  in {named}{more}"]
    if finding.url:
        lines.append(f"  {_said(finding.url, 300)}")
    if base:
        lines.append(f"  {base}/findings/{finding.id}")
    return "\n".join(lines)


def _change_of(finding: Finding) -> str:
    """A mass change of a host is one, and so is one change of one source; what has no source stands alone."""
    if finding.group:
        return f"group {finding.group}"
    if not finding.url:
        return f"finding {finding.id}"
    page = finding.url.partition("#")[0]
    return f"change {finding.kind} {finding.severity} {page} {finding.print or finding.summary}"


def _said(text: str, limit: int) -> str:
    """A page's words, which must neither call people (@channel) nor make links of their own (<!here>) in a chat."""
    return _MENTION.sub(lambda found: found[0] + _JOINER, shortened(one_line(text), limit))
