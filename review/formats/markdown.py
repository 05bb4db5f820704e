"""GitHub-flavoured Markdown: a job summary for `check`, and the report for an issue or a wiki.

Foreign text never becomes markup: what could start some is written as a character reference, and what GitHub finds in
rendered text by itself (@mentions, #issues, bare addresses) is broken by a zero-width space.
"""

import re
from collections.abc import Iterable
from typing import Final

from guides.model import Claim, GuideProblem
from review.copies import notes_of
from review.formats.marks import marks
from review.formats.wording import (
    Places,
    check_detail,
    check_summary,
    check_word,
    in_check_order,
    is_quiet,
    place_of,
    places_of,
    report_headline,
    title_of,
)
from review.model import CheckReport, Finding, GuideLine, Report, StateKind
from review.report import count_report, needs_look
from review.text import count, day, inert, link_target, moment, one_line, shortened

_MARKUP: Final = re.compile(r"[\\`*_\[\]<>|~&$^{}!]")
_GLUE: Final = re.compile(r"(@|#|www(?=\.)|:(?=//)|\bgh(?=-\d))", re.IGNORECASE)
_BLOCK_START: Final = re.compile(r"^(?:[-+=:#]|\d+(?=[.)]))")
_APART: Final = "\x00"
"""Stands for the zero-width space until markup is escaped; `one_line` leaves none of it in a text."""
_MOST_CHANGES: Final = 8
_MOST_ROWS: Final = 500
"""GitHub cuts a job summary at 1 MiB and an issue at 65,536 characters: past this nobody reads on."""


def render_check(report: CheckReport) -> str:
    """A summary: what fails, then what is worth a look, as one table."""
    out = ["## loccit", "", escape(check_summary(report)), ""]
    out += _problems(report.problems)
    rows = [] if report.outage else [each for each in in_check_order(report.citations) if not is_quiet(each)]
    if rows:
        out += ["| | Verdict | Where | Source |", "|---|---|---|---|"]
    for each in rows[:_MOST_ROWS]:
        where = f"{escape(each.guide.file)}:{each.citation.line}"
        word = check_word(each)
        source = f"{link(each.citation.url)}<br>{escape(check_detail(each))}"
        out.append(f"| {'**fails**' if each.fails else ''} | {escape(word)} | {where} | {source} |")
    out += _more(len(rows))
    if report.stale:
        out += ["", "**Stale guides:** " + ", ".join(escape(guide) for guide in report.stale)]
    return _finish(out)


def render_status(report: Report) -> str:
    """Every guide with its state and its reasons, as one table."""
    out = [f"**{escape(report_headline(report))}.**", ""]
    out += _problems(report.problems)
    if report.lines:
        out += ["| State | Guide | Verified | Why |", "|---|---|---|---|"]
    for line in report.lines[:_MOST_ROWS]:
        verified = line.view.verified.isoformat() if line.view.verified else "never"
        why = "<br>".join(escape(words) for reason in line.state.reasons for words in (reason.summary, *reason.notes))
        guide = f"{escape(title_of(line))}<br>{escape(line.view.guide.file)}"
        out.append(f"| {line.state.state.value} | {guide} | {verified} | {why} |")
    return _finish(out + _more(len(report.lines)))


def render_findings(report: Report) -> str:
    """The open findings, worst first, each with its passages."""
    places = places_of(report.lines)
    out = [f"**{count(len(report.findings), 'open finding') if report.findings else 'No open findings'}.**", ""]
    for finding in report.findings[:_MOST_ROWS]:
        out += _finding(finding, places)
    return _finish(out + _more(len(report.findings)))


def render_report(report: Report) -> str:
    """The drift report: what needs a look, with the passages; what could not be judged is counted; the rest listed."""
    counts, places = count_report(report), places_of(report.lines)
    out = [f"# {escape(report_headline(report))}", ""]
    crawled = f"last crawl {moment(report.last_crawl)}" if report.last_crawl else "not crawled yet"
    out += [f"Made {moment(report.made)}; {crawled}; {count(report.sources, 'source')} watched.", ""]
    out += _problems(report.problems)
    for line in report.lines:
        if needs_look(line):
            out += _guide(line, places)
    if counts.unjudged:
        out += ["## Not judged", "", f"{count(counts.unjudged, 'citation')} showed us no page at the last look.", ""]
    for state, title in ((StateKind.VERIFIED, "Verified"), (StateKind.UNVERIFIED, "Never verified")):
        calm = [line for line in report.lines if line.state.state is state and not needs_look(line)]
        if calm:
            out += [f"## {title}", "", *(_calm(line) for line in calm[:_MOST_ROWS]), *_more(len(calm)), ""]
    return _finish(out)


