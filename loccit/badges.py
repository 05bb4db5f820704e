"""Per-guide verification status for site generators: JSON, and one SVG badge per guide. Pure."""

from collections.abc import Callable
from datetime import datetime
from html import escape
from typing import Any

from review.model import GuideLine, Report

_COLOURS = {"verified": "#2e7d32", "stale": "#c62828", "expired": "#b26a00", "unverified": "#616161"}
_CHARACTER = 6.6
"""Pixels that a character of 11 px sans-serif takes, about."""

Evidence = Callable[[str], str | None]
"""From a cited URL to the digest of its newest evidence."""


def status_of(report: Report, evidence: Evidence) -> dict[str, Any]:
    """Every guide: state, verified date, each citation's verdict, when it was last checked, its evidence's digest."""
    return {"made": _moment(report.made), "guides": [_guide(line, evidence) for line in report.lines]}


def badge(line: GuideLine) -> str:
    """An SVG badge: "verified 2025-11-08". Nothing in it is loaded or run."""
    state, day = line.state.state, line.view.verified
    told = f"{state} {day.isoformat()}" if day else str(state)
    left, right = "sources", told
    first, second = (round(len(text) * _CHARACTER) + 12 for text in (left, right))
    width = first + second
    colour = _COLOURS.get(state, "#616161")
    label = escape(f"{left}: {right}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img" aria-label="{label}">'
        f"<title>{label}</title>"
        f'<rect width="{first}" height="20" fill="#444"/>'
        f'<rect x="{first}" width="{second}" height="20" fill="{colour}"/>'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">'
        f'<text x="{first / 2}" y="14">{escape(left)}</text>'
        f'<text x="{first + second / 2}" y="14">{escape(right)}</text></g></svg>\n'
    )


def _guide(line: GuideLine, evidence: Evidence) -> dict[str, Any]:
    view = line.view
    checked = [each.checked for each in view.citations if each.checked]
    return {
        "guide": view.guide.id,
        "title": view.guide.title,
        "file": view.guide.file,
        "state": line.state.state,
        "verified": view.verified.isoformat() if view.verified else None,
        "checked": _moment(max(checked)) if checked else None,
        "citations": [
            {
                "url": each.citation.url,
                "role": each.citation.role,
                "verdict": each.verdict.kind if each.verdict else None,
                "reason": each.verdict.reason if each.verdict else None,
                "drift": each.drift,
                "checked": _moment(each.checked) if each.checked else None,
                "evidence": evidence(each.citation.url),
            }
            for each in view.citations
        ],
    }


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
