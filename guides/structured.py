"""Guides in YAML and JSON: one a file with the keys of front matter, or many a file through a mapping."""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import PurePosixPath

from guides.frontmatter import GUIDE_KEYS, Keyed, KeyReader, spoken
from guides.jsontree import parse_json
from guides.links import Keys, absolute
from guides.model import Citation, Guide, GuideId, Library, Role, Statement
from guides.nodes import Listing, Malformed, Node, Scalar, Table, named, shorten
from guides.settings import Mapping
from guides.source import Problems, Source
from guides.yamltree import parse_yaml

_FIELD = re.compile(r"\{([^{}]+)\}")
_MOST_GUIDES = 200_000


def parse(source: Source) -> Node | Malformed | None:
    """The tree of a YAML or JSON file; None where it is empty."""
    if source.name.lower().endswith(".json"):
        return parse_json(source.text)
    return parse_yaml(source.text)


def read_structured(source: Source, mapping: Mapping | None, *, today: date) -> Library:
    """The guides of a YAML or JSON file."""
    problems = Problems(source)
    root = parse(source)
    if isinstance(root, Malformed):
        problems.fail(root.offset, root.message, root.hint)
    elif root is None:
        problems.fail(0, "the file is empty", "write a guide into it, or remove it")
    elif mapping is not None:
        return Library(guides=tuple(_read_many(root, mapping, source, problems, today)), problems=tuple(problems))
    elif isinstance(root, Table):
        guide = _read_one(root, source, problems, today)
        return Library(guides=(guide,), problems=tuple(problems))
    else:
        problems.fail(
            root.start,
            f"a guide's keys are expected, not {named(root)}",
            "for many guides in one file, describe it in loccit.toml with [[guides.mapping]]",
        )
    return Library(problems=tuple(problems))


def stem_of(name: str) -> str:
    """The name that a file gives its guide: its stem, or its folder's where the stem is only "index"."""
    path = PurePosixPath(name)
    return path.parent.name if path.stem in ("index", "_index") and path.parent.name else path.stem


def guide_of(keyed: Keyed, source: Source, *, fallback: str, line: int = 1) -> Guide:
    """A guide of what its keys say; `fallback` is its id where it names none, and its title where that is missing."""
    return Guide(
        id=GuideId(keyed.id or fallback),
        title=keyed.title or fallback,
        file=source.name,
        line=line,
        service=keyed.service,
        difficulty=keyed.difficulty,
        time=keyed.time,
        verified=keyed.verified,
        updated=keyed.updated,
        method=keyed.method,
        tags=keyed.tags,
        citations=keyed.citations,
        statements=keyed.statements,
    )


def _read_one(table: Table, source: Source, problems: Problems, today: date) -> Guide:
    keyed = KeyReader(source, problems, today=today, keys=Keys()).read(table)
    stem = stem_of(source.name)
    if not any(table.get(key) for key in GUIDE_KEYS):
        hint = "`loccit init` writes a [[guides.mapping]] for files of another form; if it is no guide, `ignore` it"
        problems.warn(table.start, "none of a guide's keys stands in the file", hint)
    elif not keyed.title:
        problems.warn(table.start, "the guide has no title", f"add `title: …`; until then it is called “{stem}”")
    return guide_of(keyed, source, fallback=stem)


def entries(root: Node, path: str) -> Iterator[tuple[str, Node]]:
    """The entries that a mapping's `items` points at, each with its key or its number."""
    nodes: list[Node] = [root]
    for step in path.split(".") if path else ():
        children = (pair for node in nodes for pair in _children(node))
        nodes = [child for key, child in children if step in ("*", key)][:_MOST_GUIDES]
    count = 0
    for node in nodes:
        for pair in _children(node):
            count += 1
            if count > _MOST_GUIDES:
                return
            yield pair


def _children(node: Node) -> Iterator[tuple[str, Node]]:
    match node:
        case Listing():
            yield from ((str(number), child) for number, child in enumerate(node.items, 1))
        case Table():
            yield from ((key.text, child) for key, child in node.entries)


