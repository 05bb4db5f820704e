"""YAML into a tree with positions, built from parser events.

Nothing is constructed from tags, so no document can run code; aliases share one node instead of being
expanded, so a "billion laughs" document stays as small as its file; the builder keeps its own stack.
"""

import re
from collections.abc import Iterator
from typing import Any, TypeAlias

import yaml

from guides.nodes import MAX_DEPTH, Listing, Malformed, Node, Scalar, Table

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_UNPRINTABLE = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
_LONG_LINE_OF_BRACKETS = re.compile(r"(?:[\[{][ \t\r\n]*){" + str(MAX_DEPTH + 1) + "}")
_MERGE = "<<"
_MAX_MERGED = 10_000

_Entries: TypeAlias = list[tuple[Scalar, Node]]


class _RefusedError(Exception):
    def __init__(self, message: str, hint: str, offset: int) -> None:
        super().__init__(message)
        self.malformed = Malformed(message, hint, offset)


def parse_yaml(text: str, *, start: int = 0, end: int | None = None) -> Node | Malformed | None:
    """The tree of the first YAML document in text[start:end]; None where there is no content at all.

    Offsets are those of the whole text.
    """
    part = text[start:end]
    bad = _UNPRINTABLE.search(part)
    if bad is not None:
        code = f"U+{ord(bad.group()):04X}"
        return Malformed(f"a control character ({code}) stands in the YAML", "remove it", start + bad.start())
    # libyaml looks back over all open brackets at each new one: refused before it can cost time.
    deep = _LONG_LINE_OF_BRACKETS.search(part)
    if deep is not None:
        return Malformed(f"nested more than {MAX_DEPTH} levels deep", "flatten the file", start + deep.start())
    try:
        return _Builder(part, start).build(_events(part))
    except _RefusedError as error:
        return error.malformed
    except yaml.YAMLError as error:
        return _malformed(error, part, start)


def _events(text: str) -> Iterator[Any]:
    """As `yaml.parse` gives them, without asking twice for each."""
    loader = _Loader(text)
    try:
        yield from iter(loader.get_event, None)
    finally:
        loader.dispose()


class _Frame:
    __slots__ = ("anchor", "is_table", "nodes", "start")

    def __init__(self, start: int, anchor: str | None, *, is_table: bool) -> None:
        self.start = start
        self.anchor = anchor
        self.is_table = is_table
        self.nodes: list[Node] = []


