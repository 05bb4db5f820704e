"""Is the page behind a permanent redirect the same page? Only then has a link moved. Pure.

By content where the page is known; else by what title and addresses say. What cannot be told counts as moved, as the
server says (RFC 9110, 15.4.2 and 15.4.9): an editor sees the new address before anything is changed.
"""

import re
from dataclasses import replace

from crawler.blocks import Block, Page, visible_blocks
from crawler.editions import is_translation
from crawler.model import Verdict, VerdictKind
from crawler.region import main_region
from crawler.replaced import replaced_by
from crawler.urls import ResourceUrl, public, resource_url

_WORD = re.compile(r"[^\W\d_]{4,}")
_EXTENSION = re.compile(r"\.[a-z]{2,5}$", re.IGNORECASE)


def settle_move(verdict: Verdict, *, url: str, before: Page | None, now: Page | None) -> Verdict:
    """A verdict of `moved` as it stands, or `ok` with the reason why the new address is another page's.

    `before` is the page as it was last seen in order (None: never), `now` the page that came.
    """
    if verdict.kind is not VerdictKind.MOVED or not verdict.replacement:
        return verdict
    why = other_page(url, verdict.replacement, before=before, now=now)
    if not why:
        return verdict
    detail = f"redirects for good to {public(verdict.replacement)}, but not to the same page: {why}"
    reason = f"http-{verdict.status}" if verdict.status is not None else "http-200"
    return replace(verdict, kind=VerdictKind.OK, reason=reason, detail=detail, replacement=None)


def other_page(url: str, target: str, *, before: Page | None, now: Page | None) -> str:
    """Why `now`, found at `target`, is not the page that was at `url`; "" where it is, or nobody can tell."""
    if before is not None and now is not None and (before.kind, now.kind) == ("html", "html"):
        return replaced(before, now)
    return "" if now is not None and _named_after(url, now.title) else _more_general(url, target)


def replaced(before: Page, now: Page) -> str:
    """Why a page at one address is no longer the document that it was; "" where it is, be it in another language."""
    old, new = _content(before), _content(now)
    why = replaced_by(before, now, old, new)
    return why if why and not is_translation(old, new) else ""


def _content(page: Page) -> list[Block]:
    blocks = visible_blocks(page.blocks)
    inside = main_region(blocks)
    return [block for block, use in zip(blocks, inside, strict=True) if use]


def _named_after(url: str, title: str) -> bool:
    """Whether most words of an address's last part stand in a title: `/delete-your-account`, "Delete your account"."""
    parsed = resource_url(url)
    if not isinstance(parsed, ResourceUrl):
        return False
    leaf = _EXTENSION.sub("", parsed.path.rstrip("/").rpartition("/")[2])
    words = set(_WORD.findall(leaf.casefold()))
    return bool(words) and 2 * len(words & set(_WORD.findall(title.casefold()))) >= len(words)


def _more_general(url: str, target: str) -> str:
    """A page is not the folder that it stood in: `/help/delete-account` did not move to `/help/`."""
    old, new = resource_url(url), resource_url(target)
    if not isinstance(old, ResourceUrl) or not isinstance(new, ResourceUrl) or old.host != new.host:
        return ""
    parts = [part for part in old.path.split("/") if part]
    kept = [part for part in new.path.split("/") if part]
    if len(kept) < len(parts) and kept == parts[: len(kept)] and "?" not in new.target:
        return "the new address is the folder above"
    return ""
