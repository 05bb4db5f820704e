"""`check --offline` by the installed command: what it says, what it fails on, that nobody is asked."""

import json
import shutil
from pathlib import Path

import pytest
from loccit_site import project

SHARED = Path(__file__).resolve().parents[3] / "shared" / "inputs"


def test_a_guides_own_mistakes_fail_and_nothing_is_fetched(tmp_path: Path) -> None:
    with project(tmp_path) as (site, work):
        file = work.guide("a", "/a")
        file.write_text(file.read_text("utf-8") + "\nSee [that](gone.md#x) and [1], [2].\n", "utf-8")
        done = work.run("check", "--offline", "--format", "github")
        assert done.returncode == 1
        assert (
            "::error file=guides/a.md,line=11,col=12,title=loccit%3A guide::the link gone.md#x leads to" in done.stdout
        )
        assert "there is no citation 2" in done.stdout
        assert "mistakes in the guides." in done.stdout
        assert "Nothing fails" not in done.stdout
        assert site.seen == []
        assert not (tmp_path / ".loccit").exists()
        assert work.run("check", "--offline", "--fail-on", "dead").returncode == 0


def test_warnings_fail_only_when_strict(tmp_path: Path) -> None:
    with project(tmp_path) as (_, work):
        work.guide("a", "/a", verified="2099-01-01")
        assert work.run("check", "--offline").returncode == 0
        strict = work.run("check", "--offline", "--strict")
        assert strict.returncode == 1
        assert "in the future" in " ".join(strict.stdout.split())


def test_a_malformed_address_fails(tmp_path: Path) -> None:
    with project(tmp_path) as (_, work):
        work.guide("a", extra="official: ['https://exa mple.org']\n")
        said = work.json("check", "--offline")
        assert [(each["verdict"], each["fails"]) for each in said["citations"]] == [("invalid", True)]


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the shared inputs")
@pytest.mark.parametrize(
    ("folder", "files", "mapping", "guides", "citations"),
    [
        ("jdm", "sites.json", 'id = "name"\ntitle = "Delete your {name} account"', 2591, 2591),
        (
            "twofactorauth/entries",
            "**/*.json",
            'id = "$key"\ntitle = "$key"\nurl = ["url", "documentation", "recovery"]',
            2566,
            2377,
        ),
    ],
)
def test_real_lists(tmp_path: Path, folder: str, files: str, mapping: str, guides: int, citations: int) -> None:
    with project(tmp_path) as (site, work):
        shutil.copytree(SHARED / folder, tmp_path / "real")
        path = f"real/{files}"
        settings = f'[guides]\npaths = ["{path}"]\n[[guides.mapping]]\npath = "{path}"\n{mapping}\n'
        (tmp_path / "loccit.toml").write_text(settings, "utf-8")
        done = work.run("check", "--offline", "--format", "json")
        assert done.stdout, done.stderr
        summary = json.loads(done.stdout)["summary"]
        assert (summary["guides"], summary["citations"]) == (guides, citations)
        assert site.seen == []