class _Builder:
    def __init__(self, text: str, base: int) -> None:
        self.text = text
        self.base = base
        self.stack: list[_Frame] = []
        self.anchors: dict[str, Node] = {}
        self.merged = 0

    def build(self, events: Iterator[Any]) -> Node | None:
        for event in events:
            node = self._step(event)
            if node is None:
                continue
            if not self.stack:
                return node
            self.stack[-1].nodes.append(node)
        return None

    def _step(self, event: Any) -> Node | None:
        """The node that this event completes, if it does."""
        kind = type(event)
        if kind is yaml.ScalarEvent:
            return self._keep(event.anchor, self._scalar(event))
        if kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            return self._close(event)
        if kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            self._open(event)
        elif kind is yaml.AliasEvent:
            return self._alias(event)
        return None

    def _keep(self, anchor: str | None, node: Node) -> Node:
        if anchor is not None:
            self.anchors[anchor] = node
        return node

    def _scalar(self, event: Any) -> Scalar:
        start, end, style, value, base = (
            event.start_mark.index,
            event.end_mark.index,
            event.style,
            event.value,
            self.base,
        )
        plain = not style
        at = start if plain and self.text.startswith(value, start) else self._at(event, start, end)
        return Scalar(value, base + start, base + end, plain, base + at)

    def _at(self, event: Any, start: int, end: int) -> int:
        """Where the value's own characters begin: past a quote, an anchor, a tag or a block scalar's header."""
        if event.style in ("'", '"'):
            quote = self.text.find(event.style, start, end)
            return quote + 1 if quote >= 0 else start
        head = event.value.strip().split("\n", 1)[0][:40]
        found = self.text.find(head, start, end) if head else -1
        return found if found >= 0 else start

    def _alias(self, event: Any) -> Node:
        node = self.anchors.get(event.anchor)
        if node is None:
            at = self.base + event.start_mark.index
            raise _RefusedError(f"*{event.anchor} names an anchor that is not defined before it", "quote the text", at)
        return node

    def _open(self, event: Any) -> None:
        start = self.base + event.start_mark.index
        if len(self.stack) >= MAX_DEPTH:
            raise _RefusedError(f"nested more than {MAX_DEPTH} levels deep", "flatten the file", start)
        self.stack.append(_Frame(start, event.anchor, is_table=isinstance(event, yaml.MappingStartEvent)))

    def _close(self, event: Any) -> Node:
        frame = self.stack.pop()
        end = self.base + event.end_mark.index
        if not frame.is_table:
            return self._keep(frame.anchor, Listing(tuple(frame.nodes), frame.start, end))
        pairs = list(zip(frame.nodes[::2], frame.nodes[1::2], strict=True))
        entries: _Entries = [(key, value) for key, value in pairs if isinstance(key, Scalar)]
        return self._keep(frame.anchor, Table(self._merge(entries), frame.start, end))

    def _merge(self, entries: _Entries) -> tuple[tuple[Scalar, Node], ...]:
        """Keys that `<<` brings in stand first, so that the object's own come later and win (YAML merge type)."""
        own = [(key, value) for key, value in entries if key.text != _MERGE]
        if len(own) == len(entries):
            return tuple(own)
        taken = {key.text for key, _ in own}
        borrowed: _Entries = []
        for _, value in (entry for entry in entries if entry[0].text == _MERGE):
            for table in value.items if isinstance(value, Listing) else (value,):
                if not isinstance(table, Table):
                    continue
                fresh = [(key, node) for key, node in table.entries if key.text not in taken]
                taken.update(key.text for key, _ in fresh)
                borrowed += fresh
        self.merged += len(borrowed)
        if self.merged > _MAX_MERGED:
            raise _RefusedError("merge keys (<<) bring in too many entries", "write them out", entries[0][0].start)
        return (*borrowed, *own)


def _malformed(error: yaml.YAMLError, text: str, base: int) -> Malformed:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    offset = base + min(mark.index if mark is not None else 0, len(text))
    problem = str(getattr(error, "problem", None) or getattr(error, "reason", None) or error)
    message, hint = _in_words(problem, text[max(0, offset - base) : offset - base + 20])
    return Malformed(message, hint, offset)


_WORDS = (
    ("mapping values are not allowed", "a colon stands where none may", 'put the text in quotes: "…: …"'),
    ("cannot start any token", "a character that YAML keeps for itself begins a value", "put the text in quotes"),
    ("found unexpected end of stream", "a quote or bracket is opened and never closed", "close it"),
    ("did not find expected ',' or", "a bracket is opened and never closed, or a comma is missing", "close it"),
    ("could not find expected ':'", "a colon is missing after a key", "write `key: value`, with a space"),
    ("did not find expected key", "the indentation or a quote is wrong here", "align keys; double a quote inside ''"),
    ("did not find expected '-'", "the list's items are not aligned", "indent every `-` alike"),
    ("block sequence entries are not allowed", "a list item stands where none may", "begin the list on a new line"),
    ("did not find expected alphabetic", "* and & begin an alias in YAML", "put the text in quotes"),
    ("unknown escape character", "an unknown back-slash escape in double quotes", "use single quotes, or \\\\"),
    ("undefined tag handle", "! begins a tag in YAML", "put the text in quotes"),
    ("found character", "a character stands where none may", "put the text in quotes"),
)


def _in_words(problem: str, rest: str) -> tuple[str, str]:
    """libyaml's message for people who write guides."""
    if rest.startswith("\t"):
        return "YAML: a tab stands in the indentation", "indent with spaces"
    for part, message, hint in _WORDS:
        if part in problem:
            return f"YAML: {message}", hint
    return f"YAML: {problem}", "check the quotes and the indentation of this line and the one before"
