"""The files by which CI servers run loccit: valid by the published schemas, pinned, and their scripts tried out."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from loccit_ci import ROOT, Runner, parsed
from loccit_forks import write_script
from loccit_hub import TOKEN, hub
from loccit_site import Project, Site, page, project

BIN = Path(sys.executable).parent
ACTION = parsed("action.yml")
WORKFLOWS = {name: parsed(f".github/workflows/{name}.yml") for name in ("guides", "drift")}
INPUTS = {name: told["default"] for name, told in ACTION["inputs"].items()}
SETUP = ("Install loccit",)
ZEROS = "0" * 40


def git(folder: Path, *arguments: str) -> str:
    us = ("-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "protocol.file.allow=always")
    done = subprocess.run(["git", *us, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def commit(folder: Path) -> str:
    git(folder, "add", "-A", ".")
    git(folder, "commit", "-qm", "x")
    return git(folder, "rev-parse", "HEAD")


@pytest.mark.parametrize(
    "command",
    [
        ("check-jsonschema", "--builtin-schema", "vendor.github-actions", "action.yml"),
        (
            *("check-jsonschema", "--builtin-schema", "vendor.github-workflows"),
            *(".github/workflows/guides.yml", ".github/workflows/drift.yml"),
        ),
        (
            *("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"),
            "ci/gitlab.yml",
        ),
        ("pre-commit", "validate-manifest", ".pre-commit-hooks.yaml"),
    ],
)
def test_files_are_valid_by_the_published_schemas(command: tuple[str, ...]) -> None:
    done = subprocess.run([str(BIN / command[0]), *command[1:]], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def every_step() -> Iterator[dict[str, Any]]:
    yield from ACTION["runs"]["steps"]
    for workflow in WORKFLOWS.values():
        for job in workflow["jobs"].values():
            yield from job["steps"]


def test_everything_is_pinned_and_no_value_becomes_part_of_a_script() -> None:
    for step in every_step():
        assert re.fullmatch(r"\./|[\w./-]+@[0-9a-f]{40}", step.get("uses", "./")), step
        assert "${{" not in step.get("run", ""), "a branch's name must not be run"
    for workflow in WORKFLOWS.values():
        assert workflow["permissions"]["contents"] == "read"
        assert set(workflow["permissions"]) <= {"contents", "issues"}
    for text in ("action.yml", ".github/workflows/guides.yml", ".github/workflows/drift.yml"):
        for line in (ROOT / text).read_text("utf-8").splitlines():
            assert "@" not in line or re.search(r"@[0-9a-f]{40} # v\d", line), line


@pytest.fixture
def team(tmp_path: Path) -> Iterator[tuple[Site, Project]]:
    """A repository with a guide on `main`, as it is at the hub."""
    folder = tmp_path / "hub"
    folder.mkdir()
    with project(folder) as (site, made):
        site["/a"] = page("Here it is.")
        (folder / ".gitignore").write_text(".loccit/\n", "utf-8")
        made.guide("a", "/a", "/old")
        git(folder, "init", "-qb", "main")
        git(folder, "config", "uploadpack.allowAnySHA1InWant", "true")
        commit(folder)
        yield site, made


def pull_request(made: Project, base: str = "main") -> str:
    """What GitHub makes of the branch `change`: a merge with the base, under a name of its own."""
    git(made.folder, "checkout", "-q", "--detach", base)
    git(made.folder, "merge", "-q", "--no-ff", "-m", "merge", "change")
    git(made.folder, "update-ref", "refs/pull/1/merge", "HEAD")
    git(made.folder, "checkout", "-q", "main")
    return "refs/pull/1/merge"


def runner(tmp: Path, made: Project, ref: str, event: dict[str, Any], *, depth: int = 1, **inputs: str) -> Runner:
    """A fresh machine with a shallow clone, as actions/checkout makes one."""
    number = len(list(tmp.glob("clone*")))
    work, temp = tmp / f"clone{number}", tmp / f"temp{number}"
    work.mkdir()
    git(work, "init", "-q")
    git(work, "remote", "add", "origin", f"file://{made.folder}")
    git(work, "fetch", "-q", "--no-tags", f"--depth={depth}", "origin", f"+{ref}:refs/remotes/checked/out")
    git(work, "checkout", "-q", "--detach", "refs/remotes/checked/out")
    (work / "loccit.toml").write_text((made.folder / "loccit.toml").read_text("utf-8"), "utf-8")
    github = {"action_path": str(ROOT), "run_id": "7", "run_attempt": "1", "event": event}
    environ = {
        "GITHUB_EVENT_NAME": event["name"],
        "GITHUB_BASE_REF": event.get("base", ""),
        "GITHUB_REF": ref,
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "protocol.file.allow",
        "GIT_CONFIG_VALUE_0": "always",
    }
    return Runner(
        workspace=work, temp=temp, contexts={"inputs": {**INPUTS, **inputs}, "github": github}, environ=environ
    )


def gate(machine: Runner) -> tuple[int, list[str]]:
    code = machine.go(ACTION["runs"]["steps"], leave_out=SETUP)
    return code, [line.split(",title")[0] for line in machine.log.splitlines() if line.startswith("::")]


def test_the_action_on_pull_requests_and_pushes(team: tuple[Site, Project], tmp_path: Path) -> None:
    site, made = team
    git(made.folder, "checkout", "-qb", "change")
    made.guide("new", "/a", "/gone")
    head = commit(made.folder)
    ref = pull_request(made)
    machine = runner(tmp_path, made, ref, {"name": "pull_request", "base": "main"}, sarif="out/l.sarif", json="l.json")
    assert gate(machine) == (1, ["::error file=guides/new.md,line=8,col=10"]), machine.log
    assert machine.steps["check"]["outputs"] == {"exit-code": "1"}
    assert "guides/new.md:8" in machine.summary and "dead" in machine.summary
    assert (machine.workspace / "out" / "l.sarif").exists() and (machine.workspace / "l.json").exists()
    assert "/old" not in site.seen, "an old link is not this change's"
    state = machine.workspace / ".loccit" / "state.jsonl"
    assert "site.test/gone" in state.read_text("utf-8")

    # The base has moved on since, far beyond what was fetched, and its name is one that a shell would stumble over.
    site["/gone"] = page("Here, after all.")
    git(made.folder, "checkout", "-q", "main")
    for number in range(30):
        (made.folder / "notes").write_text(str(number), "utf-8")
        commit(made.folder)
    odd = "a$(touch${IFS}pwned);b"
    git(made.folder, "branch", odd)
    ref = pull_request(made, odd)
    machine = runner(tmp_path, made, ref, {"name": "pull_request", "base": odd})
    assert gate(machine) == (0, []), machine.log
    assert not list(tmp_path.glob("*/pwned"))

    # A push to a branch is held against what was there before it, a new branch is checked as a whole.
    before = git(made.folder, "rev-parse", "main~1")
    assert gate(runner(tmp_path, made, "refs/heads/main", {"name": "push", "before": before}))[0] == 0
    whole = gate(runner(tmp_path, made, "refs/heads/main", {"name": "push", "before": ZEROS}))
    assert whole == (1, ["::error file=guides/a.md,line=8,col=10"])
    lost = gate(runner(tmp_path, made, "refs/heads/change", {"name": "push", "before": "1" * 40}))
    assert lost[0] == 1, "what was there before a forced push cannot be had: everything is checked"
    assert head
    # Names of files may come from the change itself.
    option = gate(runner(tmp_path, made, "refs/heads/main", {"name": "push", "before": before}, paths="--version"))
    assert option == (1, ["::error file=--version"])


def test_the_action_when_the_network_is_down(team: tuple[Site, Project], tmp_path: Path) -> None:
    _, made = team
    # Two names, mapped to where nobody listens: as far as names go, nothing in the world answers.
    (made.folder / "loccit.toml").write_text(
        '[network]\nallow = ["127.0.0.0/8"]\n'
        'connect_to = { "one.test:80" = "127.0.0.8:9", "two.test:80" = "127.0.0.9:9" }\n'
        "[crawl]\ndelay = 0\ntimeout = 1\nretries = 0\n[policy]\nconfirm_wait = 0.01\n",
        "utf-8",
    )
    guide = made.guide("a", "/a", "/b")
    guide.write_text(guide.read_text("utf-8").replace("site.test/a", "one.test/").replace("site.test/b", "two.test/"))
    commit(made.folder)
    event = {"name": "schedule"}
    code, said = gate(runner(tmp_path, made, "refs/heads/main", event))
    assert (code, said) == (0, ["::warning title=loccit%3A network-outage::The network is down: nothing was judged."])
    assert gate(runner(tmp_path, made, "refs/heads/main", event, inconclusive="fail"))[0] == 3


def test_one_issue_each_morning(team: tuple[Site, Project], tmp_path: Path) -> None:
    site, made = team
    made.guide("a", "/a")
    job = WORKFLOWS["drift"]["jobs"]["drift"]
    with hub() as api:

        def morning() -> Runner:
            environ = {
                "GITHUB_API_URL": api.api,
                "GITHUB_REPOSITORY": "team/guides",
                "GITHUB_SERVER_URL": "https://hub.example",
                "GITHUB_RUN_ID": "7",
                "LOCCIT_SCHEDULE__MIN_INTERVAL": "1s",
                "LOCCIT_SCHEDULE__MAX_INTERVAL": "1s",
            }
            contexts = {"github": {"token": TOKEN}}
            machine = Runner(workspace=made.folder, temp=tmp_path / "temp", contexts=contexts, environ=environ)
            assert machine.go(job["steps"], leave_out=SETUP) == 0, machine.log
            assert TOKEN not in machine.log + machine.summary
            return machine

        assert "issue: nothing to say" in morning().log
        site["/a"] = page("Write to @support within 14 days, says #1 of www.example.org.\nIt costs 5 euros.")
        made.run("crawl", "--all")
        assert "issue #1: opened" in morning().log
        body = api.issues[1]["body"]
        assert "https://hub.example/team/guides/actions/runs/7" in body
        assert "@support" not in body and "#1 of" not in body, "nobody is called by what a page says"
        assert api.issues[1]["labels"] == [{"name": "loccit"}]
        assert "issue #1: " in morning().log
        assert len(api.open()) == 1
        made.run("stet", "a")
        machine = morning()
        assert "issue #1: closed" in machine.log and "# " in machine.summary
        assert api.open() == []


def test_gitlab_runs_what_it_says(team: tuple[Site, Project], tmp_path: Path) -> None:
    _, made = team
    told = parsed("ci/gitlab.yml")
    base = git(made.folder, "rev-parse", "HEAD")
    made.guide("new", "/gone")
    commit(made.folder)
    environ = {**os.environ, **told[".loccit"]["variables"], "CI_MERGE_REQUEST_DIFF_BASE_SHA": base}
    write_script(tmp_path)
    environ["PATH"] = os.pathsep.join((str(tmp_path), str(BIN), environ["PATH"]))
    for name, said in (("loccit:change", "guides/new.md:6:10"), ("loccit:all", "guides/a.md:8:10")):
        script = "\n".join(told[name]["script"])
        done = subprocess.run(["sh", "-ec", script], cwd=made.folder, env=environ, capture_output=True, text=True)
        assert (done.returncode, said in done.stdout) == (1, True), done.stdout + done.stderr
    for file in (told[".loccit"]["artifacts"]["reports"]["junit"], *told[".loccit"]["artifacts"]["paths"]):
        assert (made.folder / file).stat().st_size > 100
    assert (made.folder / told[".loccit"]["cache"]["paths"][0]).exists()
    environ["CI_MERGE_REQUEST_DIFF_BASE_SHA"] = ""
    script = "\n".join(told["loccit:change"]["script"])
    empty = subprocess.run(["sh", "-ec", script], cwd=made.folder, env=environ, capture_output=True, text=True)
    assert (empty.returncode, "it is empty" in empty.stderr) == (2, True)


def test_pre_commit_hooks_run_what_they_say(team: tuple[Site, Project]) -> None:
    _, made = team
    hooks = {hook["id"]: hook for hook in parsed(".pre-commit-hooks.yaml")}
    for id_, extra, code in (
        ("loccit", "", 0),
        ("loccit", "see [it](nowhere.md) [9]", 1),
        ("loccit-links", "http://site.test/gone", 1),
    ):
        made.guide("a", "/a").write_text((made.guide("a", "/a")).read_text("utf-8") + f"\n{extra}\n", "utf-8")
        hook = hooks[id_]
        assert re.search(hook["files"], "guides/a.md") and not re.search(hook["files"], "loccit/main.py")
        done = made.run(*hook["entry"].split()[1:])
        assert done.returncode == code, done.stdout + done.stderr
