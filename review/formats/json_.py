"""JSON for scripts: `check`, `status`, `findings` and `report`. Field names are part of the public interface.

Foreign text is given whole; what could move a terminal or forge a command in a build log is written as a `\\u` escape,
so nothing is lost.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from crawler.model import Change
from guides.model import Claim, GuideProblem
from review.model import ArchivedBasis, CheckedCitation, CheckReport, Finding, FindingKind, GuideLine, Reason, Report
from review.report import count_report, count_verdicts
from review.text import instant

_ESCAPED: Final = re.compile(
    "[\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)
_COMMAND: Final = re.compile(r"##(?=\[|vso\[|teamcity\[)", re.IGNORECASE)


def render_check(report: CheckReport) -> str:
    verdicts = {kind.value: number for kind, number in count_verdicts(report.citations).items()}
    whole = dump(
        {
            "tool": {"name": "loccit", "version": report.version},
            "started": instant(report.started),
            "finished": instant(report.finished),
            "outage": report.outage,
            "summary": {
                "guides": report.guides,
                "citations": len(report.citations),
                "resources": report.resources,
                **verdicts,
            },
            "citations": [],
            "stale": list(report.stale),
            "problems": [_problem(each) for each in report.problems],
        }
    )
    if not report.citations:
        return whole
    # One by one: a hundred thousand as objects, and as the pieces that indented JSON is put together from, would take
    # most of a check's memory. No text can hold what is replaced: quotes in it are escaped.
    lines = ",".join(_indented(_checked(each)) for each in report.citations)
    return whole.replace('"citations": []', f'"citations": [{lines}\n  ]', 1)


def _indented(value: Mapping[str, Any]) -> str:
    return "\n    " + dump(value).rstrip("\n").replace("\n", "\n    ")


def render_status(report: Report) -> str:
    return dump({"guides": [_guide(line) for line in report.lines]})


def render_findings(report: Report) -> str:
    return dump({"findings": findings_list(report.findings, report.lines)})


def render_finding(finding: Finding, lines: Sequence[GuideLine] = ()) -> str:
    """One finding, as in the list."""
    return dump(findings_list((finding,), lines)[0])


def render_report(report: Report) -> str:
    counts = count_report(report)
    return dump(
        {
            "made": instant(report.made),
            "last_crawl": instant(report.last_crawl),
            "summary": {
                "guides": counts.guides,
                "needing": counts.needing,
                **{state.value: number for state, number in counts.states.items()},
                "citations": counts.citations,
                "sources": report.sources,
                "unjudged": counts.unjudged,
                "findings": counts.findings,
            },
            "guides": [_guide(line) for line in report.lines],
            "findings": findings_list(report.findings, report.lines),
            "problems": [_problem(each) for each in report.problems],
        }
    )


def findings_list(findings: Iterable[Finding], lines: Iterable[GuideLine]) -> list[dict[str, Any]]:
    """Findings as objects; `file` and `line` of the citation where the guide is among `lines`, else null."""
    where = {
        (line.view.guide.id, each.citation.key): (line.view.guide.file, each.citation.line)
        for line in lines
        for each in line.view.citations
    }
    return [_finding(finding, *where.get((finding.guide, finding.citation), (None, None))) for finding in findings]


def _checked(each: CheckedCitation) -> dict[str, Any]:
    citation, verdict = each.citation, each.verdict
    return {
        "guide": each.guide.id,
        "file": each.guide.file,
        "line": citation.line,
        "column": citation.column,
        "role": citation.role.value,
        "number": citation.number,
        "title": citation.title,
        "url": citation.url,
        "final_url": verdict.final_url or None,
        "redirects": [{"status": hop.status, "url": hop.target} for hop in verdict.hops],
        "status": verdict.status,
        "verdict": verdict.kind.value,
        "reason": verdict.reason,
        "detail": verdict.detail,
        "attempts": verdict.attempts,
        "fragment": each.fragment,
        "drift": each.drift.value if each.drift else None,
        "replacement": verdict.replacement,
        "archived": each.archived,
        "baseline": {"reason": each.accepted.reason, "expires": each.accepted.until.isoformat()}
        if each.accepted
        else None,
        "fails": each.fails,
        "fails_because": each.fails_because or None,
        "tls_expires": instant(verdict.tls_expires),
        "elapsed_ms": round(verdict.elapsed_ms, 1),
    }


def _guide(line: GuideLine) -> dict[str, Any]:
    guide, state = line.view.guide, line.state
    return {
        "guide": guide.id,
        "title": guide.title,
        "file": guide.file,
        "verified": line.view.verified.isoformat() if line.view.verified else None,
        "state": state.state.value,
        "since": instant(state.since),
        "reasons": [_reason(reason) for reason in state.reasons],
        "archived_bases": [
            {"source": each.citation.url, **_copied(each.copied)}
            for each in line.view.citations
            if each.copied is not None
        ],
    }


def _reason(reason: Reason) -> dict[str, Any]:
    return {
        "kind": reason.kind,
        "drift": reason.drift.value if reason.drift else None,
        "verdict": reason.verdict or None,
        "url": reason.url or None,
        "finding": reason.finding,
        "since": instant(reason.since),
        "summary": reason.summary,
        "claims": [_claim(claim) for claim in reason.claims],
        "notes": list(reason.notes),
    }


def _finding(finding: Finding, file: str | None, line: int | None) -> dict[str, Any]:
    linked = finding.kind is FindingKind.LINK
    return {
        "id": finding.id,
        "kind": finding.kind.value,
        "state": finding.state.value,
        "severity": finding.severity,
        "guide": finding.guide,
        "file": file,
        "line": line,
        "url": finding.url,
        "opened": instant(finding.opened),
        "updated": instant(finding.updated),
        "closed": instant(finding.closed),
        "by": finding.by or None,
        "note": finding.note or None,
        "summary": finding.summary,
        "group": finding.group or None,
        "changes": [] if linked else [_change(change) for change in finding.changes],
        "claims": [_claim(claim) for claim in finding.claims],
        "reports": [{"words": each.words, "at": instant(each.at), "times": each.times} for each in finding.reports],
        "basis": finding.basis,
        "now": finding.now,
        **suggested_fields(finding),
    }


def suggested_fields(finding: Finding) -> dict[str, Any]:
    """Where the page of a dead link is now, and the archived page that a drift was measured from; null for unknown."""
    said, copied = finding.suggested, finding.copied
    return {
        "replacement": (said.url or None) if said else None,
        "replacement_why": (said.why or None) if said else None,
        "archived": (said.archived or None) if said else None,
        "archived_at": instant(said.archived_at) if said else None,
        "archived_basis": _copied(copied) if copied else None,
    }


def _copied(copied: ArchivedBasis) -> dict[str, Any]:
    return {"url": copied.url or None, "at": instant(copied.at), "days_before": copied.days}


def _change(change: Change) -> dict[str, Any]:
    return {
        "before": change.before,
        "after": change.after,
        "drift": change.drift.value,
        "reason": change.reason or None,
        "heading": change.heading or None,
    }


def _claim(claim: Claim) -> dict[str, Any]:
    return {"text": claim.text, "line": claim.line}


def _problem(problem: GuideProblem) -> dict[str, Any]:
    return {
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "message": problem.message,
        "hint": problem.hint or None,
        "fatal": problem.fatal,
    }


def dump(value: Mapping[str, Any], *, indent: int | None = 2) -> str:
    """JSON that is safe in a terminal and a build log, foreign text whole, with a final newline."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return _COMMAND.sub(r"#\\u0023", _ESCAPED.sub(_escape, text)) + "\n"


def _escape(found: re.Match[str]) -> str:
    return json.dumps(found[0])[1:-1] if found[0] != "\x7f" else "\\u007f"
