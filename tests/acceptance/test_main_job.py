"""The installed command against a real site on loopback, as a user runs it."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from loccit_site import COMMAND, Project, Site, page, project

from loccit.demo.web import Answer


@pytest.fixture
def work(tmp_path: Path) -> Iterator[tuple[Site, Project]]:
    with project(tmp_path) as both:
        yield both


def test_a_change_is_found_named_and_let_stand(work: tuple[Site, Project]) -> None:
    site, project = work
    site["/a"] = page("You can change your mind for 30 days.\nThen it is gone.")
    file = project.guide("a", "/a", extra="updated: 2026-11-01 # by hand\n")
    before = file.read_bytes()
    assert project.run("crawl").returncode == 0
    assert project.json("status")["guides"][0]["state"] == "verified"

    site["/a"] = page("You can change your mind for 14 days.\nThen it is gone.")
    crawled = project.run("crawl", "--all")
    assert crawled.returncode == 0, crawled.stderr
    guide = project.json("status")["guides"][0]
    assert guide["state"] == "stale"
    assert guide["reasons"][0]["drift"] == "material"
    finding = project.json("findings")["findings"][0]
    assert (finding["kind"], finding["state"], finding["severity"]) == ("drift", "open", "material")
    assert "30 days" in finding["summary"]
    assert "14 days" in finding["summary"]
    diff = project.run("diff", str(finding["id"]))
    assert "30" in diff.stdout
    assert "14" in diff.stdout

    stet = project.run("stet", "a", "--by", "Ada", "--note", "seen")
    assert stet.returncode == 0, stet.stderr
    assert project.json("findings")["findings"] == []
    assert project.json("status")["guides"][0]["state"] == "verified"
    today = date.today().isoformat().encode()
    assert file.read_bytes() == before.replace(b"verified: 2026-11-01", b"verified: " + today)
    project.run("crawl", "--all")
    assert project.json("findings")["findings"] == []


def test_a_source_that_returns_closes_its_finding(work: tuple[Site, Project]) -> None:
    site, project = work
    site["/a"] = page("It costs 5 euros.")
    project.guide("a", "/a")
    project.run("crawl")
    site["/a"] = page("It costs 50 euros.")
    project.run("crawl", "--all")
    assert len(project.json("findings")["findings"]) == 1
    site["/a"] = page("It costs 5 euros.")
    project.run("crawl", "--all")
    assert project.json("findings")["findings"] == []
    assert project.json("status")["guides"][0]["state"] == "verified"


def test_the_gate_fails_on_dead_links_and_on_nothing_else(work: tuple[Site, Project]) -> None:
    site, project = work
    site["/ok"] = page("Fine.")
    site["/wall"] = Answer(status=403, headers={"cf-mitigated": "challenge"}, body="<title>Just a moment...</title>")
    site["/down"] = Answer(status=503, body="down")
    site["/moved"] = Answer(status=301, headers={"Location": "/new"})
    site["/new"] = page("Here now.")
    project.guide("a", "/ok", "/wall", "/down", "/moved")
    done = project.run("check", "--no-state")
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (project.folder / ".loccit").exists()

    project.guide("b", "/gone")
    report = project.json("check", "--no-state")
    assert report["summary"] == {
        "guides": 2,
        "citations": 5,
        "resources": 5,
        "ok": 1,
        "moved": 1,
        "dead": 1,
        "blocked": 1,
        "unreachable": 1,
        "invalid": 0,
        "skipped": 0,
    }
    dead = next(c for c in report["citations"] if c["verdict"] == "dead")
    assert (dead["guide"], dead["file"], dead["line"], dead["reason"], dead["attempts"], dead["fails"]) == (
        "b",
        "guides/b.md",
        6,
        "http-404",
        3,
        True,
    )
    assert project.run("check", "--no-state").returncode == 1
    assert project.run("check", "--no-state", "--fail-on", "").returncode == 0
    assert project.run("check", "--no-state", "guides/a.md").returncode == 0
    github = project.run("check", "--no-state", "--format", "github").stdout
    assert "::error file=guides/b.md,line=6," in github


def test_one_fetch_however_many_citations(work: tuple[Site, Project]) -> None:
    site, project = work
    site["/a"] = page("Fine.")
    for name in ("a", "b", "c"):
        project.guide(name, "/a#x", "/a")
    project.run("crawl")
    assert site.seen.count("/a") == 1


def test_what_is_not_due_is_not_fetched(work: tuple[Site, Project]) -> None:
    site, project = work
    site["/a"] = page("Fine.")
    project.guide("a", "/a")
    project.run("crawl")
    project.run("crawl")
    assert site.seen.count("/a") == 1


def test_since_looks_only_at_changed_guides(work: tuple[Site, Project]) -> None:
    site, project = work
    site["/a"] = page("Fine.")
    project.guide("a", "/a")
    project.guide("b", "/gone")
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"]):
        subprocess.run([*git, *arguments], cwd=project.folder, check=True)
    assert project.run("check", "--since", "HEAD").returncode == 0
    project.guide("c", "/a")
    assert [c["guide"] for c in project.json("check", "--since", "HEAD")["citations"]] == ["c"]
    wrong = project.run("check", "--since", "nowhere")
    assert wrong.returncode == 2
    assert "Traceback" not in wrong.stderr


@pytest.mark.skipif(
    subprocess.run(["unshare", "-rn", "true"], capture_output=True).returncode != 0
    if shutil.which("unshare")
    else True,
    reason="needs `unshare -rn` (a machine where an unprivileged network namespace can be made)",
)
def test_without_a_network_nothing_is_judged(work: tuple[Site, Project]) -> None:
    site, project = work
    site["/a"] = page("Fine.")
    project.guide("a", "/a")
    project.run("crawl")
    guide = project.folder / "guides" / "b.md"
    guide.write_text("# B\n\n[x](http://one.example/x) [y](http://two.example/y)\n", "utf-8")
    for command in (["check", "--no-state", "guides/b.md"], ["check", "guides/b.md"], ["crawl", "--all"]):
        done = subprocess.run(
            ["unshare", "-rn", str(COMMAND), *command], cwd=project.folder, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 3, done.stdout + done.stderr
        assert "network" in done.stderr
    states = {guide["guide"]: guide for guide in project.json("status")["guides"]}
    assert states["a"]["state"] == "verified"
    assert project.json("findings")["findings"] == []


def test_init_suggests_what_it_finds(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_text(
        "---\ntitle: A\nverified: 2025-01-01\n---\n[x](https://example.org)\n", "utf-8"
    )
    done = subprocess.run([str(COMMAND), "init"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "loccit.toml").read_text("utf-8")
    assert "docs/" in text
    status = subprocess.run([str(COMMAND), "status"], cwd=tmp_path, capture_output=True, text=True)
    assert status.returncode == 0, status.stderr
    (tmp_path / "loccit.toml").write_text("# mine\n", "utf-8")
    assert subprocess.run([str(COMMAND), "init"], cwd=tmp_path).returncode == 0
    assert (tmp_path / "loccit.toml").read_text("utf-8") == "# mine\n"


def test_a_broken_guide_does_not_stop_the_others(work: tuple[Site, Project]) -> None:
    site, project = work
    site["/a"] = page("Fine.")
    project.guide("a", "/a")
    (project.folder / "guides" / "bad.md").write_text("---\ntitle: [unclosed\n---\n", "utf-8")
    (project.folder / "guides" / "binary.md").write_bytes(bytes(range(256)) * 10)
    done = project.run("crawl")
    assert done.returncode == 0, done.stderr
    assert "guides/bad.md:" in done.stderr
    assert "guides/binary.md" in done.stderr
    assert "Traceback" not in done.stderr
    # The gate is red for it: its citations went unchecked.
    assert project.run("check").returncode == 1


def test_a_broken_guide_keeps_what_was_known_of_it(work: tuple[Site, Project]) -> None:
    site, project = work
    site["/a"] = page("It costs 5 euros.")
    site["/b"] = page("Fine.")
    file = project.guide("a", "/a")
    project.guide("b", "/b")
    whole = file.read_text("utf-8")
    project.run("crawl")
    site["/a"] = page("It costs 50 euros.")
    project.run("crawl", "--all")
    file.write_text("---\ntitle: [unclosed\n---\n", "utf-8")
    project.run("crawl", "--all")
    file.write_text(whole, "utf-8")
    assert len(project.json("findings")["findings"]) == 1


MISTAKES = {
    "unknown command": (["crawll"], "invalid choice"),
    "unknown option": (["check", "--fast"], "unrecognized"),
    "unknown word": (["check", "--fail-on", "deed"], "'dead'"),
    "unknown guide": (["stet", "nobody"], "no guide 'nobody'"),
    "unknown finding": (["diff", "999"], "no finding 999"),
    "not a number": (["diff", "x"], "'x'"),
    "no such config": (["--config", "nowhere.toml", "status"], "nowhere.toml"),
    "no such path": (["check", "nowhere.md"], "nowhere.md"),
}


@pytest.mark.parametrize("arguments, said", MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_told_in_a_line(work: tuple[Site, Project], arguments: list[str], said: str) -> None:
    site, project = work
    site["/a"] = page("Fine.")
    project.guide("a", "/a")
    done = project.run(*arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_store_from_a_newer_version_is_left_alone(work: tuple[Site, Project]) -> None:
    import sqlite3

    site, project = work
    site["/a"] = page("Fine.")
    project.guide("a", "/a")
    project.run("crawl")
    store = project.folder / ".loccit" / "loccit.db"
    with sqlite3.connect(store) as connection:
        connection.execute("update loccit_version set version_num = 'v9999'")
    connection.close()
    done = project.run("crawl", "--all")
    assert done.returncode == 2
    assert "newer" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_report_is_written_whole(work: tuple[Site, Project]) -> None:
    site, project = work
    site["/a"] = page("It costs 5 euros.", title="<script>alert(1)</script>")
    project.guide("a", "/a")
    project.run("crawl")
    for form, name in (("html", "r.html"), ("markdown", "r.md"), ("json", "r.json")):
        assert project.run("report", "--format", form, "--output", name).returncode == 0
        assert (project.folder / name).read_text("utf-8").strip()
    assert "<script" not in (project.folder / "r.html").read_text("utf-8")
    assert project.run("report", "--output", "loccit.toml/place").returncode == 2


def test_demo_tells_the_whole_story(tmp_path: Path) -> None:
    done = subprocess.run([str(COMMAND), "demo"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "30 days → 14 days" in done.stdout
    assert (tmp_path / "loccit-demo" / "report.html").is_file()
    findings = subprocess.run(
        [str(COMMAND), "findings", "--format", "json"], cwd=tmp_path / "loccit-demo", capture_output=True, text=True
    )
    import json

    found = {(f["severity"], f["guide"]) for f in json.loads(findings.stdout)["findings"]}
    assert found == {
        ("material", "photon"),
        ("dead", "photon"),
        ("dead", "photon-copy"),
        ("moved", "inkwell"),
    }
    again = subprocess.run([str(COMMAND), "demo"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert again.returncode == 0
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "x").write_text("x")
    refused = subprocess.run([str(COMMAND), "demo", "mine"], cwd=tmp_path, capture_output=True, text=True)
    assert refused.returncode == 2
    assert (tmp_path / "mine" / "x").exists()


def test_a_passage_that_a_claim_rests_on_is_never_taken_for_a_counter(work: tuple[Site, Project]) -> None:
    site, project = work
    file = project.guide("a", "/a")
    text = file.read_text("utf-8")
    file.write_text(text.replace("/a\n", "/a\n    supports: It costs 5 euros a month.\n"), "utf-8")
    for price in (5, 6, 8, 9, 9):
        site["/a"] = page(f"It costs {price} euros a month.")
        project.run("crawl", "--all")
    assert [finding["severity"] for finding in project.json("findings")["findings"]] == ["material"]
    assert project.json("status")["guides"][0]["state"] == "stale"


def test_a_date_in_the_future_accepts_nothing(work: tuple[Site, Project]) -> None:
    site, project = work
    site["/a"] = page("It costs 5 euros.")
    project.guide("a", "/a")
    project.run("crawl")
    site["/a"] = page("It costs 50 euros.")
    project.run("crawl", "--all")
    project.guide("a", "/a", verified="2099-01-01")
    project.run("status")
    project.guide("a", "/a")
    project.run("crawl", "--all")
    assert len(project.json("findings")["findings"]) == 1


def test_a_finding_is_not_accepted_with_another_of_its_source(work: tuple[Site, Project]) -> None:
    site, project = work
    wait, price = "You can change your mind for 30 days.", "It costs 5 euros."
    file = project.guide("a", "/a", "/a")
    text = file.read_text("utf-8")
    first, second = ('/a\n    place: {quote: "' + quote + '"}\n' for quote in (wait, price))
    head, mid, tail = text.split("/a\n")
    file.write_text(head + first + mid + second + tail, "utf-8")
    site["/a"] = page(f"{wait}\n{price}")
    project.run("crawl")
    site["/a"] = page("You can change your mind for 14 days.\nIt costs 50 euros.")
    project.run("crawl", "--all")
    found = project.json("findings")["findings"]
    assert len(found) == 2
    refused = project.run("stet", "--finding", str(found[0]["id"]))
    assert refused.returncode == 2
    assert len(project.json("findings")["findings"]) == 2
    assert project.run("stet", "a").returncode == 0
    assert project.json("findings")["findings"] == []


def test_a_page_that_comes_back_empty_has_not_come_back(work: tuple[Site, Project]) -> None:
    site, project = work
    site["/a"] = page("It costs 5 euros.")
    project.guide("a", "/a")
    project.run("crawl")
    del site.answers["/a"]
    project.run("crawl", "--all")
    project.run("crawl", "--all")
    assert [finding["severity"] for finding in project.json("findings")["findings"]] == ["dead"]
    site["/a"] = Answer(body="<!doctype html><title>x</title><div id=root></div><script src=/app.js></script>")
    project.run("crawl", "--all")
    assert [finding["severity"] for finding in project.json("findings")["findings"]] == ["dead"]


def test_a_device_is_written_to_and_stays_one(work: tuple[Site, Project]) -> None:
    site, project = work
    site["/a"] = page("Fine.")
    project.guide("a", "/a")
    pipe = project.folder / "pipe"
    os.mkfifo(pipe)
    reader = subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE)
    assert project.run("status", "--format", "json", "--output", "pipe").returncode == 0
    assert b'"guides"' in reader.communicate(timeout=10)[0]
    assert pipe.is_fifo()
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([str(COMMAND), "status"], cwd=project.folder, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 2
    assert b"cannot write" in done.stderr
