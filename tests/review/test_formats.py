"""The formats: exact shapes for scripts, and what people read."""

import base64
import hashlib
import json
import re
from datetime import date
from typing import Any

import pytest
import review_builders as make
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from crawler.model import DriftKind, VerdictKind
from crawler.policy import Policy
from guides.model import GuideProblem
from review.formats import diff, github, html, json_, markdown, text
from review.formats.marks import marks
from review.model import FindingKind, Report
from review.report import make_report
from review.text import one_line


def report(*views: Any, **more: Any) -> Report:
    values: dict[str, Any] = {"made": make.NOW, "today": date(2026, 11, 24), "last_crawl": make.hours(3), "sources": 4}
    return make_report(views, Policy(), **{**values, **more})


STALE = make.view([make.finding(), make.finding(FindingKind.LINK, id=8, summary="Page is gone: 404", claims=())])


# ---------------------------------------------------------------- JSON


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
    told = json.loads(json_.render_status(report(STALE, make.view(of=make.guide("new"), verified=None))))
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
    made = report(STALE)
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


def test_json_loses_nothing_and_hides_nothing() -> None:
    hostile = make.checked(citation=make.citation(make.HOSTILE, title=make.HOSTILE))
    out = json_.render_check(make.check_report(hostile))
    assert json.loads(out)["citations"][0]["url"] == make.HOSTILE
    assert safe_for_terminals(out)
    out.encode()


# ---------------------------------------------------------------- hostile words, everywhere


def safe_for_terminals(out: str) -> bool:
    hidden = re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]", out)
    commands = re.search(r"(?m)^\s*::(?!error |warning |notice )|^\s*::\w+(?! file=| title=)\b|##\[", out)
    return hidden is None and commands is None


BAD = make.HOSTILE
BAD_GUIDE = make.guide("x", title=BAD, file=BAD, citations=(make.citation(BAD, title=BAD),))
BAD_VERDICT = make.verdict(VerdictKind.BLOCKED, BAD, detail=BAD, final_url=BAD, replacement=BAD)
BAD_FINDING = make.finding(
    guide=BAD_GUIDE.id,
    url=BAD,
    summary=BAD,
    severity=BAD,
    changes=(make.change(BAD, "x" + BAD, reason=BAD, heading=BAD), make.change("", BAD), make.change(BAD, "")),
    claims=(make.CLAIM.__class__(text=BAD, line=3),),
)
BAD_PROBLEM = GuideProblem(file=BAD, line=1, message=BAD, hint=BAD)
BAD_REPORT = report(
    make.view([BAD_FINDING], of=BAD_GUIDE, verdict_=BAD_VERDICT),
    make.view(of=make.guide(BAD, title=BAD, file=BAD), verified=None),
    problems=[BAD_PROBLEM],
)
BAD_CHECK = make.check_report(
    *(
        make.checked(
            make.verdict(kind, BAD, detail=BAD, final_url=BAD, replacement=BAD, attempts=2),
            guide=BAD_GUIDE,
            citation=BAD_GUIDE.citations[0],
            fragment="missing",
            drift=DriftKind.MATERIAL,
            archived=BAD,
            fails=kind is VerdictKind.DEAD,
            fails_because="dead" if kind is VerdictKind.DEAD else "",
        )
        for kind in VerdictKind
    ),
    problems=(BAD_PROBLEM,),
    stale=(BAD_GUIDE.id, make.guide(BAD).id),
)

