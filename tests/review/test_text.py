"""Foreign words made safe, and words for dates, numbers and addresses."""

import re
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
import review_builders as make
from hypothesis import given
from hypothesis import strategies as st

from review.text import count, day, inert, instant, link_target, moment, one_line, shortened

HIDDEN = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f\ud800-\udfff]")


@given(st.text(st.characters()))
def test_one_line_is_one_line_of_visible_characters(text: str) -> None:
    safe = one_line(text)
    assert len(safe.splitlines()) <= 1
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", safe)
    assert not HIDDEN.search(safe)
    safe.encode()
    assert one_line(safe) == safe


def test_what_python_calls_printable_needs_no_cleaning() -> None:
    """`one_line` lets such texts pass; it would not do if some version of Unicode made a hidden character printable."""
    for character in map(chr, range(0x110000)):
        if character.isprintable() and character != " ":
            assert not HIDDEN.match(character)
            assert not re.match(r"[\s\x00-\x1f\x7f-\x9f\u061c\u180e\ufff9-\ufffb]", character)


@given(st.text(st.characters()), st.integers(10, 100))
def test_one_line_keeps_its_limit(text: str, limit: int) -> None:
    assert len(one_line(text, limit)) <= limit


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("a\r\n\tb\x00c", "a b c"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x9b2Jcleared", "cleared"),
        ("\x1b]8;;http://evil\x07link\x1b]8;;\x07", "8;;http://evil link 8;;"),
        ("hidden \x1b] to the end", "hidden to the end"),
        ("photo\u202egnp.exe", "photognp.exe"),
        ("pass\u00adword\u200b", "password"),
        ("نمی\u200cخواهم", "نمی\u200cخواهم"),
        ("👩\u200d💻", "👩\u200d💻"),
        ("bad \ud800", "bad \ufffd"),
    ],
)
def test_one_line(text: str, safe: str) -> None:
    assert one_line(text).replace("  ", " ") == safe


def test_huge_text_is_cut_before_it_is_read() -> None:
    assert one_line("word " * 10_000_000, 20) == "word word word word…"
    assert shortened("short", 10) == "short"


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://example.org/a?b=c#d", "https://example.org/a?b=c#d"),
        ("HTTP://EXAMPLE.org", "HTTP://EXAMPLE.org"),
        ('https://example.org/"onx="y', "https://example.org/%22onx=%22y"),
        ("https://example.org/a b>|`", "https://example.org/a%20b%3E%7C%60"),
        ("https://例え.jp/é", "https://例え.jp/é"),
        ("javascript:alert(1)", None),
        ("JaVaScRiPt:alert(1)", None),
        ("java\nscript:alert(1)", None),
        ("\x01javascript:alert(1)", None),
        (" https://example.org", None),
        ("data:text/html,x", None),
        ("vbscript:x", None),
        ("//example.org/x", None),
        ("https://", None),
        ("https:///path", None),
        ("https://user:secret@example.org/", None),
        ("https://example.org:port/", None),
        ("http://[::1", None),
        ("https://example.org/\u202egnp", None),
        ("https://example.org/\ud800", None),
        ("", None),
    ],
)
def test_link_target(url: str, target: str | None) -> None:
    assert link_target(url) == target


@given(st.text(st.characters()))
def test_link_target_never_fails_and_never_quotes(url: str) -> None:
    for each in (url, "https://a.example/" + url):
        target = link_target(each)
        if target is not None:
            assert re.match(r"(?i)https?://", target)
            assert not set(target) & set("\"'<>` \n\\|")


def test_inert_output_commands_nobody() -> None:
    hostile = "::error::x\n   ::warning::y\n\x1b[31m::notice::z\nsay ##[set-env]a\n##vso[b]\n##teamcity[c]\nstd::vec"
    safe = inert(hostile)
    assert not re.search(r"(?m)^(?:\s|\x1b\[\d+m)*::", safe)
    assert not re.search(r"##(\[|vso\[|teamcity\[)", safe)
    assert safe.endswith("std::vec")
    assert inert(safe) == safe


def test_dates_and_numbers() -> None:
    east = datetime(2026, 1, 1, 1, 0, tzinfo=timezone(timedelta(hours=2)))
    assert instant(east) == "2025-12-31T23:00:00Z"
    assert instant(None) is None
    assert instant(make.NOW.replace(microsecond=5)) == "2026-11-24T12:00:00Z"
    assert moment(east) == "31 December 2025, 23:00 UTC"
    assert day(date(2026, 3, 1)) == "1 March 2026"
    assert day(date(2026, 3, 1), seen_from=date(2026, 9, 9)) == "1 March"
    assert day(date(2025, 3, 1), seen_from=date(2026, 9, 9)) == "1 March 2025"
    assert [count(n, "guide") for n in (0, 1, 1204)] == ["0 guides", "1 guide", "1,204 guides"]
    assert datetime.fromisoformat(instant(datetime(9, 1, 1, tzinfo=UTC)) or "")
