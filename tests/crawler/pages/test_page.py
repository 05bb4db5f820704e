"""Bytes to blocks: kinds of documents, encodings, what is text and what is chrome, hostile input."""

import time

import pytest

from crawler.page import read


def texts(body: bytes, content_type: str = "text/html") -> list[str]:
    return [block.text for block in read(body, content_type=content_type).blocks]


def test_blocks_are_what_a_person_reads() -> None:
    body = b"<p>One <b>two</b>\n three<br>four</p><ul><li>five<li>six</ul>tail<script>no()</script><style>no</style>"
    assert texts(body) == ["One two three", "four", "five", "six", "tail"]


def test_links_are_kept_apart_from_text() -> None:
    block = read(b'<p>See <a href="/terms">the terms</a>.</p>', content_type="text/html").blocks[0]
    assert (block.text, block.links) == ("See the terms.", ("/terms",))


def test_headings_have_levels_and_anchors_have_places() -> None:
    page = read(b'<h2 id="x">Keep</h2><p>Text</p><a name="y"></a><p>More</p>', content_type="text/html")
    assert page.blocks[0].level == 2
    assert page.anchors["x"].heading
    assert page.anchors["y"].start == 2


def test_protected_email_is_decoded() -> None:
    link = '<p>Mail <a href="#"><span data-cfemail="0a6b4a68">[email&#160;protected]</span></a></p>'
    assert texts(link.encode()) == ["Mail a@b"]


def test_text_for_screen_readers_alone_is_not_text() -> None:
    assert texts(b'<p>Terms<span class="sr-only"> opens in a new tab</span></p>') == ["Terms"]


def test_hidden_text_is_marked_but_not_what_an_accordion_shows() -> None:
    body = b'<p hidden>gone</p><button aria-controls="p1">Open</button><div id="p1" hidden>kept</div><p>shown</p>'
    shown = [block.text for block in read(body, content_type="text/html").blocks if not block.hidden]
    assert shown == ["Open", "kept", "shown"]


def test_a_page_behind_a_dialog_is_not_hidden() -> None:
    body = f'<div aria-hidden="true"><main><p>{"Terms of use. " * 60}</p></main></div><div role="dialog">Cookies?</div>'
    blocks = read(body.encode(), content_type="text/html").blocks
    assert not blocks[0].hidden
    assert blocks[1].chrome == "dialog"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("<p>Größe</p>".encode("latin-1"), "text/html; charset=iso-8859-1"),
        ("<p>Größe</p>".encode(), "text/html; charset=iso-8859-1"),
        ('<meta charset="windows-1252"><p>Größe</p>'.encode("cp1252"), "text/html"),
        ("<p>Größe</p>".encode("cp1252"), "text/html"),
        ("\ufeff<p>Größe</p>".encode("utf-16"), "text/html"),
        ("<p>Größe</p>".encode("latin-1"), "text/html; charset=no-such-thing"),
    ],
)
def test_charset(body: bytes, content_type: str) -> None:
    assert texts(body, content_type)[-1] == "Größe"


def test_other_documents() -> None:
    assert texts(b"One\nline.\n\nTwo.", "text/plain") == ["One line.", "Two."]
    markdown = read(b"# Title\n\nSome *text* [link](/x).\n\n- item\n", content_type="text/markdown")
    assert [(block.kind, block.text) for block in markdown.blocks] == [
        ("h1", "Title"),
        ("p", "Some text link."),
        ("li", "item"),
    ]
    assert texts(b'{"b": {"c": [1, 2]}, "a": "x"}', "application/json") == ["a: x", "b.c[]: 1", "b.c[]: 2"]
    assert texts(b"<?xml version='1.0'?><r><a>One</a><b><![CDATA[Two]]></b></r>", "application/xml") == ["One", "Two"]
    assert read(b"\x89PNG\r\n\x1a\n....", content_type="text/html").kind == "binary"


HOSTILE = {
    "nested": b"<div>" * 100_000 + b"x" + b"</div>" * 100_000,
    "unclosed": b"<p><b id=1>" * 60_000 + b"x",
    "one text": b"<p>" + b"word-a1 " * 130_000,
    "long token": b"<p>" + b"a1" * 500_000,
    "hyphens": b"<p>" + b"a-" * 500_000,
    "nul": b"<p>\0a\0b" * 1000,
    "attributes": b"<p " + b"a=b " * 100_000 + b">x",
    "brackets": b"<" * 1_000_000,
    "garbage": bytes(range(256)) * 4000,
    "lists": b"<ul><li>" * 50_000,
    "tables": b"<table><tr><td>" * 20_000 + b"x",
    "links": b"<a href=x>y</a>" * 100_000,
    "empty": b"",
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("content_type", ["text/html", "text/markdown", "application/json", "application/xml", ""])
def test_hostile_bodies_are_read_in_bounded_time(name: str, content_type: str) -> None:
    started = time.process_time()
    page = read(HOSTILE[name], content_type=content_type)
    for block in page.blocks:
        assert block.key is not None
    assert time.process_time() - started < 5


def test_deep_json_is_no_error() -> None:
    assert read(b"[" * 100_000, content_type="application/json").blocks
