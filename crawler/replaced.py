"""Has a page turned into something else? A replaced article is no change of the article."""

import math
from collections import Counter
from collections.abc import Sequence

from crawler.blocks import Block, Page, visible_blocks
from crawler.language import differ
from crawler.text import key, word_key, words

_LITTLE = 0.15
_SAME_SUBJECT = 0.66
_SHINGLE = 3
_MIN_CHARS = 400
_MAX_WORDS = 50_000


def replaced_by(basis: Page, now: Page, before: Sequence[Block], after: Sequence[Block]) -> str:
    """Why the page is another one, in one line; "" where it is the same page, changed or not."""
    size = sum(len(block.text) for block in before)
    if size < _MIN_CHARS:
        return ""
    keys = {block.key for block in after}
    kept = sum(len(block.text) for block in before if block.key in keys)
    if kept >= _LITTLE * size:
        return ""
    new_size = sum(len(block.text) for block in after)
    shared = _shared(before, after)
    if shared >= _LITTLE:
        return ""
    if likeness(before, after) >= _SAME_SUBJECT and new_size >= 0.1 * size:
        return ""
    if new_size < 0.2 * size:
        return "the text of the page is gone: hardly anything of it is left"
    if languages := _languages(basis, now, before, after):
        return f"the page came in another language ({languages[0]} → {languages[1]})"
    if key(basis.title) != key(now.title):
        return f"another page came: “{basis.title[:80]}” → “{now.title[:80]}”"
    return "another text came: nothing of the page as it was is left"


def languages(basis: Page, now: Page) -> tuple[str, str] | None:
    """The two languages where two pages differ in that; None where they do not, or it cannot be told."""
    return _languages(basis, now, visible_blocks(basis.blocks), visible_blocks(now.blocks))


def _languages(basis: Page, now: Page, before: Sequence[Block], after: Sequence[Block]) -> tuple[str, str] | None:
    """The two languages where they differ: as the pages say, else as their words tell."""
    old, new = basis.language[:2].lower(), now.language[:2].lower()
    if old and new and old != new:
        return old, new
    return differ(_sample(before), _sample(after))


def _sample(blocks: Sequence[Block]) -> str:
    return "\n".join(block.text[:500] for block in blocks[:200])


def _shared(before: Sequence[Block], after: Sequence[Block]) -> float:
    old, new = _shingles(before), _shingles(after)
    return len(old & new) / len(old) if old else 1.0


def likeness(before: Sequence[Block], after: Sequence[Block]) -> float:
    """Cosine of the two texts' longer words: a rewritten document keeps its vocabulary, another one has its own."""
    old, new = _vocabulary(before), _vocabulary(after)
    product = sum(count * new[word] for word, count in old.items())
    norm = math.sqrt(sum(n * n for n in old.values()) * sum(n * n for n in new.values()))
    return product / norm if norm else 0.0


def _vocabulary(blocks: Sequence[Block]) -> Counter[str]:
    flat = [folded for block in blocks for word in words(block.text) if (folded := word_key(word))][:_MAX_WORDS]
    return Counter(word for word in flat if len(word) > 3 or not word.isascii())


def _shingles(blocks: Sequence[Block]) -> set[tuple[str, ...]]:
    flat = [folded for block in blocks for word in words(block.text) if (folded := word_key(word))][:_MAX_WORDS]
    return {tuple(flat[at : at + _SHINGLE]) for at in range(len(flat) - _SHINGLE + 1)}
