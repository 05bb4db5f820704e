"""A page of which only parts are read says what the whole page says."""

from datetime import UTC, datetime

import pytest

from crawler.blocks import is_prose
from crawler.health import page_health
from crawler.htmlpage import HtmlPage
from crawler.model import Digest, Fetched, Health
from crawler.shelf import MOST, PageShelf
from crawler.text import key

SENTENCE = "Open the settings of your account, and choose to close it for good. "


def whole(source: str) -> HtmlPage:
    page = HtmlPage(source, "https://a.example/")
    assert page.blocks is not None
    return page


@pytest.mark.parametrize("times", [0, 1, 10, 21, 22, 23, 24, 60])
@pytest.mark.parametrize("around", ["<p>{}</p>", "<nav>{}</nav>", "<p hidden>{}</p>", "<footer>{}</footer>"])
def test_health_is_the_same_whether_or_not_the_page_was_walked(times: int, around: str) -> None:
    source = f"<title>Not found</title><h1>404</h1><p>Sorry.</p>{around.format(SENTENCE * times)}"
    lazy, walked = HtmlPage(source, "https://a.example/"), whole(source)
    seen = [
        page_health(page, status=200, url="https://a.example/x", final_url="https://a.example/x", headers=())
        for page in (lazy, walked)
    ]
    assert seen[0].health is seen[1].health
    assert times or seen[0].health is Health.SOFT_404
    assert times < 60 or "footer" in around or seen[0].health is Health.OK


def test_an_anchor_is_found_as_a_walk_finds_it() -> None:
    source = (
        "<html id=html><body id=body><p id='a b'>x</p><a name='é&quot;]'>y</a><p name=p>z</p><svg><g id=g></g></svg>"
        "<template><p id=t>u</p></template><script id=s></script><select><option id=o>1</select><br id=br>"
        "<input id=twice><p id=twice>v</p><p id='1&#10;2'>w</p>"
    )
    walked = whole(source)
    names = ["html", "body", "a b", 'é"]', "p", "g", "t", "s", "o", "br", "twice", "1\n2", "", "\\", '"', "x" * 5_000]
    names += ["*", "a b' i", "\x00", "\ud800", "🦊"]
    found = {name: HtmlPage(source, "").has_anchor(name) for name in names}
    assert found == {name: name in walked.anchors for name in names}
    assert found["a b"] and found['é"]'] and found["twice"] and not found["html"]


def test_parts_can_be_asked_for_after_the_tree_was_taken_apart() -> None:
    page = HtmlPage("<title>T</title><p id=x>One</p><script>var two</script>", "")
    assert "One" in page.all_text() and "two" not in page.all_text()
    assert (page.title, page.head.title, page.has_anchor("x")) == ("T", "T", True)
    assert [block.text for block in page.blocks] == ["One"]


@pytest.mark.parametrize("source", ["", "<", "\x00" * 99, "<p" * 5_000, "<body hidden>", "<frameset><frame src=x>"])
def test_no_source_is_too_bad(source: str) -> None:
    page = HtmlPage(source, "")
    page.says_at_least(1_500)
    page.has_anchor("x")
    page.all_text()
    assert isinstance(page.title, str) and isinstance(page.blocks, tuple)


@pytest.mark.parametrize(
    "text",
    [
        "Updated over a week ago by one of the people who help us with this page",
        SENTENCE,
        "© 2024 " * 30,
        "1 2 3 4 5 " * 20,
    ],
)
def test_prose_always_has_a_key(text: str) -> None:
    assert not is_prose(text) or key(text)


def answer(name: str) -> Fetched:
    return Fetched(
        url=f"https://a.example/{name}",
        final_url=f"https://a.example/{name}",
        status=200,
        headers=(("content-type", "text/html"),),
        body=f"<p>{name}</p>".encode(),
        digest=Digest(name),
        at=datetime(2026, 1, 1, tzinfo=UTC),
        elapsed_ms=1.0,
    )


def test_a_page_on_the_shelf_has_one_owner() -> None:
    shelf = PageShelf()
    page = shelf.take(answer("one"))
    shelf.put(answer("one"), page)
    assert shelf.take(answer("one")) is page
    assert shelf.take(answer("one")) is not page


def test_the_shelf_holds_so_much_and_no_more() -> None:
    shelf = PageShelf()
    pages = [shelf.take(answer(str(number))) for number in range(MOST + 1)]
    for number, page in enumerate(pages):
        shelf.put(answer(str(number)), page)
    assert shelf.take(answer("0")) is not pages[0]
    assert shelf.take(answer("1")) is pages[1]
