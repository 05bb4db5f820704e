"""The tree that YAML and JSON are read into: plain values that know where they stand."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

MAX_DEPTH = 100
"""Deeper nesting is refused: no guide needs it, and it is how parsers are attacked."""

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "yes", "on"})
_FALSE = frozenset({"false", "no", "off"})


@dataclass(frozen=True, slots=True)
class Scalar:
    """A string, number, date, truth value or null. `start` and `end` enclose the token, quotes included."""

    text: str
    start: int
    end: int
    plain: bool = True
    """Not quoted: it may be a number, a truth value or null as well as text."""
    at: int = -1
    """Where the value's own characters begin."""

    @property
    def is_null(self) -> bool:
        return self.plain and self.text in _NULL

    @property
    def truth(self) -> bool | None:
        """The truth value that it is, or None (YAML 1.1 words, of which JSON's are two)."""
        word = self.text.lower() if self.plain else ""
        return True if word in _TRUE else False if word in _FALSE else None


@dataclass(frozen=True, slots=True)
class Listing:
    items: tuple["Node", ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Table:
    """An object: keys in file order, repeated ones included."""

    entries: tuple[tuple[Scalar, "Node"], ...]
    start: int
    end: int

    def get(self, key: str) -> "Node | None":
        """The value of a key (of the last one, where it is repeated)."""
        for name, value in reversed(self.entries):
            if name.text == key:
                return value
        return None


Node: TypeAlias = Scalar | Listing | Table


@dataclass(frozen=True, slots=True)
class Malformed:
    """The text is no YAML or JSON: where, and in words for people."""

    message: str
    hint: str
    offset: int


def named(node: Node) -> str:
    """What a node is, for a message."""
    match node:
        case Table():
            return "an object"
        case Listing():
            return "a list"
        case Scalar() if node.is_null:
            return "nothing"
        case Scalar():
            return f"“{shorten(node.text)}”"


def shorten(text: str, limit: int = 60) -> str:
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def repeated(table: Table) -> Iterator[Scalar]:
    """The keys that stand a second time in one object."""
    seen: set[str] = set()
    for key, _ in table.entries:
        if key.text in seen:
            yield key
        seen.add(key.text)
