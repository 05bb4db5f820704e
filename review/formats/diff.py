"""What changed in a cited place: block by block, word by word, for a terminal."""

from typing import Final

from rich.text import Text

from review.formats.console import Sheet
from review.formats.marks import Mark, MarkKind, marks
from review.model import Finding
from review.text import count, day, one_line

_STYLES: Final[dict[MarkKind, str]] = {"same": "", "deleted": "red strike", "added": "green"}
_SIGNS: Final[dict[MarkKind, tuple[str, str]]] = {"same": ("", ""), "deleted": ("[-", "-]"), "added": ("{+", "+}")}


def render_diff(finding: Finding, *, width: int = 100, color: bool = False) -> str:
    """The finding's passages: colours where asked for, else `[-gone-]` and `{+new+}` as in `git diff --word-diff`."""
    sheet = Sheet(width=width, color=color)
    head = Text(f"#{finding.id} ", style="bold")
    head.append(one_line(finding.severity), style="bold red")
    head.append(f"  {one_line(finding.guide)}  opened {day(finding.opened.date())}")
    sheet.put(head)
    sheet.put(Text(one_line(finding.summary)))
    if finding.url:
        sheet.put(Text(one_line(finding.url), style="blue" if color else ""))
    for report in finding.reports:
        sheet.put()
        times = f" ({count(report.times, 'reader')})" if report.times > 1 else ""
        sheet.put(Text(f"{day(report.at.date())}{times}: “{one_line(report.words)}”"))
    for change in finding.changes:
        sheet.put()
        title = Text("@@ ", style="cyan")
        title.append(" · ".join(part for part in (one_line(change.heading), change.drift.value) if part), style="cyan")
        if reason := one_line(change.reason):
            title.append(f" · {reason}")
        sheet.put(title)
        body = Text(_gutter(change.before, change.after))
        for mark in marks(change):
            if color:
                body.append(mark.lead)
                body.append(mark.core, style=_STYLES[mark.kind])
                body.append(mark.tail)
            else:
                body.append(_signed(mark))
        sheet.put(body)
    if not finding.changes and not finding.reports:
        sheet.put()
        sheet.put(Text("No passages are kept with this finding."))
    for claim in finding.claims:
        sheet.put()
        sheet.put(Text(f"The guide says in line {claim.line}: “{one_line(claim.text)}”"))
    return sheet.text()


def _gutter(before: str, after: str) -> str:
    if not before:
        return "+ "
    return "~ " if after else "- "


def _signed(mark: Mark) -> str:
    start, end = _SIGNS[mark.kind]
    return f"{mark.lead}{start}{mark.core}{end}{mark.tail}" if mark.core else mark.text
