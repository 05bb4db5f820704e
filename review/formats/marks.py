"""A change as words that stayed, went and came: what every format of a diff draws."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, TypeAlias

from crawler.compare import WordChange, word_changes
from crawler.model import Change
from review.text import one_line

MarkKind: TypeAlias = Literal["same", "deleted", "added"]

_MOST: Final = 100_000
"""Characters of one passage that are looked at; a long legal document has as many, a single block never."""
_AROUND: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """`text` with the spaces around it, which belong to no stroke of the pencil: `lead`, `core`, `tail`."""

    kind: MarkKind
    text: str

    @property
    def core(self) -> str:
        return self.text.strip()

    @property
    def lead(self) -> str:
        return self.text[: len(self.text) - len(self.text.lstrip())]

    @property
    def tail(self) -> str:
        return self.text[len(self.text.rstrip()) :] if self.core else ""


def marks(change: Change) -> tuple[Mark, ...]:
    """The change's words in reading order, with the text made safe; neighbours are of different kinds."""
    before, after = _bounded(change.before, change.after)
    old, new = _Reader(before), _Reader(after)
    parts: list[tuple[MarkKind, str]] = []
    for op, removed, added in worded(before, after):
        gone, come = old.take(removed), new.take(added)
        parts += [("same", come)] if op == "equal" else [("deleted", gone), ("added", come)]
    gone, come = old.rest(), new.rest()
    parts += [("same", come)] if gone == come else [("deleted", gone), ("added", come)]
    return tuple(_joined(parts))


def worded(before: str, after: str) -> tuple[WordChange, ...]:
    """`word_changes`, remembered: a page draws a change more than once, and many findings speak of the same one."""
    return _worded(before.strip(), after.strip())


@lru_cache(maxsize=256)
def _worded(before: str, after: str) -> tuple[WordChange, ...]:
    return tuple(word_changes(before, after))


def _bounded(before: str, after: str) -> tuple[str, str]:
    """Both texts made safe; of enormous ones only what stands around the first difference: no page stalls a report."""
    start = 0
    if max(len(before), len(after)) > _MOST:
        start = max(0, _common(before, after) - _AROUND)
    return _window(before, start), _window(after, start)


def _common(before: str, after: str) -> int:
    """Characters that both begin with."""
    differs = (at for at, (old, new) in enumerate(zip(before, after, strict=False)) if old != new)
    return next(differs, min(len(before), len(after)))


def _window(text: str, start: int) -> str:
    cut = one_line(text[start : start + _MOST])
    return ("… " if start else "") + cut + (" …" if len(text) > start + _MOST else "")


class _Reader:
    """Reads a text along the words that were found in it, with the spaces before them."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def take(self, words: list[str]) -> str:
        start = self._at
        for word in words:
            found = self._text.find(word, self._at)
            if found >= 0:
                self._at = found + len(word)
        return self._text[start : self._at]

    def rest(self) -> str:
        return self._text[self._at :]


def _joined(parts: list[tuple[MarkKind, str]]) -> Iterator[Mark]:
    """Neighbours of one kind as one mark. A lone space between two changed words does not part them."""
    deleted, added = "", ""
    same = ""
    for kind, text in parts:
        if not text:
            continue
        if kind == "same":
            if not text.strip() and (deleted or added):
                deleted, added = deleted + text, added + text
                continue
            yield from _changed(deleted, added)
            deleted = added = ""
            same += text
        else:
            if same:
                yield Mark(kind="same", text=same)
                same = ""
            if kind == "deleted":
                deleted += text
            else:
                added += text
    yield from _changed(deleted, added)
    if same:
        yield Mark(kind="same", text=same)


def _changed(deleted: str, added: str) -> Iterator[Mark]:
    if deleted:
        yield Mark(kind="deleted", text=deleted)
    if added:
        yield Mark(kind="added", text=added)
