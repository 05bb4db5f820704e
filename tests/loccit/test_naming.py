"""Guides are named by id, or by their file however its path is written."""

from pathlib import Path

import pytest

from guides.model import Guide, GuideId, Library
from loccit.app import App
from loccit.errors import UsageError
from loccit.reporting import guides_named

GUIDES = tuple(
    Guide(id=GuideId(name), title=name, file=file)
    for name, file in (
        ("a", "guides/a.md"),
        ("x", "guides/all.json"),
        ("y", "guides/all.json"),
        ("guides/a.md", "b.md"),
    )
)


@pytest.mark.parametrize(
    ("name", "cwd", "ids"),
    [
        ("a", ".", ["a"]),
        ("./guides/a.md", ".", ["a"]),
        ("a.md", "guides", ["a"]),
        ("../guides/all.json", "guides", ["x", "y"]),
        ("{root}/guides/all.json", "/", ["x", "y"]),
        ("guides/all.json", "/", ["x", "y"]),
        ("guides/a.md", ".", ["guides/a.md"]),
    ],
)
def test_a_guide_is_found(tmp_path: Path, name: str, cwd: str, ids: list[str]) -> None:
    (tmp_path / "loccit.toml").write_text("")
    (tmp_path / "guides").mkdir()
    app = App(cwd=tmp_path / cwd, config=tmp_path / "loccit.toml")
    found = guides_named(Library(guides=GUIDES), name.format(root=tmp_path), app)
    assert [guide.id for guide in found] == ids


@pytest.mark.parametrize("name", ["", ".", "nope", "../a.md", "guides", "a\0b", "/guides/a.md"])
def test_what_names_no_guide_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / "loccit.toml").write_text("")
    with pytest.raises(UsageError, match="there is no guide"):
        guides_named(Library(guides=GUIDES), name, App(cwd=tmp_path, config=tmp_path / "loccit.toml"))
