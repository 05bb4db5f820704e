"""`loccit check` on links of every kind, end to end: fragments, moves, a host's own "not found", no network at all."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from loccit_site import Project, Site, page, project

from loccit.demo.web import Answer

LONG = "<p>To leave us, open the settings and press the red button; we delete everything within 30 days.</p>" * 12


@pytest.fixture
def work(tmp_path: Path) -> Iterator[tuple[Site, Project]]:
    with project(tmp_path) as both:
        yield both


def html(body: str, title: str = "Leaving") -> Answer:
    return Answer(body=f"<!doctype html><html lang=en><title>{title}</title><body><main>{body}</main>")


def checked(project: Project, *arguments: str) -> dict[str, Any]:
    report = project.json("check", *arguments)
    return {each["url"].removeprefix("http://site.test"): each for each in report["citations"]}


def test_fragments(work: tuple[Site, Project]) -> None:
    site, project = work
    site["/a"] = html(
        f'<h1 id="top-of-it">Leaving</h1><a name="old"></a>{LONG}<h2 id="zurück">Coming back</h2><p>No.</p>'
    )
    site["/script"] = html('<h1>Leaving</h1><div id="root"></div><script src="/app.js"></script>')
    paths = {
        "/a": None,
        "/a#top-of-it": "found",
        "/a#old": "found",
        "/a#zur%C3%BCck": "found",
        "/a#nowhere": "missing",
        "/a#top": "found",
        "/a#:~:text=press%20the%20red%20button": "found",
        "/a#:~:text=press%20the%20green%20button": "missing",
        "/a#old:~:text=open,30%20days": "found",
        "/script#later": None,
        "/script#:~:text=later": None,
    }
    project.guide("a", *(f'"{path}"'[1:-1] for path in paths))
    found = checked(project)
    assert {path: each["fragment"] for path, each in found.items()} == paths
    # What scripts would build needs a browser: nothing is said of its fragments.
    assert {path for path, each in found.items() if each["verdict"] != "ok"} == {
        "/script#later",
        "/script#:~:text=later",
    }
    assert project.run("check").returncode == 0
    failing = project.run("check", "--fail-on", "missing-fragment")
    assert failing.returncode == 1


def test_moves(work: tuple[Site, Project]) -> None:
    site, project = work
    site["/help/leave-us"] = html(LONG)
    site["/help/other"] = html(LONG)
    project.guide("a", "/help/leave-us", "/help/other")
    assert {each["verdict"] for each in checked(project).values()} == {"ok"}
    site["/help/leave-us"] = Answer(status=301, headers={"Location": "/help/b"})
    site["/help/b"] = Answer(status=308, headers={"Location": "/help/4711"})
    site["/help/4711"] = html(LONG + "<p>One more thing.</p>")
    site["/help/other"] = Answer(status=301, headers={"Location": "/shop"})
    site["/shop"] = html(
        "<p>Our shop sells bicycles, lamps, tyres and bells to everybody who comes along.</p>" * 15, "Shop"
    )
    found = checked(project)
    moved, other = found["/help/leave-us"], found["/help/other"]
    assert (moved["verdict"], moved["reason"]) == ("moved", "permanent-redirect")
    assert moved["replacement"] == "http://site.test/help/4711"
    assert [(hop["status"], hop["url"]) for hop in moved["redirects"]] == [
        (301, "http://site.test/help/b"),
        (308, "http://site.test/help/4711"),
    ]
    assert (other["verdict"], other["replacement"], other["drift"]) == ("ok", None, "broken")
    assert "not to the same page" in other["detail"]
    again = checked(project)["/help/other"]
    assert (again["verdict"], again["drift"]) == ("ok", "broken")


def test_a_hosts_own_not_found(work: tuple[Site, Project]) -> None:
    site, project = work
    nothing = html("<h1>Nix da</h1><p>Hier wohnt keiner, den du suchst, und das bleibt so.</p>", "Beispiel")
    site["/"] = page("Welcome to all of you.", title="Beispiel")
    site["/leave"] = html("<h1>Leaving</h1><p>Write to us.</p>")
    site.missing = nothing
    project.guide("a", "/leave", "/gone")
    found = checked(project, "--no-state")
    assert found["/leave"]["verdict"] == "ok"
    assert (found["/gone"]["verdict"], found["/gone"]["reason"]) == ("dead", "soft-404")


def test_without_a_network_the_answer_is_quick_and_blames_nobody(tmp_path: Path) -> None:
    with project(tmp_path) as (_, offline):
        config = tmp_path / "loccit.toml"
        # Two names, mapped to where nobody listens: as far as names go, nothing in the world answers.
        config.write_text(
            "[network]\n"
            'allow = ["127.0.0.0/8"]\n'
            'connect_to = { "one.test:80" = "127.0.0.8:9", "two.test:80" = "127.0.0.9:9" }\n'
            "[crawl]\ndelay = 0\ntimeout = 2\n",
            "utf-8",
        )
        guide = "---\ntitle: A\ncitations:\n  - id: 1\n    url: http://one.test/\n  - id: 2\n    url: http://two.test/\n---\n"
        (tmp_path / "guides" / "a.md").write_text(guide, "utf-8")
        began = time.monotonic()
        done = offline.run("check", "--format", "json")
        assert done.returncode == 3, done.stdout + done.stderr
        assert time.monotonic() - began < 20  # five seconds where nobody else is at work
