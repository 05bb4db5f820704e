"""Guides and places out of public data sets: what is made reads as meant, and nothing that a file holds stops it."""

import json
from datetime import date
from pathlib import Path

import pytest

from guides.justdeleteme import Drafted, Unusable, draft_guides
from guides.model import Css, Role
from guides.placing import Placing, place_in
from guides.read import read_file
from guides.settings import GuideSettings
from guides.termsarchive import declarations, draft_guide
from loccit.main import main

TODAY = date(2026, 11, 25)
SETTINGS = GuideSettings()
JDM = Path(__file__).parents[3] / "shared" / "inputs" / "jdm" / "sites.json"
NASTY = {
    "name": 'A "b": {c}\u0085 & <d>',
    "url": "https://example.org/a?b=1#c",
    "url_de": "https://example.org/de",
    "url_fr": "https://example.org/a?b=1#c",
    "difficulty": "limited",
    "notes": "---\n# Not a heading\n- no list: [x](https://example.org/n)\n1. but a step\n\x00",
    "email": "a@b.example> <script>",
}


def test_an_entry_becomes_a_guide() -> None:
    plain = {
        "name": "Some Thing",
        "url": "https://example.org/x",
        "difficulty": "hard",
        "notes": "Do it.",
        "email": "a@b.org",
    }
    odd = [7, {}, {"name": "No Url"}, plain, {**plain, "name": "some thing"}, NASTY]
    drafts = list(draft_guides(json.dumps(odd).encode()))
    assert [each.entry for each in drafts if isinstance(each, Unusable)] == [1, 2, 3]
    made = [each for each in drafts if isinstance(each, Drafted)]
    assert [each.id for each in made] == ["some-thing", "some-thing-2", "a-b-c-d"]
    guides = []
    for each in made:
        library = read_file(f"{each.id}.md", each.text.encode(), SETTINGS, today=TODAY)
        assert not library.problems
        guides += library.guides
    first, _, nasty = guides
    assert (first.title, first.service, first.difficulty) == ("Delete your Some Thing account", "Some Thing", "hard")
    assert [(each.role, each.url) for each in first.citations] == [(Role.OFFICIAL, "https://example.org/x")]
    assert first.statements[0].text == "Do it."
    assert [each.url for each in nasty.citations] == [
        "https://example.org/a?b=1#c",
        "https://example.org/de",
        "https://example.org/n",
    ]
    assert nasty.tags == ("justdeleteme", "limited") and nasty.outline and nasty.outline.anchors == frozenset()


