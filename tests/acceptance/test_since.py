"""`check --since` over a real git repository: pull requests, each with its exit code and annotations."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from loccit_site import Project, Site, page, project

from loccit.demo.web import Answer

GONE = Answer(status=404, body="<title>404</title><h1>Not found</h1>")


def git(folder: Path, *arguments: str) -> str:
    us = ("-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "protocol.file.allow=always")
    done = subprocess.run(["git", *us, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def commit(folder: Path, message: str = "x") -> None:
    git(folder, "add", "-A", ".")
    git(folder, "commit", "-qm", message)


@pytest.fixture
def work(tmp_path: Path) -> Iterator[tuple[Site, Project]]:
    with project(tmp_path) as (site, made):
        site["/a"] = page("Here it is.")
        site["/b"] = page("Here it is, too.")
        config = made.folder / "loccit.toml"
        # Some time, however short: without any, one look would be enough to confirm a death.
        config.write_text(config.read_text("utf-8").replace("confirm_hours = 0", "confirm_hours = 0.0001"), "utf-8")
        (tmp_path / ".gitignore").write_text(".loccit/\n", "utf-8")
        made.guide("a", "/a", "/b")
        made.guide("other", "/b")
        git(tmp_path, "init", "-qb", "main")
        commit(tmp_path)
        git(tmp_path, "checkout", "-qb", "change")
        yield site, made


def annotations(made: Project, *more: str, since: str = "main") -> tuple[int, list[str]]:
    done = made.run("check", "--since", since, "--format", "github", "--quiet", *more)
    return done.returncode, [line.split(",title")[0] for line in done.stdout.splitlines() if line.startswith("::")]


def test_a_dead_link_that_the_change_brings_fails_on_its_line(work: tuple[Site, Project]) -> None:
    site, made = work
    made.guide("a", "/a", "/gone", "/b")
    commit(made.folder)
    assert annotations(made) == (1, ["::error file=guides/a.md,line=8,col=10"])
    assert "/a" not in site.seen, "what was not touched is not fetched"


def test_an_old_links_bad_day_is_not_this_changes_fault(work: tuple[Site, Project]) -> None:
    site, made = work
    made.run("crawl")
    site["/a"] = GONE
    site["/new"] = page("New.")
    made.guide("a", "/a", "/b", "/new")
    assert annotations(made) == (0, [])
    assert annotations(made, "--no-state") == (0, [])
    # One crawl sees it dead: still a bad day. A second one confirms it, and then it is recorded.
    made.run("crawl", "--all")
    assert annotations(made)[0] == 0
    made.run("crawl", "--all")
    assert annotations(made) == (1, ["::error file=guides/a.md,line=6,col=10"])


def test_a_recorded_death_on_the_spot_does_not_fail_the_next_change(work: tuple[Site, Project]) -> None:
    _, made = work
    file = made.guide("a", "/a", "/gone")
    assert annotations(made)[0] == 1
    commit(made.folder)
    file.write_text(file.read_text("utf-8") + "\nMore words.\n", "utf-8")
    code, said = annotations(made, since="HEAD")
    assert code == 0
    assert said == ["::warning file=guides/a.md,line=8,col=10"]


def test_renames_count_by_what_was_changed_in_them(work: tuple[Site, Project]) -> None:
    site, made = work
    site["/a"] = GONE
    (made.folder / "guides" / "a.md").rename(made.folder / "guides" / "moved.md")
    commit(made.folder)
    assert annotations(made) == (0, [])
    file = made.folder / "guides" / "moved.md"
    file.write_text(file.read_text("utf-8") + "\nSee http://site.test/gone too.\n", "utf-8")
    assert annotations(made) == (1, ["::error file=guides/moved.md,line=13,col=5"])


def test_what_a_merge_brings_from_main_is_not_this_change(work: tuple[Site, Project]) -> None:
    _, made = work
    made.guide("mine", "/a")
    commit(made.folder)
    git(made.folder, "checkout", "-q", "main")
    made.guide("theirs", "/gone")
    commit(made.folder)
    git(made.folder, "checkout", "-q", "change")
    git(made.folder, "merge", "-qm", "merged", "main")
    assert annotations(made) == (0, [])
    git(made.folder, "checkout", "-q", "main")
    git(made.folder, "merge", "-q", "--no-ff", "-m", "pull request", "change")
    assert annotations(made, since="HEAD^1") == (0, [])


def test_deleted_untracked_and_oddly_named_files(work: tuple[Site, Project]) -> None:
    _, made = work
    (made.folder / "guides" / "other.md").unlink()
    odd = made.guide('o "d\td é', "/gone")
    text = odd.read_text("utf-8")
    commit(made.folder)
    odd.write_text(text + "@@ -1 +1,99 @@\n+++ x\ndiff --git a b\n", "utf-8")
    code, said = annotations(made)
    assert (code, len(said)) == (1, 1)
    made.guide("fresh", "/gone2")
    assert len(annotations(made)[1]) == 2
    commit(made.folder)
    odd.write_text(text + "@@ -1 +1,99 @@\n+++ x\ndiff --git a b\n-- -\n", "utf-8")
    assert annotations(made, "--no-state", since="HEAD") == (0, [])


def test_a_path_that_leads_to_nothing_does_not_pass_in_silence(work: tuple[Site, Project]) -> None:
    _, made = work
    (made.folder / "guides" / "other.md").unlink()
    assert annotations(made, "guides/other.md") == (0, []), "it was deleted by this change"
    for wrong in ("guides/typo.md", "gides/*.md"):
        assert annotations(made, wrong) == (1, [f"::error file={wrong}"])


def test_before_the_first_commit_everything_is_new(tmp_path: Path) -> None:
    """A pre-commit hook holds a change against HEAD, which is not there yet."""
    with project(tmp_path) as (_, made):
        made.guide("a", "/gone")
        git(tmp_path, "init", "-qb", "main")
        git(tmp_path, "add", "guides")
        assert annotations(made, since="HEAD") == (1, ["::error file=guides/a.md,line=6,col=10"])


def test_a_lone_carriage_return_does_not_hide_a_new_link(work: tuple[Site, Project]) -> None:
    """It ends a line in Markdown, and none to git."""
    _, made = work
    file = made.folder / "guides" / "mac.md"
    text = "# Mac\n\none\rtwo\rthree\n\n[x](http://site.test/a)\n"
    file.write_bytes(text.encode())
    commit(made.folder)
    git(made.folder, "branch", "-f", "main")
    file.write_bytes(text.replace("/a)", "/gone)").encode())
    assert annotations(made) == (1, ["::error file=guides/mac.md,line=7,col=5"])


def test_paths_are_told_from_the_repositorys_top(tmp_path: Path) -> None:
    folder = tmp_path / "docs" / "site"
    folder.mkdir(parents=True)
    with project(folder) as (_, made):
        git(tmp_path, "init", "-qb", "main")
        made.guide("a", "/gone")
        commit(tmp_path)
        made.guide("a", "/gone", "/gone2")
        code, said = annotations(made, "--format", "sarif:s.sarif", since="HEAD")
        assert (code, said) == (1, ["::error file=docs/site/guides/a.md,line=8,col=10"])
        assert '"uri": "docs/site/guides/a.md"' in (folder / "s.sarif").read_text("utf-8")


def test_shallow_clones_say_what_to_do(work: tuple[Site, Project], tmp_path: Path) -> None:
    _, made = work
    for number in range(3):
        made.guide(f"n{number}", "/a")
        commit(made.folder)
    git(made.folder, "checkout", "-q", "main")
    made.guide("m", "/a")
    commit(made.folder)
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--depth", "1", "--branch", "change", f"file://{made.folder}", str(clone))
    shallow = Project(clone, 1)
    missing = shallow.run("check", "--since", "origin/main")
    assert missing.returncode == 2
    assert "there is no revision 'origin/main' here" in missing.stderr
    assert "fetch-depth: 0" in missing.stderr
    git(clone, "fetch", "-q", "--depth", "1", "origin", "main:refs/remotes/origin/main")
    unrelated = shallow.run("check", "--since", "origin/main")
    assert unrelated.returncode == 2
    assert "the history is too shallow to find where this branch left origin/main" in unrelated.stderr
    git(clone, "fetch", "-q", "--unshallow", "origin")
    assert shallow.run("check", "--since", "origin/main", "--offline").returncode == 0


@pytest.mark.parametrize(
    ("revision", "said"),
    [
        ("nope", "there is no revision 'nope' here"),
        ("--output=x", "is no git revision"),
        ("orphan", "no common ancestor"),
    ],
)
def test_revisions_that_cannot_be_compared(work: tuple[Site, Project], revision: str, said: str) -> None:
    _, made = work
    git(made.folder, "checkout", "-q", "--orphan", "orphan")
    commit(made.folder, "of its own")
    git(made.folder, "checkout", "-q", "change")
    done = made.run("check", f"--since={revision}")
    assert done.returncode == 2
    assert said in done.stderr


def test_young_results_are_reused_and_failures_never(work: tuple[Site, Project]) -> None:
    site, made = work
    made.guide("a", "/a", "/gone")
    assert made.run("check").returncode == 1
    site.seen.clear()
    assert made.run("check", "--max-age", "6h").returncode == 1
    assert "/a" not in site.seen and "/gone" in site.seen
    site["/a"] = GONE
    assert made.run("check", "--max-age", "0.001s").returncode == 1
    assert "/a" in site.seen
    assert made.run("check", "--max-age", "soon").returncode == 2


def test_what_changes_a_citation_without_its_line_is_judged(work: tuple[Site, Project]) -> None:
    _, made = work
    config = made.folder / "loccit.toml"
    config.write_text(config.read_text("utf-8") + '\n[guides]\npaths = ["guides/*.md", "guides/*.html"]\n', "utf-8")
    guides = {
        "place.md": '---\ntitle: P\ncitations:\n  - url: http://site.test/gone1\n    place: {{heading: "{}"}}\n---\n',
        "base.html": '<title>B</title><base href="http://site.test/{}/">\n<p><a href="gone">x</a>\n'
        '<a href="http://site.test/gone2">y</a>',
        "long.md": '---\ntitle: L\ncitations:\n  - id: 7\n    url: "http://site.test/\\\n      gone{}"\n---\n',
        "ignored.md": "# I\n\n<!-- loccit: {} -->\n[x](http://site.test/gone3)\n\n[y](http://site.test/gone4)\n",
        "defined.md": "# D\n\n[x]{}\n\n[a]: http://site.test/gone5\n[b]: http://site.test/gone6\n",
    }

    def write(*words: str) -> None:
        for (name, text), word in zip(guides.items(), words, strict=True):
            (made.folder / "guides" / name).write_text(text.format(word), "utf-8")

    git(made.folder, "checkout", "-q", "main")
    write("One", "old", "8", "ignore it is old", "[a]")
    commit(made.folder)
    git(made.folder, "checkout", "-qB", "change")
    assert annotations(made) == (0, [])
    write("Two", "new", "9", "see", "[b]")
    code, said = annotations(made, "--no-state")
    assert code == 1
    assert sorted(line for line in said if "error" in line) == [
        "::error file=guides/base.html,line=2,col=13",
        "::error file=guides/defined.md,line=6,col=6",
        "::error file=guides/ignored.md,line=4,col=5",
        "::error file=guides/long.md,line=5,col=11",
        "::error file=guides/place.md,line=4,col=10",
    ]


def test_a_hook_of_another_repository_and_one_of_sha256(work: tuple[Site, Project], tmp_path: Path) -> None:
    _, made = work
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q", "--object-format=sha256", "-b", "main")
    (other / "guides").mkdir()
    (other / "loccit.toml").write_text((made.folder / "loccit.toml").read_text("utf-8"), "utf-8")
    (other / "guides" / "a.md").write_text("# A\n\nHere.\n", "utf-8")
    commit(other)
    (other / "guides" / "a.md").write_text("# A\n\n[x](http://site.test/gone)\n", "utf-8")
    (other / "guides" / "draft.md").write_text("# Draft\n\n[x](http://site.test/gone)\n", "utf-8")
    hooked = {"GIT_DIR": str(made.folder / ".git"), "GIT_INDEX_FILE": str(made.folder / ".git" / "index")}
    command = ("check", "--since", "HEAD", "--no-state", "--format", "github", "--quiet", "--tracked")
    done = made.run("--config", str(other / "loccit.toml"), *command, **hooked)
    told = [line for line in done.stdout.splitlines() if line.startswith("::error")]
    assert len(told) == 1, done.stdout + done.stderr
    assert "guides/a.md,line=3" in told[0], "a draft that git does not track holds up no commit"
