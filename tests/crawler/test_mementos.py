"""What archives say of their copies, in every form, sound and broken."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.mementos import Capture, captures_of, dated, is_copy_of, is_framed, links, nearest, read_timemap
from crawler.reserved import is_public_host

GATE = "https://web.archive.org/web/"
PAGE = "https://example.com/help?a=1"
NOW = datetime(2026, 11, 25, tzinfo=UTC)
ONE = datetime(2025, 10, 20, 10, 0, tzinfo=UTC)
LINK_FORMAT = f"""<{PAGE}>; rel="original",
<{GATE}timemap/link/{PAGE}>; rel="self"; type="application/link-format"; from="Mon, 20 Oct 2025 10:00:00 GMT",
<{GATE}{PAGE}>; rel="timegate",
<{GATE}20251020100000/{PAGE}>; rel="first memento"; datetime="Mon, 20 Oct 2025 10:00:00 GMT",
<{GATE}20251112100000/{PAGE}>; rel="memento last"; datetime="Wed, 12 Nov 2025 10:00:00 GMT"; license="x,y",
<{GATE}20251112100000/https://example.com/other>; rel="memento"; datetime="Wed, 12 Nov 2025 10:00:00 GMT",
<{GATE}20251113100000/{PAGE}>; rel="memento"; datetime="yesterday",
"""
ROWS = """[["urlkey","timestamp","original","mimetype","statuscode","digest"],
["com,example)/help?a=1","20251020100000","https://example.com/help?a=1","text/html","200","X"],
["com,example)/help?a=1","20251112100000","http://www.example.com/help?a=1","text/html","301","X"],
["com,example)/help?a=1","2025","https://example.com/help?a=1","text/html","200","X"],["short"]]"""
LINES = (
    '{"urlkey": "x", "timestamp": "20251020100000", "url": "https://example.com/help?a=1", "status": "200"}\n'
    '{"timestamp": "20251112100000", "url": "https://example.com/help?a=1", "status": "-"}\nnonsense\n'
)
LISTED = (
    '{"original_uri": "x", "mementos": {"list": [{"datetime": "2025-10-20T10:00:00Z", "uri": '
    f'"{GATE}20251020100000/{PAGE}"}}, {{"datetime": 7}}, "x"]}}}}'
)


@pytest.mark.parametrize(
    ("body", "statuses"),
    [(LINK_FORMAT, [None, None]), (ROWS, [200, 301]), (LINES, [200, None]), (LISTED, [None])],
)
def test_a_time_map_is_read_in_every_form(body: str, statuses: list[int | None]) -> None:
    found = read_timemap(body.encode(), base=GATE, gate=GATE, page=PAGE)
    assert [each.status for each in found] == statuses
    assert found[0].at == ONE and found[0].url == f"{GATE}20251020100000/{PAGE}"


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"[[]]", b"[1,2]", b"null", b"{}", b"<html>no</html>", b"\xff\xfe", b"[" * 100_000]
)
def test_what_is_no_time_map_lists_nothing(body: bytes) -> None:
    assert read_timemap(body, base=GATE, gate=GATE, page=PAGE) == []


@given(st.binary(max_size=500))
def test_any_bytes_are_read_without_trouble(body: bytes) -> None:
    read_timemap(b"[" + body, base=GATE, gate=GATE, page=PAGE)
    read_timemap(body, base=GATE, gate=GATE, page=PAGE)


@given(st.text(max_size=200))
def test_any_link_header_is_read_without_trouble(text: str) -> None:
    list(captures_of(links(text, GATE)))
    dated(text)


def test_a_large_time_map_is_read_in_time() -> None:
    hostile = ("<a" * 200_000 + "; rel=" + '"' * 100_000).encode()
    assert read_timemap(hostile, base=GATE, gate=GATE, page=PAGE) == []


def test_addresses_of_copies() -> None:
    copy = dated(f"{GATE}20251020100000if_/https:/example.com/help?a=1")
    assert copy is not None and copy.at == ONE and copy.of == PAGE
    assert copy.raw == f"{GATE}20251020100000id_/{PAGE}" and copy.shown == f"{GATE}20251020100000/{PAGE}"
    assert dated(f"{GATE}20251399100000/{PAGE}") is None and dated(PAGE) is None
    assert is_copy_of(f"{GATE}20251020100000/http://www.example.com/help?a=1", PAGE)
    assert not is_copy_of(f"{GATE}20251020100000/https://example.com/other", PAGE)


def test_the_nearest_before_comes_first_then_the_nearest_after() -> None:
    day = timedelta(days=1)
    moments = (-100, -9, -3, 2, 5, 95, 10_000)
    every = [Capture(url=f"u{number}", at=ONE + number * day) for number in moments]
    every += [Capture(url="redirect", at=ONE, status=301), Capture(url="old", at=datetime(1980, 1, 1, tzinfo=UTC))]
    chosen = nearest(every, ONE, within=90 * day, now=NOW)
    assert [each.url for each in chosen] == ["u-3", "u-9", "u2", "u5"]


@pytest.mark.parametrize(
    ("body", "framed"),
    [
        (b"<html><!-- BEGIN WAYBACK TOOLBAR INSERT --><p>x", True),
        (b"<html><!-- WB Insert --><script>wbinfo = {};</script>", True),
        (b"<script>__wm.init('https://web.archive.org/web');</script>", True),
        (b"<p>See the Wayback Machine at https://web.archive.org/web/2020/http://example.com/</p>", False),
    ],
)
def test_an_archives_own_frame_is_seen(body: bytes, framed: bool) -> None:
    assert is_framed(body) is framed


@pytest.mark.parametrize(
    ("host", "public"),
    [
        ("help.vendor.com", True),
        ("8.8.8.8", True),
        ("2001:4860:4860::8888", True),
        ("localhost", False),
        ("intranet", False),
        ("site.test", False),
        ("wiki.corp", False),
        ("www.example.com", False),
        ("printer.local.", False),
        ("127.0.0.1", False),
        ("10.0.0.1", False),
        ("::1", False),
        ("::ffff:10.0.0.1", False),
        ("", False),
    ],
)
def test_private_hosts_are_told_by_their_names(host: str, public: bool) -> None:
    assert is_public_host(host) is public
