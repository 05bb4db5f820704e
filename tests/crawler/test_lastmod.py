"""Site maps' times: how they are read, what they bring forward, and when a host is not believed."""

import gzip
import time
from datetime import UTC, datetime, timedelta

import pytest

from crawler.lastmod import (
    LIE,
    SitemapRecord,
    WatchedPage,
    decide,
    disbelieved,
    is_believed,
    is_made_up,
    settled,
)
from crawler.model import ResourceId
from crawler.policy import Schedule
from crawler.sitemaps import Lastmod, Listed, lastmods, likeliest, read_lastmod, read_sitemap

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
URL = "https://example.com/help/delete"


def page(number: int = 1, *, checked: timedelta = 5 * DAY, due: timedelta = 20 * DAY) -> WatchedPage:
    return WatchedPage(resource=ResourceId(number), url=f"{URL}/{number}", checked=NOW - checked, next_due=NOW + due)


def moment(at: datetime) -> Lastmod:
    return Lastmod(first=at, last=at)


def test_times_are_read_as_they_are_written() -> None:
    xml = """<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e "e">]><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
    <url><lastmod> 2026-11-20T10:00:00+02:00 </lastmod><loc>http://www.example.com/help/delete/1/</loc>
      <image:image><image:loc>https://example.com/help/delete/3</image:loc></image:image></url>
    <url><loc><![CDATA[https://example.com/help/delete/2]]></loc><lastmod>2026-11-21</lastmod></url>
    <url><loc>https://example.com/help/delete/3</loc></url>
    <url><loc>https://example.com/help/delete/4</loc><lastmod>&e;</lastmod></url></urlset>"""
    read = read_sitemap(gzip.compress(xml.encode()), max_bytes=100_000)
    assert len(read.pages) == 4 and not read.maps
    wanted = [f"{URL}/{number}" for number in range(1, 6)]
    assert lastmods(read.entries, wanted) == {
        f"{URL}/1": moment(datetime(2026, 11, 20, 8, tzinfo=UTC)),
        f"{URL}/2": Lastmod(
            first=datetime(2026, 11, 21, tzinfo=UTC), last=datetime(2026, 11, 22, tzinfo=UTC) - DAY / 86400e6
        ),
    }
    for bad in ("", "now", "2026", "0001-01-01", "9999-12-31T23:59:59-14:00", "2026-13-01", "x" * 10_000):
        assert read_lastmod(bad) is None


def test_of_an_index_the_likeliest_few_are_read() -> None:
    entries = [("posts-1", ""), ("help-old", "2020-01-01"), ("help-en", "2026-11-24"), ("images", "2026-11-24")]
    xml = "<sitemapindex>" + "".join(
        f"<sitemap><loc>https://example.com/{name}.xml</loc>{f'<lastmod>{at}</lastmod>' if at else ''}</sitemap>"
        for name, at in entries
    )
    read = read_sitemap(xml.encode(), max_bytes=100_000)
    assert len(read.maps) == 4 and not read.pages
    found = likeliest(read, [URL], since=NOW - 5 * DAY)
    assert found == [f"https://example.com/{name}.xml" for name in ("help-en", "posts-1", "images")]


def test_hostile_files_cost_little_and_say_nothing() -> None:
    bomb = gzip.compress(b"<urlset>" + b" " * 50_000_000)
    hostile = [
        bomb,
        b"<url><loc>" + b" " * 2_000_000,
        b"<loc>" * 400_000,
        b"<url><lastmod>" * 200_000,
        b"<" * 2_000_000,
        b"<" + b"a" * 2_000_000,
        b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><url><loc>&b;</loc><lastmod>&b;</lastmod></url>',
        b"\x1f\x8b broken",
        b"\xff\xfe\x00<\x00u",
        b"<url><loc>javascript:alert(1)</loc><lastmod>2026-11-24</lastmod></url>",
    ]
    began = time.process_time()
    for each in hostile:
        read = read_sitemap(each, max_bytes=2_000_000)
        assert lastmods(read.entries, [URL]) == {} and not read.maps
    assert time.process_time() - began < 10
    many = b"<urlset>" + b"<url><loc>https://example.com/%d</loc></url>" * 60_000
    assert len(read_sitemap(many, max_bytes=10_000_000).entries) == 50_000


