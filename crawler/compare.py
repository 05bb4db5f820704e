"""Alignment: of two lists of blocks, then of two texts by words.

Longest common subsequence throughout (Indel distance), bit-parallel in rapidfuzz: a 5,000-block document takes
milliseconds, where difflib is quadratic in Python.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz
from rapidfuzz.distance import Indel

from crawler.blocks import CELLS, Block
from crawler.tabular import ANSWERS
from crawler.text import word_key, words

MAX_ALIGNED = 30_000
MAX_WORDS = 12_000
_PAIR_CHARS = 4000
_PAIR_BLOCKS = 60
_LOOK_AHEAD = 12
_ALIKE = 45.0
NUMBER = re.compile(r"\W{0,3}\d[\d.,:\u00a0 ]{0,15}\W{0,3}")
_WORD_CHARS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A stretch that differs: `before[i1:i2]` stands where now `after[j1:j2]` does; either may be empty."""

    i1: int
    i2: int
    j1: int
    j2: int


def gaps(before: Sequence[str], after: Sequence[str]) -> list[Gap]:
    """The stretches between two lists of keys that are not common to both, in order."""
    start = 0
    shorter = min(len(before), len(after))
    while start < shorter and before[start] == after[start]:
        start += 1
    end = 0
    while end < shorter - start and before[-1 - end] == after[-1 - end]:
        end += 1
    middle_before, middle_after = before[start : len(before) - end], after[start : len(after) - end]
    if not middle_before and not middle_after:
        return []
    if max(len(middle_before), len(middle_after)) > MAX_ALIGNED:
        return [Gap(i1=start, i2=len(before) - end, j1=start, j2=len(after) - end)]
    return _opcodes_to_gaps(_numbered(middle_before, middle_after), start)


def _numbered(before: Sequence[str], after: Sequence[str]) -> tuple[list[int], list[int]]:
    numbers: dict[str, int] = {}
    return (
        [numbers.setdefault(key, len(numbers)) for key in before],
        [numbers.setdefault(key, len(numbers)) for key in after],
    )


def _opcodes_to_gaps(lists: tuple[list[int], list[int]], shift: int) -> list[Gap]:
    found: list[Gap] = []
    for code in Indel.opcodes(*lists):
        if code.tag == "equal":
            continue
        i1, i2, j1, j2 = (
            code.src_start + shift,
            code.src_end + shift,
            code.dest_start + shift,
            code.dest_end + shift,
        )
        if found and found[-1].i2 == i1 and found[-1].j2 == j1:
            last = found.pop()
            i1, j1 = last.i1, last.j1
        found.append(Gap(i1=i1, i2=i2, j1=j1, j2=j2))
    return found


def pair(before: Sequence[Block], after: Sequence[Block]) -> list[tuple[Block | None, Block | None]]:
    """Which block became which, within one gap; a block that became none, or came from none, stands alone."""
    if not before or not after:
        return [(old, None) for old in before] + [(None, new) for new in after]
    if len(before) > _PAIR_BLOCKS or len(after) > _PAIR_BLOCKS:
        return _nearby(before, after)
    scores = sorted(
        (
            (_likeness(old, new), -abs(i - j), i, j)
            for i, old in enumerate(before)
            for j, new in enumerate(after)
            if _comparable(old, new)
        ),
        reverse=True,
    )
    partner: dict[int, int] = {}
    taken: set[int] = set()
    for score, _, i, j in scores:
        if score < _ALIKE:
            break
        if i not in partner and j not in taken and not _crosses(partner, i, j):
            partner[i] = j
            taken.add(j)
    result: list[tuple[Block | None, Block | None]] = []
    done = 0
    for i, old in enumerate(before):
        if i in partner:
            result.extend((None, after[j]) for j in range(done, partner[i]) if j not in taken)
            done = partner[i] + 1
            result.append((old, after[partner[i]]))
        else:
            result.append((old, None))
    result.extend((None, after[j]) for j in range(done, len(after)) if j not in taken)
    return result


def _nearby(before: Sequence[Block], after: Sequence[Block]) -> list[tuple[Block | None, Block | None]]:
    """As `pair`, in linear time: each block looks only a little ahead of where the last one was found."""
    result: list[tuple[Block | None, Block | None]] = []
    done = 0
    for old in before:
        ahead = range(done, min(done + _LOOK_AHEAD, len(after)))
        scored = [(_likeness(old, after[j]), -j) for j in ahead if _comparable(old, after[j])]
        best, place = max(scored, default=(0.0, 0))
        if best < _ALIKE:
            result.append((old, None))
            continue
        result.extend((None, after[j]) for j in range(done, -place))
        result.append((old, after[-place]))
        done = -place + 1
    result.extend((None, new) for new in after[done:])
    return result


def _crosses(partner: dict[int, int], i: int, j: int) -> bool:
    return any((other < i) != (place < j) for other, place in partner.items())


def _comparable(old: Block, new: Block) -> bool:
    longer = max(len(old.text), len(new.text))
    return bool(old.level) == bool(new.level) and min(len(old.text), len(new.text)) * 5 >= longer


def _likeness(old: Block, new: Block) -> float:
    if old.key in ANSWERS and new.key in ANSWERS and old.kind in CELLS and new.kind in CELLS:
        return _ALIKE
    if NUMBER.fullmatch(old.text) and NUMBER.fullmatch(new.text):
        return _ALIKE  # no digit need be the same: where one number stood, another stands
    return float(fuzz.ratio(old.text[:_PAIR_CHARS], new.text[:_PAIR_CHARS], score_cutoff=_ALIKE))


WordChange = tuple[str, list[str], list[str]]


def word_changes(before: str, after: str) -> list[WordChange]:
    """(op, words before, words after) in order, where op is "equal", "replace", "delete" or "insert".

    Words are compared without case; punctuation marks are words. Texts of more than `MAX_WORDS` words are compared
    as far as their beginnings and ends agree.
    """
    old, new = words(before), words(after)
    marks = {word: _mark(word) for word in {*old, *new}}
    stretches = gaps([marks[word] for word in old], [marks[word] for word in new])
    changes: list[WordChange] = []
    at = 0
    for gap in stretches:
        if gap.i1 > at:
            changes.append(("equal", old[at : gap.i1], new[gap.j1 - (gap.i1 - at) : gap.j1]))
        removed, added = old[gap.i1 : gap.i2], new[gap.j1 : gap.j2]
        changes.append(("replace" if removed and added else "delete" if removed else "insert", removed, added))
        at = gap.i2
    if at < len(old):
        changes.append(("equal", old[at:], new[len(new) - (len(old) - at) :]))
    return changes


def _mark(word: str) -> str:
    # Texts are made of few different words; what is long is no word, and would only fill the memory.
    return _known_mark(word) if len(word) <= _WORD_CHARS else word_key(word) or word


@lru_cache(maxsize=32_768)
def _known_mark(word: str) -> str:
    return word_key(word) or word
