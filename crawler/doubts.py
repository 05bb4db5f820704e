"""From runs of text to blocks: what class names and hiding attributes only hint at is settled by the whole page."""

from collections import defaultdict
from collections.abc import Sequence

from crawler.blocks import Block, new_block
from crawler.contexts import Context
from crawler.walk import Run

_OWN_TEXT = 300
_OVERLAYS = ("dialog", "consent?", "overlay?")


def settled(runs: Sequence[Run]) -> tuple[Block, ...]:
    """The blocks of a page. What a class name or a hiding attribute hints at holds only where the text agrees.

    A "cookie" box with the better part of the text is a page about cookies; a "menu" without links is a list; and
    where nearly all text is hidden, a dialog lies over the page or a script would have shown it.
    """
    sizes: dict[Context, int] = defaultdict(int)
    for text, context, _, _ in runs:
        sizes[context] += len(text)
    places: dict[tuple[str, bool], int] = defaultdict(int)
    for context, size in sizes.items():
        places[context.chrome, context.hidden] += size
    veiled = _is_veiled(places)
    kinds = _settled_chrome(places, veiled=veiled)
    known = {
        context: (
            kinds.get(context.chrome, context.chrome),
            context.hidden and not (veiled and kinds.get(context.chrome, context.chrome) != "dialog"),
        )
        for context in sizes
    }
    blocks = []
    for text, context, links, link_chars in runs:
        chrome, hidden = known[context]
        share = min(1.0, link_chars / len(text)) if link_chars else 0.0
        if chrome == "named?":
            chrome = "nav" if share > 0.6 and len(text) < 100 else ""
        blocks.append(new_block(text, context.kind, context.level, links, share, chrome, context.zone, hidden))
    return tuple(blocks)


def unsettled(runs: Sequence[Run]) -> tuple[Block, ...]:
    """The blocks of a document in which names hint at nothing."""
    return tuple(
        new_block(
            *(text, context.kind, context.level, links, min(1.0, link_chars / len(text)), context.chrome),
            *(context.zone, context.hidden),
        )
        for text, context, links, link_chars in runs
    )


def _is_veiled(places: dict[tuple[str, bool], int]) -> bool:
    """Whether what is hidden is the page itself."""
    shown = sum(size for (chrome, hidden), size in places.items() if not hidden and chrome not in _OVERLAYS)
    veiled = sum(size for (chrome, hidden), size in places.items() if hidden and chrome not in _OVERLAYS)
    overlaid = any(chrome in _OVERLAYS for chrome, _ in places)
    return veiled > 2 * shown and (veiled > 500 or (overlaid and not shown))


def _settled_chrome(places: dict[tuple[str, bool], int], *, veiled: bool) -> dict[str, str]:
    """What each doubtful word for a part of the page stands for on this page."""

    def size(*words: str) -> int:
        return sum(places.get((word, False), 0) for word in words)

    shown = sum(count for (chrome, hidden), count in places.items() if not hidden and chrome not in _OVERLAYS)
    unveiled = sum(count for (chrome, hidden), count in places.items() if hidden and chrome not in _OVERLAYS)
    total = (shown + (unveiled if veiled else 0)) or 1
    return {
        "consent?": "dialog" if size("consent?") < total else "",
        "overlay?": "dialog" if size("", "named?") >= min(_OWN_TEXT, size("overlay?")) else "",
        "nav": "" if size("nav") > 0.7 * total else "nav",
    }
