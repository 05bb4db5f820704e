"""What scripts read: the exact shapes."""

import json

import review_builders as make

from review.formats import json_


def test_check_json() -> None:
    told = json.loads(json_.render_check(make.check_report(make.dead())))
    assert told == {
        "tool": {"name": "loccit", "version": "1.2"},
        "started": "2026-11-24T12:00:00Z",
        "finished": "2026-11-24T12:00:02Z",
        "outage": False,
        "summary": {
            "guides": 1,
            "citations": 1,
            "resources": 1,
            "ok": 0,
            "moved": 0,
            "dead": 1,
            "blocked": 0,
            "unreachable": 0,
            "invalid": 0,
            "skipped": 0,
        },
        "citations": [
            {
                "guide": "coursera",
                "file": "guides/coursera.md",
                "line": 12,
                "column": 10,
                "role": "citation",
                "number": 1,
                "title": "Privacy",
                "url": "https://example.org/privacy",
                "final_url": "https://example.org/new",
                "redirects": [{"status": 301, "url": "https://example.org/new"}],
                "status": 404,
                "verdict": "dead",
                "reason": "http-404",
                "detail": "",
                "attempts": 3,
                "fragment": None,
                "drift": None,
                "replacement": None,
                "archived": None,
                "baseline": None,
                "fails": True,
                "fails_because": "dead",
                "elapsed_ms": 0.0,
                "tls_expires": None,
            }
        ],
        "stale": [],
        "problems": [],
    }


def test_status_json() -> None:
    told = json.loads(json_.render_status(make.report(make.STALE, make.view(of=make.guide("new"), verified=None))))
    assert told["guides"][0] == {
        "guide": "coursera",
        "title": "Delete your coursera account",
        "file": "guides/coursera.md",
        "verified": "2026-11-08",
        "state": "stale",
        "since": "2026-11-23T12:00:00Z",
        "reasons": [
            {
                "kind": "drift",
                "drift": "material",
                "verdict": None,
                "url": "https://example.org/privacy",
                "finding": 7,
                "since": "2026-11-23T12:00:00Z",
                "summary": "30 days → 14 days (Retention)",
                "claims": [{"text": "Wait up to 30 days", "line": 40}],
                "notes": [],
            },
            {
                "kind": "link",
                "drift": None,
                "verdict": "dead",
                "url": "https://example.org/privacy",
                "finding": 8,
                "since": "2026-11-23T12:00:00Z",
                "summary": "Page is gone: 404",
                "claims": [],
                "notes": [],
            },
        ],
        "archived_bases": [],
    }
    assert told["guides"][1]["verified"] is None
    assert told["guides"][1]["since"] is None
    assert told["guides"][1]["reasons"][0]["url"] is None


def test_findings_json() -> None:
    made = make.report(make.STALE)
    told = json.loads(json_.render_findings(made))
    assert told["findings"][0] == {
        "id": 7,
        "kind": "drift",
        "state": "open",
        "severity": "material",
        "guide": "coursera",
        "file": "guides/coursera.md",
        "line": 12,
        "url": "https://example.org/privacy",
        "opened": "2026-11-23T12:00:00Z",
        "updated": "2026-11-23T12:00:00Z",
        "closed": None,
        "by": None,
        "note": None,
        "summary": "30 days → 14 days (Retention)",
        "group": None,
        "changes": [
            {
                "before": "within 30 days",
                "after": "within 14 days",
                "drift": "material",
                "reason": "30 days → 14 days",
                "heading": "Retention",
            }
        ],
        "claims": [{"text": "Wait up to 30 days", "line": 40}],
        "reports": [],
        "basis": 1,
        "now": 2,
        "replacement": None,
        "replacement_why": None,
        "archived": None,
        "archived_at": None,
        "archived_basis": None,
    }
    assert json.loads(json_.render_finding(make.finding()))["line"] is None
    whole = json.loads(json_.render_report(made))
    assert whole["findings"] == told["findings"]
    assert whole["summary"]["needing"] == 1
