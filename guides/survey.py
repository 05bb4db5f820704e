"""A first look at a project: where its guides are, and the configuration that would read them."""

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path, PurePosixPath

from guides.files import name_of, walk
from guides.jsontree import parse_json
from guides.load import read_bytes
from guides.model import GuideProblem, Role
from guides.nodes import Listing, Malformed, Node, Scalar, Table
from guides.read import HTML, MARKDOWN, STRUCTURED, read_file
from guides.settings import GuideSettings, Mapping
from guides.source import Source, decode
from guides.yamltree import parse_yaml

MAX_FILES = 20_000
MAX_DEPTH = 12
_MOST_READ = 4_000
_SAMPLE = 200
_MIN_ENTRIES = 3
_TEXT_KEYS = ("notes", "note", "text", "description", "steps", "summary", "body")
_NAME_KEYS = ("id", "slug", "name", "title", "service")
_NOT_GUIDES = frozenset(
    {"readme", "changelog", "contributing", "license", "licence", "code_of_conduct", "security", "package",
     "package-lock", "tsconfig", "composer"}
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What was found: suggested settings, counts, and a line each for people."""

    paths: tuple[str, ...] = ()
    mappings: tuple[Mapping, ...] = ()
    guides: int = 0
    citations: int = 0
    files: int = 0
    notes: tuple[str, ...] = ()
    complete: bool = True
    """False: the folder holds more files than were looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """One file that holds guides."""

    name: str
    guides: int
    citations: int
    keyed: bool
    mapping: Mapping | None = None


def survey(root: Path, *, today: date) -> Survey:
    """Look at up to 20,000 files below `root`, twelve folders deep; reads, and writes nothing."""
    root = Path(os.path.normpath(Path.cwd() / root))
    names = [name_of(path, root) for path in islice(walk(root, deep=MAX_DEPTH), MAX_FILES + 1)]
    candidates = [name for name in names[:MAX_FILES] if name.lower().endswith(MARKDOWN + STRUCTURED + HTML)]
    candidates = [name for name in candidates if PurePosixPath(name).stem.lower() not in _NOT_GUIDES]
    found = [seen for name in candidates[:_MOST_READ] if (seen := _look(root, name, today)) is not None]
    plain = [seen for seen in found if seen.mapping is None]
    if any(seen.keyed for seen in plain):
        plain = [seen for seen in plain if seen.keyed]
    mapped = [seen for seen in found if seen.mapping is not None]
    paths, mappings = _globs(plain), _join(mapped)
    return Survey(
        paths=(*paths, *(mapping.path for mapping in mappings if mapping.path not in paths)),
        mappings=mappings,
        guides=sum(seen.guides for seen in (*plain, *mapped)),
        citations=sum(seen.citations for seen in (*plain, *mapped)),
        files=len(plain) + len(mapped),
        notes=(*_notes(plain), *_mapping_notes(mappings, mapped)),
        complete=len(names) <= MAX_FILES and len(candidates) <= _MOST_READ,
    )


def _look(root: Path, name: str, today: date) -> _Seen | None:
    settings = GuideSettings()
    data = read_bytes(root / name, name, settings.max_bytes)
    if isinstance(data, GuideProblem):
        return None
    if name.lower().endswith(STRUCTURED):
        mapping = _suggest(decode(name, data))
        if mapping is not None:
            settings = GuideSettings(mapping=(mapping,))
            library = read_file(name, data, settings, today=today)
            citations = sum(len(guide.citations) for guide in library.guides)
            return _Seen(name=name, guides=len(library.guides), citations=citations, keyed=True, mapping=mapping)
    library = read_file(name, data, settings, today=today)
    if not library.guides or not library.guides[0].citations:
        return None
    guide = library.guides[0]
    keyed = guide.verified is not None or any(citation.role is not Role.INLINE for citation in guide.citations)
    return _Seen(name=name, guides=1, citations=len(guide.citations), keyed=keyed)


def _suggest(source: Source | GuideProblem) -> Mapping | None:
    """The mapping for a file of many entries with URLs; None where the file is no such thing."""
    if isinstance(source, GuideProblem):
        return None
    root = parse_json(source.text) if source.name.lower().endswith(".json") else parse_yaml(source.text)
    if root is None or isinstance(root, Malformed | Scalar):
        return None
    if isinstance(root, Table) and (root.get("official") or root.get("citations")):
        return None
    options: list[tuple[str, Node]] = [("", root)]
    if isinstance(root, Table):
        options += [(key.text, value) for key, value in root.entries[:20]]
    for items, node in options:
        tables = _tables(node)
        keyed_alone = isinstance(node, Table) and items == "" and len(tables) == len(node.entries) == 1
        if len(tables) >= _MIN_ENTRIES or keyed_alone:
            mapping = _mapping(source.name, items, node, tables[:_SAMPLE])
            if mapping is not None:
                return mapping
    return None


def _tables(node: Node) -> list[Table]:
    children: Iterable[Node] = ()
    if isinstance(node, Listing):
        children = node.items
    elif isinstance(node, Table):
        children = [value for _, value in node.entries]
    return [child for child in children if isinstance(child, Table)]


def _mapping(name: str, items: str, node: Node, tables: list[Table]) -> Mapping | None:
    counts = Counter(key.text for table in tables for key, _ in table.entries)
    urls = Counter(
        key.text
        for table in tables
        for key, value in table.entries
        if isinstance(value, Scalar) and value.text.startswith(("http://", "https://"))
    )
    if not urls:
        return None
    always = [key for key in _NAME_KEYS if counts[key] >= len(tables) * 0.9]
    ident = "$key" if isinstance(node, Table) else next(iter(always), "$key")
    title = next((key for key in ("title", "name", "service") if key in always), ident)
    keys = sorted(urls, key=lambda key: (key != "url", -urls[key], key))
    # A translation's address (url_de beside url) is another page for other readers; it is left to the editors.
    keys = [key for key in keys if not any(key != other and key.startswith(f"{other}_") for other in keys)]
    return Mapping(
        path=name,
        items=items,
        id=ident,
        title=title,
        url=tuple(keys[:10]),
        text=tuple(key for key in _TEXT_KEYS if counts[key]),
        difficulty="difficulty" if counts["difficulty"] else "",
        verified=next((key for key in ("verified", "last_verified", "reviewed") if counts[key]), ""),
        tags=next((key for key in ("tags", "categories", "keywords") if counts[key]), ""),
    )


def _globs(seen: list[_Seen]) -> tuple[str, ...]:
    """One glob for each top folder and kind of file; a file at the root is named by its kind."""
    globs: Counter[str] = Counter()
    for file in seen:
        path = PurePosixPath(file.name)
        folders = path.parts[:-1]
        globs[f"{folders[0]}/**/*{path.suffix}" if folders else f"*{path.suffix}"] += 1
    return tuple(glob for glob, _ in globs.most_common())


def _join(seen: list[_Seen]) -> tuple[Mapping, ...]:
    """One mapping for all files below one top folder that are built alike, by the union of their URL keys."""
    groups: dict[tuple[str, str, str, str], list[Mapping]] = {}
    for file in seen:
        if file.mapping is not None:
            path = PurePosixPath(file.name)
            top = path.parts[0] if len(path.parts) > 1 else ""
            groups.setdefault((top, path.suffix, file.mapping.items, file.mapping.id), []).append(file.mapping)
    return tuple(_union(top, suffix, group) for (top, suffix, _, _), group in groups.items())


def _union(top: str, suffix: str, group: list[Mapping]) -> Mapping:
    first = group[0]
    if len(group) == 1:
        return first
    urls = Counter(key for mapping in group for key in mapping.url)
    return Mapping(
        path=f"{top}/**/*{suffix}" if top else f"*{suffix}",
        items=first.items,
        id=first.id,
        title=first.title,
        url=tuple(key for key, _ in urls.most_common(10)),
        text=tuple(dict.fromkeys(key for mapping in group for key in mapping.text)),
        difficulty=next((mapping.difficulty for mapping in group if mapping.difficulty), ""),
        verified=next((mapping.verified for mapping in group if mapping.verified), ""),
        tags=next((mapping.tags for mapping in group if mapping.tags), ""),
    )


def _notes(seen: list[_Seen]) -> list[str]:
    kinds = Counter(PurePosixPath(file.name).suffix for file in seen)
    return [f"{count} {suffix} {'file' if count == 1 else 'files'} with citations" for suffix, count in kinds.items()]


def _mapping_notes(mappings: tuple[Mapping, ...], seen: list[_Seen]) -> list[str]:
    total = sum(file.guides for file in seen)
    return [f"{mapping.path}: entries with {', '.join(mapping.url)} ({total} entries in all)" for mapping in mappings]


def to_toml(found: Survey) -> str:
    """The commented [guides] table of loccit.toml for what was found."""
    paths = found.paths or GuideSettings().paths
    head = (
        f"# {found.guides} guides with {found.citations} citations were found."
        if found.guides
        else ("# No guides were found: say here where yours are.")
    )
    lines = ["[guides]", head, "# Markdown, YAML, JSON and HTML; ** stands for any folders."]
    lines += [
        f"paths = {_array(paths)}",
        "ignore = []",
        "# false: links in a guide's text are not checked",
        "inline = true",
    ]
    for mapping in found.mappings:
        lines += ["", "# Many guides in one file: which of its fields is what.", "[[guides.mapping]]"]
        lines += [f"path = {_quoted(mapping.path)}", f"items = {_quoted(mapping.items)}"]
        lines += [f"id = {_quoted(mapping.id)}", f"title = {_quoted(mapping.title)}", f"url = {_array(mapping.url)}"]
        lines += [f"text = {_array(mapping.text)}"] if mapping.text else []
        for key in ("difficulty", "verified", "tags"):
            value = getattr(mapping, key)
            lines += [f"{key} = {_quoted(value)}"] if value else []
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in escaped) + '"'


def _array(items: Iterable[str]) -> str:
    return "[" + ", ".join(_quoted(item) for item in items) + "]"
