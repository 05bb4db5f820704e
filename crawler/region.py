"""The main content of a page, without selectors: by what the page says of its parts, then by the run of its text.

Nothing here knows a language, a site or a class name. The idea that long texts with few links are content, and
what stands between them is too, is that of shallow text features (Kohlschütter et al., WSDM 2010).
"""

from collections.abc import Sequence

from crawler.blocks import Block

_DENSE = 0.6
_TRUSTED_SHARE = 0.35
_EDGE = 12
_MENU = 8


def main_region(blocks: Sequence[Block]) -> list[bool]:
    """For each block, whether it is the document's own; all False for a page without text."""
    shown = [not block.hidden and not block.chrome and bool(block.text) for block in blocks]
    if not any(shown):
        shown = [not block.hidden and bool(block.text) for block in blocks]
    total = sum(len(block.text) for block, use in zip(blocks, shown, strict=True) if use) or 1
    for zones in (("main",), ("article", "main")):
        inside = [use and block.zone in zones for block, use in zip(blocks, shown, strict=True)]
        size = sum(len(block.text) for block, use in zip(blocks, inside, strict=True) if use)
        if size >= _TRUSTED_SHARE * total and size >= 200:
            return _without_leading_menu(blocks, inside)
    start, end = _best_run(blocks, shown)
    return [use and start <= index < end for index, use in enumerate(shown)]


def is_dense(block: Block) -> bool:
    """Whether a block is mostly link: a menu's entry rather than a sentence."""
    return block.link_share > _DENSE


def _without_leading_menu(blocks: Sequence[Block], inside: list[bool]) -> list[bool]:
    """Less the menu that some pages put into their main part, above the title."""
    title = next((at for at, use in enumerate(inside) if use and blocks[at].level == 1), 0)
    above = [at for at in range(title) if inside[at]]
    if len(above) < _MENU or 2 * sum(is_dense(blocks[at]) for at in above) < len(above):
        return inside
    return [use and at >= title for at, use in enumerate(inside)]


def _worth(block: Block) -> float:
    size = min(len(block.text), 400)
    if is_dense(block):
        return -20.0 if size < 80 else 0.0
    if block.level or block.kind in ("td", "th", "dt", "dd", "li", "pre"):
        return 5.0 + size * 0.3
    return size - 12.0


def _best_run(blocks: Sequence[Block], shown: Sequence[bool]) -> tuple[int, int]:
    """The contiguous run with the greatest worth (Kadane), reaching up to its heading."""
    best, best_start, best_end = 0.0, 0, 0
    running, start = 0.0, 0
    for index, block in enumerate(blocks):
        worth = _worth(block) if shown[index] else 0.0
        if running <= 0:
            running, start = 0.0, index
        running += worth
        if running > best:
            best, best_start, best_end = running, start, index + 1
    if best_end == 0:
        return 0, len(blocks)
    return _up_to_heading(blocks, shown, best_start), best_end


def _up_to_heading(blocks: Sequence[Block], shown: Sequence[bool], start: int) -> int:
    for index in range(start - 1, max(-1, start - _EDGE), -1):
        if shown[index] and blocks[index].level in (1, 2):
            return index
    return start
