"""The published schemas are those of the models, and say what loccit says."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from loccit.schemas import schemas, settings_schema

ROOT = Path(__file__).resolve().parents[2]


def schema(name: str) -> Draft202012Validator:
    made: Any = json.loads(schemas()[name])
    Draft202012Validator.check_schema(made)
    return Draft202012Validator(made)


@pytest.mark.parametrize("name", ["guide.schema.json", "loccit.schema.json"])
def test_the_published_ones_are_up_to_date(name: str) -> None:
    published = (ROOT / "schemas" / name).read_text("utf-8")
    assert published == schemas()[name], "run `python -m loccit.schemas schemas`"


def test_the_examples_are_guides() -> None:
    examples = list((ROOT / "guides" / "examples").rglob("*.md"))
    assert examples
    for file in examples:
        front = file.read_text("utf-8").split("---\n")[1]
        assert list(schema("guide.schema.json").iter_errors(yaml.load(front, Loader=yaml.BaseLoader))) == []


@pytest.mark.parametrize(
    ("text", "sound"),
    [
        ("title: T\ncitations: [{id: 1, url: 'https://a.org', place: {heading: X}}]", True),
        ("title: T\nlayout: page\nofficial: ['https://a.org']\ncitations:", True),
        ("citations: [{title: no address}]", False),
        ("difficulty: trivial", False),
        ("citations: [{url: 'https://a.org', place: {hedding: X}}]", False),
        ("citations: [{url: 'https://a.org', place: {css: a, xpath: b}}]", False),
    ],
)
def test_guides(text: str, sound: bool) -> None:
    assert schema("guide.schema.json").is_valid(yaml.safe_load(text)) is sound


@pytest.mark.parametrize(
    ("text", "sound"),
    [
        ((ROOT / "loccit.toml").read_text("utf-8"), True),
        ('[schedule]\nevery = "6h"\n[network.connect_to]\n"a:1" = "b:2"', True),
        ('[[guides.mapping]]\npath = "x.json"\nurl = "link"', True),
        ('[[links.ignore]]\nhost = "a.org"\nreason = "r"', True),
        ('[[links.ignore]]\nhost = "a.org"', False),
        ("[crawl]\ndealy = 1", False),
        ('[crawl]\ndelay = "long"', False),
        ("[crwal]\ndelay = 1", False),
    ],
)
def test_settings(text: str, sound: bool) -> None:
    assert schema("loccit.schema.json").is_valid(tomllib.loads(text)) is sound


def test_every_table_is_there() -> None:
    assert set(settings_schema()["properties"]) >= {"guides", "store", "crawl", "network", "policy", "links"}
