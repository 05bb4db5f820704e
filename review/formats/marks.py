"""A change as words that stayed, went and came: what every format of a diff draws."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final, Literal, TypeAlias

from crawler.model import Change
from review.text import one_line

MarkKind: TypeAlias = Literal["same", "deleted", "added"]

_MOST_WORDS: Final = 1500
"""Beyond this many differing words on a side the alignment would take seconds; the passage is shown as replaced."""
_TOKEN: Final = re.compile(r"\s*(?:[^\W_]+(?:[.,:'’@/-][^\W_]+)*|[^\w\s]|_)")
_CJK: Final = re.compile(r"([\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af])")


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
    before, after = _words(change.before), _words(change.after)
    head = 0
    while head < min(len(before), len(after)) and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < min(len(before), len(after)) - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    middle = _middle(before[head : len(before) - tail], after[head : len(after) - tail])
    parts = [("same", before[:head]), *middle, ("same", before[len(before) - tail :])]
    return tuple(_joined(parts))


def _words(text: str) -> list[str]:
    """Words with the space before them; ideographs and kana one by one."""
    safe = one_line(text)
    tokens = _TOKEN.findall(safe)
    if not _CJK.search(safe):
        return tokens
    return [part for token in tokens for part in _CJK.split(token) if part]


def _middle(before: list[str], after: list[str]) -> Iterator[tuple[MarkKind, list[str]]]:
    if max(len(before), len(after)) > _MOST_WORDS:
        yield "deleted", before
        yield "added", after
        return
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for op, b0, b1, a0, a1 in matcher.get_opcodes():
        if op == "equal":
            yield "same", before[b0:b1]
        else:
            yield "deleted", before[b0:b1]
            yield "added", after[a0:a1]


def _joined(parts: list[tuple[MarkKind, list[str]]]) -> Iterator[Mark]:
    """Neighbours of one kind as one mark. A lone space between two changed words does not part them."""
    deleted, added = "", ""
    same = ""
    for kind, words in parts:
        text = "".join(words)
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
