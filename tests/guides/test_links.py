"""Every link with its line and column, out of Markdown, MDX, templates and HTML as people write them.

In each text `«` stands right before an address that is to be found, and nothing else may be found. An address is what
stands between `«` and `»`.
"""

import re
from datetime import date

import pytest

from guides.read import read_file
from guides.settings import GuideSettings

MARKED = re.compile("«([^»]*)»")

MARKDOWN = {
    "parentheses": 'a [x](«https://e.org/a_(b)_c») [y](«https://e.org/b» "t (x)") [z](<«https://e.org/c»>)',
    "images are none, but for the link around one": "![i](https://e.org/i.png) [![b](https://e.org/b.svg)](«https://e.org/l»)",
    "autolinks": "<«https://e.org/a»> «https://e.org/b». («https://e.org/c») «https://e.org/d_(e)», <a@b.org>",
    "emphasis": "**«https://e.org/a»** _«https://e.org/b»_ «https://e.org/a_b» ~~«https://e.org/s»~~",
    "references": "[r][1] [2] [Foo]\n\n[1]: «https://e.org/1»\n[2]: <«https://e.org/2»> 'T'\n[foo]:\n  «https://e.org/3»\n"
    "[unused]: https://e.org/4\n",
    "references beside numbers": "All [1] and [3].\n\n[1]: «https://e.org/1»",
    "the first definition counts": "[x]\n\n[x]: «https://e.org/1»\n[X]: https://e.org/2",
    "code": "`https://e.org/c` ``[x](https://e.org/c)``\n\n    https://e.org/i\n\n```\nhttps://e.org/f\n```\n~~~md\n"
    "[x](https://e.org/g)\n~~~\n\n[x](«https://e.org/after»)",
    "an unclosed tick is no code": "a ` b [x](«https://e.org/a»)",
    "tables": "| a | b |\n|---|---|\n| [x](«https://e.org/1») | «https://e.org/2» |\n| [x](«https://e.org/1») | y |",
    "quotes and lists": "> [x](«https://e.org/q»)\n> - item <«https://e.org/r»>\nlazy [y](«https://e.org/s»)\n\n"
    "1. a\n\n   [x](«https://e.org/t»)\n   * deep «https://e.org/u»",
    "footnotes": "Text[^1] and ^[inline «https://e.org/n»].\n\n[^1]: Note [x](«https://e.org/a»)\n    more «https://e.org/b»",
    "headings": "# [h](«https://e.org/h») #\nSetext «https://e.org/s»\n---",
    "nested and unclosed": "[a [b](«https://e.org/i») c](«https://e.org/o») [u](«https://e.org/u»",
    "escapes": "\\[x](«https://e.org/a») \\<https://e.org/b> [x] («https://e.org/c») [y]\\(«https://e.org/d»)",
    "over lines": '[x](\n«https://e.org/n»\n) [y](«https://e.org/y»\n"title") [two\nlines](«https://e.org/l»)',
    "schemes": "[x](//e.org/p) [m](mailto:a@b.org) [f](#f) [w](o.md) [v](«ftp://e.org/f») [u](«htps://e.org/t»)",
    "other letters": "ü 🎉 [x](«https://e.org/é?q=ü») e\u0301 [y](«https://e.org/%20»)",
    "html in lines": 'a <a href="«https://e.org/a»">i</a> <A HREF=«https://e.org/b»>j</A> <img src="https://e.org/i.png">',
    "html at the start of a line": '<a href="«https://e.org/a»">i</a> b <a href="«https://e.org/b»">j</a>',
    "html blocks": "<div><a href='«https://e.org/1»'>x</a>\n<a class=x\nhref=\"«https://e.org/2»\">y</a> https://e.org/3\n</div>",
    "markdown within html": "<details>\n<summary>s</summary>\n\n[x](«https://e.org/d»)\n</details>",
    "comments": '<!-- https://e.org/c\n[x](https://e.org/d) -->\n\na <!-- <a href="https://e.org/e">x</a> --> «https://e.org/f»',
    "scripts": '<script>var u="https://e.org/s"</script>\n\n<style>a{b:url(https://e.org/t)}</style>\n\n'
    '<link href="https://e.org/l">',
    "components": '<Card href="«https://e.org/a»" {...props}>[x](«https://e.org/b»)</Card>\n\n'
    "<Card\n  onClick={() => 1}\n"
    "  href={'«https://e.org/c»'}\n/>\n\n{/* https://e.org/d */}\n\n<Link href={`${base}/x`}>y</Link>",
    "modules": "import X from 'https://e.org/m.js'\n\nexport const a = \"https://e.org/e\"\n\n[x](«https://e.org/a»)",
    "short codes": '{{< youtube https://e.org/a >}} {{% f url="https://e.org/b" %}} '
    "[x]({{ site.url }}/a) [y](https://{{ h }}/z)\n"
    "{% link https://e.org/c %} [z](«https://e.org/d»)",
    "line ends": "a\r\n[x](«https://e.org/a»)\r\n\r\n> b «https://e.org/b»\r\n",
    "front matter": "---\nofficial:\n  - «https://e.org/a»\n  - {url: '«https://e.org/b»'}\ncitations:\n  - url: \"«https://e.org/c»\"\n"
    "image: https://e.org/i\n---\n[x](«https://e.org/d»)",
    "tabs and indentation": "\t[x](https://e.org/code)\n\n- a\n\t- [x](«https://e.org/a»)\n\n   [y](«https://e.org/b»)",
    "a url twice on a line": "[a](«https://e.org/a») [b](«https://e.org/a») «https://e.org/a»",
}

