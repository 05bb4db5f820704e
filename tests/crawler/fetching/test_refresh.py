"""What sends a reader on before a page can be read, and what does not."""

import pytest

from crawler.refresh import onward

URL = "https://x.example/a/page?q=1"
LONG = b"<p>Open the settings, choose to delete your account, and confirm it within 30 days.</p>" * 60


def sent(markup: str, *, refresh: str = "", kind: str = "text/html", more: bytes = b"") -> str:
    found = onward(URL, refresh=refresh, content_type=kind, body=markup.encode() + more)
    return found.href.removeprefix("https://x.example") if found is not None else ""


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("0; url=/new", "/new"),
        ("0;URL='/new'", "/new"),
        ("0.5, new", "/a/new"),
        ("10; url=/new", "/new"),
        ("0;url=https://x.example/new#part", "/new"),
        ("11; url=/new", ""),
        ("0", ""),
        ("0; url=", ""),
        ("0; url=/a/page?again", ""),
        ("0; url=javascript:alert(1)", ""),
        ("0; url=app://x", ""),
        ("-1; url=/new", ""),
        ("9" * 5000 + "; url=/new", ""),
        ("soon; url=/new", ""),
    ],
)
def test_where_to(content: str, expected: str) -> None:
    assert sent(f'<title>On</title><META content="{content}" HTTP-EQUIV=Refresh>') == expected
    assert sent("<p>On", refresh=content) == expected


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ('<base href="/b/"><meta http-equiv="refresh" content="0;new">', "/b/new"),
        ('<noscript><meta http-equiv="refresh" content="0;/new"></noscript>', ""),
        ('<noscript><p>Scripts!</p><meta http-equiv="refresh" content="0;/no-scripts"></noscript><p>On', ""),
        ('<body><noscript><div><meta http-equiv="refresh" content="0;/"></div></noscript>', ""),
        ('<noscript>x</noscript></noscript><meta http-equiv="refresh" content="0;/new"><noscript>', "/new"),
        ('<!-- <meta http-equiv="refresh" content="0;/new"> -->', ""),
        ('<meta name="refresh" content="0;/new">', ""),
        ('<p>&lt;meta http-equiv="refresh" content="0;/new"&gt;', ""),
        ('<meta http-equiv="refresh" content="0;/new">' + "<i>" * 9_000, "/new"),
    ],
)
def test_what_says_so(markup: str, expected: str) -> None:
    assert sent(markup) == expected
    assert sent(markup, kind="text/plain") == ""


def test_a_page_that_can_be_read_is_the_page() -> None:
    assert sent('<meta http-equiv="refresh" content="5;/new">', more=LONG) == ""
    assert sent('<meta http-equiv="refresh" content="0;/new">', more=LONG) == "/new"
    assert sent('<title>Thank you</title><meta http-equiv="refresh" content="5;/">') == ""
    assert sent('<title>Moved</title><meta http-equiv="refresh" content="0;/">') == "/"
