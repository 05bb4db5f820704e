"""Workflow commands of GitHub Actions: annotations on the lines of a guide where a citation fails.

Escaping as the runner undoes it (actions/toolkit, `command.ts`): `%`, CR and LF in messages; `:` and `,` as well in
properties. GitHub shows few annotations of a step, so what fails comes first.
"""

import posixpath
from typing import Final

from crawler.model import DriftKind, VerdictKind
from guides.model import GuideProblem
from review.formats.wording import check_detail, check_summary, check_word, in_check_order
from review.model import CheckedCitation, CheckReport
from review.text import inert, one_line

_LONGEST: Final = 4_000
"""Characters of one field. GitHub cuts an annotation at 64 KiB; an address that long is an attack."""
_QUIET_LINKS: Final = (VerdictKind.OK, VerdictKind.SKIPPED)
_QUIET_DRIFTS: Final = (None, DriftKind.UNCHANGED, DriftKind.COSMETIC, DriftKind.BROKEN)


def render_check(report: CheckReport) -> str:
    """What is wrong in the guides' files, then what fails, then what is worth a look; the summary as the last line."""
    lines = [_problem(problem, report.base) for problem in report.problems]
    if report.outage:
        # Nothing was judged: a warning on every line of every guide would only hide that.
        lines.append(_command("warning", check_summary(report), title="loccit: network-outage"))
    else:
        lines += [line for each in in_check_order(report.citations) if (line := _annotation(each, report.base))]
        lines += [_command("error", f"Guide {guide} is stale", title="loccit: stale") for guide in report.stale]
    return "".join(f"{line}\n" for line in lines) + inert(check_summary(report)) + "\n"


def _annotation(each: CheckedCitation, base: str) -> str:
    if each.fails:
        level = "error"
    elif each.verdict.kind not in _QUIET_LINKS or each.fragment == "missing":
        level = "warning"
    elif each.drift not in _QUIET_DRIFTS:
        level = "notice"
    else:
        return ""
    return _command(
        level,
        f"{one_line(each.citation.url, _LONGEST)} {check_detail(each)}",
        file=_from_top(each.guide.file, base),
        line=each.citation.line,
        col=each.citation.column,
        title=f"loccit: {check_word(each)}",
    )


def _problem(problem: GuideProblem, base: str) -> str:
    message = problem.message + (f" ({problem.hint})" if problem.hint else "")
    return _command(
        "error" if problem.wrong else "warning",
        message,
        file=_from_top(problem.file, base),
        line=problem.line,
        col=problem.column,
        title="loccit: guide",
    )


def _from_top(file: str, base: str) -> str:
    """The file as the repository's top folder knows it, where annotations are looked up."""
    return file if file.startswith("/") else posixpath.normpath(base + file) if base else file


def _command(level: str, message: str, **properties: str | int | None) -> str:
    given = ",".join(f"{key}={_property(value)}" for key, value in properties.items() if value is not None)
    return f"::{level} {given}::{_data(message)}"


def _data(text: str) -> str:
    return inert(one_line(text, _LONGEST)).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str | int) -> str:
    return _data(str(value)).replace(":", "%3A").replace(",", "%2C")
