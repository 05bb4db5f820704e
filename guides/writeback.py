"""Setting a guide's verified date in its file's bytes: every other byte stays as it was."""

import re
from datetime import date

from guides.dates import find_date, rewrite_date
from guides.html import date_spots, language_of
from guides.markdown import FrontMatter, front_matter
from guides.model import Guide, GuideProblem
from guides.nodes import Malformed, Node, Scalar, Table
from guides.read import HTML, MARKDOWN, STRUCTURED
from guides.settings import Mapping
from guides.source import Source, decode
from guides.structured import entries, find, parse
from guides.tags import scan
from guides.yamltree import parse_yaml


class WritebackError(Exception):
    """The verified date cannot be set in the file; the message says why and what to do instead."""


def set_verified(name: str, data: bytes, guide: Guide, day: date, *, mapping: Mapping | None = None) -> bytes:
    """The file's bytes with `guide` verified on `day`.

    `mapping` is the one by which a many-in-one file is read. A file that cannot carry the date, or no longer holds
    the guide, raises WritebackError.
    """
    source = decode(name, data)
    if isinstance(source, GuideProblem):
        raise WritebackError(f"{source}; set the date by hand")
    kind = name.lower()
    if kind.endswith(MARKDOWN):
        text = _markdown(source, day)
    elif kind.endswith(HTML):
        text = _html(source, guide, day)
    elif kind.endswith(STRUCTURED):
        text = _structured(source, guide, day, mapping)
    else:
        raise WritebackError(f"{name}: not a kind of file that loccit writes to; set the date by hand")
    return source.encode(text)


def _markdown(source: Source, day: date) -> str:
    front = front_matter(source.text)
    if front is None:
        if re.match(r"\+\+\+[ \t]*[\r\n]", source.text):
            raise WritebackError(f"{source.name}: TOML front matter is not written to; set `verified = {day}` by hand")
        end = _line_end(source.text)
        return f"---{end}verified: {day}{end}---{end}{end}{source.text}"
    root = parse_yaml(source.text, start=front.start, end=front.end)
    if isinstance(root, Table):
        return _in_table(source, root, "verified", day, limit=front.end)
    if root is None:
        return _insert(source.text, front.end, f"verified: {day}{_line_end(source.text)}")
    raise _unreadable(source, root, front)


def _unreadable(source: Source, root: Node | Malformed, front: FrontMatter | None = None) -> WritebackError:
    if isinstance(root, Malformed):
        line, column = source.position(root.offset)
        return WritebackError(f"{source.name}:{line}:{column}: {root.message}; correct it, then try again")
    where = "front matter" if front else "the file"
    return WritebackError(f"{source.name}: {where} holds no keys; set `verified` by hand")


def _structured(source: Source, guide: Guide, day: date, mapping: Mapping | None) -> str:
    root = parse(source)
    if root is None or isinstance(root, Malformed):
        raise _unreadable(source, root or Malformed("the file is empty", "", 0))
    if mapping is None:
        if not isinstance(root, Table):
            raise _unreadable(source, root)
        return _in_table(source, root, "verified", day, limit=len(source.text))
    if not mapping.verified:
        raise WritebackError(
            f"{source.name}: its mapping names no `verified` field, so the date cannot be written; "
            'add `verified = "verified"` to [[guides.mapping]] to have it written'
        )
    entry = _entry(source, root, guide, mapping)
    return _in_table(source, entry, mapping.verified, day, limit=entry.end)


def _entry(source: Source, root: Node, guide: Guide, mapping: Mapping) -> Table:
    """The entry that a guide was read from: by its line where that still holds its id, else by its id alone."""
    tables = [(key, node) for key, node in entries(root, mapping.items) if isinstance(node, Table)]
    same = [node for key, node in tables if _entry_id(key, node, mapping) == guide.id]
    exact = [node for _, node in tables if source.line_of(node.start) == guide.line]
    found = [node for node in same if node in exact] or same or (exact if re.search(r"-\d+$", guide.id) else [])
    if not found:
        raise WritebackError(f"{source.name}: no entry is called “{guide.id}” any more; run `loccit check` again")
    return found[0]


def _entry_id(key: str, node: Table, mapping: Mapping) -> str:
    value = find(node, mapping.id) if mapping.id != "$key" else None
    return " ".join(value.text.split()) if isinstance(value, Scalar) else key


