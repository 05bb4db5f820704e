"""The data that a page hands to its scripts: JSON in script elements, as values. Nothing is ever run. Pure.

Known forms: `application/json` and JSON-LD elements, Next's `__NEXT_DATA__`, Nuxt 3's flattened `__NUXT_DATA__`
(devalue's notation), and assignments of JSON such as `window.__APOLLO_STATE__ = {…}` or `= JSON.parse("…")`.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

MAX_CHARS = 5_000_000
MAX_SCRIPTS = 300
MAX_DEPTH = 80
MAX_VALUES = 300_000

_MARKS = ("application/json", "ld+json", "STATE__", "DATA__", "PROPS__")
_ASSIGNED = re.compile(
    r"(?:^|[;,\s{(])(?:var\s+|let\s+|const\s+|(?:window|self|globalThis)(?:\.|\[[\"'])\s*)?"
    r"([A-Za-z_$][\w$]{0,80})(?:[\"']\])?\s*=\s*(?=[{\[]|JSON\.parse\()"
)
_PARSE = re.compile(r"JSON\.parse\(\s*")
_MAX_ASSIGNED = 40
_decoder = json.JSONDecoder()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptData:
    """One value, and where it came from. `linked`: it is JSON-LD, which says things about the page for machines."""

    name: str
    value: Any
    linked: bool = False


def may_hold_data(source: str) -> bool:
    """Whether it is worth looking: a cheap question that is asked of every page."""
    return len(source) <= MAX_CHARS and any(mark in source for mark in _MARKS)


def script_data(scripts: Iterable[tuple[Mapping[str, str | None], str]]) -> list[ScriptData]:
    """All data in a page's scripts (their attributes and text), in order. What is no JSON, or too much, is left out."""
    return [found for attributes, text in scripts for found in _in_script(attributes, text)]


def _in_script(attributes: Mapping[str, str | None], text: str) -> Iterator[ScriptData]:
    if len(text) < 40 or len(text) > MAX_CHARS:
        return
    kind = (attributes.get("type") or "").partition(";")[0].strip().lower()
    name = attributes.get("id") or attributes.get("data-name") or kind
    if kind.endswith("json"):
        value = _parsed(text.strip().removeprefix("<!--").removesuffix("-->"))
        if name == "__NUXT_DATA__":
            value = _unflattened(value)
        if value is not None:
            yield ScriptData(name=name[:80], value=value, linked="ld" in kind)
    elif kind in ("", "module", "text/javascript", "application/javascript"):
        yield from _assignments(text)


def _assignments(text: str) -> Iterator[ScriptData]:
    start = 0
    for _ in range(_MAX_ASSIGNED):
        found = _ASSIGNED.search(text, start)
        if found is None:
            return
        value, start = _value_at(text, found.end())
        if isinstance(value, dict | list) and not _is_deep(value):
            yield ScriptData(name=found[1], value=value)


def _value_at(text: str, at: int) -> tuple[Any, int]:
    """The JSON that begins at `at`, and where to go on; None where it is none."""
    wrapped = _PARSE.match(text, at)
    try:
        if wrapped is None:
            return _decoder.raw_decode(text, at)
        quoted, end = _string(text, wrapped.end())
        return json.loads(quoted), end
    except (ValueError, RecursionError):
        return None, at + 1


def _string(text: str, at: int) -> tuple[str, int]:
    """A script's string literal. One in single quotes is read as JSON's would be, with the quotes' meaning swapped."""
    if text[at : at + 1] == '"':
        value, end = _decoder.raw_decode(text, at)
        return str(value), end
    found = re.compile(r"'((?:[^'\\\n]|\\.)*)'", re.S).match(text, at)
    if found is None:
        raise ValueError
    body = re.sub(r"\\.|\"", lambda one: {'"': '\\"', "\\'": "'"}.get(one[0], one[0]), found[1], flags=re.S)
    return str(json.loads(f'"{body}"')), found.end()


def _parsed(text: str) -> Any:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return None if _is_deep(value) else value


def _is_deep(value: Any) -> bool:
    """Whether a value is nested, or large, beyond what is looked through."""
    stack = [(value, 0)]
    seen = 0
    while stack:
        item, depth = stack.pop()
        seen += 1
        if depth > MAX_DEPTH or seen > MAX_VALUES:
            return True
        children = item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
        stack.extend((child, depth + 1) for child in children)
    return False


def _unflattened(flat: Any) -> Any:
    """Nuxt 3's payload: a list whose objects and lists name the places of their members in that list (devalue)."""
    if not isinstance(flat, list) or not flat:
        return None
    budget = [MAX_VALUES]

    def at(place: Any, depth: int) -> Any:
        budget[0] -= 1
        if not isinstance(place, int) or isinstance(place, bool) or not 0 <= place < len(flat):
            return None
        if depth > MAX_DEPTH or budget[0] < 0:
            raise RecursionError
        value = flat[place]
        if isinstance(value, dict):
            return {key: at(each, depth + 1) for key, each in value.items()}
        if isinstance(value, list):
            if value and isinstance(value[0], str):  # ["Reactive", 7]: a value in a wrapper; ["Date", "…"] and others
                return at(value[1], depth + 1) if len(value) == 2 and isinstance(value[1], int) else None
            return [at(each, depth + 1) for each in value]
        return value

    try:
        return at(0, 0)
    except RecursionError:
        return None