def escape(text: str) -> str:
    """Foreign text as inline Markdown that shows as itself: no markup, HTML, table cell, mention, issue, address."""
    apart = _GLUE.sub(f"\\1{_APART}", one_line(text))
    return _marked(apart).replace(_APART, "&#8203;")


def _marked(safe: str) -> str:
    """Every character that could be markup, as a reference; at the start also what could begin a list or a heading."""
    start = _BLOCK_START.match(safe)
    head = start[0] if start else ""
    return _references(head) + _MARKUP.sub(lambda found: _references(found[0]), safe[len(head) :])


def _references(text: str) -> str:
    return "".join(f"&#{ord(character)};" for character in text)


def link(url: str) -> str:
    """The address as a link to itself where a browser may follow it, else as text."""
    target = link_target(url)
    if target is None:
        return escape(url)
    # Inside a link GitHub looks for no mention or address, so the label stays as it is copied.
    return f"[{_marked(one_line(url))}](<{target.replace('`', '%60').replace('|', '%7C').replace('*', '%2A')}>)"


def _guide(line: GuideLine, places: Places) -> list[str]:
    verified = f"verified {day(line.view.verified)}" if line.view.verified else "never verified"
    out = [f"## {escape(title_of(line))}", ""]
    out += [f"**{line.state.state.value}** · {verified} · {escape(line.view.guide.file)}", ""]
    out += [f"- {escape(reason.summary)}" for reason in line.state.reasons if reason.finding is None]
    out.append("")
    by_id = {finding.id: finding for finding in line.view.open_findings}
    for reason in line.state.reasons:
        if reason.finding is not None and reason.finding in by_id:
            out += _finding(by_id[reason.finding], places)
    return out


def _finding(finding: Finding, places: Places) -> list[str]:
    where = f"{escape(place_of(finding, places))} · since {day(finding.opened.date())} · finding {finding.id}"
    address = f"<br>{link(finding.url)}" if finding.url else ""
    out = [f"- **{escape(finding.severity)}**: {escape(finding.summary)}", f"  <br>{where}{address}"]
    out += [f"  - {_passage(finding, number)}" for number in range(min(len(finding.changes), _MOST_CHANGES))]
    if len(finding.changes) > _MOST_CHANGES:
        out.append(f"  - … and {count(len(finding.changes) - _MOST_CHANGES, 'more change')}")
    for note in notes_of(finding):
        out.append(f"  - {escape(note.words)}" + (f": {link(note.url)}" if note.url else ""))
    for report in finding.reports[:_MOST_CHANGES]:
        times = f" ({count(report.times, 'reader')})" if report.times > 1 else ""
        out.append(f"  - “{escape(shortened(one_line(report.words), 600))}”{times}")
    return [*out, *(f"  - {_claim(claim)}" for claim in finding.claims), ""]


def _passage(finding: Finding, number: int) -> str:
    tags = {"same": ("", ""), "deleted": ("<del>", "</del>"), "added": ("<ins>", "</ins>")}
    parts = []
    for mark in marks(finding.changes[number]):
        start, end = tags[mark.kind]
        parts.append(f"{mark.lead}{start}{escape(mark.core)}{end}{mark.tail}" if mark.core else mark.text)
    return "> " + "".join(parts).strip()


def _claim(claim: Claim) -> str:
    return f"line {claim.line}: “{escape(claim.text)}”"


def _calm(line: GuideLine) -> str:
    verified = f" · {line.view.verified.isoformat()}" if line.view.verified else ""
    return f"- {escape(title_of(line))}{verified}"


def _problems(problems: Iterable[GuideProblem]) -> list[str]:
    rows = [f"- {escape(str(problem))}" for problem in problems]
    return ["**Guides with problems:**", "", *rows, ""] if rows else []


def _more(number: int) -> list[str]:
    return [f"\n… and {number - _MOST_ROWS:,} more."] if number > _MOST_ROWS else []


def _finish(lines: list[str]) -> str:
    return inert("\n".join(lines).rstrip("\n") + "\n")
