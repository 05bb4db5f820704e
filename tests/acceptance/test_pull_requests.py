"""A series of changes as pull requests bring them, over one repository with history: exit code and annotations of each.

One site, one history; each change starts from `main`, is committed, and is checked with `--since main` as CI does it.
"""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from loccit_site import Project, Site, page, project

from loccit.demo.web import Answer

GONE = Answer(status=410, body="<title>410</title><h1>Gone</h1>")
BUSY = Answer(status=503, body="<h1>Busy</h1>")
MANY = [f"/page{n}" for n in range(6)]

Change = Callable[["Team"], None]


class Team:
    """The repository, with `main` checked out at the start of each change."""

    def __init__(self, site: Site, made: Project) -> None:
        self.site, self.made, self.folder = site, made, made.folder
        self.since = "main"

    def git(self, *arguments: str) -> str:
        us = ("-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "core.autocrlf=false")
        done = subprocess.run(["git", *us, *arguments], cwd=self.folder, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def commit(self) -> None:
        self.git("add", "-A", ".")
        self.git("commit", "-qm", "x", "--allow-empty")

    def path(self, name: str) -> Path:
        return self.folder / "guides" / f"{name}.md"

    def edit(self, name: str, edit: Callable[[str], str]) -> None:
        """Change a guide's text, line ends as they are."""
        path = self.path(name)
        path.write_bytes(edit(path.read_bytes().decode()).encode())

    def check(self, *more: str) -> tuple[int, list[str]]:
        done = self.made.run("check", "--since", self.since, "--no-state", "--format", "github", "--quiet", *more)
        assert "Traceback" not in done.stderr, done.stderr
        told = [line for line in done.stdout.splitlines() if line.startswith("::")]
        return done.returncode, [line.split(",title")[0].removeprefix("::") for line in told]


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    with project(tmp_path_factory.mktemp("team")) as (site, made):
        for path in MANY:
            site[path] = page(f"This is {path}, and it is long enough.")
        # Old links: one died long ago, one has a bad day today. No change brought them.
        site["/old"] = GONE
        site["/busy"] = BUSY
        one = Team(site, made)
        (made.folder / ".gitignore").write_text(".loccit/\n", "utf-8")
        one.git("init", "-qb", "main")
        made.guide("a", *MANY[:3], "/old", "/busy")
        one.commit()
        made.guide("b", *MANY[3:], "/old")
        one.edit("b", lambda text: text + "\nSee [here](http://site.test/page0).\n")
        one.commit()
        made.guide("c", "/page1")
        one.commit()
        yield one


def new_dead_link(team: Team) -> None:
    team.edit("b", lambda text: text + "\nAnd [there](http://site.test/nowhere) too.\n")


def new_gone_link(team: Team) -> None:
    team.edit("c", lambda text: text.replace("page1", "old"))


def one_character(team: Team) -> None:
    team.edit("a", lambda text: text.replace("/page2", "/page7"))


def old_bad_day(team: Team) -> None:
    team.edit("a", lambda text: text + "\nMore words.\n")


def new_bad_day(team: Team) -> None:
    team.edit("c", lambda text: text + "\n<http://site.test/busy>\n")


def rename(team: Team) -> None:
    team.git("mv", "guides/a.md", "guides/renamed.md")


def rename_and_break(team: Team) -> None:
    team.git("mv", "guides/a.md", "guides/renamed.md")
    team.edit("renamed", lambda text: text + "\n[x](http://site.test/nowhere)\n")


def moved_link(team: Team) -> None:
    """Lines change places within a guide: git tells one of them as new."""
    team.edit("b", lambda text: text.replace("page3", "PAGE").replace("page4", "page3").replace("PAGE", "page4"))


def moved_dead_link(team: Team) -> None:
    """Whoever moves a dead link has its line in hand, and hears of it."""
    team.edit("b", lambda text: text + "\n[x](http://site.test/old)\n")
    team.edit("a", lambda text: text.replace("  - id: 4\n    url: http://site.test/old\n", ""))


def ignored(team: Team) -> None:
    team.edit("c", lambda text: text + "\n[x](http://site.test/nowhere) <!-- loccit: ignore comes on Monday -->\n")


def ignored_without_reason(team: Team) -> None:
    team.edit("c", lambda text: text + "\n[x](http://site.test/nowhere) <!-- loccit: ignore -->\n")


def reindent(team: Team) -> None:
    """The whole front matter is indented otherwise: every line is new, and the dead link among them is told."""
    team.edit("a", lambda text: text.replace("\n  - id", "\n    - id").replace("\n    url", "\n      url"))


def line_ends(team: Team) -> None:
    """CR LF instead of LF: git tells every line as new."""
    team.edit("c", lambda text: text.replace("\n", "\r\n"))


def deleted(team: Team) -> None:
    team.path("a").unlink()


def merged(team: Team) -> None:
    """What comes in from `main` by a merge is not this change's."""
    team.git("checkout", "-q", "main")
    team.made.guide("theirs", "/nowhere")
    team.commit()
    team.git("checkout", "-q", "change")
    team.edit("c", lambda text: text + "\n[x](http://site.test/page5)\n")
    team.commit()
    team.git("merge", "-q", "-m", "m", "main")


def wrong_address(team: Team) -> None:
    team.edit("c", lambda text: text + "\n[x](htps://site.test/page5)\n")


def broken_guide(team: Team) -> None:
    team.edit("c", lambda text: text.replace("title: The", 'title: "The'))


def nothing(team: Team) -> None:
    (team.folder / "README.md").write_text("[x](http://site.test/nowhere)\n", "utf-8")


SERIES: list[tuple[Change, int, list[str]]] = [
    (new_dead_link, 1, ["error file=guides/b.md,line=19,col=13"]),
    (new_gone_link, 1, ["error file=guides/c.md,line=6,col=10"]),
    (one_character, 1, ["error file=guides/a.md,line=10,col=10"]),
    (old_bad_day, 0, []),
    (new_bad_day, 0, ["warning file=guides/c.md,line=11,col=2"]),
    (rename, 0, []),
    (rename_and_break, 1, ["error file=guides/renamed.md,line=19,col=5"]),
    (moved_link, 0, []),
    (moved_dead_link, 1, ["error file=guides/b.md,line=19,col=5"]),
    (ignored, 0, []),
    (ignored_without_reason, 1, ["warning file=guides/c.md,line=11,col=31", "error file=guides/c.md,line=11,col=5"]),
    (reindent, 1, ["error file=guides/a.md,line=12,col=12", "warning file=guides/a.md,line=14,col=12"]),
    (line_ends, 0, []),
    (deleted, 0, []),
    (merged, 0, []),
    (wrong_address, 1, ["error file=guides/c.md,line=11,col=5"]),
    (broken_guide, 1, ["error file=guides/c.md,line=7,col=1"]),
    (nothing, 0, []),
]


@pytest.mark.parametrize(("change", "code", "told"), SERIES, ids=[change.__name__ for change, _, _ in SERIES])
def test_each_change_has_its_own_outcome(team: Team, change: Change, code: int, told: list[str]) -> None:
    start = team.git("rev-parse", "main")
    team.git("checkout", "-qb", "change")
    try:
        change(team)
        team.commit()
        assert team.check() == (code, told)
    finally:
        team.git("reset", "-q", "--hard")
        team.git("checkout", "-qf", "main")
        team.git("branch", "-qD", "change")
        team.git("reset", "-q", "--hard", start)


def test_a_baseline_ends_on_its_day(team: Team) -> None:
    """A failure that is borne with passes, until its day is over; then the change that touches it fails."""
    team.git("checkout", "-qb", "borne")
    try:
        team.edit("c", lambda text: text.replace("page1", "nowhere"))
        team.commit()
        written = team.made.run("baseline", "write", "guides/c.md", "--no-state", "--reason", "they move it")
        assert written.returncode == 0, written.stderr
        assert team.check()[0] == 0
        file = team.folder / "loccit-baseline.json"
        told = file.read_text("utf-8")
        day = told.split('"expires": "')[1][:10]
        file.write_text(told.replace(day, "2020-01-01"), "utf-8")
        assert team.check() == (1, ["error file=guides/c.md,line=6,col=10"])
    finally:
        team.git("checkout", "-qf", "main")
        team.git("branch", "-qD", "borne")
        (team.folder / "loccit-baseline.json").unlink(missing_ok=True)
