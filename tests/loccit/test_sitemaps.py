"""Site maps of a real server on loopback: a page is looked at before its time, a host that lies is left alone."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from loccit_site import Site, page, project

from loccit.app import App
from loccit.commands.crawl import one_pass
from loccit.demo.clock import StoryClock
from loccit.demo.web import Answer
from loccit.exits import Exit

START = datetime(2026, 11, 1, 9, tzinfo=UTC)
PATHS = [f"/help/{name}" for name in ("delete", "export", "fees", "limits", "rights", "terms", "trial")]


class Days:
    """Days that pass, with crawls in between."""

    def __init__(self, folder: Path, site: Site) -> None:
        self.site = site
        self.clock = StoryClock(START)
        self._app = App(cwd=folder, quiet=True, clock=self.clock)

    def crawl(self, day: float) -> list[str]:
        """What was asked of the site then."""
        self.clock.pass_time(START + timedelta(days=day) - self.clock.now())
        self.site.seen.clear()
        assert one_pass(self._app.fresh(), everything=False) is Exit.OK
        return sorted(path for path in self.site.seen if path != "/robots.txt" and "no-such-page" not in path)

    def settle(self) -> None:
        """Two looks at all pages, from which on they are due in several days."""
        assert self.crawl(0) == PATHS, "after the first look, the second one comes soon anyway"
        self.crawl(1)


@pytest.fixture
def days(tmp_path: Path) -> Iterator[Days]:
    with project(tmp_path) as (site, folder):
        for path in PATHS:
            site[path] = page(f"This is what {path} says: it takes 30 days.")
        folder.guide("all", *PATHS, verified="2026-10-30")
        yield Days(folder.folder, site)


def sitemap(times: dict[str, datetime | str]) -> Answer:
    listed = "".join(
        f"<url><loc>http://site.test{path}</loc><lastmod>{at}</lastmod></url>"
        for path, at in ((path, str(at).replace(" ", "T")) for path, at in times.items())
    )
    return Answer(body=f"<urlset>{listed}</urlset>")


def test_a_page_is_looked_at_when_its_site_map_says_that_it_changed(days: Days) -> None:
    days.site["/robots.txt"] = Answer(body="User-agent: *\nAllow: /\nSitemap: http://site.test/maps/index.xml\n")
    days.site["/maps/index.xml"] = Answer(
        body="<sitemapindex>"
        + "".join(f"<sitemap><loc>http://site.test/maps/{name}.xml</loc></sitemap>" for name in "abcd")
        + "<sitemap><loc>http://site.test/maps/help.xml</loc></sitemap></sitemapindex>"
    )
    old = START - timedelta(days=300)
    days.site["/maps/help.xml"] = sitemap(dict.fromkeys(PATHS, old))
    days.settle()
    asked = days.crawl(2.1)
    assert asked[:1] == ["/maps/help.xml"] and "/maps/index.xml" in asked, "the likeliest of an index, and few"
    assert len(asked) <= 3
    assert days.crawl(2.2) == [], "not twice a day"

    days.site["/help/delete"] = page("This is what /help/delete says: it takes 14 days.")
    days.site["/maps/help.xml"] = sitemap({**dict.fromkeys(PATHS, old), "/help/delete": START + timedelta(days=2.5)})
    assert "/maps/help.xml" in days.crawl(3.2)
    assert days.crawl(3.3) == ["/help/delete"], "days before it would have been"
    assert days.crawl(3.4) == []
    assert "/help/delete" not in days.crawl(4.3), "that change is known"


def test_a_host_that_lies_is_left_alone(days: Days) -> None:
    days.settle()
    looks = 0
    asked = []
    for day in range(2, 8):
        # All have changed since yesterday, it says every day.
        said = START + timedelta(days=day - 0.01)
        days.site["/sitemap.xml"] = sitemap(dict.fromkeys(PATHS, said))
        asked.append("/sitemap.xml" in days.crawl(day + 0.1))
        looks += len([path for path in days.crawl(day + 0.2) if path in PATHS])
    assert sum(asked) == 2 and not any(asked[-3:]), asked
    assert looks <= 6, "a few pages are looked at for nothing, and no more"


def test_hostile_and_missing_site_maps_are_harmless(days: Days, tmp_path: Path) -> None:
    days.site["/sitemap.xml"] = Answer(
        body='<!DOCTYPE x [<!ENTITY a "b"><!ENTITY c SYSTEM "file:///etc/passwd">]><urlset><url><loc>&c;</loc>'
        + "<loc>" * 1000
        + " " * 100_000
        + "<url><loc>http://10.0.0.1/help/delete</loc><lastmod>2026-11-01</lastmod>"
    )
    days.settle()
    days.crawl(2.1)
    days.site["/sitemap.xml"] = sitemap(dict.fromkeys(PATHS, "2999-01-01"))
    asked = [day for day in range(3, 9) if "/sitemap.xml" in days.crawl(day + 0.15)]
    assert len(asked) == 1, "times that lie in the future are believed nowhere"
    settings = tmp_path / "loccit.toml"
    settings.write_text(settings.read_text("utf-8") + "[schedule]\nsitemaps = false\n", "utf-8")
    assert not any("/sitemap.xml" in days.crawl(day) for day in (40, 80))
