"""On real pages: noise of each known kind never changes a fingerprint, one digit in a sentence always does."""

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from crawler.charset import decode
from crawler.fingerprint import print_of
from crawler.health import page_health
from crawler.model import Health
from crawler.page import read
from crawler.sections import Section, locate
from guides.model import MainContent

ROOT = Path(__file__).resolve().parents[3]
CORPUS = ROOT.parent / "shared" / "corpus" / "dev"
EVERY = 9
"""One timeline of so many is used: a dozen pages of as many kinds of site."""

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not CORPUS.exists(), reason="the page histories are not here"),
]
few = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def section_of(source: str) -> Section | None:
    found = locate(read(source.encode("utf-8", "replace"), content_type="text/html"), MainContent())
    return found if isinstance(found, Section) else None


def printed(source: str) -> str:
    found = section_of(source)
    return print_of(found.blocks) if found is not None else ""


@pytest.fixture(scope="module")
def pages() -> list[tuple[str, str]]:
    """Good pages, each of another timeline, with their fingerprints."""
    sys.path.insert(0, str(ROOT))
    try:
        from benchmarks.drift import load_timelines, snapshots
    finally:
        sys.path.remove(str(ROOT))
    found = []
    for timeline in load_timelines(CORPUS)[::EVERY]:
        for _, _, _, body in snapshots(timeline.archive):
            page = read(body, content_type="text/html", url=timeline.url)
            health = page_health(page, status=200, url=timeline.url, final_url=timeline.url, headers=())
            # Two tags at which noise may stand beside everything else.
            source = decode(body, "text/html")
            if health.health is Health.OK and page.made == "plain" and _BODY.search(source) and "</body>" in source:
                found.append((source, printed(source)))
            break
    assert len(found) >= 5
    return found


_BODY = re.compile(r"<body\b[^>]*>", re.I)
Noise = Callable[[str, int], str]


def _first(source: str, markup: str) -> str:
    return _BODY.sub(lambda match: match[0] + markup, source, count=1)


def _last(source: str, markup: str) -> str:
    before, end, after = source.rpartition("</body>")
    return before + markup + end + after


NOISE: dict[str, Noise] = {
    "menu": lambda s, n: _first(s, f"<nav><ul><li><a href='/{n}'>Offer {n}</a><li><a href='/x'>Prices</a></ul></nav>"),
    "header": lambda s, n: _first(s, f"<header><a href='/'>Example {n}</a></header>"),
    "footer": lambda s, n: _last(s, f"<footer><p>© {n} Example Ltd, all rights reserved.</p></footer>"),
    "cookie banner": lambda s, n: _last(s, f"<div class=cookie-banner><p>We and {n} partners use cookies.</p></div>"),
    "dialog": lambda s, n: _last(s, f"<div role=dialog><p>Rate this article with up to {n} stars.</p></div>"),
    "related": lambda s, n: _last(s, f"<aside><h3>Related</h3><a href='/{n}'>How to win {n} prizes</a></aside>"),
    "share bar": lambda s, n: _last(s, f"<div class=share><a href='https://social.example/?id={n}'>Share</a></div>"),
    "hidden": lambda s, n: _last(s, f"<p hidden>Hidden paragraph number {n}.</p><i style='display:none'>{n}</i>"),
    "script": lambda s, n: _last(s, f"<script nonce='{n}'>var token = '<p>{n}</p>';</script><style>.a{n} {{}}</style>"),
    "token": lambda s, n: _last(s, f"<form><input type=hidden name=csrf value='{n}'></form><!-- {n} ms -->"),
    "image host": lambda s, n: s.replace("<img ", f"<img data-host='cdn{n}' "),
    "counter in a link": lambda s, n: s.replace("?utm_source=", f"?sid={n}&utm_source="),
    "comments": lambda s, n: s.replace("</p>", f"<!-- {n} > --></p>"),
    "zero width": lambda s, n: s.replace("</p>", "\u200b" * (1 + n % 3) + "</p>"),
    "white space": lambda s, n: s.replace("</p>", " \n\t" * (1 + n % 3) + "</p>"),
    "soft hyphens": lambda s, n: s.replace("tion</p>", "\u00adtion</p>").replace("tion.</p>", "\u00adtion.</p>"),
}


@few
@given(
    data=st.data(), number=st.integers(2, 9_999), kinds=st.sets(st.sampled_from(sorted(NOISE)), min_size=1, max_size=6)
)
def test_noise_never_changes_the_fingerprint_of_a_real_page(
    pages: list[tuple[str, str]], data: st.DataObject, number: int, kinds: set[str]
) -> None:
    source, before = data.draw(st.sampled_from(pages))
    for kind in sorted(kinds):
        source = NOISE[kind](source, number)
    assert printed(source) == before, kinds


@few
@given(data=st.data())
def test_one_digit_in_a_sentence_of_a_real_page_is_always_seen(
    pages: list[tuple[str, str]], data: st.DataObject
) -> None:
    source, before = data.draw(st.sampled_from(pages))
    section = section_of(source)
    assert section is not None
    # A sentence that stands in the source once, letter by letter, so that the digit changed is that one.
    sentences = [
        match[0]
        for block in section.blocks
        for match in re.finditer(r"(?:[^\W\d_]+[ ,]+){4}\d[^<>&.]{0,40}", block.text)
        if source.count(match[0]) == 1 and len(block.text) > 80
    ]
    assume(sentences)
    sentence = data.draw(st.sampled_from(sentences))
    place = data.draw(st.sampled_from([at for at, character in enumerate(sentence) if character in "0123456789"]))
    digit = data.draw(st.sampled_from([d for d in "0123456789" if d != sentence[place]]))
    changed = source.replace(sentence, sentence[:place] + digit + sentence[place + 1 :])
    assert printed(changed) != before, sentence
