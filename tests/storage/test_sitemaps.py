"""What is remembered of hosts' site maps."""

from dataclasses import replace
from datetime import timedelta

from storage_builders import DAY, START, citation, guide, look, sync

from crawler.lastmod import SitemapDecision, SitemapRecord
from storage.store import Store

URLS = ("https://example.com/a", "https://example.com/b", "https://other.example/c")
PAGE = b"<p>It takes 30 days until your account is gone for good.</p>"
LATER = START + timedelta(hours=1)


def recorded(store: Store, bodies: dict[str, bytes | None], day: float) -> None:
    """A look at these pages, which are due again in ten days."""
    ids = {url: resource for resource, url in store.resources()}
    for url, body in bodies.items():
        at = START + DAY * day
        seen = look(store.known(ids[url]), body, at)
        store.record(replace(seen, next_due=at + 10 * DAY), [])


def test_a_host_is_asked_once_a_day_and_what_it_said_is_measured(store: Store) -> None:
    sync(store, guide("g", *(citation(f"c{number}", url) for number, url in enumerate(URLS, 1))))
    sitemaps = store.sitemaps
    assert sitemaps.hosts(LATER, limit=9) == [], "nothing was looked at yet"
    recorded(store, {URLS[0]: PAGE, URLS[1]: PAGE + b"!", URLS[2]: None}, 0)
    hosts = sitemaps.hosts(LATER, limit=9)
    assert len(hosts) == 1, "a page that did not come has nothing to gain"
    host = sitemaps.begin(hosts[0], LATER)
    assert host is not None
    assert (host.name, host.record) == ("example.com", SitemapRecord()) and len(host.pages) == 2
    # Asked, though nobody came back to say what it answered.
    assert sitemaps.begin(hosts[0], LATER) is None and sitemaps.hosts(LATER, limit=9) == []
    assert sitemaps.hosts(LATER + DAY, limit=9, only=hosts[0]) == hosts
    assert sitemaps.hosts(LATER + DAY, limit=9, only=hosts[0] + 99) == []

    forward = {page.resource: LATER for page in host.pages}
    decision = SitemapDecision(record=SitemapRecord(hits=1, lies=2), again=LATER + DAY, forward=forward)
    assert sitemaps.end(host.id, decision, LATER) == 2
    assert {order.url for _, order in store.due(LATER)} >= set(URLS[:2])
    assert store.due_figures(LATER).due >= 2

    # One had changed, one had not.
    recorded(store, {URLS[0]: PAGE.replace(b"30", b"14"), URLS[1]: PAGE + b"!"}, 0.5)
    again = sitemaps.begin(host.id, LATER + 2 * DAY)
    assert again is not None and again.record == SitemapRecord(hits=2, misses=1, lies=1)
    # It is counted once.
    once = sitemaps.begin(host.id, LATER + 4 * DAY)
    assert once is not None and once.record == again.record

    # What was looked at since the host was asked, or is due sooner already, is left as it is.
    early = {page.resource: page.next_due for page in once.pages}
    assert sitemaps.end(host.id, SitemapDecision(record=once.record, again=LATER, forward=early), LATER + 4 * DAY) == 0
    recorded(store, {URLS[0]: PAGE}, 6)
    now = START + 5 * DAY
    first = next(page.resource for page in once.pages if page.url == URLS[0])
    late = SitemapDecision(record=once.record, again=LATER, forward={first: now})
    assert sitemaps.end(host.id, late, now) == 0
    assert sitemaps.begin(99, LATER) is None