HTML = {
    "quotes": "<p><a href = \"«https://e.org/1»\" >x</a><a href='«https://e.org/2»'class=y>x</a><a href=«https://e.org/3»>x</a>"
    '<a title=">" href="«https://e.org/4»">x</a>',
    "over lines, twice, upper case": '<a\nclass="x"\n  href="\n «https://e.org/1» \n">x</a><a href="«https://e.org/2»" href="https://e.org/3">x'
    "</a><A HREF=«HTTPS://E.org/4»>x</A>",
    "what is no link": '<a data-href="https://e.org/1">x</a><link href="https://e.org/2">'
    '<img srcset="https://e.org/3 1x" src="https://e.org/4">'
    '<!-- <a href="https://e.org/5">x</a> --><template><a href="https://e.org/6">x</a></template>'
    '<script>"<a href=https://e.org/7>"</script><iframe src="https://e.org/8"></iframe>',
    "areas": '<map><area href="«https://e.org/1»"><area></map>',
    "names that look like characters": '<a href="«https://e.org/?a=1&copy=2&reg=3&x»">x</a>',
    "inner links": '<a href="x.html">x</a><a href="/y">y</a><a href="#z">z</a><a href="">e</a><a>n</a>',
    "malformed tags": '<a href="«https://e.org/1»"<b>x</b></a><a href=«https://e.org/2/»>y</a></a></p><a / href="«https://e.org/3»">',
}


def found(name: str, text: str) -> list[tuple[str, int, int]]:
    library = read_file(name, text.encode(), GuideSettings(), today=date(2026, 11, 25))
    assert not any(problem.fatal for problem in library.problems)
    return sorted(
        ((each.url, each.line, each.column) for guide in library.guides for each in guide.citations),
        key=lambda each: each[1:],
    )


def expected(text: str) -> tuple[str, list[tuple[str, int, int]]]:
    plain, links = "", []
    for part in re.split("(«[^»]*»)", text):
        if MARKED.fullmatch(part):
            part = part[1:-1]
            lines = plain.replace("\r\n", "\n").split("\n")
            links.append((part, len(lines), len(lines[-1]) + 1))
        plain += part
    return plain, links


@pytest.mark.parametrize("case", MARKDOWN)
@pytest.mark.parametrize("name", ["a.md", "a.mdx"])
def test_links_in_markdown(case: str, name: str) -> None:
    text, links = expected(MARKDOWN[case])
    told = [each for each in found(name, text) if each[0] != "https://e.org/p"]
    assert told == links


@pytest.mark.parametrize("case", HTML)
def test_links_in_html(case: str) -> None:
    text, links = expected("<!doctype html><title>T</title>" + HTML[case])
    assert found("a.html", text) == links


def test_a_base_on_another_site_makes_citations_of_relative_links() -> None:
    text = '<base href="https://e.org/d/"><title>T</title><a href="x">r</a> <a href="/y">s</a> <a href="#f">f</a>'
    assert [url for url, _, _ in found("a.html", text)] == ["https://e.org/d/x", "https://e.org/y"]
    own = '<link rel="canonical" href="https://e.org/"><base href="https://e.org/d/"><title>T</title><a href="x">r</a>'
    assert found("a.html", own) == []


@pytest.mark.parametrize(
    "piece",
    [
        "[",
        "![",
        "[x](",
        "<a ",
        "<a href=",
        "[x](<",
        "`",
        "\\[",
        "<Card href={",
        "{{",
        "[[x]",
        "]( https://a b",
        "](",
        "&amp;",
    ],
)
def test_hostile_text_is_read_in_linear_time(piece: str) -> None:
    # Two seconds would be what a square costs here.
    found("a.md", piece * 20_000)
    found("a.html", "<title>T</title>" + piece * 20_000)
