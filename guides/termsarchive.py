"""Open Terms Archive's declarations: which part of which page holds a service's terms, as places of citations. Pure.

A declaration names for each document what to fetch, what to select of it and what to remove. Ranges that begin after
an element, several ranges, and ranges to remove have no place among ours and are told as such; filters are code and are
never read.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from guides.justdeleteme import quoted, slug
from guides.model import Css

_LONGEST = 2_000
_MOST_PARTS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """One page that a declaration names. Without `place` its main content counts; `lost` says what was left out."""

    service: str
    document: str
    url: str
    place: Css | None = None
    lost: str = ""


def declarations(data: bytes) -> Iterator[Declared]:
    """The pages of one service's declaration. Raises ValueError where the file is none."""
    try:
        told = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"not JSON: {error}") from None
    documents = told.get("terms", told.get("documents")) if isinstance(told, dict) else None
    if not isinstance(documents, dict) or not isinstance(told, dict):
        raise ValueError("not a declaration: it has neither `terms` nor `documents`")
    service = _line(told.get("name")) or "?"
    for name, document in documents.items():
        if isinstance(document, dict):
            yield from _pages(service, _line(name), document)


def draft_guide(pages: list[Declared]) -> tuple[str, str]:
    """One service's pages as a guide of its own: the file's stem, and its Markdown."""
    service = pages[0].service
    ident = f"{slug(service)}-terms"
    lines = [
        "---",
        f"id: {quoted(ident)}",
        f"title: {quoted(f'The terms of {service}')}",
        f"service: {quoted(service)}",
    ]
    lines += ["tags: [opentermsarchive]", "citations:"]
    for page in pages:
        lines += [f"  - title: {quoted(page.document)}", f"    url: {quoted(page.url)}"]
        lines += [f"    place: {place_line(page.place)}"] if page.place is not None else []
    return ident, "\n".join([*lines, "---", ""])


def place_line(place: Css) -> str:
    """A place as the value of `place:`, on one line."""
    ends = "".join(
        f", {key}: {quoted(end)}" for key, end in (("until", place.until), ("through", place.through)) if end
    )
    removed = f", remove: {quoted(list(place.remove))}" if place.remove else ""
    return f"{{css: {quoted(place.css)}{ends}{removed}}}"


def _pages(service: str, name: str, document: dict[str, object]) -> Iterator[Declared]:
    combined = document.get("combine")
    parts = combined if isinstance(combined, list) else [document]
    for part in parts[:_MOST_PARTS]:
        if not isinstance(part, dict):
            continue
        whole = {**document, **part}
        if url := _line(whole.get("fetch")):
            place, lost = _place(whole)
            yield Declared(service=service, document=name, url=url, place=place, lost=lost)


def _place(part: dict[str, object]) -> tuple[Css | None, str]:
    between = _between(part.get("select"))
    selected, ranged = (between[:1], False) if between else _selectors(part.get("select"))
    removed, ranges_removed = _selectors(part.get("remove"))
    lost = ["a range to select"] * ranged + ["a range to remove"] * ranges_removed
    if ranged:
        # Half of what is meant would be compared as if it were all.
        selected = ()
    if part.get("filter"):
        lost.append("its filters")
    _, until, through = between or ("", "", "")
    place = Css(css=", ".join(selected), remove=removed, until=until, through=through) if selected else None
    return place, " and ".join(lost)


def _between(value: object) -> tuple[str, str, str] | None:
    """One range that begins with an element and ends before or after another, as `css`, `until` and `through`."""
    if not isinstance(value, dict):
        return None
    start, until, through = (_line(value.get(key)) for key in ("startBefore", "endBefore", "endAfter"))
    short = max(map(len, (start, until, through))) <= _LONGEST
    return (start, until, through) if start and short and bool(until) != bool(through) else None


def _selectors(value: object) -> tuple[tuple[str, ...], bool]:
    """The CSS selectors, and whether there was a range (`startBefore`, `endAfter` …) among them."""
    items = value if isinstance(value, list) else [value]
    found = tuple(line for item in items[:_MOST_PARTS] if (line := _line(item)) and len(line) <= _LONGEST)
    return found, any(isinstance(item, dict) for item in items)


def _line(value: object) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""
