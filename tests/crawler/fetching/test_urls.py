"""URLs as browsers read them, and what may be printed of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.model import RefusalKind
from crawler.urls import (
    ResourceUrl,
    UrlProblem,
    host_key,
    is_home,
    one_line,
    public,
    resource_url,
    same_address,
    same_site,
)


@pytest.mark.parametrize(
    ("raw", "href", "key"),
    [
        ("https://Example.ORG", "https://example.org/", "example.org:443"),
        ("  https://example.org/a b\n", "https://example.org/a%20b", "example.org:443"),
        ("http://example.org/\ta\n/b", "http://example.org/a/b", "example.org:80"),
        ("http:\\\\example.org\\a", "http://example.org/a", "example.org:80"),
        ("https://example.org:443/x", "https://example.org/x", "example.org:443"),
        ("https://example.org:8443/x?q=1#part", "https://example.org:8443/x?q=1", "example.org:8443"),
        ("https://münchen.example/ü", "https://xn--mnchen-3ya.example/%C3%BC", "xn--mnchen-3ya.example:443"),
        ("http://[::FFFF:127.0.0.1]/", "http://[::ffff:7f00:1]/", "[::ffff:7f00:1]:80"),
        ("http://0x7f.1/", "http://127.0.0.1/", "127.0.0.1:80"),
        ("http://example.org/a/../b/./c", "http://example.org/b/c", "example.org:80"),
        ("http://example.org/#", "http://example.org/", "example.org:80"),
        ("http://example.org\\@evil.example/", "http://example.org/@evil.example/", "example.org:80"),
    ],
)
def test_normal_form(raw: str, href: str, key: str) -> None:
    url = resource_url(raw)
    assert isinstance(url, ResourceUrl)
    assert (url.href, url.url, url.key) == (href, href, key)


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        ("", RefusalKind.MALFORMED),
        ("   ", RefusalKind.MALFORMED),
        ("example.org/page", RefusalKind.MALFORMED),
        ("/page", RefusalKind.MALFORMED),
        ("http://", RefusalKind.MALFORMED),
        ("http://a b/", RefusalKind.MALFORMED),
        ("http://example.org:99999/", RefusalKind.MALFORMED),
        ("http://[::1/", RefusalKind.MALFORMED),
        ("http://exa\ud800mple/", RefusalKind.MALFORMED),
        ("http://example.org/" + "x" * 9_000, RefusalKind.MALFORMED),
        ("mailto:me@example.org", RefusalKind.SCHEME),
        ("javascript:alert(1)", RefusalKind.SCHEME),
        ("file:///etc/passwd", RefusalKind.SCHEME),
        ("ftp://example.org/", RefusalKind.SCHEME),
    ],
)
def test_problems(raw: str, kind: RefusalKind) -> None:
    problem = resource_url(raw)
    assert isinstance(problem, UrlProblem)
    assert problem.kind is kind
    assert problem.detail.isprintable()


def test_fragment_and_text_directives_are_told_apart() -> None:
    url = resource_url("https://example.org/a#sec%20tion:~:text=30%20days,-after&text=two")
    assert isinstance(url, ResourceUrl)
    assert url.fragment == "sec tion"
    assert url.directives == ("text=30%20days,-after", "text=two")


@pytest.mark.parametrize(
    "raw",
    [
        "https://me:secret@example.org/a",
        "https:/\\me:secret@example.org/",
        "xx://me:secret@b c/",
        "https://secret@b c/",
    ],
)
def test_credentials_are_never_printed(raw: str) -> None:
    assert "secret" not in public(raw)
    read = resource_url(raw)
    assert "secret" not in repr(read)


def test_an_address_within_a_path_is_left_alone() -> None:
    assert public("https://example.org/@someone/a@b") == "https://example.org/@someone/a@b"


def test_one_line() -> None:
    assert one_line("a\r\nb\x1b[31mc\u202ed") == "a b [31mc d"
    assert len(one_line("x" * 10_000)) == 300


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("http://example.org/a", "https://www.example.org/a/", True),
        ("http://example.org/a", "https://example.org/b", False),
        ("http://example.org/a", "https://example.org/a?x=1", False),
        ("http://example.org:8080/a", "http://example.org:8081/a", False),
    ],
)
def test_what_is_no_news(one: str, other: str, same: bool) -> None:
    assert same_address(one, other) is same


def test_same_site() -> None:
    assert same_site("https://help.example.org/a", "https://www.example.org/")
    assert not same_site("https://example.org/", "https://badexample.org/")


@pytest.mark.parametrize(
    ("url", "home"),
    [
        ("https://example.org", True),
        ("https://example.org/en/", True),
        ("https://example.org/en-US", True),
        ("https://example.org/index.html", True),
        ("https://example.org/de/index.php", True),
        ("https://example.org/help", False),
        ("https://example.org/?page=4", False),
    ],
)
def test_is_home(url: str, home: bool) -> None:
    assert is_home(url) is home


@given(st.text(max_size=200))
def test_anything_is_read_or_refused(raw: str) -> None:
    for text in (raw, f"http://{raw}", f"http://x.example/{raw}"):
        url = resource_url(text)
        assert "\n" not in public(text)
        assert host_key(text).isascii()
        if isinstance(url, ResourceUrl):
            again = resource_url(url.href)
            assert isinstance(again, ResourceUrl)
            assert (again.href, again.target) == (url.href, url.target)
            assert url.target.isascii()