def _read_many(root: Node, mapping: Mapping, source: Source, problems: Problems, today: date) -> Iterator[Guide]:
    taken: set[str] = set()
    empty = True
    for key, node in entries(root, mapping.items):
        empty = False
        if not isinstance(node, Table):
            problems.fail(node.start, f"entry {shorten(key)} is {named(node)}, not an object", "correct or remove it")
            continue
        yield _Entry(key, node, mapping, source, problems).guide(taken, today)
    if empty:
        where = f'`items = "{mapping.items}"`' if mapping.items else "the file"
        problems.fail(root.start, f"no entries: {where} holds none", "correct `items` in [[guides.mapping]]")


def own_id(wanted: str, taken: set[str]) -> str:
    """`wanted`, or `wanted-2` and so on where it is taken already."""
    name, count = wanted, 1
    while name in taken:
        count += 1
        name = f"{wanted}-{count}"
    taken.add(name)
    return name


class _Entry:
    """One entry of a many-in-one file, seen through its mapping."""

    def __init__(self, key: str, node: Table, mapping: Mapping, source: Source, problems: Problems) -> None:
        self.key = key
        self.node = node
        self.mapping = mapping
        self.source = source
        self.problems = problems

    def guide(self, taken: set[str], today: date) -> Guide:
        reader = KeyReader(self.source, self.problems, today=today, keys=Keys())
        mapping = self.mapping
        wanted = self.text(mapping.id)
        if not wanted:
            wanted = self.key
            if mapping.id != "$key":
                self.problems.warn(
                    self.node.start, f"an entry without `{mapping.id}`", f"add it; it is called “{shorten(wanted)}”"
                )
        ident = own_id(wanted, taken)
        if ident != wanted:
            self.problems.warn(self.node.start, f"a second entry is called “{shorten(wanted)}”: it becomes “{ident}”")
        verified = find(self.node, mapping.verified)
        return Guide(
            id=GuideId(ident),
            title=self.text(mapping.title) or ident,
            file=self.source.name,
            line=self.source.line_of(self.node.start),
            service=self.text(mapping.service),
            difficulty=self.text(mapping.difficulty).lower(),
            verified=reader.day(verified, mapping.verified),
            tags=reader.tags(find(self.node, mapping.tags)),
            citations=tuple(self._citations()),
            statements=tuple(self._statements()),
        )

    def text(self, field: str) -> str:
        """A key's text, or a template's; "" where a key that it needs is missing."""
        if "{" not in field:
            return self._plain(field)
        parts = [self._plain(name) for name in _FIELD.findall(field)]
        if not all(parts):
            return ""
        values = iter(parts)
        return _FIELD.sub(lambda _: next(values), field)

    def _plain(self, key: str) -> str:
        if key == "$key":
            return self.key
        node = find(self.node, key)
        return "" if node is None else spoken(node)

    def _citations(self) -> Iterator[Citation]:
        keys = Keys()
        for node in self._values(self.mapping.url):
            for item in node.items if isinstance(node, Listing) else (node,):
                if not isinstance(item, Scalar):
                    self.problems.warn(item.start, f"a URL is expected, not {named(item)}", "correct it")
                elif not item.is_null and item.text.strip():
                    yield self._cite(item, keys)

    def _cite(self, item: Scalar, keys: Keys) -> Citation:
        url = item.text.strip()
        line, column = self.source.position(item.at + len(item.text) - len(item.text.lstrip()))
        return Citation(
            key=keys.name(Role.OFFICIAL, url), url=absolute(url), role=Role.OFFICIAL, line=line, column=column
        )

    def _statements(self) -> Iterator[Statement]:
        for node in self._values(self.mapping.text):
            text = spoken(node)
            if text:
                yield Statement(text=text, line=self.source.line_of(node.start))

    def _values(self, fields: tuple[str, ...]) -> Iterator[Node]:
        for field in fields:
            if field.endswith("*"):
                yield from (value for key, value in self.node.entries if key.text.startswith(field[:-1]))
            else:
                node = find(self.node, field)
                if node is not None:
                    yield node


def find(node: Table, path: str) -> Node | None:
    """The value at a dotted path; a key that holds dots itself is found too."""
    if not path:
        return None
    whole = node.get(path)
    if whole is not None or "." not in path:
        return whole
    head, rest = path.split(".", 1)
    child = node.get(head)
    return find(child, rest) if isinstance(child, Table) else None
