"""Bases for old dates and copies of dead pages, out of a real archive: pywb, by its TimeGate and its TimeMap.

`make archive-tools` puts it into build/archives.
"""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from loccit_pywb import HTML, TOOLS, Record, pywb
from loccit_site import Project, Site, page, project

from loccit.demo.web import Answer

pytestmark = pytest.mark.skipif(
    not (TOOLS / "wayback").exists(), reason="pywb is not in build/archives (make archive-tools)"
)
OK = "200 OK"
LONG = "It says the same as ever, at some length, so that there is no doubt of what this page is about."
WALL = "<title>Just a moment...</title><script src='/cdn-cgi/challenge-platform/x.js'></script><p>Checking your browser"


def kept(path: str, day: str, text: str = "", *, status: str = OK, body: str = "", to: str = "") -> Record:
    headers = [HTML, ("Set-Cookie", "a=b"), *([("Location", to)] if to else [])]
    return f"http://site.test{path}", f"{day}T10:00:00Z", status, headers, (body or page(text).body).encode()


RECORDS = [
    kept("/a", "2026-10-20", "Within 30 days."),
    kept("/a", "2026-11-12", "Within 20 days."),
    kept("/same", "2026-10-30", body=page(LONG).body + "<!-- nonce 1 -->"),
    kept("/wall", "2026-10-01", LONG),
    kept("/wall", "2026-10-31", body=WALL),
    kept("/redirect", "2026-10-30", status="301 Moved Permanently", to="http://site.test/a"),
    kept("/far", "2024-01-01", LONG),
    kept("/late", "2026-11-13", "You pay 5 euros."),
    kept("/error", "2026-10-30", "Not found", status="404 Not Found"),
    kept("/dead", "2026-03-01", LONG),
    kept("/dead", "2026-11-20", "Not found", status="404 Not Found"),
]
PATHS = ("/a", "/same", "/wall", "/redirect", "/far", "/late", "/error", "/none")


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, Project, str]]:
    """Guides verified on 1 November 2026, which loccit first sees today: one for each page."""
    folder = tmp_path_factory.mktemp("asked")
    with pywb(tmp_path_factory.mktemp("archive") / "pywb", RECORDS) as archive, project(folder) as (site, mine):
        settings = (folder / "loccit.toml").read_text("utf-8").replace("settle_hours = 0\n", "")
        (folder / "loccit.toml").write_text(f'{settings}[archive]\nmemento = "{archive}"\ndelay = 0\n', "utf-8")
        for path in PATHS:
            site[path] = page({"/a": "Within 14 days.", "/late": "You pay 7 euros."}.get(path, LONG))
            mine.guide(path[1:], path)
        mine.guide("dead", "/dead")
        yield site, mine, archive


def test_the_first_day_tells_which_guides_are_stale(asked: tuple[Site, Project, str]) -> None:
    _, mine, archive = asked
    done = mine.run("crawl")
    assert done.returncode == 0, done.stderr
    assert "material: a: 30 days → 14 days" in done.stdout and "material: late: 5 euros → 7 euros" in done.stdout
    told = {each["guide"]: each for each in mine.json("status")["guides"]}
    assert {name for name, each in told.items() if each["state"] == "stale"} == {"a", "late", "dead"}
    assert [note for reason in told["a"]["reasons"] for note in reason["notes"]] == [
        "Measured from the archived page of 20 October 2026, 12 days before it was verified: "
        f"{archive}20261020100000/http://site.test/a"
    ]
    bases = {name: [(one["at"], one["days_before"]) for one in each["archived_bases"]] for name, each in told.items()}
    assert bases["a"] == [("2026-10-20T10:00:00Z", 12)] and bases["late"] == [("2026-11-13T10:00:00Z", -12)]
    # The wall of the day before is no page: the one from a month earlier is.
    assert bases["redirect"] == bases["far"] == bases["error"] == bases["none"] == []
    store = sqlite3.connect(mine.folder / ".loccit" / "loccit.db")
    answers = store.execute(
        "select r.url, c.outcome, c.detail from archive_copy c join resource r on r.id = c.resource_id"
    )
    outcomes = {url.rpartition("/")[2]: (outcome, detail) for url, outcome, detail in answers}
    assert outcomes["a"][0] == outcomes["late"][0] == outcomes["same"][0] == outcomes["wall"][0] == "copy"
    assert outcomes["far"] == ("far", "its nearest copy of the page is 1,035 days away")
    assert outcomes["redirect"] == ("unusable", "the page was a redirect at that time")
    assert outcomes["error"] == ("unusable", "status 404") and outcomes["none"] == ("none", "it has no copy")
    store.close()


def test_dead_pages_have_their_last_copy(asked: tuple[Site, Project, str]) -> None:
    _, mine, archive = asked
    copy = f"{archive}20260301100000/http://site.test/dead"
    (found,) = [each for each in mine.json("findings")["findings"] if each["severity"] == "dead"]
    assert (found["archived"], found["archived_at"], found["replacement"]) == (copy, "2026-03-01T10:00:00Z", None)
    checked = {each["guide"]: each for each in mine.json("check")["citations"]}
    assert (checked["dead"]["verdict"], checked["dead"]["archived"]) == ("dead", copy)
    for form in ("text", "markdown", "html"):
        assert copy in mine.run("findings", "--format", form).stdout.replace("\n", "").replace(" ", "")


def test_nothing_is_asked_twice_and_bodies_are_the_pages_own(asked: tuple[Site, Project, str]) -> None:
    site, mine, _ = asked
    again = mine.run("archive")
    assert again.stdout.splitlines() == ["nothing to ask now", "9 questions answered so far, 4 with a copy"]
    assert mine.run("fsck").returncode == 0
    exported = mine.run("export", "warc")
    assert exported.returncode == 0, exported.stderr
    site["/a"] = page("Within 30 days.")
    mine.run("crawl", "--all", "--no-archive")
    told = {each["guide"]: each["state"] for each in mine.json("status")["guides"]}
    assert told["a"] == "verified", "what is again as it was on the verified day has not drifted"
    shown = mine.run("fix", "--dead").stdout
    assert "+    url: http://127.0.0.1:" in shown and "20260301100000/http://site.test/dead" in shown


def test_a_public_archive_hears_nothing_of_private_hosts(tmp_path: Path) -> None:
    with project(tmp_path) as (site, mine):
        with (tmp_path / "loccit.toml").open("a", encoding="utf-8") as settings:
            settings.write('[archive]\nmemento = "https://archive.invalid-but-public.net/"\nsave = true\n')
        site["/a"] = Answer(body=page(LONG).body)
        mine.guide("one", "/a")
        done = mine.run("crawl")
        assert done.returncode == 0 and "archive" not in done.stdout + done.stderr
