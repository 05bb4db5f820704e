"""Hostile words in every format: they forge no line, no markup, no command and no column."""

import json
import re

import pytest
import review_builders as make
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from crawler.model import DriftKind, VerdictKind
from guides.model import GuideProblem
from review.formats import diff, github, html, json_, markdown, text
from review.text import one_line


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
BAD_REPORT = make.report(
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


def test_json_loses_nothing_and_hides_nothing() -> None:
    hostile = make.checked(citation=make.citation(make.HOSTILE, title=make.HOSTILE))
    out = json_.render_check(make.check_report(hostile))
    assert json.loads(out)["citations"][0]["url"] == make.HOSTILE
    assert safe_for_terminals(out)
    out.encode()


@pytest.mark.parametrize("width", [1, 40, 76, 100, 300])
def test_text_keeps_its_width(width: int) -> None:
    for out in (
        text.render_status(BAD_REPORT, width=width),
        text.render_findings(BAD_REPORT, width=width),
        diff.render_diff(BAD_FINDING, width=width),
    ):
        assert max(map(len, out.replace("\u2060", "").splitlines())) <= max(width, 40)
