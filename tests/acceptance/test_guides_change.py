"""What happens to drift when the guides themselves change: another file name, another cited place."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from loccit_site import Project, Site, page, project


@pytest.fixture
def work(tmp_path: Path) -> Iterator[tuple[Site, Project]]:
    with project(tmp_path) as both:
        yield both


def test_a_renamed_file_and_another_place(work: tuple[Site, Project]) -> None:
    site, project = work
    site["/a"] = page("You can change your mind for 30 days.\nIt costs 5 euros.")
    file = project.guide("a", "/a")
    assert project.run("crawl").returncode == 0
    site["/a"] = page("You can change your mind for 14 days.\nIt costs 5 euros.")
    assert project.run("crawl", "--all").returncode == 0
    opened = project.json("findings")["findings"][0]

    file.rename(file.with_name("delete-a.md"))
    # A pull request's check reads the new name before any crawl does, and retires nothing.
    assert project.run("check").returncode == 0
    crawled = project.run("crawl")
    assert "a is delete-a now" in crawled.stderr
    (finding,) = project.json("findings")["findings"]
    assert (finding["id"], finding["guide"], finding["opened"]) == (opened["id"], "delete-a", opened["opened"])
    assert project.json("status")["guides"][0]["state"] == "stale"

    # What the guide rests on is the price: a place is named, and counts at once although the page is not due.
    written = file.with_name("delete-a.md").read_text("utf-8")
    place = 'url: http://site.test/a\n    place: {quote: "It costs 5 euros"}'
    file.with_name("delete-a.md").write_text(written.replace("url: http://site.test/a", place), "utf-8")
    crawled = project.run("crawl")
    assert "looked at 1 source" in crawled.stdout
    assert project.json("findings")["findings"] == []
    assert project.json("status")["guides"][0]["state"] == "verified"

    file.with_name("delete-a.md").unlink()
    project.guide("b", "/b")
    site["/b"] = page("Something else altogether.")
    site["/a"] = page("You can change your mind for 7 days.\nIt costs 9 euros.")
    assert project.run("crawl").returncode == 0
