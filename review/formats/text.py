"""Clear tables for people at a terminal: `check`, `status` and `findings`."""

from collections.abc import Iterable, Mapping
from typing import Final

from rich.table import Table
from rich.text import Text

from crawler.model import VerdictKind
from review.copies import bases_words, notes_of
from review.formats.console import Sheet
from review.formats.wording import (
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
from review.masses import group_sizes
from review.model import CheckedCitation, CheckReport, Finding, GuideLine, Reason, Report, StateKind
from review.text import count, day, one_line

_NARROW: Final = 76
"""Below this many columns a table's cells would be a few letters wide: everything goes under one another."""
_VERDICTS: Final = {
    VerdictKind.OK: "green",
    VerdictKind.MOVED: "cyan",
    VerdictKind.DEAD: "bold red",
    VerdictKind.BLOCKED: "yellow",
    VerdictKind.UNREACHABLE: "yellow",
    VerdictKind.INVALID: "bold red",
    VerdictKind.SKIPPED: "dim",
}
_STATES: Final = {
    StateKind.VERIFIED: "green",
    StateKind.STALE: "bold red",
    StateKind.EXPIRED: "yellow",
    StateKind.UNVERIFIED: "dim",
}
_SEVERE: Final = ("material", "dead", "unlocated", "broken", "invalid")


def render_check(report: CheckReport, *, width: int = 100, color: bool = False, everything: bool = False) -> str:
    """Worst first; citations with nothing to say are only counted, unless `everything`."""
    sheet = Sheet(width=width, color=color)
    for problem in report.problems:
        sheet.put(_line(("problem  ", "bold red" if problem.wrong else "yellow"), (one_line(str(problem)), "")))
    rows = [each for each in in_check_order(report.citations) if everything or not is_quiet(each)]
    if rows and not report.outage:
        if report.problems:
            sheet.put()
        sheet.put(_check_table(rows, narrow=sheet.width < _NARROW))
        sheet.put()
    for guide in report.stale:
        sheet.put(_line(("stale  ", "bold red"), (one_line(guide), "")))
    seconds = (report.finished - report.started).total_seconds()
    failing = report.outage or report.stale or any(each.fails for each in report.citations)
    sheet.put(_line((check_summary(report), "bold red" if failing else "bold"), (f" {seconds:.1f} s", "dim")))
    return sheet.text()


def render_status(report: Report, *, width: int = 100, color: bool = False) -> str:
    """One guide a row, in the order of need, with the reasons of its state."""
    sheet = Sheet(width=width, color=color)
    narrow = sheet.width < _NARROW
    for problem in report.problems:
        sheet.put(_line(("problem  ", "bold red" if problem.fatal else "yellow"), (one_line(str(problem)), "")))
    if report.lines:
        table = _table(("State", 10), ("Verified", 12), ("Guide and reasons", None), narrow=narrow)
        for line in report.lines:
            state = Text(line.state.state.value, style=_STATES[line.state.state])
            verified = Text(line.view.verified.isoformat() if line.view.verified else "never")
            _row(table, state, verified, _guide_cell(line), narrow=narrow)
        sheet.put(table)
        sheet.put()
    sheet.put(Text(f"{report_headline(report)}.", style="bold"))
    return sheet.text()


def render_findings(report: Report, *, width: int = 100, color: bool = False) -> str:
    """One finding a row, worst first, with where its citation stands and what rests on it."""
    sheet = Sheet(width=width, color=color)
    narrow = sheet.width < _NARROW
    if not report.findings:
        sheet.put(Text(f"No open findings. {count(len(report.lines), 'guide')} looked at.", style="bold"))
        return sheet.text()
    places, sizes, told = places_of(report.lines), group_sizes(report.findings), set[str]()
    table = _table(("No.", 5), ("Severity", 13), ("What, where and what rests on it", None), narrow=narrow)
    for finding in report.findings:
        cell = Text(one_line(finding.summary), style="bold" if color else "")
        cell.append(f"\n{place_of(finding, places)} · since {day(finding.opened.date())}", style="not bold")
        if finding.url:
            cell.append(f"\n{one_line(finding.url)}", style="not bold blue")
        for note in notes_of(finding):
            cell.append(f"\n{one_line(note.words)}{': ' if note.url else ''}", style="not bold")
            cell.append(one_line(note.url), style="not bold blue")
        for claim in finding.claims[:3]:
            cell.append(f"\nline {claim.line}: “{one_line(claim.text, 160)}”", style="not bold italic")
        if finding.group:
            cell.append(f"\n{_group_line(finding, sizes, first=finding.group not in told)}", style="not bold")
            told.add(finding.group)
        style = "bold red" if finding.severity in _SEVERE else "yellow"
        _row(table, Text(f"{finding.id}"), Text(one_line(finding.severity, 40), style=style), cell, narrow=narrow)
    sheet.put(table)
    sheet.put()
    sheet.put(Text(f"{count(len(report.findings), 'open finding')}. See one with `loccit diff ID`.", style="bold"))
    return sheet.text()


def _group_line(finding: Finding, sizes: Mapping[str, int], *, first: bool) -> str:
    host = one_line(finding.group.rpartition("/")[0], 80)
    if not first:
        return f"⋮ the same change of {host} as above"
    return f"⋮ {count(sizes[finding.group], 'finding')} of {host} tell of this same change: see them together"


def _check_table(rows: Iterable[CheckedCitation], *, narrow: bool) -> Table:
    table = _table(("", 6), ("Verdict", 16), ("Where and what", None), narrow=narrow)
    for each in rows:
        cell = Text(f"{one_line(each.guide.file)}:{each.citation.line}:{each.citation.column}")
        if title := one_line(each.citation.title, 80):
            cell.append(f"  {title}", style="dim")
        cell.append(f"\n{one_line(each.citation.url)}", style="blue")
        cell.append(f"\n{check_detail(each)}")
        mark = Text("fails" if each.fails else "", style="bold red")
        _row(table, mark, Text(check_word(each), style=_style(each)), cell, narrow=narrow)
    return table


def _style(each: CheckedCitation) -> str:
    if each.verdict.kind is VerdictKind.OK and not is_quiet(each):
        return "bold red" if each.fails else "yellow"
    return _VERDICTS[each.verdict.kind]


def _guide_cell(line: GuideLine) -> Text:
    guide = line.view.guide
    cell = Text(title_of(line))
    if guide.id != guide.title:
        # What `stet` and `status` take.
        cell.append(f"  {one_line(guide.id)}", style="bold")
    cell.append(f"  {one_line(guide.file)}:{guide.line}", style="dim")
    if words := bases_words(line.view):
        cell.append(f"\n  {words}", style="dim")
    for reason in line.state.reasons:
        if reason.kind != "never-verified":
            cell.append(f"\n· {_reason(reason)}")
            for note in reason.notes:
                cell.append(f"\n  {one_line(note)}", style="dim")
    return cell


def _reason(reason: Reason) -> str:
    number = f" [finding {reason.finding}]" if reason.finding is not None else ""
    where = f" — {one_line(reason.url)}" if reason.url else ""
    lines = ", ".join(f"line {claim.line}" for claim in reason.claims[:3])
    return f"{one_line(reason.summary)}{number}{where}" + (f" (rests on it: {lines})" if lines else "")


def _table(*columns: tuple[str, int | None], narrow: bool) -> Table:
    table = Table(box=None, show_header=not narrow, header_style="dim", padding=(0, 2, 0, 0), pad_edge=False)
    if narrow:
        table.add_column(overflow="fold")
        return table
    for name, width in columns:
        table.add_column(name, width=width, overflow="fold", ratio=None if width else 1)
    return table


def _row(table: Table, first: Text, second: Text, cell: Text, *, narrow: bool) -> None:
    if narrow or "\n" in cell.plain:
        cell.append("\n")
    if not narrow:
        table.add_row(first, second, cell)
        return
    head = Text(" ").join(part for part in (first, second) if part.plain)
    table.add_row(Text("\n").join((head, cell)))


def _line(*parts: tuple[str, str]) -> Text:
    return Text.assemble(*parts)