OUTPUTS = {
    "text check": text.render_check(BAD_CHECK),
    "text check narrow": text.render_check(BAD_CHECK, width=40),
    "text status": text.render_status(BAD_REPORT),
    "text findings": text.render_findings(BAD_REPORT, width=50),
    "diff": diff.render_diff(BAD_FINDING),
    "github": github.render_check(BAD_CHECK),
    "markdown check": markdown.render_check(BAD_CHECK),
    "markdown status": markdown.render_status(BAD_REPORT),
    "markdown findings": markdown.render_findings(BAD_REPORT),
    "markdown report": markdown.render_report(BAD_REPORT),
    "json check": json_.render_check(BAD_CHECK),
    "json report": json_.render_report(BAD_REPORT),
    "html report": html.render_report(BAD_REPORT),
    "html findings": html.render_findings(BAD_REPORT),
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_hostile_words_forge_nothing(name: str) -> None:
    out = OUTPUTS[name]
    out.encode()
    if not name.startswith("html"):
        assert safe_for_terminals(out)
    if name.startswith(("html", "markdown")):
        assert "<script" not in out
        assert not re.search(r"""(?i)(href|src)=["']?\s*(javascript|data):""", out)
    if name.startswith("markdown"):
        assert not re.search(r"\]\(<?\s*javascript", out)
    assert "\u202e" not in out


def test_github_gives_one_command_a_line() -> None:
    lines = OUTPUTS["github"].splitlines()
    commands = [line for line in lines if line.startswith("::")]
    # one problem, every verdict (each has a missing fragment), two stale guides
    assert len(commands) == 1 + len(VerdictKind) + 2
    assert len(lines) == len(commands) + 1
    for line in commands:
        found = re.fullmatch(r"::(error|warning|notice) ((?:\w+=[^:,]*,?)+)::.*", line)
        assert found, line
        assert not re.search(r"%(?!25|3A|2C)", found[2])


@pytest.mark.parametrize("name", [name for name in OUTPUTS if name.startswith("markdown")])
def test_markdown_renders_to_our_tags_alone(name: str) -> None:
    page = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(OUTPUTS[name])
    tags = set(re.findall(r"</?([a-z0-9]+)", page))
    ours = {"h1", "h2", "p", "ul", "li", "strong", "br", "blockquote", "del", "ins"}
    assert tags <= ours | {"table", "thead", "tbody", "tr", "th", "td"}


def test_markdown_tables_keep_their_columns() -> None:
    rows = [line for line in OUTPUTS["markdown check"].splitlines() if line.startswith("|")]
    assert rows
    assert all(row.count("|") == 5 for row in rows)


@given(st.text(st.characters()))
def test_markdown_escape_leaves_no_markup(foreign: str) -> None:
    safe = markdown.escape(foreign)
    bare = re.sub(r"&#\d+;", "", safe)
    assert not set(bare) & set("\\`*_[]<>|~&$^{}\n\r")
    seen = re.sub(r"&#(\d+);", lambda found: chr(int(found[1])), safe)
    assert seen.replace("\u200b", "") == one_line(foreign)
    assert not re.search(r"@\w|#\d|://|www\.", seen)
    assert not re.search(r"^[-+=#:]|^\d+[.)]", safe)


@given(st.text(st.characters()))
def test_github_escape(foreign: str) -> None:
    citation = make.citation(foreign, title=foreign)
    out = github.render_check(make.check_report(make.dead(citation=citation, guide=make.guide(file=foreign))))
    assert len(out.splitlines()) == 2


# ---------------------------------------------------------------- marks


def told(before: str, after: str) -> str:
    signs = {"same": "{}", "deleted": "[-{}-]", "added": "{{+{}+}}"}
    return "".join(signs[m.kind].format(m.text) for m in marks(make.change(before, after)))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("within 30 days", "within 14 days", "within[- 30-]{+ 14+} days"),
        ("same", "same", "same"),
        ("", "new words", "{+new words+}"),
        ("old words", "", "[-old words-]"),
        ("", "", ""),
        ("$1,000.50 a year", "$1,200.50 a year", "$[-1,000.50-]{+1,200.50+} a year"),
        ("三十日以内に削除", "十四日以内に削除", "[-三-]十{+四+}日以内に削除"),
        ("You may cancel.", "You may not cancel.", "You may{+ not+} cancel."),
    ],
)
def test_marks(before: str, after: str, expected: str) -> None:
    assert told(before, after) == expected


@given(st.text("ab .3-日", max_size=60), st.text("ab .3-日", max_size=60))
def test_marks_give_both_sides_back(before: str, after: str) -> None:
    found = marks(make.change(before, after))
    # Only the spacing of words that stayed is the later text's.
    assert "".join("".join(m.text for m in found if m.kind != "added").split()) == "".join(before.split())
    assert "".join("".join(m.text for m in found if m.kind != "deleted").split()) == "".join(after.split())
    assert all(m.text == m.lead + m.core + m.tail for m in found)


def test_marks_of_a_huge_passage_come_at_once() -> None:
    same = "the same words " * 100_000
    found = marks(make.change(same + "30 days" + same, same + "14 days" + same))
    assert [m.core for m in found if m.kind != "same"] == ["30", "14"]
    assert sum(len(m.text) for m in found) < 110_000
    changes = (make.change("old " * 200_000, "new words " * 200_000),) * 3
    assert len(html.render_report(report(make.view([make.finding(changes=changes)])))) > 1000


# ---------------------------------------------------------------- what people read


def test_text_check_is_worst_first_and_counts_the_rest() -> None:
    moved = make.checked(make.verdict(VerdictKind.MOVED, "permanent-redirect", replacement="https://b.example/"))
    out = text.render_check(make.check_report(moved, make.checked(), make.dead()))
    assert out.index("dead") < out.index("moved")
    assert "guides/coursera.md:12:10" in out
    assert "has moved to https://b.example/" in out
    assert out.endswith("3 citations of 1 guide, 3 sources: 1 ok, 1 moved, 1 dead. 1 fails. 2.0 s\n")
    assert "\x1b" not in out
    assert "\x1b[" in text.render_check(make.check_report(moved), color=True)


