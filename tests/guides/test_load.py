"""Files on disk: found once, never in circles, and each that cannot be read is reported."""

import tomllib
from datetime import date
from pathlib import Path

import pytest

import guides
from guides.load import load
from guides.settings import GuideSettings, Mapping
from guides.survey import survey, to_toml

TODAY = date(2026, 1, 1)
INPUTS = Path(__file__).parents[3] / "shared" / "inputs"
needs_inputs = pytest.mark.skipif(not INPUTS.is_dir(), reason=f"real inputs are absent: {INPUTS}")
MD = GuideSettings(paths=("**/*.md",))


def test_circles_doubles_and_ignored_folders(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/x.md").write_text("# x")
    (tmp_path / "a/again").symlink_to(tmp_path)
    (tmp_path / "a/y.md").symlink_to(tmp_path / "a/x.md")
    (tmp_path / "loop.md").symlink_to(tmp_path / "loop.md")
    for folder in (".git", "node_modules"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "z.md").write_text("# z")
    library = load(tmp_path, MD, today=TODAY)
    assert [guide.file for guide in library.guides] == ["a/x.md"]
    assert [problem.file for problem in library.problems] == ["loop.md"]


def test_what_cannot_be_read_is_reported_and_the_rest_goes_on(tmp_path: Path) -> None:
    (tmp_path / "big.md").write_bytes(b"a" * 50_000_000)
    (tmp_path / "folder.md").mkdir()
    (tmp_path / "one.md").write_text("---\nid: x\n---\n# one")
    (tmp_path / "two.md").write_text("---\nid: x\n---\n# two")
    library = load(tmp_path, MD, today=TODAY)
    assert [guide.title for guide in library.guides] == ["one"]
    told = {problem.file: problem for problem in library.problems}
    assert "50.0 MB" in told["big.md"].message
    assert "a folder" in told["folder.md"].message
    assert "one.md" in told["two.md"].message
    assert all(problem.hint for problem in library.problems)


def test_paths_of_a_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/a.md").write_text("# a")
    (tmp_path / "sub/b.yaml").write_text("title: b")
    monkeypatch.chdir(tmp_path / "sub")
    for paths, expected in ((["a.md"], ["a"]), (["sub"], ["a", "b"]), (["*.yaml"], ["b"]), (["sub/**/*.md"], ["a"])):
        assert [guide.id for guide in load(tmp_path, MD, today=TODAY, paths=paths).guides] == expected
    missing = load(tmp_path, MD, today=TODAY, paths=["nope.md"])
    assert missing.problems[0].fatal
    assert missing.problems[0].file == "nope.md"


def test_the_shipped_guides_are_sound() -> None:
    folder = Path(guides.__file__).parent / "examples"
    library = load(folder, GuideSettings(paths=("*.*",)), today=TODAY)
    assert not library.problems
    coursera = next(guide for guide in library.guides if guide.id == "coursera")
    assert (coursera.verified, coursera.difficulty, coursera.time) == (date(2025, 11, 8), "easy", "5 minutes")
    assert len(coursera.citations) == 3
    assert all(citation.claim for citation in coursera.citations)
    assert sum(statement.kind == "step" for statement in coursera.statements) == 5


@needs_inputs
def test_survey_of_real_lists_suggests_what_reads_them() -> None:
    for folder, count in (("jdm", 2591), ("twofactorauth", 2566)):
        found = survey(INPUTS / folder, today=TODAY)
        table = tomllib.loads(to_toml(found))["guides"]
        mappings = tuple(
            Mapping(**{key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()})
            for entry in table["mapping"]
        )
        config = GuideSettings(paths=tuple(table["paths"]), mapping=mappings)
        library = load(INPUTS / folder, config, today=TODAY)
        assert len(library.guides) == count
        assert not library.problems


def test_survey_of_an_empty_folder(tmp_path: Path) -> None:
    found = survey(tmp_path, today=TODAY)
    assert found.guides == 0
    assert tomllib.loads(to_toml(found))["guides"]["paths"] == ["guides/**/*.md"]


def test_a_mapped_file_is_read_without_being_in_paths(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/sites.json").write_text('[{"id": "a", "title": "A", "url": "https://a.example/"}]', "utf-8")
    mapped = GuideSettings(mapping=(Mapping(path="data/*.json"),))
    library = load(tmp_path, mapped, today=date(2026, 1, 1))
    assert [guide.id for guide in library.guides] == ["a"]
    assert library.problems == ()
    nothing = load(tmp_path, GuideSettings(mapping=(Mapping(path="none/*.json"),)), today=date(2026, 1, 1))
    assert [problem.file for problem in nothing.problems] == ["none/*.json"]
