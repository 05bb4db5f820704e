"""Whom a passage lets its reader write to or call, though its words do not say it: the targets of mail and tel links.

Where a link leads is no content, but for these (RFC 6068, RFC 3966): "Contact us" is an instruction.
"""

import re
from collections.abc import Sequence
from urllib.parse import unquote

from crawler.blocks import Block

_SCHEME = re.compile(r"(mailto|tel):(.*)", re.I | re.S)
_MAX = 254


def contacts(block: Block) -> frozenset[str]:
    """Mail addresses and telephone numbers behind a block's links, in one notation; those that it shows left out."""
    if not block.links:
        return frozenset()
    found = {one for link in block.links if link[:1] in "mMtT" for one in _of(link)}
    return frozenset(one for one in found if not _is_shown(one, block.text)) if found else frozenset()


def contact_change(before: Sequence[Block], after: Sequence[Block]) -> str:
    """ "a@example.org → b@example.org" where other people are behind the links of the same words; else ""."""
    old = frozenset(one for block in before for one in contacts(block))
    new = frozenset(one for block in after for one in contacts(block))
    gone, come = sorted(old - new), sorted(new - old)
    return f"{', '.join(gone)} → {', '.join(come)}" if gone and come else ""


def _of(link: str) -> list[str]:
    match = _SCHEME.match(link)
    if match is None:
        return []
    target = unquote(match[2].partition("?")[0])[: 10 * _MAX]
    if match[1].lower() == "tel":
        number = re.sub(r"[^\d+]", "", target.partition(";")[0])[:_MAX]
        return [number] if sum(map(str.isdigit, number)) >= 3 else []
    addresses = (one.strip().lower()[:_MAX] for one in target.split(","))
    return [one for one in addresses if "@" in one and not re.search(r"\s", one)]


def _is_shown(contact: str, text: str) -> bool:
    if "@" in contact:
        return contact in text.lower()
    return contact.lstrip("+0") in re.sub(r"\D", "", text)
