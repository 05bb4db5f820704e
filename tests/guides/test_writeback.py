"""The verified date is set, and no other byte changes."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guides.dates import parse_date, rewrite_date
from guides.read import read_file
from guides.rewrite import write_verified
from guides.settings import GuideSettings, Mapping
from guides.writeback import WritebackError, set_verified

TODAY = date(2026, 1, 22)


def stet(name: str, data: bytes, mapping: Mapping | None = None, which: int = 0) -> bytes:
    config = GuideSettings(mapping=(mapping,) if mapping else ())
    guide = read_file(name, data, config, today=TODAY).guides[which]
    return set_verified(name, data, guide, TODAY, mapping=mapping)


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        (
            "a.md",
            "---\ntitle: x\nverified: '2025-11-08'  # me \n---\nb",
            "---\ntitle: x\nverified: '2026-01-22'  # me \n---\nb",
        ),
        (
            "a.md",
            "---\r\ntitle: x \r\ntags: [a]\r\n---\r\nb",
            "---\r\ntitle: x \r\nverified: 2026-01-22\r\ntags: [a]\r\n---\r\nb",
        ),
        ("a.md", "---\ntags:\n  - a\n---\nb", "---\ntags:\n  - a\nverified: 2026-01-22\n---\nb"),
        ("a.md", "---\ntitle: x\nverified:\n---\n", "---\ntitle: x\nverified: 2026-01-22\n---\n"),
        ("a.md", "---\ntitle: x\nverified: 2025-11-08T10:00:00Z\n---\n", "---\ntitle: x\nverified: 2026-01-22\n---\n"),
        ("a.md", "# t\n", "---\nverified: 2026-01-22\n---\n\n# t\n"),
        ("a.md", "---\n---\n# t\n", "---\nverified: 2026-01-22\n---\n# t\n"),
        ("a.yaml", "title: >-\n  long\n  title\ntime: 5", "title: >-\n  long\n  title\ntime: 5\nverified: 2026-01-22"),
        ("a.yaml", "{title: x, time: 5}\n", "{title: x, time: 5, verified: 2026-01-22}\n"),
        (
            "a.json",
            '{\n  "title": "x",\n  "time": "5"\n}\n',
            '{\n  "title": "x",\n  "time": "5",\n  "verified": "2026-01-22"\n}\n',
        ),
        ("a.json", '{"title": "x", "verified": null}', '{"title": "x", "verified": "2026-01-22"}'),
        ("a.html", "<h1>t</h1>Verified 11/8/2025.", "<h1>t</h1>Verified 1/22/2026."),
        (
            "a.html",
            "<p>Verified <time datetime='2025-11-08'>8 Nov 2025</time>",
            "<p>Verified <time datetime='2026-01-22'>22 Jan 2026</time>",
        ),
    ],
)
def test_only_the_date_changes(name: str, before: str, after: str) -> None:
    for encode in (
        str.encode,
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda t: b"\xfe\xff" + t.encode("utf-16-be"),
    ):
        written = stet(name, encode(before))
        assert written == encode(after)
        guide = read_file(name, written, GuideSettings(), today=TODAY).guides[0]
        assert guide.verified == TODAY
        assert set_verified(name, written, guide, TODAY) == written


def test_many_in_one() -> None:
    data = b'[\n  {"id": "a", "u": 1},\n  {"id": "b", "v": "1 March 2025"}\n]'
    mapping = Mapping(path="*", verified="v")
    assert stet("m.json", data, mapping, 1) == data.replace(b"1 March 2025", b"22 January 2026")
    assert stet("m.json", data, mapping, 0) == data.replace(b'"u": 1', b'"u": 1, "v": "2026-01-22"')
    with pytest.raises(WritebackError, match="names no `verified` field"):
        stet("m.json", data, Mapping(path="*"))


def test_what_cannot_carry_a_date_says_so() -> None:
    with pytest.raises(WritebackError, match="shows no verified date"):
        stet("a.html", b"<h1>t</h1>")
    with pytest.raises(WritebackError, match="TOML"):
        stet("a.md", b"+++\ntitle = 'x'\n+++\n# t\n")


NOISE = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0\r\n#'\":{}[]&*!|>%@`,-?"), max_size=20)


@settings(max_examples=150, deadline=None)
@given(
    NOISE,
    st.text(max_size=200).filter(lambda t: "\0" not in t),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["", "'", '"']),
)
def test_any_other_byte_stays(title: str, body: str, end: str, quote: str) -> None:
    name = "".join(char for char in title if char.isalnum() and char.isascii())
    head, tail = f"---{end}title: x{name}{end}verified: {quote}", f"{quote} # é {end}---{end}{body}"
    data = f"{head}2025-11-08{tail}".encode()
    assert stet("a.md", data) == f"{head}2026-01-22{tail}".encode()


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.dates(date(1990, 1, 1), date(2100, 1, 1)))
def test_a_rewritten_date_reads_as_the_new_day(old: date, new: date) -> None:
    for text in (
        f"{old:%Y-%m-%d}",
        f"{old:%m/%d/%Y}",
        f"{old.day}.{old.month}.{old.year}",
        f"{old:%B} {old.day}, {old.year}",
        f"{old.day} {old:%b} {old.year}",
        f"{old.year}年{old.month}月{old.day}日",
    ):
        assert parse_date(text) == old
        written = rewrite_date(text, new)
        assert written is not None
        assert parse_date(written) == new


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("20/11/2025", date(2025, 11, 20)),
        ("8. November 2025", date(2025, 11, 8)),
        ("8 de mayo de 2025", date(2025, 5, 8)),
        ("1er août 2025", date(2025, 8, 1)),
        ("8 listopada 2025", date(2025, 11, 8)),
        ("November 8th, 2025", date(2025, 11, 8)),
        ("2025-13-01", None),
        ("31/31/2025", None),
        ("soon", None),
        ("", None),
        ("version 1.2.2025", None),
    ],
)
def test_dates_as_people_write_them(text: str, day: date | None) -> None:
    assert parse_date(text) == day


def test_written_to_disk_whole_with_mode_and_through_a_link(tmp_path: Path) -> None:
    real = tmp_path / "real.md"
    real.write_text("---\ntitle: x\n---\n")
    real.chmod(0o640)
    (tmp_path / "a.md").symlink_to(real)
    guide = read_file("a.md", real.read_bytes(), GuideSettings(), today=TODAY).guides[0]
    write_verified(tmp_path, guide, TODAY, GuideSettings())
    assert real.read_text() == "---\ntitle: x\nverified: 2026-01-22\n---\n"
    assert real.stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "a.md").is_symlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.md", "real.md"]
