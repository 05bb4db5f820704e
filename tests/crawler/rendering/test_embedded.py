"""The text of shells, out of the JSON in them: found where it is surely the page's, and left alone where it is not."""

import json

import pytest
from crawler_shells import BODY, MENU, PARAGRAPHS, TITLE, contentful, data, flattened, next_page, portable, shell

from crawler.health import page_health
from crawler.made import Made
from crawler.model import Health
from crawler.page import Page, read

URL = "https://help.example.org/articles/delete-your-account"
ARTICLE = {"id": 7, "title": TITLE, "slug": "delete-your-account", "body": BODY, "author": {"bio": PARAGRAPHS[0] * 9}}
APOLLO = {
    "ROOT_QUERY": {"__typename": "Query", "article": {"__ref": "Article:7"}},
    "Article:7": {"__typename": "Article", "title": TITLE, "body": {"__ref": "Body:7"}},
    "Body:7": {"__typename": "Body", "html": BODY},
}
ELSEWHERE = {"A:1": {"title": TITLE, "intro": PARAGRAPHS[0] * 3, "body": {"__ref": "B:2"}}, "C:1": {}}
LINKED = {
    "@context": "https://schema.org",
    "@graph": [
        {"@type": "Organization", "name": "Example", "description": PARAGRAPHS[0] * 5},
        {"@type": "Article", "headline": TITLE, "articleBody": "\n\n".join(PARAGRAPHS)},
    ],
}
SECTIONS = {
    "title": TITLE,
    "sections": [
        {"heading": "First", "text": PARAGRAPHS[0]},
        {"heading": "How long we keep it", "text": PARAGRAPHS[1] + "\n\n" + PARAGRAPHS[2]},
    ],
}
MARKDOWN = f"{PARAGRAPHS[0]}\n\n## How long we keep it\n\n{PARAGRAPHS[1]}\n\n- {PARAGRAPHS[2]}"
EDITOR = {
    "time": 1,
    "blocks": [{"type": "paragraph", "data": {"text": each}} for each in PARAGRAPHS],
}
PROSEMIRROR = {
    "type": "doc",
    "content": [{"type": "paragraph", "content": [{"type": "text", "text": each}]} for each in PARAGRAPHS],
}
STATE = json.dumps({"article": ARTICLE, "menu": MENU}).replace("</", "<\\/")
TWICE = json.dumps(STATE.replace("<\\/", "</")).replace("</", "<\\/")

WHOLE = {
    "next": next_page(ARTICLE),
    "next-contentful": next_page({"title": TITLE, "content": contentful(*PARAGRAPHS)}),
    "next-portable-text": next_page({"title": TITLE, "body": portable(*PARAGRAPHS)}),
    "next-prosemirror": next_page({"title": TITLE, "content": PROSEMIRROR}),
    "next-editorjs": next_page({"title": TITLE, "content": EDITOR}),
    "next-sections": next_page(SECTIONS),
    "next-markdown": next_page({"title": TITLE, "markdown": MARKDOWN}),
    "next-wordpress": next_page({"title": {"rendered": TITLE}, "content": {"rendered": BODY}, "id": 3}),
    "next-related": next_page(
        ARTICLE, related=[{"title": "Other", "slug": f"other-{n}", "body": BODY.replace("30", "60")} for n in range(9)]
    ),
    "next-siblings": next_page(
        ARTICLE, articles=[{"title": f"Other {n}", "slug": f"other-{n}", "body": f"{BODY}{n}"} for n in range(9)]
    ),
    "nuxt-3": shell(data(flattened({"data": {"article": ARTICLE}, "state": MENU}), name="__NUXT_DATA__")),
    "apollo": shell(f"<script>window.__APOLLO_STATE__ = {json.dumps(APOLLO)};window.x=1</script>"),
    "redux": shell(f"<script>window.__PRELOADED_STATE__={STATE}</script>"),
    "parsed": shell(f"<script>window['__INITIAL_STATE__'] = JSON.parse({TWICE});</script>"),
    "json-ld": shell(data(LINKED, name="ld", kind="application/ld+json")),
    "json-script": shell(data({"page": ARTICLE}, name="page-props")),
}


def looked_at(body: bytes, url: str = URL) -> Page:
    return read(body, content_type="text/html; charset=utf-8", url=url)


