"""Markup that a parser wrote is cut at its tags: what is odd in it is read as the tree has it."""

import time

import pytest
from selectolax.lexbor import LexborHTMLParser

from crawler.blocks import MAX_BLOCK_CHARS
from crawler.contexts import Contexts
from crawler.htmlpage import HtmlPage
from crawler.selectors import select_css
from crawler.tags import VOID_TAGS


def texts(source: str) -> list[str]:
    return [block.text for block in HtmlPage(source, "").blocks]


def test_elements_without_an_end_tag_are_those_of_the_parser() -> None:
    found = set()
    for name in (*VOID_TAGS, "command", "image", "isindex", "menuitem", "p", "spacer", "svg", "x-y"):
        tree = LexborHTMLParser("<div></div>")
        around = tree.css_first("div")
        assert around is not None
        around.insert_child(tree.create_node(name))
        if f"</{name}>" not in (around.html or ""):
            found.add(name)
    assert found == set(VOID_TAGS)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("<p a<b=1>One</p><p>Two</p>", ["One", "Two"]),
        ('<p a"b class="x">One</p><p title="</p><p>">Two</p>', ["One", "Two"]),
        ("<p>1 &lt; 2 &amp;amp; 3&nbsp;4</p>", ["1 < 2 &amp; 3 4"]),
        ("<p>a<!-- <p> -->b<!-->c<!--d--!>e</p><!-- unclosed", ["abce"]),
        ("<div><xmp>a <b> &amp; c</xmp>d</div>e", ["a <b> &amp; c", "d", "e"]),
        ("<object><p>no<object>no</object></p></object><p>yes", ["yes"]),
        ("<iframe><p>no<iframe></iframe><p>yes", ["yes"]),
        ("<svg><text>no</text><svg></svg></svg>yes<select><option>no</select>!", ["yes!"]),
        ("a<br>b<hr>c<img alt=no>d<wbr>e", ["a", "b", "cde"]),
        ("<span role=heading>One</span>two", ["One", "two"]),
        ("<foo-bar>One</foo-bar><a'b>Two</a'b>", ["One", "Two"]),
        ("", []),
    ],
)
def test_odd_markup(source: str, expected: list[str]) -> None:
    assert texts(source) == expected


def test_links_are_as_they_were_written() -> None:
    page = HtmlPage(
        '<p><a class="x" href="/a?b=1&amp;c=&quot;2&quot;" id=i>One</a> <a title="see href=" href=/b>two</a> '
        '<a x"y href=/c>three</a> <a href>four</a> <a href=" ">five</a></p>',
        "",
    )
    assert page.blocks[0].links == ('/a?b=1&c="2"', "/b", "/c")
    assert page.blocks[0].link_share == pytest.approx(11 / len(page.blocks[0].text))
    assert "i" in page.anchors


def test_what_a_button_opens_is_content_and_what_nothing_opens_is_hidden() -> None:
    source = "<button aria-controls='one'>Open</button><p id=one hidden>Kept.</p><p id=two hidden>Gone.</p><p>Shown."
    assert [block.text for block in HtmlPage(source, "").blocks if not block.hidden] == ["Open", "Kept.", "Shown."]


def test_elements_left_out_of_a_selection() -> None:
    source = "<main><p>One <i>two</i></p><aside class=x><p>three</p></aside>four<script>5</script></main><p>six"
    assert [block.text for block in select_css(source, "main", (".x", "i"))] == ["One", "four"]
    assert [block.text for block in select_css(source, "main", ("main",))] == []


def test_a_text_longer_than_a_block_loses_nothing() -> None:
    said = "word " * MAX_BLOCK_CHARS
    blocks = texts(f"<p>{said}</p>")
    assert len(blocks) > 1 and max(map(len, blocks)) <= MAX_BLOCK_CHARS
    assert "".join(blocks).replace(" ", "") == said.replace(" ", "")


def test_tags_are_remembered_and_forgotten() -> None:
    contexts = Contexts()
    outer = contexts.outermost()
    for number in range(30_000):
        contexts.step(outer, f'p id="{number}"', frozenset)
    assert len(outer.steps) < 25_000
    assert contexts.outermost() is not outer and not outer.steps


@pytest.mark.parametrize(
    "source",
    [
        "<p>" + "".join(f"<b x={number}>" for number in range(2_000)) + "<p>x" * 2_000,
        "<p>x<!-- y " * 50_000,
        "<p " + " ".join(f"a{number}=x" for number in range(100_000)) + ">x",
        "<p title='" + 'id="a" ' * 100_000 + "'>x",
        "<p>" + ' id="missing"' * 100_000,
    ],
    ids=["formatting", "comments", "attributes", "value", "text"],
)
def test_nothing_is_quadratic(source: str) -> None:
    started = time.process_time()
    page = HtmlPage(source, "")
    assert page.blocks is not None and not HtmlPage(source, "").has_anchor("missing")
    assert time.process_time() - started < 10


@pytest.mark.parametrize(
    "after",
    [
        "<span style='display:none'><div>Tip</div></span>",
        "<button>i<div>Tip</div></button>",
        "<button><p id=named>Tip</p></button>",
        "<span hidden>i<br>Tip</span>",
    ],
)
@pytest.mark.parametrize("text", ["Cancel within 30 days", "<a href=/c>Cancel</a> within 30 days"])
def test_a_text_is_not_taken_for_part_of_the_button_after_it(text: str, after: str) -> None:
    first, *_ = HtmlPage(f"<ul><li>{text} {after}</li></ul><p>Keep the confirmation.</p>", "").blocks
    assert first.text.startswith("Cancel within 30 days") and not first.hidden and not first.chrome


def test_a_text_that_begins_in_a_button_is_part_of_it() -> None:
    page = HtmlPage("<div><button>Share <a href=/x>it<div>now</div></a></button></div><p>Keep it.</p>", "")
    assert [(block.text, block.chrome) for block in page.blocks][:2] == [("Share it", "button"), ("now", "button")]