def test_text_outage_judges_nothing() -> None:
    out = text.render_check(make.check_report(make.dead(), outage=True))
    assert out == "The network is down: nothing was judged. 2.0 s\n"
    assert "nothing was judged" in markdown.render_check(make.check_report(make.dead(), outage=True))


@pytest.mark.parametrize("width", [1, 40, 76, 100, 300])
def test_text_keeps_its_width(width: int) -> None:
    for out in (
        text.render_status(BAD_REPORT, width=width),
        text.render_findings(BAD_REPORT, width=width),
        diff.render_diff(BAD_FINDING, width=width),
    ):
        assert max(map(len, out.replace("\u2060", "").splitlines())) <= max(width, 40)


def test_text_status_and_findings() -> None:
    status = text.render_status(report(STALE))
    assert "stale" in status
    assert "30 days → 14 days (Retention) [finding 7]" in status
    assert status.endswith("1 of 1 guide needs a look.\n")
    assert "No open findings. 1 guide looked at." in text.render_findings(report(make.view()))


def test_diff_in_plain_and_in_colour() -> None:
    plain = diff.render_diff(make.finding())
    assert "~ within [-30-] {+14+} days" in plain
    assert "@@ Retention · material · 30 days → 14 days" in plain
    assert "The guide says in line 40: “Wait up to 30 days”" in plain
    assert "\x1b" not in plain
    coloured = diff.render_diff(make.finding(), color=True)
    assert "[-" not in coloured
    assert re.search(r"\x1b\[[\d;]*31m30\x1b\[0m", coloured)
    assert "No passages" in diff.render_diff(make.finding(FindingKind.LINK))


def test_html_loads_and_runs_nothing() -> None:
    out = html.render_report(report(STALE))
    assert "default-src 'none'" in out.replace("&#39;", "'")
    assert not re.search(r"<(script|img|link|iframe|form|object|embed|base)\b|\son\w+=|@import|url\(", out)
    assert "<del>30</del> <ins>14</ins>" in out
    assert 'href="https://example.org/privacy"' in out
    assert "guides/coursera.md:40" in out


def test_html_style_is_the_one_its_policy_allows() -> None:
    out = html.render_report(report())
    style = re.search(r"<style>(.*)</style>", out, re.DOTALL)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"sha256-{digest}" in out.replace("&#43;", "+")


def test_html_colours_can_be_read() -> None:
    """WCAG 2.2, 1.4.3 (AA): 4.5 to 1 for every text on every ground it stands on, in both schemes."""
    style = re.search(r"<style>(.*)</style>", html.render_report(report()), re.DOTALL)
    assert style
    light, dark, paper = (
        dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", block))
        for block in re.findall(r":root {(.*?)}", style[1], re.DOTALL)
    )
    texts = ("ink", "soft", "red", "green", "ochre", "blue")
    for scheme in (light, dark, paper):
        grounds = [(text, ground) for text in texts for ground in ("paper", "sheet")]
        for text_, ground in [*grounds, ("red", "red-wash"), ("green", "green-wash")]:
            assert contrast(scheme[text_], scheme[ground]) >= 4.5, (text_, ground)


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(
    ("made", "headline"),
    [
        (report(), "No guides were found"),
        (report(make.view()), "The guide stands"),
        (report(make.view(), make.view(of=make.guide("b"))), "Everything stands"),
        (report(STALE, make.view(of=make.guide("b"))), "1 of 2 guides needs a look"),
        (report(make.view(), make.view(verified=None)), "Nothing has changed; 1 guide verified, 1 never"),
    ],
)
def test_headlines(made: Report, headline: str) -> None:
    assert f"<h1>{headline}</h1>" in html.render_report(made)
    assert markdown.render_report(made).startswith(f"# {headline}\n")


def test_html_says_what_was_checked_and_when() -> None:
    assert "1 citation in 1 guide, 4 sources watched, last crawled on 24 November 2026, 09:00 UTC." in (
        html.render_report(report(make.view()))
    )
    assert "not been crawled yet" in html.render_report(report(make.view(), last_crawl=None))


def test_thousands_of_guides_and_changes_stay_readable() -> None:
    calm = [make.view(of=make.guide(f"g{n}"), verified=None) for n in range(3000)]
    noisy = make.view([make.finding(changes=(make.change(),) * 5000)])
    made = report(noisy, *calm)
    page = html.render_report(made)
    assert page.count("<figure") == 12
    assert "and 4,988 more changes" in page
    assert "2,980 more" in page
    assert len(markdown.render_report(made)) < 60_000