@pytest.mark.parametrize(
    ("told", "due"),
    [
        (moment(NOW - DAY), NOW),
        (moment(NOW - 6 * DAY), None),  # older than the look
        (moment(NOW + HOUR), None),  # not yet
        (Lastmod(first=NOW.replace(hour=0), last=NOW + 12 * HOUR), NOW),  # today, and looked at days ago
        (Lastmod(first=NOW - 5.5 * DAY, last=NOW - 4.5 * DAY), NOW),  # the day of the look, which is over
    ],
)
def test_what_changed_since_the_last_look_is_due(told: Lastmod, due: datetime | None) -> None:
    decision = decide(SitemapRecord(), [page()], {f"{URL}/1": told}, schedule=Schedule(), now=NOW)
    assert decision.forward == ({} if due is None else {ResourceId(1): due})
    assert decision.again == NOW + 7 * DAY, "for one page alone it is not worth asking every day"


def test_never_sooner_than_the_least_interval_nor_later_than_it_was() -> None:
    schedule = Schedule()
    told = {f"{URL}/{number}": moment(NOW - timedelta(minutes=1)) for number in (1, 2)}
    pages = [page(1, checked=HOUR), page(2, checked=HOUR, due=2 * HOUR)]
    decision = decide(SitemapRecord(), pages, told, schedule=schedule, now=NOW)
    assert decision.forward == {ResourceId(1): NOW - HOUR + schedule.min_interval}
    # On the look's own day it is not known which came first, and asked when the day is over.
    today = {f"{URL}/1": Lastmod(first=NOW.replace(hour=0), last=NOW + 12 * HOUR)}
    assert decide(SitemapRecord(), pages, today, schedule=schedule, now=NOW).forward == {}


def test_trust_is_earned_and_lost() -> None:
    pages = [page(number) for number in range(1, 101)]
    told = {each.url: moment(NOW - HOUR) for each in pages}
    new = decide(SitemapRecord(), pages, told, schedule=Schedule(), now=NOW)
    proven = decide(SitemapRecord(hits=10), pages, told, schedule=Schedule(), now=NOW)
    assert (len(new.forward), len(proven.forward)) == (3, 43)
    assert new.again == NOW + DAY

    record = settled(settled(SitemapRecord(), hits=0, misses=3), hits=0, misses=1)
    assert not is_believed(record)
    pauses = []
    for _ in range(8):
        decision = disbelieved(record, NOW)
        pauses.append((decision.again - NOW) / LIE)
        assert is_believed(decision.record)
        record = settled(decision.record, hits=0, misses=3)
        assert not is_believed(record)
    assert pauses == [1, 2, 4, 8, 16, 22.5, 22.5, 22.5]
    better = settled(decision.record, hits=3, misses=0)
    assert is_believed(better) and better.lies == decision.record.lies - 1
    assert is_believed(settled(SitemapRecord(), hits=30, misses=30)), "half of them are worth it"


def test_a_site_map_that_lists_none_is_asked_for_ever_more_rarely() -> None:
    record, waits = SitemapRecord(), []
    for _ in range(8):
        decision = decide(record, [page()], {}, schedule=Schedule(), now=NOW)
        record = decision.record
        waits.append((decision.again - NOW) / DAY)
    assert waits == [2, 4, 8, 16, 32, 32, 32, 32]
    assert is_believed(record)


@pytest.mark.parametrize(
    ("times", "made_up"),
    [
        ([], False),
        ([NOW.isoformat()] * 50, True),
        ([(NOW - timedelta(minutes=1)).isoformat()] * 3, True),
        ([NOW.isoformat(), "2026-01-01", "2026-01-02"], False),
        (["2026-11-25"] * 50, False),  # made anew today: what is looked at will show whether it changed
        (["2030-01-01"] * 2, True),
        (["2030-01-01", "2025-01-01", "2025-01-01"], False),
        (["nonsense"] * 9, False),
    ],
)
def test_times_that_are_no_times_of_changes(times: list[str], *, made_up: bool) -> None:
    entries = [Listed(url=f"{URL}/{number}", lastmod=time) for number, time in enumerate(times)]
    assert is_made_up(entries, NOW) is made_up
