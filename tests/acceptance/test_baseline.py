"""The baseline by the installed command: written, held against, expired, mended."""

import json
from pathlib import Path

from loccit_site import page, project


def test_from_writing_to_mending(tmp_path: Path) -> None:
    with project(tmp_path) as (site, work):
        site["/a"] = page("Here it is.")
        work.guide("a", "/a", "/gone")
        assert work.run("check").returncode == 1
        (tmp_path / "kept").mkdir()
        (tmp_path / "loccit-baseline.json").symlink_to(tmp_path / "kept" / "baseline.json")
        done = work.run("baseline", "write", "--reason", "rewritten in spring", "guides/a.md")
        assert done.returncode == 0, done.stderr
        assert "loccit-baseline.json: 1 entry, 1 new, 0 mended" in done.stderr
        file = tmp_path / "loccit-baseline.json"
        assert file.is_symlink(), "what it leads to is written, and the link stays"
        (entry,) = json.loads(file.read_text("utf-8"))["entries"]
        assert (entry["guide"], entry["fails"], entry["found"]) == ("a", "dead", "http-404")

        assert work.run("check").returncode == 0
        assert work.run("check", "--no-baseline").returncode == 1
        work.guide("b", "/new-and-gone")
        said = work.json("check")
        assert [(each["fails"], bool(each["baseline"])) for each in said["citations"]] == [
            (False, False),
            (False, True),
            (True, False),
        ]
        (tmp_path / "guides" / "b.md").unlink()

        file.write_text(file.read_text("utf-8").replace(entry["expires"], "2020-01-01"), "utf-8")
        expired = work.run("check")
        assert expired.returncode == 1
        assert "expired on 2020-01-01" in " ".join(expired.stdout.split())

        site["/gone"] = page("Back again.")
        mended = work.run("check", "--format", "github")
        assert mended.returncode == 0
        assert "::warning file=loccit-baseline.json" in mended.stdout
        assert work.run("baseline", "write", "--reason", "x").returncode == 0
        assert json.loads(file.read_text("utf-8"))["entries"] == []


def test_a_broken_baseline_is_a_configuration_error(tmp_path: Path) -> None:
    with project(tmp_path) as (_, work):
        work.guide("a", "/a")
        (tmp_path / "loccit-baseline.json").write_text("{", "utf-8")
        done = work.run("check")
        assert done.returncode == 2
        assert "loccit-baseline.json: not a baseline" in done.stderr
