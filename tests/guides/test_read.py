"""Fixtures: what is sound gives exact positions and no problem; what is broken is told with its place."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guides.model import Css, GuideProblem, Library, Role, StatementKind
from guides.read import matches, read_file
from guides.settings import GuideSettings, Mapping
from guides.source import Source, decode

FIXTURES = Path(__file__).parent / "fixtures"
TODAY = date(2026, 1, 1)
PLAIN = GuideSettings()
SOUND = sorted((FIXTURES / "valid").iterdir())
BROKEN = sorted(path for path in (FIXTURES / "invalid").iterdir() if path.suffix != ".expected")


def read(name: str, data: bytes | str, config: GuideSettings = PLAIN) -> Library:
    return read_file(name, data if isinstance(data, bytes) else data.encode(), config, today=TODAY)


def source_of(name: str, data: bytes) -> Source:
    source = decode(name, data)
    assert isinstance(source, Source)
    return source


@pytest.mark.parametrize("path", SOUND, ids=lambda path: path.name)
@pytest.mark.parametrize("ends", ["lf", "crlf", "utf-16", "bom"])
def test_every_url_stands_at_its_line_and_column(path: Path, ends: str) -> None:
    data = path.read_bytes()
    if ends == "crlf":
        data = data.replace(b"\n", b"\r\n")
    elif ends == "utf-16":
        data = b"\xff\xfe" + data.decode().encode("utf-16-le")
    elif ends == "bom":
        data = b"\xef\xbb\xbf" + data
    library = read(path.name, data)
    guide = library.guides[0]
    assert guide.citations
    assert len({citation.key for citation in guide.citations}) == len(guide.citations)
    source = source_of(path.name, data)
    for citation in guide.citations:
        rest = source.line_text(citation.line)[citation.column - 1 :].replace("&amp;", "&")
        assert rest.startswith(citation.url), citation


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.name)
def test_a_mistake_is_told_with_its_place_and_a_way_out(path: Path) -> None:
    expected = path.with_name(path.name + ".expected").read_text().strip()
    problems = read(path.name, path.read_bytes()).problems
    assert any(expected in str(problem) for problem in problems), [str(problem) for problem in problems]
    assert all(problem.hint for problem in problems)


def test_what_is_read_from_markdown() -> None:
    guide = read("g.md", (FIXTURES / "valid/every-kind-of-link.md").read_bytes()).guides[0]
    urls = [citation.url for citation in guide.citations]
    for absent in ("code", "comment", "cc", "img", "short", "no"):
        assert not any(f"//{absent}.example" in url for url in urls), absent
    assert guide.verified == date(2025, 11, 8)
    cited = next(citation for citation in guide.citations if citation.key == "citation:1")
    assert cited.place == Css(css="#a")
    assert cited.claim is not None
    assert cited.claim.text == "folded claim text"
    assert [c.number for c in guide.citations if c.url == "https://f.example"] == [1]
    steps = [s.text for s in guide.statements if s.kind is StatementKind.STEP]
    assert steps[0] == "Step one more s"
    assert [s.text for s in guide.statements if s.kind is StatementKind.WARNING] == ["gh alert"]


def test_keys_do_not_depend_on_lines_and_count_repeats() -> None:
    body = "[a](https://a.example) [b](https://a.example)\n"
    first = [c.key for c in read("g.md", "# t\n\n" + body).guides[0].citations]
    later = [c.key for c in read("g.md", "# t\n\nmore\n\n\n" + body).guides[0].citations]
    assert first == later == ["inline:https://a.example", "inline:https://a.example#2"]


def test_body_links_can_be_turned_off() -> None:
    text = "---\ntitle: t\ninline: false\nofficial: [https://o.example]\n---\n<https://a.example>\n"
    assert [c.url for c in read("g.md", text).guides[0].citations] == ["https://o.example"]
    assert not read("g.md", "# t\n<https://a.example>", GuideSettings(inline=False)).guides[0].citations


def test_what_is_read_from_a_published_page() -> None:
    guide = read("g.html", (FIXTURES / "valid/published-page.html").read_bytes()).guides[0]
    assert (guide.title, guide.verified, guide.updated) == ("Delete it", date(2025, 11, 8), date(2025, 11, 7))
    found = [(c.role, c.number, c.url) for c in guide.citations]
    assert found == [
        (Role.INLINE, None, "https://in.example/?a=1&b=2"),
        (Role.OFFICIAL, None, "https://off.example/"),
        (Role.CITATION, 2, "https://cit.example/two"),
        (Role.CITATION, 7, "https://cit.example/seven"),
        (Role.INLINE, None, "https://z.example"),
    ]


def test_many_guides_in_one_file() -> None:
    mapping = Mapping(path="*.json", id="name", title="Delete your {name} account", url=("url",), text=("n",))
    text = '[{"name":"A","url":"https:\\/\\/a.example","n":"x"},\n 7,\n{"name":"A"},{"url":"https://c.example"}]'
    library = read("m.json", text, GuideSettings(mapping=(mapping,)))
    assert [guide.id for guide in library.guides] == ["A", "A-2", "4"]
    assert library.guides[0].title == "Delete your A account"
    assert library.guides[0].citations[0].url == "https://a.example"
    assert library.guides[1].line == 3
    assert any(problem.line == 2 and problem.fatal for problem in library.problems)


def test_objects_keyed_by_name() -> None:
    mapping = Mapping(path="**", items="a.*", id="$key", title="{$key}!", url=("doc.url",))
    library = read("m.yaml", "a:\n  b:\n    N: {doc: {url: https://n.example}}\n", GuideSettings(mapping=(mapping,)))
    assert [(g.id, g.title, g.citations[0].url) for g in library.guides] == [("N", "N!", "https://n.example")]


def test_a_folder_names_its_index_page() -> None:
    assert read("guides/spotify/index.md", "# t").guides[0].id == "spotify"


def test_globs() -> None:
    assert matches("guides/a/b.md", "guides/**/*.md")
    assert matches("guides/b.md", "guides/**/*.md")
    assert not matches("x/guides/b.md", "guides/**/*.md")
    assert matches("a[1].md", "a[[]1].md")


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.sampled_from("[]()<>!`*_\"'#:/ahtps.\n\r\t -|{}%^~é&;\\=>1"), max_size=300))
def test_nothing_in_a_file_is_raised(text: str) -> None:
    for name in ("x.md", "x.html", "x.yaml", "x.json"):
        for part in read(name, text).problems:
            assert isinstance(part, GuideProblem)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "[t](URL)",
                "<URL>",
                "URL",
                '[t](URL "q")',
                "> [é](URL)",
                "1. [t](URL)",
                "- x\n  [t](URL)",
                '<a href="URL">t</a>',
                "| a | [t](URL) |\n|---|---|\n| [t](URL) | URL |",
                "[^1]: URL",
                "`URL`",
                "![i](URL)",
                "# URL",
                "\t- [t](URL)",
                "**[t](URL)**",
                "[t][r]\n\n[r]: URL",
            ]
        ),
        max_size=8,
    ),
    st.sampled_from(["\n", "\n\n", "\r\n\r\n", "\n  ", "\n\n> "]),
)
def test_positions_hold_in_any_mixture(parts: list[str], gap: str) -> None:
    text = gap.join(part.replace("URL", f"https://{i}.example/p") for i, part in enumerate(parts))
    source = source_of("x.md", text.encode())
    for guide in read("x.md", text).guides:
        for citation in guide.citations:
            assert source.line_text(citation.line)[citation.column - 1 :].startswith(citation.url)
