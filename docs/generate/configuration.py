"""The page on settings, from the dataclasses that loccit.toml is read into."""

import dataclasses
from collections.abc import Iterable
from datetime import timedelta
from enum import Enum
from types import UnionType
from typing import Any, Final, get_args, get_origin

from generate.markdown import cell, code, table

from guides.settings import Ignore, Mapping
from loccit.described import described
from loccit.ranges import RANGES
from loccit.settings import SECTIONS

TABLES: Final = {
    "guides": "Which files are guides.",
    "store": "Where everything is kept, and for how long.",
    "crawl": "How pages are fetched: limits and politeness.",
    "network": "How pages are reached.",
    "policy": "When a link is dead, a change is shown, a guide has expired, and a check fails.",
    "schedule": "When sources are looked at.",
    "archive": "Where archived copies are looked for.",
    "links": "Links that are left unchecked.",
    "baseline": "Known failures that are borne with.",
    "review": "The editors' page.",
    "notify": "Messages to editors.",
}
_LIMITS: Final = {(section, key): (low, high) for section, key, low, high in RANGES}


def configuration_page() -> str:
    parts = [
        "# Configuration",
        "",
        "`loccit.toml`, the nearest one going up from the working directory, or `[tool.loccit]` in `pyproject.toml`. "
        "Paths in it start at its folder. `LOCCIT_SECTION__KEY` in the environment overrides one key "
        "(`LOCCIT_CRAWL__DELAY=1`, `LOCCIT_GUIDES__PATHS='[\"docs/*.md\"]'`), and an option of the command overrides "
        "both. An unknown key is an error that names the nearest known one.",
        "",
        "Lengths of time are written `45s`, `90m`, `12h`, `30d`, `2w` or `1d12h`. A JSON Schema for editors is in "
        "`schemas/loccit.schema.json`.",
        "",
    ]
    for name, kind in SECTIONS.items():
        parts += [f"## [{name}] {{: #{name} }}", "", TABLES.get(name, _first(kind)), "", _table(name, kind), ""]
    parts += ["### [[guides.mapping]]", "", _paragraph(Mapping), "", _table("", Mapping), ""]
    parts += ["### [[links.ignore]]", "", _paragraph(Ignore), "", _table("", Ignore), ""]
    return "\n".join(parts)


def _table(section: str, kind: type[Any]) -> str:
    told = described(kind)
    return table(
        ("key", "type", "default", "what it is for"),
        [
            (
                code(item.name),
                _type(item.type),
                code(_default(item)),
                cell(told[item.name]) + _limits(section, item.name),
            )
            for item in dataclasses.fields(kind)
        ],
    )


def _limits(section: str, key: str) -> str:
    low_high = _LIMITS.get((section, key))
    return f" From {low_high[0]:,} to {low_high[1]:,}.".replace(",", "\u202f") if low_high else ""


def _type(kind: Any) -> str:
    origin = get_origin(kind)
    if origin in (tuple, list):
        return f"list of {_type(get_args(kind)[0])}"
    if origin is dict:
        return "table"
    if isinstance(kind, UnionType):
        return " or ".join(_type(each) for each in get_args(kind))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return ", ".join(f"`{each.value}`" for each in kind)
    names = {str: "text", int: "whole number", float: "number", bool: "true or false", timedelta: "length of time"}
    return names.get(kind, "table" if dataclasses.is_dataclass(kind) else str(kind))


def _default(item: "dataclasses.Field[Any]") -> str:
    if item.default_factory is not dataclasses.MISSING:
        return _toml(item.default_factory())
    return "" if item.default is dataclasses.MISSING else _toml(item.default)


def _toml(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case Enum():
            return f'"{value.value}"'
        case timedelta():
            return f'"{_length(value)}"'
        case str():
            return f'"{value}"'
        case dict():
            return "{}" if not value else str(value)
        case Iterable():
            return f"[{', '.join(_toml(each) for each in value)}]"
        case _:
            return str(value)


def _length(value: timedelta) -> str:
    seconds = int(value.total_seconds())
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds % size == 0 and (unit != "d" or seconds > size):
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def _first(kind: type[Any]) -> str:
    """Of a table that this page has no sentence for yet."""
    text = (kind.__doc__ or "").strip()
    return "" if text.startswith(f"{kind.__name__}(") else text.partition("\n\n")[0]


def _paragraph(kind: type[Any]) -> str:
    return " ".join((kind.__doc__ or "").split())
