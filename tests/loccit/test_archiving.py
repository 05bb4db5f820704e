"""The archive step against archives that misbehave: what is not the page never counts, and nobody is hurried."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from crawler_shells import BODY, TITLE, next_page
from loccit_pywb import HTML, write_warc
from loccit_site import Project, Site, page

from crawler.model import ResourceId
from guides.model import GuideId
from loccit.app import App
from loccit.archiving.followup import follow_up
from loccit.commands.crawl import one_pass
from loccit.demo.clock import StoryClock
from loccit.demo.web import Answer, serve
from loccit.taking import MISREAD, take_archive
from loccit.wiring import open_store
from storage.store import Store

START = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
TEXT = "You wait 30 days before anything is deleted, and nobody can make that any faster, whatever they say to you."
GATE = "http://archive.test/web/"
STAMP = "20261028100000"
MOMENT = "Wed, 28 Oct 2026 10:00:00 GMT"


@dataclass(slots=True, kw_only=True)
class World:
    """A project whose guides were verified on 1 November, its site, and an archive whose answers a test sets."""

    work: Project
    site: Site
    archive: Site
    clock: StoryClock
    app: App

    def guides(self, *names: str) -> None:
        for name in names:
            self.work.guide(name, f"/{name}")
            self.site[f"/{name}"] = page(TEXT.replace("30", "14"), title=f"Deleting {name}")

    def crawl(self) -> None:
        one_pass(self.app, everything=True)

    def step(self, budget: int | None = None) -> list[str]:
        with open_store(self.app.settings) as store:
            return list(follow_up(self.app, store, budget=budget))

    def asked(self) -> list[str]:
        """What the archive was asked since the last time."""
        seen, self.archive.seen = self.archive.seen, []
        return [path for path in seen if path != "/robots.txt"]

    def outcomes(self) -> dict[str, str]:
        with open_store(self.app.settings) as store:
            every = store._database.read(
                lambda connection: connection.exec_driver_sql(
                    "select r.url, c.outcome, c.detail from archive_copy c join resource r on r.id = c.resource_id"
                ).all()
            )
            return {url.rpartition("/")[2]: f"{outcome}: {detail}" for url, outcome, detail in every}

    def basis(self, name: str) -> str:
        with open_store(self.app.settings) as store:
            found = store.basis_of(GuideId(name), resource_of(store, name))
            return found.set_by if found else ""


def resource_of(store: Store, name: str) -> ResourceId:
    return next(number for number, url in store.resources() if url.endswith(f"/{name}"))


@contextmanager
def world(folder: Path, more: str = "", crawl: str = "") -> Iterator[World]:
    site, archive = Site(), Site()
    archive["/robots.txt"] = Answer(status=404)
    with serve(lambda host, path: (archive if host == "archive.test" else site).answer(host, path)) as port:
        work = Project(folder, port)
        settings = (folder / "loccit.toml").read_text("utf-8")
        settings = settings.replace('"site.test:80"', f'"archive.test:80" = "127.0.0.1:{port}", "site.test:80"')
        settings = settings.replace("retries = 1\n", f"retries = 0\n{crawl}")
        (folder / "loccit.toml").write_text(f'{settings}[archive]\nmemento = "{GATE}"\ndelay = 0\n{more}', "utf-8")
        clock = StoryClock(START)
        yield World(work=work, site=site, archive=archive, clock=clock, app=App(cwd=folder, quiet=True, clock=clock))


def to(target: str, status: int = 302) -> Answer:
    return Answer(status=status, headers={"Location": target})


def copied(body: str, moment: str = MOMENT, status: int = 200, **headers: str) -> Answer:
    return Answer(body=body, status=status, headers={"Memento-Datetime": moment, **headers})


def put(archive: Site, name: str, raw: Answer, stamp: str = STAMP) -> None:
    """A copy in an archive that is like the Wayback Machine."""
    archive[f"/web/http://site.test/{name}"] = to(f"{GATE}{stamp}/http://site.test/{name}")
    archive[f"/web/{stamp}id_/http://site.test/{name}"] = raw


def good(name: str) -> str:
    return page(TEXT, title=f"Deleting {name}").body


def test_what_is_not_the_page_never_becomes_a_basis(tmp_path: Path) -> None:
    wall = "<title>Just a moment...</title><script src='/cdn-cgi/challenge-platform/x.js'></script><p>Checking"
    bad: dict[str, tuple[Answer, str]] = {
        "toolbar": (copied(good("toolbar") + "<!-- BEGIN WAYBACK TOOLBAR INSERT -->"), "archive put its own"),
        "rewritten": (copied(good("rewritten") + f'<a href="/web/{STAMP}/http://site.test/x">x</a>'), "put its own"),
        "wall": (copied(wall), "not the page (challenge)"),
        "soft": (Answer(body=good("soft")), "does not say that it is a copy"),
        "future": (copied(good("future"), "Wed, 28 Oct 2037 10:00:00 GMT"), "dates contradict"),
        "other": (copied(good("other"), "Wed, 28 Oct 2020 10:00:00 GMT"), "dates contradict"),
        "past": (to("http://site.test/elsewhere", 301), "the page was a redirect"),
        "loop": (to(f"{GATE}{STAMP}id_/http://site.test/loop"), "redirects in a circle"),
        "error": (copied(good("error"), status=404), "status 404"),
        "empty": (copied(""), "not the page"),
        "large": (copied("<p>" + "x" * 300_000), "no answer (too-large)"),
    }
    with world(tmp_path, crawl="max_bytes = 200_000\n") as here:
        for name, (answer, _) in bad.items():
            put(here.archive, name, answer)
        gates = {
            "page": (page("A page of the archive's own: the page that you want is not here."), "names no copy"),
            "circle": (to(f"{GATE}http://site.test/circle"), "redirects in a circle"),
            "private": (to("http://10.1.2.3/secret"), "failed"),
            "closed": (Answer(status=403), "shows no copy"),
        }
        for name, (answer, _) in gates.items():
            here.archive[f"/web/http://site.test/{name}"] = answer
        put(here.archive, "right", copied(good("right")))
        here.guides("right", *bad, *gates)
        here.crawl()
        told = here.step(budget=500)
        outcomes = here.outcomes()
        for name, (_, why) in {**bad, **gates}.items():
            assert why in outcomes[name], (name, outcomes[name])
            assert here.basis(name) == "crawl", name
        assert here.basis("right") == "archive" and outcomes["right"] == "copy: "
        assert [line for line in told if "material" in line] == [
            "  material: right: 30 days → 14 days (Deleting right)  http://site.test/right"
        ]
        assert not any("10.1.2.3" in path for path in here.site.seen + here.archive.seen)
        here.asked()
        assert here.step(budget=500) == [] and here.asked() == [], "answers are kept, those without a copy too"
        here.clock.pass_time(timedelta(days=61))
        here.step(budget=500)
        assert {path.rpartition("/")[2] for path in here.asked()} > {"toolbar", "page"}, "… but not for ever"


def test_a_selector_is_not_measured_from_an_archived_page_s_data(tmp_path: Path) -> None:
    shell = next_page({"title": TITLE, "slug": "x", "body": BODY})
    with world(tmp_path) as here:
        for name, place in (("whole", ""), ("selected", "    place: {css: main}\n")):
            url = f"http://site.test/{name}"
            here.work.guide(name, extra=f"citations:\n  - id: 1\n    url: {url}\n{place}")
            put(here.archive, name, copied(shell.decode()))
        here.site["/whole"] = Answer(body=shell.decode().replace("30 days", "7 days"))
        here.site["/selected"] = page(TEXT)
        here.crawl()
        here.step()
        assert here.outcomes() == {"whole": "copy: ", "selected": f"unusable: {MISREAD}"}
        assert (here.basis("whole"), here.basis("selected")) == ("archive", "crawl")
        record = ("http://site.test/selected", "2026-10-20T10:00:00Z", "200 OK", [HTML], shell)
        write_warc(tmp_path / "a.warc.gz", [record])
        with open_store(here.app.settings) as store:
            taken = take_archive(store, tmp_path / "a.warc.gz", "a", here.app.settings, now=here.clock.now())
        assert taken.left_out == {MISREAD: 1} and here.basis("selected") == "crawl"


@pytest.mark.parametrize(("retry", "wait"), [("3600", timedelta(hours=1)), ("", timedelta(minutes=15))])
def test_an_archive_that_wants_to_be_left_alone_is(tmp_path: Path, retry: str, wait: timedelta) -> None:
    with world(tmp_path) as here:
        here.guides("one", "two", "three")
        here.archive.missing = Answer(status=429 if retry else 503, headers={"Retry-After": retry} if retry else {})
        here.crawl()
        assert "left alone until" in here.step()[-1]
        assert len(here.asked()) == 1
        here.clock.pass_time(wait - timedelta(seconds=1))
        assert len(here.step()) == 1 and here.asked() == []
        here.clock.pass_time(timedelta(seconds=2))
        here.step()
        assert len(here.asked()) == 1
        # Without a word of how long, it is left alone for twice the time; a crawl is not troubled by any of it.
        here.clock.pass_time(wait + timedelta(seconds=1))
        here.archive.missing = Answer(status=404)
        here.step()
        assert len(here.asked()) == (0 if not retry else 3)
        here.clock.pass_time(wait)
        here.step()
        assert len(here.asked()) == (3 if not retry else 0)


def test_a_silent_archive_costs_two_time_outs_and_a_budget_is_kept(tmp_path: Path) -> None:
    import threading

    with world(tmp_path, crawl="timeout = 0.4\n") as here:
        names = [f"g{number}" for number in range(5)]
        here.guides(*names)
        here.crawl()
        silent = threading.Event()
        for name in names:
            here.archive.held[f"/web/http://site.test/{name}"] = silent
        told = here.step()
        silent.set()
        assert len(here.asked()) == 2 and "no answer (timeout)" in told[-1]
        here.archive.held.clear()
        for name in names:
            put(here.archive, name, copied(good(name)))
        here.clock.pass_time(timedelta(hours=12))
        # Two requests a question: five answer two of them, and the rest comes another day.
        told = here.step(budget=5)
        assert len(here.asked()) == 5 and "  3 questions left for the next runs" in told
        assert sorted(map(here.basis, names)) == ["archive"] * 2 + ["crawl"] * 3
        here.step(budget=60)
        assert {here.basis(name) for name in names} == {"archive"}


def test_the_copy_before_the_day_is_found_in_a_time_map(tmp_path: Path) -> None:
    after, before = "20261103100000", "20261020100000"
    with world(tmp_path, crawl="max_bytes = 200_000\n") as here:
        link = f'<{GATE}timemap/link/http://site.test/%s>; rel="timemap"; type="application/link-format"'
        entry = f'<{GATE}{{}}/http://site.test/{{}}>; rel="memento"; datetime="{{}}",\n'
        maps = {
            "link": entry.format(before, "link", "Tue, 20 Oct 2026 10:00:00 GMT"),
            "json": '{"mementos": {"list": [{"datetime": "2026-10-20T10:00:00Z", "uri": '
            f'"{GATE}{before}/http://site.test/json"}}]}}}}',
            "huge": entry.format(before, "huge", "Tue, 20 Oct 2026 10:00:00 GMT") * 5_000,
            "broken": "<<<>>>;;; rel=memento",
        }
        for name, text in maps.items():
            put(here.archive, name, copied(good(name), "Tue, 03 Nov 2026 10:00:00 GMT"), after)
            told = to(f"{GATE}{after}/http://site.test/{name}")
            here.archive[f"/web/http://site.test/{name}"] = Answer(
                status=302, headers={**told.headers, "Link": link % name}
            )
            here.archive[f"/web/timemap/link/http://site.test/{name}"] = Answer(body=text)
            here.archive[f"/web/{before}id_/http://site.test/{name}"] = copied(
                good(name).replace("30", "40"), "Tue, 20 Oct 2026 10:00:00 GMT"
            )
        here.guides(*maps)
        here.crawl()
        told_lines = here.step(budget=100)
        assert {line.split(":")[1].strip(): line for line in told_lines if "material" in line}.keys() == set(maps)
        assert sum("40 days → 14 days" in line for line in told_lines) == 2, "link and JSON"
        assert sum("30 days → 14 days" in line for line in told_lines) == 2, "else the one after the day"


# ---------------------------------------------------------------- where dead pages are now


ARTICLE = "\n".join(
    f"Step {number}: open the page of your account, look for the part called {word}, and press the button there."
    for number, word in enumerate(("closing", "privacy", "removal", "export", "devices", "danger"), 1)
)


NEXT = "Something else that is said at length, for the sake of the neighbours, who have a page of their own."


def listing(*paths: str) -> Answer:
    return page("\n".join(f"<a href='{path}'>{path.rpartition('/')[2].replace('-', ' ')}</a>" for path in paths), "All")


def dies(here: World) -> None:
    here.work.guide("one", "/help/close-your-account")
    here.work.guide("two", "/help/neighbour")
    here.site["/help/close-your-account"] = page(ARTICLE, "Close your account | Example")
    here.site["/help/neighbour"] = page(NEXT, "Next door")
    here.crawl()
    del here.site.answers["/help/close-your-account"]
    here.clock.pass_time(timedelta(days=1))


def suggestion(here: World) -> tuple[str, str]:
    here.crawl()
    here.step()
    with open_store(here.app.settings) as store:
        (found,) = store.findings()
        assert found.severity == "dead"
        return (found.suggested.url, found.suggested.why) if found.suggested else ("", "")


def moved_to_site_map(site: Site) -> None:
    site["/robots.txt"] = Answer(body="Sitemap: http://site.test/maps.xml\n")
    site["/maps.xml"] = Answer(
        body="<sitemapindex><sitemap><loc>http://site.test/m1.xml</loc></sitemap></sitemapindex>"
    )
    urls = "".join(f"<url><loc>http://site.test/articles/{n}</loc></url>" for n in range(3_000))
    site["/m1.xml"] = Answer(
        body=f"<urlset>{urls}<url><loc>http://site.test/kb/close-your-account</loc></url></urlset>"
    )
    site["/kb/close-your-account"] = page(ARTICLE, "Close your account | Example")


def moved_and_linked(site: Site) -> None:
    site["/help/"] = listing("/kb/close-your-account", "/kb/open-your-account")
    site["/kb/close-your-account"] = page(
        ARTICLE.replace("called danger", "called deleting"), "Close your account | Example"
    )
    site["/kb/open-your-account"] = page(NEXT, "Open your account | Example")


def redirected(site: Site) -> None:
    """The old address leads to the home page; a second one, as long as it lasts, to the page."""
    site["/help/close-your-account"] = to("http://site.test/new/gone-home")
    site["/new/gone-home"] = Answer(status=404, body=listing("/new/how-to-leave").body)
    site["/"] = listing("/x/close-your-account")
    site["/x/close-your-account"] = page(ARTICLE, "Close your account | Example")


def only_siblings(site: Site) -> None:
    """The same template under the same title, and a text that is another one."""
    site["/help/"] = listing("/kb/close-your-account", "/kb/close-your-account-on-android")
    other = "\n".join(
        f"Item {n}: on this telephone go to the settings, choose the entry {n}, and confirm." for n in range(4)
    )
    site["/kb/close-your-account"] = page(other, "Close your account | Example")
    site["/kb/close-your-account-on-android"] = page(other + "\nMore.", "Close your account | Example")
    site["/"] = page(ARTICLE, "Close your account | Example")  # the home page shows it for now: it is no address of it


@pytest.mark.parametrize(
    ("after", "url", "why"),
    [
        (moved_to_site_map, "http://site.test/kb/close-your-account", "the same text, its site map"),
        (moved_and_linked, "http://site.test/kb/close-your-account", "of its text, a link on its site"),
        (redirected, "http://site.test/x/close-your-account", "the same text, a link on its site"),
        (only_siblings, "", ""),
    ],
)
def test_a_dead_page_is_found_where_it_is_now(
    tmp_path: Path, after: Callable[[Site], None], url: str, why: str
) -> None:
    with world(tmp_path) as here:
        dies(here)
        after(here.site)
        here.site.seen.clear()
        found = suggestion(here)
        assert found[0] == url and why in found[1], found
        asked = [path for path in here.site.seen if path != "/robots.txt"]
        assert len(asked) <= 12 + 5, "a bounded number of requests, beside those of the crawl"
        here.site.seen.clear()
        here.step()
        assert here.site.seen == [], "what was found, or not, is not looked for at every pass"


# ---------------------------------------------------------------- pages to save


def test_newly_cited_pages_are_saved(tmp_path: Path) -> None:
    with world(tmp_path, more='save = true\nsave_url = "http://archive.test/save/"\nsuggest = 0\n') as here:
        here.guides("located", "told", "later", "refused", "private")
        hidden = here.site.answers["/private"].body.replace("<title>", "<meta name=robots content='noarchive'><title>")
        here.site["/private"] = Answer(body=hidden)
        place = "/web/20261125090000/http://site.test/"
        here.archive["/save/http://site.test/located"] = to(f"http://archive.test{place}located")
        here.archive["/save/http://site.test/told"] = Answer(
            body="Saved.", headers={"Content-Location": f"{place}told"}
        )
        here.archive["/save/http://site.test/later"] = Answer(body="Saving …")
        here.archive["/save/http://site.test/refused"] = Answer(status=403)
        here.crawl()
        told = here.step(budget=100)
        assert "2 pages saved" in told[0]
        asked = [path for path in here.asked() if path.startswith("/save/")]
        assert len(asked) == 4 and not any("private" in path for path in asked)
        put(here.archive, "later", copied(good("later"), "Wed, 25 Nov 2026 09:00:30 GMT"), "20261125090030")
        here.clock.pass_time(timedelta(hours=2))
        assert "1 page saved" in " ".join(here.step(budget=100))
        assert not any(path.startswith("/save/") for path in here.asked())
        with open_store(here.app.settings) as store:
            known = store.archives.suggestions([f"http://site.test/{name}" for name in ("located", "told", "later")])
        assert known["http://site.test/located"].archived == f"http://archive.test{place}located"
        assert len(known) == 3
        here.guides("hurried")
        here.archive["/save/http://site.test/hurried"] = Answer(status=429)
        here.crawl()
        assert [each.rpartition(": ")[2] for each in (here.step()[-1], *here.step())] == ["it answers 429"] * 2
