"""Exchanged addresses: where they are written, and that nothing else changes."""

from datetime import date

import pytest

from guides.read import read_file
from guides.relink import Relink, Relinked, relink
from guides.settings import GuideSettings

TODAY = date(2026, 11, 24)
OLD, NEW = "https://old.org/a?b=1&c=2", "https://new.org/x?y=1&z=2"


def exchange(name: str, data: bytes, old: str = OLD, new: str = NEW) -> Relinked:
    library = read_file(name, data, GuideSettings(), today=TODAY)
    links = [
        Relink(guide=guide.id, citation=each, url=new)
        for guide in library.guides
        for each in guide.citations
        if each.url == old
    ]
    assert links
    return relink(name, data, links, GuideSettings(), today=TODAY)


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("a.md", "# T\r\n\r\n[a](<OLD> 'x') and OLD, [b][r]\r\n\r\n[r]: OLD\r\n", None),
        ("a.md", "---\ntitle: T\nofficial:\n  - url: 'OLD'   # keep\n  - OLD\n---\n\nOLD", None),
        ("a.yaml", 'title: T\nofficial: [{url: "OLD"}]\n', None),
        ("a.html", "<h1>T</h1><p><a href='https://old.org/a?b=1&amp;c=2'>x</a>", "https://new.org/x?y=1&amp;z=2"),
        (
            "a.json",
            '{"title": "T", "official": ["https:\\/\\/old.org\\/a?b=1&c=2"]}',
            "https:\\/\\/new.org\\/x?y=1&z=2",
        ),
    ],
)
def test_only_the_address_changes(name: str, before: str, after: str | None) -> None:
    for encoding in ("utf-8", "utf-8-sig"):
        written = before.replace("OLD", OLD)
        old = OLD if after is None else written[written.index("https:") :].split("'")[0].split('"')[0]
        made = exchange(name, written.encode(encoding))
        assert made.refused == ()
        assert made.data == written.replace(old, after or NEW).encode(encoding)


def test_what_cannot_be_written_there_is_refused_and_the_rest_is_done() -> None:
    data = b"# T\n\n[a](https://old.org/a) and <https://old.org/a>\n"
    made = exchange("a.md", data, "https://old.org/a", "https://new.org/(")
    assert len(made.refused) == 1
    assert made.data == b"# T\n\n[a](https://old.org/a) and <https://new.org/(>\n"


def test_a_file_that_changed_is_left_alone() -> None:
    data = b"# T\n\n[a](https://old.org/a)\n"
    (guide,) = read_file("a.md", data, GuideSettings(), today=TODAY).guides
    link = Relink(guide=guide.id, citation=guide.citations[0], url=NEW)
    for other in (b"# Other\n", b"", b"\xff\xfe\x00", b"# T\n\n\n[a](https://old.org/a)\n"):
        made = relink("a.md", other, [link], GuideSettings(), today=TODAY)
        assert (made.data, made.refused) == (other, (link,))
