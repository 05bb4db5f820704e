"""The command and pages that scripts build: with a browser, without one, and between the two."""

import json
from pathlib import Path

import pytest
from crawler_scripted import TEXT, document
from crawler_shells import BODY, TITLE, next_page
from loccit_site import page, project

from crawler.chromium import NoBrowserError, find_chromium
from loccit.demo.web import Answer
from storage.store import Store

try:
    find_chromium()
    MISSING = ""
except NoBrowserError as error:
    MISSING = str(error)

pytestmark = [pytest.mark.browser, pytest.mark.skipif(bool(MISSING), reason=MISSING or "there is a browser")]

FILL = "fetch('/data').then(r => r.text()).then(t => { document.getElementById('root').innerHTML = t })"
ARTICLE = {"title": TITLE, "slug": "embedded", "body": BODY}


def test_a_guide_that_cites_pages_built_by_scripts(tmp_path: Path) -> None:
    with project(tmp_path) as (site, made):
        site["/built"] = Answer(body=document(FILL))
        site["/data"] = Answer(body=f"<main><h1>{TITLE}</h1><p>{TEXT}</p></main>")
        site["/embedded"] = Answer(body=next_page(ARTICLE).decode())
        # A selector speaks of what a browser shows, and not of the markup that is made of the JSON.
        filled = f"<script>document.getElementById('root').innerHTML = '<p id=answer>{TEXT}</p>'</script></body>"
        selected = next_page(ARTICLE).decode().replace("</body>", filled)
        site["/selected"] = Answer(body=selected)
        site["/plain"] = page(TEXT)
        made.guide("one", "/built", "/embedded", "/plain")
        # ("main" stands in that markup, and on no page that anybody was shown.)
        site["/never"] = Answer(body=next_page(ARTICLE).decode())
        cited = (("selected", "{css: '#answer'}", "auto"), ("never", "{css: main}", "never"))
        entries = (
            f"  - id: {number}\n    url: http://site.test/{name}\n    place: {place}\n    render: {render}\n"
            for number, (name, place, render) in enumerate(cited)
        )
        made.guide("two", extra=f"citations:\n{''.join(entries)}")
        # Without a browser: blocked, and nothing is said of the page.
        without = {"LOCCIT_CRAWL__BROWSER": "/nowhere"}
        done = made.run("check", "--format", "json", **without)
        assert done.returncode == 0, done.stderr
        told = {each["url"].rpartition("/")[2]: each for each in json.loads(done.stdout)["citations"]}
        assert [told[name]["verdict"] for name in ("built", "embedded", "plain")] == ["blocked", "ok", "ok"]
        assert told["built"]["reason"] == told["selected"]["reason"] == told["never"]["reason"] == "needs-browser"
        # With one: read, and a picture is kept.
        crawl = {"LOCCIT_CRAWL__SCREENSHOTS": "true"}
        assert made.run("crawl", "--all", **crawl).returncode == 0
        with Store.open(f"sqlite:///{tmp_path}/.loccit/loccit.db") as store:
            kept = [(each, source) for source, _ in store.resources() for each in store.snapshots(source)]
            pictures = {each.final_url: store.bench.snapshot_picture(each.id) for each, _ in kept if each.id}
            seen = sorted(url for url, picture in pictures.items() if picture)
            assert seen == ["http://site.test/built", "http://site.test/selected"]
            body = store.body(next(each.digest for each, _ in kept if each.final_url.endswith("/built")))
            assert b"kept for 30 days" in body and b"<script" not in body
        # What its data says changes: a drift, told by its words.
        site["/data"] = Answer(body=f"<main><h1>{TITLE}</h1><p>{TEXT.replace('30 days', '14 days')}</p></main>")
        site["/embedded"] = Answer(body=next_page({**ARTICLE, "body": BODY.replace("30 days", "7 days")}).decode())
        site["/selected"] = Answer(body=selected.replace(TEXT, TEXT.replace("30 days", "5 days")))
        for _ in range(2):
            assert made.run("crawl", "--all").returncode == 0
        summaries = sorted(each["summary"] for each in made.json("findings")["findings"])
        assert all(any(f"30 days → {days} days" in each for each in summaries) for days in (14, 5, 7)), summaries
        assert len(summaries) == 3, summaries
        # The browser is gone: nothing more is said, and nothing is taken back.
        assert made.run("crawl", "--all", **without).returncode == 0
        assert sorted(each["summary"] for each in made.json("findings")["findings"]) == summaries
