"""JSON (RFC 8259) into a tree with positions, and its mistakes in words for people.

The standard parser keeps no positions; this one is a loop over tokens (1.2 MB in about a quarter of a second),
so nesting costs no stack.
"""

import json
import re

from guides.nodes import MAX_DEPTH, Listing, Malformed, Node, Scalar, Table

_STRINGS = json.JSONDecoder()
_TOKEN = re.compile(
    r'[ \t\r\n]*(?:(?P<string>"[^"\\\x00-\x1f]*")|(?P<escaped>")|(?P<punct>[\[\]{},:])'
    r"|(?P<plain>-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?(?![\w.])|true\b|false\b|null\b))"
)
_SPACE = re.compile(r"[ \t\r\n]*")


class _BrokenError(Exception):
    def __init__(self, message: str, offset: int, hint: str = "") -> None:
        super().__init__(message)
        self.malformed = Malformed(message, hint, offset)


def parse_json(text: str) -> Node | Malformed:
    """The tree of a JSON text, or why it is none."""
    try:
        return _Reader(text).document()
    except _BrokenError as error:
        return error.malformed


class _Frame:
    """One open object or list."""

    __slots__ = ("entries", "is_table", "items", "key", "start")

    def __init__(self, start: int, *, is_table: bool) -> None:
        self.start = start
        self.is_table = is_table
        self.key: Scalar | None = None
        self.entries: list[tuple[Scalar, Node]] = []
        self.items: list[Node] = []

    def add(self, node: Node) -> None:
        if self.key is None:
            self.items.append(node)
        else:
            self.entries.append((self.key, node))
            self.key = None

    @property
    def empty(self) -> bool:
        return not self.entries and not self.items

    def close(self, end: int) -> Node:
        if self.is_table:
            return Table(tuple(self.entries), self.start, end)
        return Listing(tuple(self.items), self.start, end)


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.pos = 0
        self.stack: list[_Frame] = []

    def document(self) -> Node:
        node = self._value()
        while self.stack or node is None:
            if node is not None:
                self.stack[-1].add(node)
                node = self._after_value()
            else:
                node = self._element()
        self.pos = self._skip()
        if self.pos < len(self.text):
            raise self._unexpected("something stands after the end of the JSON value")
        return node

    def _element(self) -> Node | None:
        """The next value within the innermost object or list, or its closing bracket."""
        frame = self.stack[-1]
        if self._peek() == ("}" if frame.is_table else "]"):
            if not frame.empty:
                raise _BrokenError(
                    "a comma stands before the closing bracket", self._skip(), "remove the comma before it"
                )
            return self._close()
        if frame.is_table:
            frame.key = self._key()
        return self._value()

    def _after_value(self) -> Node | None:
        frame = self.stack[-1]
        mark = self._peek()
        if mark == ",":
            self.pos = self._skip() + 1
            return None
        if mark == ("}" if frame.is_table else "]"):
            return self._close()
        inside = "object" if frame.is_table else "list"
        raise self._unexpected(f"a comma or the end of the {inside} is missing here")

    def _close(self) -> Node:
        self.pos = self._skip() + 1
        return self.stack.pop().close(self.pos)

    def _key(self) -> Scalar:
        if self._peek() != '"':
            raise self._unexpected("a key in double quotes is missing here")
        key = self._scalar()
        if self._peek() != ":":
            raise self._unexpected(f"a colon is missing after the key “{key.text[:60]}”")
        self.pos = self._skip() + 1
        return key

    def _value(self) -> Node | None:
        """A scalar, or None after an object or a list was opened."""
        mark = self._peek()
        if mark not in ("{", "["):
            return self._scalar()
        start = self._skip()
        self.pos = start + 1
        if len(self.stack) >= MAX_DEPTH:
            raise _BrokenError(f"nested more than {MAX_DEPTH} levels deep", start, "flatten the file")
        self.stack.append(_Frame(start, is_table=mark == "{"))
        return None

    def _scalar(self) -> Scalar:
        found = _TOKEN.match(self.text, self.pos)
        if found is None or found.lastgroup == "punct":
            raise self._unexpected("a value is missing here")
        kind = found.lastgroup or ""
        start, self.pos = found.span(kind)
        if kind == "plain":
            return Scalar(found[kind], start, self.pos, True, start)
        if kind == "string":
            return Scalar(self.text[start + 1 : self.pos - 1], start, self.pos, False, start + 1)
        try:
            value, self.pos = _STRINGS.raw_decode(self.text, start)
        except json.JSONDecodeError as error:
            raise _BrokenError("a string in double quotes is malformed", error.pos, _string_hint(error.msg)) from None
        return Scalar(value, start, self.pos, False, start + 1)

    def _skip(self) -> int:
        found = _SPACE.match(self.text, self.pos)
        return found.end() if found else self.pos

    def _peek(self) -> str:
        at = self._skip()
        return self.text[at : at + 1]

    def _unexpected(self, message: str) -> _BrokenError:
        at = self._skip()
        rest = self.text[at : at + 12]
        if not rest:
            return _BrokenError(
                "the file ends in the middle of a JSON value", at, "a closing bracket or quote is missing"
            )
        if rest.startswith(("//", "/*", "#")):
            return _BrokenError("JSON has no comments", at, "remove the comment, or use YAML")
        if rest.startswith(("'", "“", "”")):
            return _BrokenError("JSON strings stand in straight double quotes", at, 'use " instead')
        if rest[0] in "}]":
            return _BrokenError("a closing bracket does not belong here", at, "look for a comma or value before it")
        return _BrokenError(message, at, f"found “{rest.split(chr(10))[0].strip()}”")


def _string_hint(message: str) -> str:
    if "control character" in message:
        return "a line break or tab within a string is written \\n or \\t"
    if "escape" in message:
        return "a back-slash is written \\\\"
    return "its closing quote is missing"
