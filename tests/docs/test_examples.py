"""What the pages tell people to type and to write is taken by the real parser, settings and guide reader."""

import re
import shlex
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import yaml

from guides.read import read_file
from guides.settings import GuideSettings
from loccit.errors import SettingsError
from loccit.main import whole_parser
from loccit.settings import load

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^( *)```(\w+)[^\n]*\n(.*?)^\1```$", re.M | re.S)
# What may stand before a command: a prompt, an assignment, a loop's `do`, a workflow's `- run:`, a cron job's times.
BEFORE = re.compile(r"\$|\w+=.*|do|-|run:|[\d*/]+")


def _blocks(*languages: str) -> Iterator[tuple[str, str]]:
    """Where a fenced block of one of the languages begins, and what is in it."""
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *(ROOT / "docs").rglob("*.md")]
    for page in sorted(pages):
        text = page.read_text("utf-8")
        for found in FENCE.finditer(text):
            if found[2] in languages:
                where = f"{page.relative_to(ROOT)}:{text.count(chr(10), 0, found.start()) + 1}"
                yield where, re.sub(rf"^{found[1]}", "", found[3], flags=re.M)


def _commands(block: str) -> Iterator[list[str]]:
    """The arguments of each `loccit` that a shell, cron or systemd would start from the block."""
    for line in block.replace("\\\n", " ").splitlines():
        if "loccit" not in line or "…" in line or line.lstrip().startswith("#"):
            continue
        words = shlex.shlex(re.sub(r"^ExecStart=\S*/", "", line), posix=True, punctuation_chars=True)
        words.whitespace_split = True
        before, arguments = True, list[str]()
        for word in [*words, ";"]:
            if set(word) <= set("();<>|&"):
                if not before:
                    yield arguments
                before, arguments = True, []
            elif before and word == "loccit":
                before = bool(arguments)
            elif not (before and BEFORE.fullmatch(word)):
                arguments.append(word)


def test_every_command_line_of_the_pages_is_one_that_loccit_takes() -> None:
    parser, wrong, seen = whole_parser(), [], 0
    for where, block in _blocks("console", "cron", "ini", "yaml", "sh"):
        for arguments in _commands(block):
            seen += 1
            try:
                parser.parse_args(arguments)
            except SystemExit as end:
                if end.code:
                    wrong.append(f"{where}: loccit {shlex.join(arguments)}")
    assert not wrong
    assert seen > 50


def test_every_configuration_of_the_pages_is_one_that_loccit_takes(tmp_path: Path) -> None:
    wrong, seen = [], 0
    (tmp_path / "company-ca.pem").touch()
    for where, block in _blocks("toml"):
        seen += 1
        file = tmp_path / "loccit.toml"
        file.write_text(block, "utf-8")
        try:
            load(tmp_path, {}, file)
        except SettingsError as error:
            wrong.append(f"{where}: {error}")
    assert not wrong
    assert seen > 5


def test_every_guide_of_the_pages_is_one_that_loccit_reads() -> None:
    wrong, seen = [], 0
    for where, block in _blocks("yaml", "markdown"):
        is_yaml = not block.startswith(("---", "[", "#"))
        table = yaml.safe_load(block) if is_yaml else {}
        if is_yaml and not (isinstance(table, dict) and "citations" in table):
            continue
        seen += 1
        name = "guide.yaml" if is_yaml else "guide.md"
        library = read_file(name, block.encode(), GuideSettings(), today=date(2100, 1, 1))
        wrong += [f"{where}: {said}" for said in map(str, library.problems) if "has no title" not in said]
    assert not wrong
    assert seen > 3
