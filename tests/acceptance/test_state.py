"""`check --state` as CI uses it: a cache that is old, shared, torn or foreign, over a real site."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from loccit_site import Project, Site, page, project

from loccit.demo.web import Answer

GONE = Answer(status=410, body="<title>410</title><h1>Gone</h1>")
STATE = ("--state", "cache/state.jsonl")


def aged(made: Project, days: float) -> None:
    """The cache as it is when it is restored days later."""
    file = made.folder / "cache" / "state.jsonl"
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    for line in lines[1:]:
        line |= {key: line[key] - int(days * 86_400_000) for key in ("at", "ok", "failing", "lost") if key in line}
    file.write_text("\n".join(map(json.dumps, lines)).replace(": ", ":").replace(", ", ",") + "\n", "utf-8")


def test_state_between_runs(tmp_path: Path) -> None:
    with project(tmp_path) as (site, made):
        site["/a"] = page("Here.")
        site["/b"] = page("<b id=there>There.</b>")
        made.guide("one", "/a", "/b#there")
        first = made.run("check", *STATE)
        assert (first.returncode, first.stderr.count("warning")) == (0, 0)
        assert not (tmp_path / ".loccit").exists(), "the file stands in for the store"
        assert {each.name for each in (tmp_path / "cache").iterdir()} == {"state.jsonl"}
        reused(site, made)
        # The guide now cites another part of a page that was seen: that part has to be looked for.
        made.guide("one", "/a", "/b#nowhere")
        site.seen.clear()
        asked = made.run("check", *STATE, "--max-age", "6h", "--fail-on", "missing-fragment")
        assert (asked.returncode, "/b" in site.seen, "/a" in site.seen) == (1, True, False)
        reused_never(site, made)
        alive_again(site, made)
        broken(made)


def reused(site: Site, made: Project) -> None:
    """Young good results are; so nothing is asked."""
    site.seen.clear()
    assert made.run("check", *STATE, "--max-age", "6h").returncode == 0
    assert "/a" not in site.seen


def reused_never(site: Site, made: Project) -> None:
    """A cache that is older than the age, or that knows of a failure, never lets a dead link pass."""
    aged(made, 2)
    site["/a"] = GONE
    made.guide("two", "/a")
    done = made.run("check", *STATE, "--max-age", "6h")
    assert (done.returncode, done.stdout.count("is dead (410")) == (1, 2)
    # An older cache, from before the link died, comes back (CI caches do that) with `--max-age` as long as itself.
    aged(made, 3)
    assert made.run("check", *STATE, "--max-age", "30d").returncode == 1


def alive_again(site: Site, made: Project) -> None:
    site["/a"] = page("Here again.")
    assert made.run("check", *STATE, "--max-age", "30d").returncode == 0
    # Two jobs at once, each with its own guide: both end up in the file.
    site["/late"] = page("Late.")
    made.guide("three", "/late")
    with ThreadPoolExecutor() as jobs:
        done = jobs.map(lambda name: made.run("check", *STATE, f"guides/{name}.md"), ("one", "three"))
        assert [each.returncode for each in done] == [0, 0]
    text = (made.folder / "cache" / "state.jsonl").read_text("utf-8")
    assert "site.test/a" in text and "site.test/late" in text


def broken(made: Project) -> None:
    """No cache turns a build red."""
    file = made.folder / "cache" / "state.jsonl"
    whole = file.read_bytes()
    for data, said in ((b"\x00SQLite", "starts afresh"), (whole[:-20], "1 of 3 lines")):
        file.write_bytes(data)
        done = made.run("check", *STATE, "--quiet")
        assert (done.returncode, said in done.stderr, "Traceback" in done.stderr) == (0, True, False), done.stderr
    other = made.folder / "other.jsonl"
    other.write_bytes(whole)
    merged = made.run("state", "merge", "cache/state.jsonl", "other.jsonl", "-o", "both.jsonl")
    assert merged.returncode == 0 and merged.stderr.strip() == "3 links from 2 files"
    assert made.run("state", "merge", "nowhere.jsonl").returncode == 2
    os.mkfifo(made.folder / "pipe")
    for wrong in (("--state", ""), ("--state", "guides"), ("--state", "x", "--no-state"), ("--state", "pipe")):
        assert made.run("check", *wrong).returncode == 2
    assert (made.folder / "pipe").is_fifo(), "no device or pipe is replaced by a file"
