"""Pages that send their reader on at once, without a redirect's status: `Refresh`, as a header or in the page. Pure.

Static sites cannot answer 301 and do it so (WHATWG HTML, 4.2.5.3 and 7.6.1: shared declarative refresh steps). What a
reader never gets to see is not the page; where it sends them may be gone.
"""

import re

from crawler.html import parse
from crawler.urls import ResourceUrl, asks_for_home, is_home, resource_url

AT_ONCE = 1
"""Seconds within which nobody reads a page, however long it is."""

SOON = 10
"""So many are waited for on a page that can hardly say more than where it sends one."""

READ = 3
"""Seconds within which the few words of such a page are read."""

SMALL = 4_096
_WITHIN = 64 * 1024
_META = re.compile(rb"http-equiv\s*=\s*[\"']?\s*refresh")
_CONTENT = re.compile(
    r"\s*(\d{1,6})[\d.]*\s*[;,\s]\s*(?:url\s*=\s*)?+(?:\"([^\"]*)|'([^']*)|(\S.*))", re.IGNORECASE | re.DOTALL
)
_HTML = ("", "text/html", "application/xhtml+xml")
_NOSCRIPT = re.compile(rb"<(/?)noscript(?=[\s/>])", re.IGNORECASE)


def onward(url: str, *, refresh: str, content_type: str, body: bytes) -> ResourceUrl | None:
    """Where the page at `url` sends its reader before it can be read; None where it does not, or not to a web page.

    `refresh` and `content_type` are the headers' values. What stands in a `noscript` is not for browsers that run
    scripts. One that is read before it leads home ("thank you", "you are logged out") is judged by what it says.
    A page that loads itself again, whatever its query, sends nobody anywhere: bot walls do so (Akamai's
    `bm-verify`), and pages that show something new every minute.
    """
    said, base = refresh, url
    if not said and b"efresh" in body[:_WITHIN]:
        said, base = _by_meta(url, content_type, body)
    found = _CONTENT.match(said[:4_096])
    if found is None or (wait := int(found[1])) > (SOON if len(body) <= SMALL else AT_ONCE):
        return None
    target = resource_url((found[2] or found[3] or found[4] or "").strip(), base)
    if not isinstance(target, ResourceUrl) or target.href.partition("?")[0] == url.partition("?")[0]:
        return None
    return None if wait >= READ and is_home(target.href) and not asks_for_home(url) else target


def _by_meta(url: str, content_type: str, body: bytes) -> tuple[str, str]:
    """What the page's own element says, and the address that its links are relative to."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in _HTML or not _META.search(body[:_WITHIN].lower()):
        return "", url
    tree = parse(_for_scripts(body[:_WITHIN]).decode("utf-8", "replace"))
    for node in tree.css("meta[http-equiv]")[:50]:
        if (node.attributes.get("http-equiv") or "").strip().lower() == "refresh":
            found = tree.css_first("base[href]")
            base = resource_url((found.attributes.get("href") or "") if found is not None else "", url)
            return node.attributes.get("content") or "", base.href if isinstance(base, ResourceUrl) else url
    return "", url


def _for_scripts(html: bytes) -> bytes:
    """HTML without its `noscript` elements, whatever they hold.

    They are cut before parsing: a parser without scripts ends a head's `noscript` at the first element that no head may
    have, and what follows would look as if it stood outside.
    """
    kept, start, inside = [], 0, False
    for tag in _NOSCRIPT.finditer(html):
        if tag[1] and inside:
            start, inside = tag.start(), False
        elif not tag[1] and not inside:
            kept.append(html[start : tag.start()])
            inside = True
    return b"".join(kept if inside else [*kept, html[start:]])