def _in_table(source: Source, table: Table, key: str, day: date, *, limit: int) -> str:
    """The date replaced where it stands, or an entry of its own added."""
    old = find(table, key)
    if isinstance(old, Scalar) and not (old.is_null and old.start == old.end):
        return _replace(source.text, old, day, json=source.name.lower().endswith(".json"))
    if isinstance(old, Scalar):
        return _insert(source.text, _after_colon(source.text, old.start), f" {day}")
    if old is not None:
        line, column = source.position(old.start)
        raise WritebackError(f"{source.name}:{line}:{column}: `{key}` is no date; correct it, then try again")
    if "." in key:
        raise WritebackError(f"{source.name}: the entry has no `{key}` to set; add it by hand")
    if source.text[table.start : table.start + 1] == "{":
        return _add_to_braces(source, table, key, day)
    return _add_line(source.text, table, key, day, limit)


def _replace(text: str, old: Scalar, day: date, *, json: bool) -> str:
    """Only the date's own characters change: quotes, anchors and the comment behind stay."""
    token = text[old.at : old.end]
    shown = find_date(token)
    if shown is not None and shown.start == 0:
        new = rewrite_date(shown.text, day) or day.isoformat()
        rest = token[shown.end :]
        time = re.match(r"[T ]\d{1,2}:\d{2}[\d:.]*(?:Z|[+-]\d{2}:?\d{2})?", rest)
        return text[: old.at] + new + rest[time.end() if time else 0 :] + text[old.end :]
    if json and old.plain:
        return text[: old.start] + f'"{day}"' + text[old.end :]
    end = old.end if old.plain else old.end - 1
    return text[: old.at] + day.isoformat() + text[end:]


def _after_colon(text: str, at: int) -> int:
    """An empty value's place: right behind the colon before it."""
    colon = text.rfind(":", 0, at + 1)
    return colon + 1 if colon >= 0 else at


def _add_to_braces(source: Source, table: Table, key: str, day: date) -> str:
    """A last entry for a JSON object or YAML flow mapping, spaced like the one before it."""
    text = source.text
    json = source.name.lower().endswith(".json")
    entry = f'"{key}": "{day}"' if json else f"{key}: {day}"
    if not table.entries:
        return _insert(text, table.start + 1, entry)
    last_key, last = table.entries[-1]
    before = table.entries[-2][1].end if len(table.entries) > 1 else table.start + 1
    gap = re.search(r"\s*$", text[before : last_key.start])
    space = gap.group() if gap else " "
    end = last.end
    return text[:end] + "," + (space if len(table.entries) > 1 or "\n" in space else " ") + entry + text[end:]


def _add_line(text: str, table: Table, key: str, day: date, limit: int) -> str:
    """A line of its own in a block mapping: behind `title`, where that is one line, else behind the last entry."""
    first = table.entries[0][0] if table.entries else None
    start = first.start if first else table.start
    line_start = max(text.rfind("\n", 0, start), text.rfind("\r", 0, start)) + 1
    indent = re.sub(r"[^ ]", " ", text[line_start:start])
    title = next((value for name, value in table.entries if name.text == "title"), None)
    single = isinstance(title, Scalar) and not re.search(r"[\r\n]", text[title.start : title.end])
    anchor = (
        title.end if single and title is not None else max((value.end for _, value in table.entries), default=start)
    )
    end = re.compile(r"[^\r\n]*(\r\n|\r|\n)?").match(text, min(anchor, limit))
    at = end.end() if end else limit
    if not single and anchor > 0 and text[anchor - 1] in "\r\n":
        at = anchor
    newline = _line_end(text)
    lead = newline if at and text[at - 1] not in "\r\n" else ""
    tail = "" if lead else newline
    return _insert(text, at, f"{lead}{indent}{key}: {day}{tail}")


def _html(source: Source, guide: Guide, day: date) -> str:
    parts = list(scan(source.text))
    spots = [spot for spot in date_spots(parts) if spot.dates == "verified" and spot.day == guide.verified]
    if not spots:
        raise WritebackError(
            f"{source.name}: the page shows no verified date that could be replaced; add “Verified {day}” to it, or "
            'a <time datetime="…"> behind the word “Verified”'
        )
    text = source.text
    for spot in sorted(spots, key=lambda spot: spot.start, reverse=True):
        old = text[spot.start : spot.end]
        new = rewrite_date(old, day, language=language_of(parts))
        if new is None:
            line, column = source.position(spot.start)
            raise WritebackError(f"{source.name}:{line}:{column}: “{old}” cannot be rewritten safely; set it by hand")
        text = text[: spot.start] + new + text[spot.end :]
    return text


def _insert(text: str, at: int, new: str) -> str:
    return text[:at] + new + text[at:]


def _line_end(text: str) -> str:
    found = re.search(r"\r\n|\r|\n", text)
    return found.group() if found else "\n"