@pytest.mark.parametrize("form", WHOLE)
def test_text_is_found_whole_and_nothing_beside_it(form: str) -> None:
    page = looked_at(WHOLE[form])
    assert page.made == Made.EMBEDDED
    texts = [block.text for block in page.blocks]
    assert texts[0] == TITLE
    assert [text for text in texts if text in PARAGRAPHS] == list(PARAGRAPHS)
    assert len(texts) <= len(PARAGRAPHS) + 4, texts
    assert page.language == "en" and page.title == TITLE
    assert page_health(page, status=200, url=URL, final_url=URL, headers=()).health is Health.OK
    if "How long" in WHOLE[form].decode():
        assert any(block.level and block.text == "How long we keep it" for block in page.blocks)


DOUBTFUL = {
    "no data": shell(),
    "a list of articles": shell(
        data({"props": {"articles": [{"title": f"A{n}", "slug": f"a-{n}", "body": f"{BODY}{n}"} for n in range(5)]}}),
        title="Help",
    ),
    "cut off": next_page({"title": TITLE, "body": f"<p>{' '.join(PARAGRAPHS)} And then…</p>"}),
    "not fetched yet": shell(data({"isFallback": True, "props": {"article": ARTICLE}})),
    "an interface's phrases": shell(
        data({"props": {"title": "App", "messages": {f"k{n}": PARAGRAPHS[n % 3] for n in range(90)}}})
    ),
    "phrases under no telling name": shell(
        data({"props": {"title": "App", "texts": {f"k{n}": PARAGRAPHS[n % 3] for n in range(90)}}})
    ),
    "only what machines are told": shell(
        data({"@type": "WebSite", "name": TITLE, "description": " ".join(PARAGRAPHS)}, kind="application/ld+json")
    ),
    "body elsewhere": shell(f"<script>window.__APOLLO_STATE__ = {json.dumps(ELSEWHERE)};</script>"),
    "half of it": next_page({"title": TITLE, "body": BODY}, faq=[{"q": 1, "answer": f"{n}{BODY}"} for n in range(8)]),
    "not JSON": shell("<script>window.__NUXT__=(function(a){return {title:a}})('x')</script>"),
}


@pytest.mark.parametrize("case", DOUBTFUL)
def test_doubt_leaves_the_shell_a_shell(case: str) -> None:
    page = looked_at(DOUBTFUL[case])
    assert page.made == Made.PLAIN
    assert page_health(page, status=200, url=URL, final_url=URL, headers=()).health is Health.SCRIPT_SHELL


def test_a_page_that_says_something_itself_is_read_as_served() -> None:
    page = looked_at(shell(data({"article": ARTICLE}), body=f"<main><h1>{TITLE}</h1>{BODY}</main>"))
    assert page.made == Made.PLAIN and PARAGRAPHS[1] in [block.text for block in page.blocks]


@pytest.mark.parametrize(
    "script",
    [
        "[" * 100_000,
        '{"a":' * 5_000 + "1" + "}" * 5_000,
        json.dumps({f"A:{n}": {"title": TITLE, "body": {"__ref": f"A:{(n + 1) % 50}"}} for n in range(50)}),
        json.dumps({f"k{n}": {"title": TITLE, "body": BODY, "x": [1] * 50} for n in range(2_000)}),
        json.dumps([{"a": 0, "b": 0}]),
        json.dumps({"title": ["x"], "body": {"type": 5, "content": [{"type": "p", "text": None}]}}) + " " * 50,
        '"\\ud800"' + " " * 50,
        "null" + " " * 50,
    ],
)
@pytest.mark.parametrize("form", ['<script id="__NUXT_DATA__" type="application/json">', "<script>window.__A_STATE__="])
def test_hostile_data_is_survived(script: str, form: str) -> None:
    assert looked_at(shell(f"{form}{script}</script>")).made in (Made.PLAIN, Made.EMBEDDED)


def test_markup_in_plain_strings_stays_text() -> None:
    said = [f"Write <script>alert(1)</script> & {each}" for each in PARAGRAPHS]
    page = looked_at(next_page({"title": TITLE, "content": contentful(*said)}))
    assert page.made == Made.EMBEDDED and "alert(1)" in page.all_text()
