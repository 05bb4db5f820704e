"""Two states of a page side by side: passages that stayed, went, came and changed; long agreement is folded. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from crawler.blocks import Block, Page, visible_blocks
from crawler.compare import gaps, pair
from crawler.model import Change, DriftKind
from crawler.sections import Missing, locate
from guides.model import Place
from review.formats.marks import Mark, marks
from review.text import one_line

RowKind: TypeAlias = Literal["same", "changed", "removed", "added"]

_AROUND: Final = 1
"""Unchanged passages that are shown on each side of a change."""
_FOLD_FROM: Final = 3
_MOST_ROWS: Final = 4000
_MOST_CHANGED: Final = 400
_CONTEXT: Final = 140
_LONG_SAME: Final = 2 * _CONTEXT + 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A passage on both sides; `marks` are its words, both sides in one."""

    kind: RowKind
    marks: tuple[Mark, ...]
    heading: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """Passages that both sides share and that nobody needs to read."""

    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """All rows in order. `missing_*`: the cited place was not found on that side, so the whole page is compared."""

    parts: tuple[Row | Fold, ...]
    changed: int
    missing_before: str = ""
    missing_now: str = ""
    cut: bool = False


def compare_pages(before: Page, now: Page, place: Place | None = None) -> Compared:
    """Block by block; of the cited place alone, where it is given and found on both sides."""
    old, missing_before = _blocks(before, place)
    new, missing_now = _blocks(now, place)
    if missing_before or missing_now:
        old, new = visible_blocks(before.blocks), visible_blocks(now.blocks)
    rows = list(_rows(old, new))
    cut = len(rows) > _MOST_ROWS
    rows = rows[:_MOST_ROWS]
    return Compared(
        parts=tuple(_folded(rows)),
        changed=sum(row.kind != "same" for row in rows),
        missing_before=missing_before,
        missing_now=missing_now,
        cut=cut,
    )


def _blocks(page: Page, place: Place | None) -> tuple[list[Block], str]:
    if place is None:
        return visible_blocks(page.blocks), ""
    found = locate(page, place)
    if isinstance(found, Missing):
        return [], one_line(found.reason, 200) or "not found"
    return visible_blocks(found.blocks), ""


def _rows(old: Sequence[Block], new: Sequence[Block]) -> Iterator[Row]:
    at_old = at_new = changed = 0
    for gap in [*gaps([each.key for each in old], [each.key for each in new]), None]:
        end = gap.i1 if gap else len(old)
        for block in old[at_old:end]:
            yield _same(block)
        at_new += end - at_old
        if gap is None:
            return
        for was, is_now in pair(old[gap.i1 : gap.i2], new[gap.j1 : gap.j2]):
            changed += 1
            yield _row(was, is_now, words=changed <= _MOST_CHANGED)
        at_old, at_new = gap.i2, gap.j2


def _same(block: Block) -> Row:
    return Row(kind="same", marks=(Mark(kind="same", text=one_line(block.text)),), heading=bool(block.level))


def _row(was: Block | None, is_now: Block | None, *, words: bool) -> Row:
    before, after = was.text if was else "", is_now.text if is_now else ""
    heading = bool((is_now or was) and (is_now or was).level)  # type: ignore[union-attr]
    if not before:
        return Row(kind="added", marks=(Mark(kind="added", text=one_line(after)),), heading=heading)
    if not after:
        return Row(kind="removed", marks=(Mark(kind="deleted", text=one_line(before)),), heading=heading)
    if not words:
        both = (Mark(kind="deleted", text=one_line(before)), Mark(kind="added", text=one_line(after)))
        return Row(kind="changed", marks=both, heading=heading)
    change = Change(before=before, after=after, drift=DriftKind.WORDING)
    return Row(kind="changed", marks=marks(change), heading=heading)


def _folded(rows: Sequence[Row]) -> Iterator[Row | Fold]:
    run: list[Row] = []
    first = True
    for row in rows:
        if row.kind == "same":
            run.append(row)
            continue
        yield from _run(run, head=not first, tail=True)
        run, first = [], False
        yield row
    yield from _run(run, head=not first, tail=False)


def _run(run: Sequence[Row], *, head: bool, tail: bool) -> Iterator[Row | Fold]:
    start = _AROUND if head else 0
    end = len(run) - (_AROUND if tail else 0)
    if end - start < _FOLD_FROM:
        yield from run
        return
    yield from run[:start]
    yield Fold(rows=tuple(run[start:end]))
    yield from run[end:]


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A stretch of a change's words. `folded`: unchanged words in the middle that are shown on demand."""

    kind: str
    text: str
    folded: str = ""
    tail: str = ""
    lead: str = ""


def pieces(whole: Sequence[Mark], side: str = "") -> tuple[Piece, ...]:
    """A change's words with long unchanged stretches folded; `side`: of "before" or "after" alone."""
    left_out = {"before": "added", "after": "deleted"}.get(side)
    shown = [mark for mark in whole if mark.kind != left_out]
    return tuple(_piece(mark) for mark in shown)


def _piece(mark: Mark) -> Piece:
    text = mark.text
    if mark.kind != "same" and mark.core:
        return Piece(kind=mark.kind, text=mark.core, lead=mark.lead, tail=mark.tail)
    if len(text) <= _LONG_SAME:
        return Piece(kind="same", text=text)
    head = _cut(text, _CONTEXT)
    tail_start = len(text) - _CONTEXT
    space = text.find(" ", tail_start, tail_start + 40)
    tail_start = space if space > 0 else tail_start
    return Piece(kind="same", text=text[:head], folded=text[head:tail_start], tail=text[tail_start:])


def _cut(text: str, near: int) -> int:
    space = text.rfind(" ", 0, near + 1)
    return space if space > near // 2 else near
