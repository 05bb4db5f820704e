"""Pages that send their reader on at once, without a redirect's status: `Refresh`, as a header or in the page. Pure.

Static sites cannot answer 301 and do it so (WHATWG HTML, 4.2.5.3 and 7.6.1: shared declarative refresh steps). What a
reader never gets to see is not the page; where it sends them may be gone.
"""

import re

from crawler.html import parse
from crawler.urls import ResourceUrl, resource_url

AT_ONCE = 1
"""Seconds within which nobody reads a page, however long it is."""

SOON = 10
"""So many are waited for on a page that can hardly say more than where it sends one."""

SMALL = 4_096
_WITHIN = 64 * 1024
_META = re.compile(rb"http-equiv\s*=\s*[\"']?\s*refresh")
_CONTENT = re.compile(
    r"\s*(\d{1,6})[\d.]*\s*[;,\s]\s*(?:url\s*=\s*)?+(?:\"([^\"]*)|'([^']*)|(\S.*))", re.IGNORECASE | re.DOTALL
)
_HTML = ("", "text/html", "application/xhtml+xml")


def onward(url: str, *, refresh: str, content_type: str, body: bytes) -> ResourceUrl | None:
    """Where the page at `url` sends its reader before it can be read; None where it does not, or not to a web page.

    `refresh` and `content_type` are the headers' values. What stands in a `noscript` is not for browsers that run
    scripts. A page that loads itself again, whatever its query, sends nobody anywhere: bot walls do so (Akamai's
    `bm-verify`), and pages that show something new every minute.
    """
    said, base = refresh, url
    if not said and b"efresh" in body[:_WITHIN]:
        said, base = _by_meta(url, content_type, body)
    found = _CONTENT.match(said[:4_096])
    if found is None or int(found[1]) > (SOON if len(body) <= SMALL else AT_ONCE):
        return None
    target = resource_url((found[2] or found[3] or found[4] or "").strip(), base)
    if not isinstance(target, ResourceUrl) or target.href.partition("?")[0] == url.partition("?")[0]:
        return None
    return target


def _by_meta(url: str, content_type: str, body: bytes) -> tuple[str, str]:
    """What the page's own element says, and the address that its links are relative to."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in _HTML or not _META.search(body[:_WITHIN].lower()):
        return "", url
    tree = parse(body[:_WITHIN].decode("utf-8", "replace"))
    for node in tree.css("meta[http-equiv]")[:50]:
        if (node.attributes.get("http-equiv") or "").strip().lower() == "refresh":
            parent = node.parent
            if parent is not None and parent.tag == "noscript":
                continue
            found = tree.css_first("base[href]")
            base = resource_url((found.attributes.get("href") or "") if found is not None else "", url)
            return node.attributes.get("content") or "", base.href if isinstance(base, ResourceUrl) else url
    return "", url