@pytest.mark.parametrize("data", [b"", b"{}", b"[", b"\xff", b"[" * 100_000, b'{"a": []}'])
def test_what_is_no_list_of_entries(data: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sites.json").write_bytes(data)
    assert main(["import", "justdeleteme", "sites.json"]) == 2
    assert main(["import", "opentermsarchive", "sites.json"]) == 2
    assert main(["import", "justdeleteme", "nowhere.json"]) == 2


@pytest.mark.skipif(not JDM.exists(), reason="the data set is not there")
def test_the_whole_data_set() -> None:
    drafts = list(draft_guides(JDM.read_bytes()))
    assert len(drafts) == 2591 == len({each.id.casefold() for each in drafts if isinstance(each, Drafted)})
    for each in drafts[::20]:
        assert isinstance(each, Drafted)
        library = read_file(f"{each.id}.md", each.text.encode(), SETTINGS, today=TODAY)
        assert library.guides[0].citations and not any(problem.wrong for problem in library.problems)


DECLARED = {
    "name": "Some Thing",
    "terms": {
        "Privacy Policy": {
            "fetch": "https://example.org/privacy",
            "select": ["main", "#more"],
            "remove": [".ad", {"x": 1}],
        },
        "Terms of Service": {"fetch": "https://example.org/terms", "select": {"startBefore": "#a", "endAfter": "#b"}},
        "Rules": {"fetch": "https://example.org/rules", "select": {"startAfter": "#a", "endAfter": "#b"}},
        "Imprint": {
            "combine": [{"fetch": "https://example.org/i1"}, {"fetch": "https://example.org/i2"}],
            "select": "body",
        },
        "Broken": {"select": "x"},
        "Worse": 7,
    },
}


def test_a_declaration_becomes_places() -> None:
    pages = list(declarations(json.dumps(DECLARED).encode()))
    assert [(each.url.removeprefix("https://example.org/"), each.place, each.lost) for each in pages] == [
        ("privacy", Css(css="main, #more", remove=(".ad",)), "a range to remove"),
        ("terms", Css(css="#a", through="#b"), ""),
        ("rules", None, "a range to select"),
        ("i1", Css(css="body"), ""),
        ("i2", Css(css="body"), ""),
    ]
    ident, text = draft_guide(pages)
    library = read_file(f"{ident}.md", text.encode(), SETTINGS, today=TODAY)
    assert [each.place for each in library.guides[0].citations] == [each.place for each in pages]


GUIDE = """\
---
title: A
citations:
  - url: "https://example.org/privacy"   # here
    supports: Within 30 days.
  - {url: https://example.org/privacy, id: 9}
  - id: 3
    url: https://example.org/i1
---
Text [x](https://example.org/i1).
"""


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_places_are_written_where_that_is_safe(ends: str) -> None:
    data = GUIDE.replace("\n", ends).encode()
    (guide,) = read_file("a.md", data, SETTINGS, today=TODAY).guides
    place = Css(css='a[title="x: #1"] > b', remove=("[b='c']", ".a\\:b"))
    wanted = [Placing(guide=guide.id, citation=each, place=place) for each in guide.citations]
    made = place_in("a.md", data, wanted, SETTINGS, today=TODAY)
    assert [each.citation.line for each in made.done] == [4, 8]
    assert [each.citation.line for each in made.refused] == [6, 10]
    new = 'place: {css: "a[title=\\"x: #1\\"] > b", remove: ["[b=\'c\']", ".a\\\\:b"]}'
    lines = made.data.decode().split(ends)
    assert [line.strip() for line in lines if "place:" in line] == [new, new]
    assert ends.join(line for line in lines if "place:" not in line).encode() == data
    (again,) = read_file("a.md", made.data, SETTINGS, today=TODAY).guides
    assert [each.place for each in again.citations] == [place, None, place, None]


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "guides").mkdir()
    (tmp_path / "declarations").mkdir()
    (tmp_path / "guides" / "a.md").write_text(GUIDE, "utf-8")
    (tmp_path / "declarations" / "Some Thing.json").write_text(json.dumps(DECLARED), "utf-8")
    (tmp_path / "declarations" / "Some Thing.history.json").write_text("{}", "utf-8")
    assert main(["import", "opentermsarchive", "declarations"]) == 0
    said = capsys.readouterr()
    assert '+    place: {css: "main, #more", remove: [".ad"]}' in said.out and "--write does it" in said.err
    assert (tmp_path / "guides" / "a.md").read_text("utf-8") == GUIDE
    assert main(["import", "opentermsarchive", "declarations", "--write"]) == 0
    assert 'place: {css: "body"}' in (tmp_path / "guides" / "a.md").read_text("utf-8")
    assert main(["import", "opentermsarchive", "declarations", "--output", "terms"]) == 0
    assert (tmp_path / "terms" / "some-thing-terms.md").exists()
    (tmp_path / "sites.json").write_text(json.dumps([{"name": "X", "url": "https://example.org/x"}]), "utf-8")
    assert main(["import", "justdeleteme", "."]) == 0
    made = tmp_path / "guides" / "justdeleteme" / "x.md"
    made.write_text("mine", "utf-8")
    assert main(["import", "justdeleteme", "."]) == 0 and made.read_text("utf-8") == "mine"
    assert main(["import", "justdeleteme", ".", "--force"]) == 0 and "Delete your X" in made.read_text("utf-8")
    capsys.readouterr()
    assert main(["import", "justdeleteme", ".", "--mapping"]) == 0
    of_folder = capsys.readouterr().out
    assert 'path = "sites.json"' in of_folder, "a folder is no file that could be mapped"
    assert main(["import", "justdeleteme", "sites.json", "--mapping"]) == 0
    (tmp_path / "loccit.toml").write_text('[guides]\npaths = ["*.json"]\n' + capsys.readouterr().out, "utf-8")
    assert main(["check", "--offline", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["citations"][0]["url"] == "https://example.org/x"
