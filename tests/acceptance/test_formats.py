"""`loccit check --format`, as a CI job runs it: several at once, where they go, and what cannot be forged by them."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from loccit_site import Project, Site, page, project

from loccit.main import main


@pytest.fixture
def work(tmp_path: Path) -> Iterator[tuple[Site, Project]]:
    with project(tmp_path) as both:
        yield both


def test_every_format_at_once(work: tuple[Site, Project]) -> None:
    site, project = work
    site["/a"] = page("Here it is.")
    project.guide("a", "/a", "/gone")
    formats = ("sarif:out/loccit.sarif", "junit:junit.xml", "json:c:d.json", "github", "markdown:summary.md", "text:t")
    done = project.run("check", *(word for each in formats for word in ("--format", each)))
    assert done.returncode == 1, done.stderr
    (line, summary) = done.stdout.splitlines()
    assert line.startswith("::error file=guides/a.md,line=8,col=10,title=loccit%3A dead::http://site.test/gone is dead")
    assert summary == "2 citations of 1 guide, 2 sources: 1 ok, 1 dead. 1 fails."

    (run,) = json.loads((project.folder / "out" / "loccit.sarif").read_text("utf-8"))["runs"]
    (result,) = run["results"]
    assert (result["ruleId"], result["level"]) == ("dead/http-404", "error")
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "guides/a.md"
    assert place["region"] == {"startLine": 8, "startColumn": 10}
    assert str(project.folder) not in json.dumps(run)

    root = ElementTree.parse(project.folder / "junit.xml").getroot()
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("2", "1", "0")
    checked = json.loads((project.folder / "c:d.json").read_text("utf-8"))
    assert [each["verdict"] for each in checked["citations"]] == ["ok", "dead"]
    assert "http://site.test/gone" in (project.folder / "summary.md").read_text("utf-8")
    assert "1 dead. 1 fails." in (project.folder / "t").read_text("utf-8")


def test_output_is_for_the_format_that_names_no_file(work: tuple[Site, Project]) -> None:
    site, project = work
    site["/a"] = page("Here it is.")
    project.guide("a", "/a")
    done = project.run("check", "--format", "json:j.json", "--format", "sarif", "--output", "s.sarif")
    assert (done.returncode, done.stdout) == (0, "")
    assert json.loads((project.folder / "s.sarif").read_text("utf-8"))["version"] == "2.1.0"
    assert json.loads((project.folder / "j.json").read_text("utf-8"))["summary"]["ok"] == 1


def test_a_file_that_cannot_be_written_does_not_cost_the_others(work: tuple[Site, Project]) -> None:
    site, project = work
    site["/a"] = page("Here it is.")
    project.guide("a", "/a")
    done = project.run("check", "--format", "sarif:loccit.toml/x", "--format", "json", "--format", "junit:j.xml")
    assert done.returncode == 2
    assert json.loads(done.stdout)["summary"]["ok"] == 1
    assert (project.folder / "j.xml").exists()
    assert "loccit.toml/x: cannot be written" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--format text --format json", "text and json would both go to standard output"),
        ("--format text --format json:-", "text and json would both go to standard output"),
        ("--format sarif:x --format json:./x", "sarif and json would both go to x"),
        ("--format sarif --output x --format json", "sarif and json would both go to x"),
        ("--format sarif:x --output y", "--output has no format to apply to"),
        ("--format sarif:", "names no file"),
        ("--format sarlf", "did you mean 'sarif'?"),
        ("--format :x", "known: text, json, github, markdown, sarif, junit"),
    ],
)
def test_usage_errors_come_before_anything_is_read(
    words: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        code = main(["check", *words.split()])
    except SystemExit as left:
        code = int(left.code or 0)
    out, err = capsys.readouterr()
    assert (code, out) == (2, "")
    assert said in re.sub(r"\s+", " ", err)
    assert list(tmp_path.iterdir()) == []


def test_nothing_changed_gives_an_empty_result_and_not_none(work: tuple[Site, Project]) -> None:
    _, project = work
    project.guide("a", "/a")
    as_us = ("-c", "user.name=T", "-c", "user.email=t@example.org")
    for arguments in (("init", "-q"), ("add", "."), (*as_us, "commit", "-qm", "x")):
        subprocess.run(["git", *arguments], cwd=project.folder, check=True)
    done = project.run("check", "--since", "HEAD", "--format", "sarif:s.sarif", "--format", "junit")
    assert done.returncode == 0, done.stderr
    assert ElementTree.fromstring(done.stdout.encode()).get("tests") == "0"
    assert json.loads((project.folder / "s.sarif").read_text("utf-8"))["runs"][0]["results"] == []


def test_no_word_of_a_guide_becomes_a_command(work: tuple[Site, Project]) -> None:
    """GitHub's runner reads both streams: `::` at a line's start, and `##[` anywhere."""
    _, project = work
    (project.folder / "guides" / "n\n::error file=x::forged.md").write_text(
        '---\ntitle: "t\\n::error::t"\nverified: "v\\n::error::v ##[error]v"\n"##[error]k\\n::error::k": 1\n'
        'citations:\n  - id: "i\\n::error::i"\n    title: "##[error]"\n    url: "ftp://u\\n::error::u"\n'
        '  - url: "javascript:\\n##[set-env name=A]b"\n  - url: "\\n::add-mask::a%0A::error::b"\n---\n\nText.\n',
        "utf-8",
    )
    (project.folder / "guides" / "broken.md").write_text("---\ntitle: [\n::error::y ##[error]\n---\n", "utf-8")
    names = ("text", "json", "markdown", "sarif", "junit")
    done = project.run("check", "--format", "github", *(f"--format={name}:{name}" for name in names))
    assert done.returncode == 1, done.stderr
    assert "forged" in done.stderr
    ours = re.compile(r"::(error|warning|notice) file=[^:,]+,(line=\d+,)?(col=\d+,)?title=loccit%3A [a-z-]+::")
    files = [(project.folder / name).read_text("utf-8") for name in names]
    for shown in (done.stdout, done.stderr, *files):
        for line in shown.splitlines():
            assert "##[" not in line
            if line.lstrip().startswith("::"):
                assert shown is done.stdout
                assert ours.match(line), line
