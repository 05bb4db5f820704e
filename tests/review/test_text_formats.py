"""What people read in terminals and patches."""

import re

import review_builders as make

from crawler.model import VerdictKind
from review.formats import diff, markdown, text
from review.formats.wording import check_detail
from review.model import FindingKind


def test_text_check_is_worst_first_and_counts_the_rest() -> None:
    moved = make.checked(make.verdict(VerdictKind.MOVED, "permanent-redirect", replacement="https://b.example/"))
    out = text.render_check(make.check_report(moved, make.checked(), make.dead()))
    assert out.index("dead") < out.index("moved")
    assert "guides/coursera.md:12:10" in out
    assert "has moved to https://b.example/" in out
    assert out.endswith("3 citations of 1 guide, 3 sources: 1 ok, 1 moved, 1 dead. 1 fails. 2.0 s\n")
    assert "\x1b" not in out
    assert "\x1b[" in text.render_check(make.check_report(moved), color=True)


def test_a_page_that_broke_down_in_a_browser_is_told_so() -> None:
    told = make.verdict(VerdictKind.BLOCKED, "needs-browser", status=200, detail="needs a browser: it broke down")
    assert check_detail(make.checked(told)) == "shows us no page (needs a browser: it broke down)"


def test_text_outage_judges_nothing() -> None:
    out = text.render_check(make.check_report(make.dead(), outage=True))
    assert out == "The network is down: nothing was judged. 2.0 s\n"
    assert "nothing was judged" in markdown.render_check(make.check_report(make.dead(), outage=True))


def test_text_status_and_findings() -> None:
    status = text.render_status(make.report(make.STALE))
    assert "stale" in status
    assert "30 days → 14 days (Retention) [finding 7]" in status
    assert status.endswith("1 of 1 guide needs a look.\n")
    assert "No open findings. 1 guide looked at." in text.render_findings(make.report(make.view()))


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
