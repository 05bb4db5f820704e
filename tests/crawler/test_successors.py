"""Candidates for where a dead page is now, and what makes sure that it is that page."""

import gzip

import pytest

from crawler.page import Page, read
from crawler.sitemaps import read_sitemap, sitemaps_in
from crawler.successors import Candidate, SamePage, links_on, rank, same_page, twins

OLD = "https://example.com/help/close-your-account"
STEPS = [
    f"Step {number}: on the page of your account choose entry {number} and confirm it twice." for number in range(6)
]
FRAME = "We use the same long notice on every single page of this site, to the tiring of all who read it."


def made(steps: list[str], title: str = "Close your account | Example", frame: str = FRAME) -> Page:
    body = "".join(f"<p>{one}</p>" for one in steps)
    html = f"<html lang=en><title>{title}</title><main><h1>{title.split(' |')[0]}</h1>{body}<p>{frame}</p></main>"
    return read(html.encode(), content_type="text/html", url="https://example.com/x")


OTHER = made(["A page of something else, which the site has as well, and which is as long as any."], "Else | Example")


@pytest.mark.parametrize(
    ("now", "same"),
    [
        (made(STEPS), SamePage(words="the same text", certain=True)),
        (made(STEPS, "Close your account | Another name"), SamePage(words="the same text", certain=True)),
        (made([*STEPS[:-1], "Step 5: it is all done by somebody else for you now, at last."]), "the same title and 84"),
        (made([*STEPS[:-1], "Step 5: it is done by somebody else for you now."], "Leaving us | Example"), SamePage()),
        (made(STEPS[:3]), SamePage()),
        (made([*STEPS, *(f"Much more of it, part {n}, that was never there before." for n in range(20))]), SamePage()),
        (made([]), SamePage()),
    ],
)
def test_the_same_page(now: Page, same: SamePage | str) -> None:
    found = same_page(made(STEPS), now, [OTHER])
    if isinstance(same, str):
        assert found.words.startswith(same) and not found.certain
    else:
        assert found == same


def test_what_other_pages_say_too_proves_nothing() -> None:
    """A template under one title for all pages: each is as much like the old one as the next."""
    long_frame = "<p>".join(f"{FRAME} Number {number}." for number in range(30))
    old, sibling = made(STEPS[:1], frame=long_frame), made(["Something else altogether."], frame=long_frame)
    another = made(["Another thing."], "Other | Example", frame=long_frame)
    assert same_page(old, sibling, []).words
    assert not same_page(old, sibling, [another]).words


def test_twins_are_pages_that_say_the_same() -> None:
    assert twins(made(STEPS), made(STEPS)) and not twins(made(STEPS), OTHER)


def test_candidates_are_ranked_by_their_words() -> None:
    page = made(STEPS)
    urls = {
        "https://example.com/kb/close-your-account.html": "",
        "https://help.example.com/articles/close-account": "",
        "https://example.com/articles/77": "Close your account",
        "https://example.com/pricing": "Prices",
        "https://example.com/": "Close your account",
        "https://elsewhere.org/close-your-account": "",
        "http://www.example.com/help/close-your-account/": "",
    }
    found = rank([Candidate(url=url, found="x", words=words) for url, words in urls.items()], url=OLD, page=page)
    assert found[0].url.endswith(("/77", ".html")) and {each.url for each in found} == set(list(urls)[:3])
    away = Candidate(url="https://elsewhere.org/moved", found="where it redirects to", own=True)
    assert rank([away], url=OLD, page=page) == [away]
    numbered = "https://example.com/hc/en-us/articles/360012345-Old-title"
    again = Candidate(url="https://example.com/support/360012345-New-name-altogether", found="x")
    assert rank([again], url=numbered, page=page) == [again]


def test_site_maps() -> None:
    urls = (
        "<urlset><url><loc> https://example.com/a?x=1&amp;y=2 </loc></url><url><loc>javascript:x</loc></url></urlset>"
    )
    assert read_sitemap(urls.encode(), max_bytes=10_000).pages == ("https://example.com/a?x=1&y=2",)
    assert read_sitemap(gzip.compress(urls.encode()), max_bytes=10_000).pages
    index = '<?xml version="1.0"?><sitemapindex xmlns="x"><sitemap><loc>https://example.com/1.xml</loc></sitemap></sitemapindex>'
    assert read_sitemap(index.encode(), max_bytes=10_000).maps == ("https://example.com/1.xml",)
    assert read_sitemap(b"https://example.com/a\nhttps://example.com/b\n", max_bytes=10_000).pages[1].endswith("/b")
    bomb = gzip.compress(b"<loc>https://example.com/a</loc>" + b" " * 50_000_000)
    assert len(read_sitemap(bomb, max_bytes=10_000).pages) == 1
    for bad in (b"", b"\x1f\x8b\x00", b"<html>no</html>", b"\x00" * 100, b"<loc>" * 50_000):
        assert read_sitemap(bad, max_bytes=1_000_000).pages == ()
    assert sitemaps_in(b"User-agent: *\nSITEMAP : https://example.com/s.xml\nSitemap: nonsense") == (
        "https://example.com/s.xml",
    )


def test_links_of_a_page() -> None:
    page = read(b"<a href='/b'>Close it</a><a>x</a><a href='mailto:a@b'>x</a>", content_type="text/html", url=OLD)
    assert [(each.url, each.words) for each in links_on(page, "x")] == [("https://example.com/b", "Close it")]
