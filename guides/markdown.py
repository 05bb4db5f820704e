"""Guides in Markdown: YAML front matter where there is any, CommonMark and footnotes below it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from markdown_it.token import Token

from guides.frontmatter import Keyed, KeyReader
from guides.inline import Link, anchors, links_in, make_parser, plain
from guides.links import Keys, absolute, cites, is_spaced
from guides.model import Citation, Guide, InnerLink, Library, NoteMark, NumberMark, Outline, Role
from guides.nodes import Malformed, Scalar, Table, named
from guides.outline import anchors_of, is_inner, notes_in, numbers_in
from guides.passages import statements
from guides.settings import GuideSettings
from guides.source import Problems, Source
from guides.structured import guide_of, stem_of
from guides.yamltree import parse_yaml

_OPENING = re.compile(r"---[ \t]*(?:\r\n|\r|\n)")
_CLOSING = re.compile(r"^(?:---|\.\.\.)[ \t]*$", re.MULTILINE)
_TOML = re.compile(r"\+\+\+[ \t]*(?:\r\n|\r|\n)")
_DESTINATION = re.compile(r"\]:\s*(<?)(?=\S)")
_BREAKS = re.compile(r"\r\n?")
_PARSER = make_parser()
_HELD = frozenset({"inline", "html_block"})
_NOTE_ENDS = frozenset({"footnote_reference_open", "footnote_reference_close"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontMatter:
    """Where the YAML stands between its fences, and where the body begins (offsets)."""

    start: int
    end: int
    body: int


def front_matter(text: str) -> FrontMatter | None:
    """The front matter of a Markdown text; None where it has none."""
    opening = _OPENING.match(text)
    if opening is None:
        return None
    unix = text if "\r" not in text else re.sub("\r(?!\n)", "\n", text).replace("\r\n", " \n")
    closing = _CLOSING.search(unix, opening.end())
    if closing is None:
        return None
    body = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)?").match(text, closing.start())
    return FrontMatter(start=opening.end(), end=closing.start(), body=body.end() if body else len(text))


def read_markdown(source: Source, settings: GuideSettings, *, today: date) -> Library:
    """The one guide of a Markdown file."""
    problems = Problems(source)
    keys = Keys()
    keyed, body = _read_front(source, problems, today, keys)
    if keyed is None:
        return Library(problems=tuple(problems))
    reader = _Body(source, body, problems, keys)
    inline = settings.inline if keyed.inline is None else keyed.inline
    links = tuple(reader.citations()) if inline else ()
    stem = stem_of(source.name)
    title = keyed.title or reader.heading()
    if not title:
        problems.warn(None, "the guide has no title", f"add `title: …` or a heading; until then it is called “{stem}”")
    keyed = replace(
        keyed,
        title=title,
        citations=(*keyed.citations, *links),
        statements=(*keyed.statements, *statements(reader.tokens, reader.first_line)),
    )
    guide: Guide = replace(guide_of(keyed, source, fallback=stem), outline=reader.outline())
    return Library(guides=(guide,), problems=tuple(problems))


def _read_front(source: Source, problems: Problems, today: date, keys: Keys) -> tuple[Keyed | None, int]:
    """The keys (None: the file is unreadable) and the offset at which the body begins."""
    front = front_matter(source.text)
    if front is None:
        if _OPENING.match(source.text) and re.match(r"---\s*\n[\w-]+:", _BREAKS.sub("\n", source.text[:300])):
            problems.warn(0, "front matter is opened and never closed", "end it with a line of three hyphens: ---")
        if _TOML.match(source.text):
            problems.warn(0, "TOML front matter is not read", "write it in YAML, between lines of three hyphens: ---")
        return Keyed(), 0
    root = parse_yaml(source.text, start=front.start, end=front.end)
    if isinstance(root, Malformed):
        problems.fail(root.offset, root.message, root.hint)
        return None, front.body
    if isinstance(root, Table):
        return KeyReader(source, problems, today=today, keys=keys).read(root), front.body
    if root is not None and not (isinstance(root, Scalar) and root.is_null):
        problems.fail(root.start, f"front matter must hold keys, not {named(root)}", "write `title: …`")
        return None, front.body
    return Keyed(), front.body


class _Body:
    """The Markdown below the front matter, parsed into blocks."""

    def __init__(self, source: Source, start: int, problems: Problems, keys: Keys) -> None:
        self.source = source
        self.first_line = source.line_of(start)
        self.problems = problems
        self.keys = keys
        self.env: dict[str, Any] = {}
        text = source.text[start:]
        toml = _TOML.match(text)
        if toml and not start:
            text = _without_toml(text)
        self.tokens: list[Token] = _PARSER.parse(text, self.env)
        self.places = _Places(source, self.first_line).walk(self.tokens)
        self.defined_notes = frozenset(self.env.get("footnotes", {}).get("refs", {}))
        self.inner: list[InnerLink] = []

    def outline(self) -> Outline:
        """After `citations`, which meets the links."""
        numbers: list[NumberMark] = []
        notes: list[NoteMark] = []
        for place in self.places:
            content = place.token.content if place.token.type == "inline" else ""
            if "[" not in content:
                continue
            for number, at in numbers_in(content):
                if str(number) not in self.env.get("references", {}):
                    line, column = place.position(at)
                    numbers.append(NumberMark(number=number, line=line, column=column))
            for label, at in notes_in(content):
                line, column = place.position(at)
                notes.append(NoteMark(label=label, line=line, column=column))
        used = {f":{note.label}" for note in notes}
        return Outline(
            body=self.first_line,
            anchors=anchors_of(self.tokens, self.env),
            links=tuple(self.inner),
            numbers=tuple(numbers),
            lost_notes=tuple(note for note in notes if f":{note.label}" not in self.defined_notes),
            unused_notes=tuple(self._unused(used)),
        )

    def _unused(self, used: set[str]) -> Iterator[NoteMark]:
        for token in self.tokens:
            if token.type == "footnote_reference_open" and token.map is not None:
                label = str(token.meta["label"])
                if f":{label}" not in used:
                    yield NoteMark(label=label, line=self.first_line + token.map[0], column=1)

    def heading(self) -> str:
        """The first heading's text."""
        follows = False
        for token in self.tokens:
            if follows and token.type == "inline":
                return plain(token.content)
            follows = token.type == "heading_open"
        return ""

    def citations(self) -> Iterator[Citation]:
        defined: set[str] = set()
        note: str | None = None
        notes = 0
        for place in self.places:
            token = place.token
            if token.type == "footnote_reference_open":
                note, notes = str(token.meta["label"]), notes + 1
            elif token.type == "footnote_reference_close":
                note = None
            role = Role.INLINE if note is None else Role.CITATION
            number = (
                None if note is None else (int(note) if note.isascii() and note.isdigit() and len(note) < 7 else notes)
            )
            for link in self._links(token):
                if link.inner:
                    self._keep_inner(link.url, place.position(link.at))
                    continue
                if link.definition in defined and link.definition:
                    continue
                defined.add(link.definition)
                citation = self._cite(link, place.position(link.at), role, number)
                if citation is not None:
                    yield citation

    def _keep_inner(self, url: str, position: tuple[int, int]) -> None:
        if is_inner(url) and not self.env.get("depth"):
            self.inner.append(InnerLink(url=url, line=position[0], column=position[1]))

    def _links(self, token: Token) -> Iterator[Link]:
        if token.type == "inline":
            yield from links_in(token.content, _PARSER, self.env)
        elif token.type == "html_block":
            yield from anchors(token.content)

    def _cite(self, link: Link, position: tuple[int, int], role: Role, number: int | None) -> Citation | None:
        line, column = position
        url = link.url
        if link.definition:
            written = self._definition(link.definition)
            if written is not None and not cites(written[0]):
                self._keep_inner(written[0], written[1:])
            if written is None or not cites(written[0]):
                return None
            url, line, column = written
        if link.spaced or is_spaced(url):
            offset = self.source.starts[line - 1] + column - 1
            self.problems.warn(offset, f"a space stands in the URL {url}", "write it as %20, or remove it")
        return Citation(
            key=self.keys.name(role, url),
            url=absolute(url),
            role=role,
            line=line,
            column=column,
            number=number,
            title=link.title,
        )

    def _definition(self, label: str) -> tuple[str, int, int] | None:
        """The URL of a link reference definition as written, with its line and column."""
        found = self.env.get("references", {}).get(label)
        if found is None:
            return None
        first, last = self.first_line + found["map"][0], self.first_line + found["map"][1]
        start = self.source.starts[first - 1]
        end = self.source.starts[last - 1] if last <= len(self.source.starts) else len(self.source.text)
        head = _DESTINATION.search(self.source.text, start, end)
        if head is None:
            return None
        at = head.end()
        target = _PARSER.helpers.parseLinkDestination(self.source.text, at - len(head[1]), end)
        line, column = self.source.position(at)
        return (target.str if target.ok else str(found["href"])), line, column


