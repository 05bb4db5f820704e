"""What is generated tells of everything that there is, and what is kept of it in the repository is up to date."""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "docs"))

from generate import json_output, man, pages, verdicts  # noqa: E402

from loccit.described import described  # noqa: E402
from loccit.main import COMMANDS  # noqa: E402
from loccit.settings import SECTIONS  # noqa: E402
from review.formats.rules import catalogue  # noqa: E402

MADE = {name: make() for name, make in pages.PAGES.items()}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def test_every_command_and_setting_is_told_with_what_it_is_for() -> None:
    missing = [name for name in COMMANDS if f"## loccit {name}\n" not in MADE["reference/commands.md"]]
    told = MADE["reference/configuration.md"]
    missing += [f"[{name}]" for name in SECTIONS if f"## [{name}]" not in told]
    for section, kind in SECTIONS.items():
        missing += [f"{section}.{key}: text under its field" for key, what in described(kind).items() if not what]
    assert not missing


def test_every_rule_of_a_check_says_where_it_comes_from() -> None:
    reasons = {rule.id.partition("/")[2] for rule in catalogue() if not rule.id.startswith(("drift/", "guide/"))}
    assert reasons - {""} == set(verdicts.SOURCES), "docs/generate/rules.toml and the rules of the check differ"


def test_every_field_of_the_json_is_told_and_none_that_is_not_there() -> None:
    paths = {
        path for text in json_output.samples().values() for path in json_output.paths(json_output.json.loads(text))
    }
    told = {json_output.meaning(path) for path in paths}
    assert told == set(json_output.FIELDS.values())


def test_the_manual_page_is_up_to_date() -> None:
    assert man.PAGE.read_text("utf-8") == man.manual(), "run `make generated`"


def test_every_dependency_has_its_reason() -> None:
    told = {
        row[1].lower()
        for row in re.finditer(r"^\| `([\w.-]+)` \|", (ROOT / "docs" / "dependencies.md").read_text("utf-8"), re.M)
        if "/" not in row[1]
    }
    extras = [need for name, needs in PROJECT["optional-dependencies"].items() if name != "all" for need in needs]
    needed = {re.split(r"[<>=\[ ]", need)[0].lower() for need in (*PROJECT["dependencies"], *extras)}
    assert told == needed
    everything = next(need for need in PROJECT["optional-dependencies"]["all"])
    assert set(re.findall(r"\w+", everything.partition("[")[2])) == set(PROJECT["optional-dependencies"]) - {"all"}
