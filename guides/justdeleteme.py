"""JustDeleteMe's sites.json (how accounts are deleted, service by service) as guides of our own form. Pure."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from guides.frontmatter import DIFFICULTIES

_LANGUAGE = re.compile(r"url_([A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})?)")
_LINE_START = re.compile(r"(?m)^(\s*)([-+*#>=~`|]|\d+[.)])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafted:
    """A guide as a file: its id, which is also its file's stem, and its Markdown."""

    id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusable:
    """An entry of which no guide can be made (counted from 1), and why."""

    entry: int
    why: str


def draft_guides(data: bytes) -> Iterator[Drafted | Unusable]:
    """One guide for each entry. Raises ValueError where the file is not a list of entries."""
    try:
        told = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"not JSON: {error}") from None
    if not isinstance(told, list):
        raise ValueError("not a list of entries")
    taken: set[str] = set()
    for number, entry in enumerate(told, 1):
        if not isinstance(entry, dict):
            yield Unusable(entry=number, why="it is no object")
        elif not (name := _line(entry.get("name"))):
            yield Unusable(entry=number, why="it has no name")
        elif not (links := list(_links(entry, name))):
            yield Unusable(entry=number, why=f"{name} has no url")
        else:
            ident = _distinct(slug(name), taken)
            yield Drafted(id=ident, text=_guide(ident, name, links, entry))


def slug(name: str) -> str:
    """A name as a file's stem: letters and digits of any script, joined by hyphens."""
    return "-".join(re.findall(r"\w+", name.lower().replace("_", " ")))[:80].strip("-") or "service"


def _distinct(stem: str, taken: set[str]) -> str:
    ident, count = stem, 1
    while ident in taken:
        count += 1
        ident = f"{stem}-{count}"
    taken.add(ident)
    return ident


def _links(entry: dict[str, object], name: str) -> Iterator[tuple[str, str]]:
    """Title and address of every page that deletes the account, each address once."""
    taken = {url := _line(entry.get("url"))}
    if url:
        yield f"Delete your {name} account", url
    for key, value in entry.items():
        language = _LANGUAGE.fullmatch(key)
        if language and (url := _line(value)) not in taken | {""}:
            taken.add(url)
            yield f"Delete your {name} account ({language[1]})", url


def _guide(ident: str, name: str, links: list[tuple[str, str]], entry: dict[str, object]) -> str:
    difficulty = _line(entry.get("difficulty")).lower()
    known = difficulty in DIFFICULTIES
    tags = [tag for tag in ("justdeleteme", "" if known else slug(difficulty) if difficulty else "") if tag]
    head = [
        "---",
        f"id: {quoted(ident)}",
        f"title: {quoted(f'Delete your {name} account')}",
        f"service: {quoted(name)}",
        *([f"difficulty: {difficulty}"] if known else []),
        f"tags: {quoted(tags)}",
        "official:",
        *(line for title, url in links for line in (f"  - title: {quoted(title)}", f"    url: {quoted(url)}")),
        "---",
        "",
    ]
    email = _line(entry.get("email"))
    body = [
        _paragraph(entry.get("notes")),
        f"Write to <{email}>." if re.fullmatch(r"[^\s<>@]+@[^\s<>@]+", email) else "",
    ]
    return "\n".join(head) + "\n".join(f"\n{part}" for part in body if part) + "\n"


def quoted(value: object) -> str:
    """A value as YAML on one line (JSON is YAML)."""
    text = json.dumps(value, ensure_ascii=False)
    # What YAML does not allow even in quotes, and what no file can be written with.
    return re.sub("[\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]", lambda found: f"\\u{ord(found[0]):04x}", text)


def _line(value: object) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""


def _paragraph(value: object) -> str:
    """Notes are plain text: what would begin a list or a heading in Markdown is escaped."""
    text = "\n".join(_line(line) for line in value.splitlines()) if isinstance(value, str) else ""
    text = text.encode("utf-8", "replace").decode().replace("\x00", "")
    return _LINE_START.sub(
        lambda found: f"{found[1]}\\{found[2]}" if not found[2][0].isdigit() else found[0], text
    ).strip()