def _without_toml(text: str) -> str:
    """The text with its TOML front matter blanked, line for line."""
    end = re.compile(r"^\+\+\+[ \t]*$", re.MULTILINE).search(text, 3)
    if end is None:
        return text
    return re.sub(r"[^\r\n]", "", text[: end.end()]) + text[end.end() :]


class _Places:
    """Finds where in the file the content of a block token stands."""

    def __init__(self, source: Source, first_line: int) -> None:
        self.source = source
        self.first_line = first_line
        self.cursor: dict[int, int] = {}

    def walk(self, tokens: list[Token]) -> "list[_Place]":
        """Every block with text or HTML, and where footnotes begin and end."""
        return [
            self._place(token, self.first_line + token.map[0])
            if token.map is not None and token.type in _HELD
            else _Place(token, [], [])
            for token in tokens
            if token.type in _HELD or token.type in _NOTE_ENDS
        ]

    def _place(self, token: Token, line: int) -> "_Place":
        """A block's content is its lines less their prefix (indentation, `>`); a table row's cells share a line."""
        starts, positions = [], []
        offset = 0
        for content in token.content.split("\n"):
            text = self.source.line_text(line)
            from_column = self.cursor.get(line, 0)
            column = text.find(content, from_column) if content else from_column
            if column < 0:
                stripped = content.strip()
                column = max(0, text.find(stripped, from_column) - (len(content) - len(content.lstrip())))
            self.cursor[line] = column + len(content)
            starts.append(offset)
            positions.append((line, column + 1))
            offset += len(content) + 1
            line += 1
        return _Place(token, starts, positions)


class _Place:
    __slots__ = ("positions", "starts", "token")

    def __init__(self, token: Token, starts: list[int], positions: list[tuple[int, int]]) -> None:
        self.token = token
        self.starts = starts
        self.positions = positions

    def position(self, at: int) -> tuple[int, int]:
        """Line and column of an offset in the token's content."""
        index = max((i for i, start in enumerate(self.starts) if start <= at), default=0)
        line, column = self.positions[index]
        return line, column + at - self.starts[index]
