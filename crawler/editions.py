"""Is it the same document in another language? Translations share numbers, links and size, and hardly a word. Pure."""

import re
from collections import Counter
from collections.abc import Sequence

from crawler.blocks import Block
from crawler.language import differ

_NUMBERS_ALIKE = 0.4
_LINKS_ALIKE = 0.1
_MOST_GROWTH = 2.2
_DENSE = ("ja", "zh", "ko")
_NUMBER = re.compile(r"\d+")


def is_translation(before: Sequence[Block], after: Sequence[Block]) -> bool:
    """Whether two texts are one document in two languages."""
    languages = differ(_text(before), _text(after))
    if languages is None:
        return False
    sizes = sum(len(block.text) for block in before), sum(len(block.text) for block in after)
    # A character of Chinese or Japanese says as much as three of an alphabet.
    growth = _MOST_GROWTH * (3 if (languages[0] in _DENSE) != (languages[1] in _DENSE) else 1)
    if max(sizes) > growth * min(sizes):
        return False
    same_numbers = _alike(_numbers(before), _numbers(after), share=_NUMBERS_ALIKE, least=5)
    return same_numbers or _alike(_links(before), _links(after), share=_LINKS_ALIKE, least=2)


def _text(blocks: Sequence[Block]) -> str:
    return "\n".join(block.text for block in blocks)[:40_000]


def _alike(one: Counter[str], other: Counter[str], *, share: float, least: int) -> bool:
    common = sum((one & other).values())
    return common >= least and common >= share * sum((one | other).values())


def _numbers(blocks: Sequence[Block]) -> Counter[str]:
    return Counter(number.lstrip("0") for block in blocks for number in _NUMBER.findall(block.text))


def _links(blocks: Sequence[Block]) -> Counter[str]:
    return Counter(link for block in blocks for link in block.links)
