"""A beginning never says more than its whole page does, and settles the question for most."""

import pytest

from crawler.beginning import beginning_of, surely_said
from crawler.blocks import Page
from crawler.htmlpage import HtmlPage
from crawler.page import read

_SENTENCE = "Open the account settings, choose to close the account and confirm with your password. "
_ARTICLE = "".join(f"<p>{_SENTENCE * 3}</p>" for _ in range(8))
_LONG = f"<div>{'<span>x</span>' * 4_000}</div>"


def page_of(markup: str) -> HtmlPage:
    page = read(markup.encode(), content_type="text/html; charset=utf-8", url="https://example.org/")
    assert isinstance(page, HtmlPage)
    return page


def test_an_article_is_recognised_without_reading_the_rest() -> None:
    page = page_of(f"<title>Close it</title><main id=top><h1 id='a-b'>Close it</h1>{_ARTICLE}</main>{_LONG}")
    assert page.says_at_least(1_500) >= 1_500
    assert page.title == "Close it"
    assert page._markup is None, "the whole page was read"
    assert page.has_anchor("a-b") and page.has_anchor("top")
    assert page._markup is None, "the whole page was read"
    assert not page.has_anchor("elsewhere")


@pytest.mark.parametrize(
    "around",
    [
        "<div hidden>{}</div>",
        "<body style='display: none'>{}</body>",
        "<div aria-hidden='true' class='a&quot;b'>{}</div>",
        "<nav>{}</nav>",
        "<footer><div>{}</div></footer>",
        "<div class='cookie-banner'>{}</div>",
        "<div role=dialog>{}</div>",
        "<!-- {} -->",
        "<script>var page = '{}'</script>",
        "<noscript>{}</noscript>",
        "<template>{}</template>",
        "<textarea>{}</textarea>",
        "<svg><foreignObject>{}</foreignObject></svg>",
        "<svg><html><foreignObject>{}</foreignObject></html></svg>",
        "<noscript><iframe src=a />{}</noscript>",
        "<a href='/x'>{}</a>",
    ],
)
def test_what_is_not_shown_counts_for_nothing(around: str) -> None:
    markup = f"<title>Shop</title><h1>Shop</h1>{around.format(_ARTICLE)}{_LONG}"
    begins = beginning_of(markup.encode())
    assert begins is not None
    said = surely_said(begins, enough=1_500)
    whole = page_of(markup)
    assert whole.blocks
    assert not said or Page.says_at_least(whole, 1_500)
    assert not said


def test_a_page_that_breaks_off_in_a_word_or_a_tag() -> None:
    markup = f"<h1>Ü</h1><p>{'ü' * 30_000}</p><p class='{'x' * 9_000}'>{_ARTICLE}{_LONG}"
    for end in range(20_000, 20_006):
        begins = beginning_of(markup.encode()[end - 20_000 :])
        assert begins is None or surely_said(begins, enough=10_000) is None


def test_ids_of_what_is_passed_over_are_none() -> None:
    ids = "<noscript><p id=within>x</p></noscript><br id=break><p id='a b.é'>x</p><p id>x</p>"
    page = page_of(f"<html id=root><h1>x</h1>{ids}{_ARTICLE}{_LONG}")
    assert page.says_at_least(1_500)
    assert page._sure is not None and page._sure.names == {"a b.é"}
    assert page.has_anchor("a b.é")
    assert not page.has_anchor("within") and not page.has_anchor("break") and not page.has_anchor("")
    assert not page.has_anchor("root")


def test_a_title_in_the_body_that_breaks_off_is_read_again() -> None:
    begins = f"<h1>x</h1>{_ARTICLE}".ljust(13_980)
    page = page_of(f"{begins}<svg><title>The long name of a logo</title></svg>{_LONG}")
    assert page.says_at_least(1_500) and page._sure is not None and page._markup is None
    assert page.title == "The long name of a logo"
