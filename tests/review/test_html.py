"""What people read as a page: the report in HTML, and its headlines in Markdown, too."""

import base64
import hashlib
import re

import pytest
import review_builders as make

from review.formats import html, markdown
from review.model import Report


def test_html_loads_and_runs_nothing() -> None:
    out = html.render_report(make.report(make.STALE))
    assert "default-src 'none'" in out.replace("&#39;", "'")
    assert not re.search(r"<(script|img|link|iframe|form|object|embed|base)\b|\son\w+=|@import|url\(", out)
    assert "<del>30</del> <ins>14</ins>" in out
    assert 'href="https://example.org/privacy"' in out
    assert "guides/coursera.md:40" in out


def test_html_style_is_the_one_its_policy_allows() -> None:
    out = html.render_report(make.report())
    style = re.search(r"<style>(.*)</style>", out, re.DOTALL)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"sha256-{digest}" in out.replace("&#43;", "+")


def test_html_colours_can_be_read() -> None:
    """WCAG 2.2, 1.4.3 (AA): 4.5 to 1 for every text on every ground it stands on, in both schemes."""
    style = re.search(r"<style>(.*)</style>", html.render_report(make.report()), re.DOTALL)
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


def test_html_says_what_was_checked_and_when() -> None:
    assert "1 citation in 1 guide, 4 sources watched, last crawled on 24 November 2026, 09:00 UTC." in (
        html.render_report(make.report(make.view()))
    )
    assert "not been crawled yet" in html.render_report(make.report(make.view(), last_crawl=None))


def test_thousands_of_guides_and_changes_stay_readable() -> None:
    calm = [make.view(of=make.guide(f"g{n}"), verified=None) for n in range(3000)]
    noisy = make.view([make.finding(changes=(make.change(),) * 5000)])
    made = make.report(noisy, *calm)
    page = html.render_report(made)
    assert page.count("<figure") == 12
    assert "and 4,988 more changes" in page
    assert "2,980 more" in page
    assert len(markdown.render_report(made)) < 60_000


@pytest.mark.parametrize(
    ("made", "headline"),
    [
        (make.report(), "No guides were found"),
        (make.report(make.view()), "The guide stands"),
        (make.report(make.view(), make.view(of=make.guide("b"))), "Everything stands"),
        (make.report(make.STALE, make.view(of=make.guide("b"))), "1 of 2 guides needs a look"),
        (make.report(make.view(), make.view(verified=None)), "Nothing has changed; 1 guide verified, 1 never"),
    ],
)
def test_headlines(made: Report, headline: str) -> None:
    assert f"<h1>{headline}</h1>" in html.render_report(made)
    assert markdown.render_report(made).startswith(f"# {headline}\n")
