"""Bytes → `Page`: what kind of document a body is, and which reader makes blocks of it."""

import json
import re

from crawler.blocks import Block, Head, Page, Span
from crawler.charset import decode, decode_both
from crawler.documents import digest_of, read_json, read_markdown, read_text
from crawler.embedded import embedded_page
from crawler.health import script_shell
from crawler.html import read_xml
from crawler.htmlpage import HtmlPage
from crawler.made import RenderedPage, is_rendered
from crawler.pdf import read_pdf
from crawler.scriptdata import may_hold_data

__all__ = ["Block", "Head", "Page", "Span", "kind_of", "read"]

MAX_SOURCE = 40_000_000

_BINARY = re.compile(
    rb"^(?:\x89PNG|GIF8|\xff\xd8\xff|PK\x03\x04|\x1f\x8b|RIFF|\x7fELF|OggS|ID3|\x00\x00\x00.ftyp|BM.{8})", re.S
)
_MARKUP = re.compile(r"<(?:!doctype|html|head|body|div|p|span|title|meta|script|h[1-6]|table|main|article)\b", re.I)


def read(body: bytes, *, content_type: str = "", url: str = "") -> Page:
    """A page from what a server sent. Never fails: what cannot be read is a page of kind "binary" without blocks."""
    kind = kind_of(body, content_type, url)
    if kind == "binary":
        return Page(kind=kind, url=url, digest=digest_of(body))
    if kind == "pdf":
        return read_pdf(body, url)
    readers = {"text": read_text, "markdown": read_markdown, "json": read_json, "xml": read_xml}
    if kind == "html":
        source, encoded = decode_both(body[:MAX_SOURCE], content_type)
        if is_rendered(content_type):
            return RenderedPage(source, url, encoded)
        return _html(HtmlPage(source, url, encoded))
    return readers[kind](decode(body[:MAX_SOURCE], content_type), url)


def _html(page: HtmlPage) -> Page:
    """A page, or what the data in it says where it is an empty shell."""
    # Asked in this order: few pages are shells, and looking for data takes longer than reading the page.
    if script_shell(page) is None or not may_hold_data(page.source):
        return page
    return embedded_page(page) or page


def kind_of(body: bytes, content_type: str, url: str) -> str:
    """What a body is, by its first bytes where they are telling, then by its declared type, then by its address."""
    mime = content_type.split(";")[0].strip().lower()
    path = re.split(r"[?#]", url)[0].lower()
    if body[:1024].lstrip().startswith(b"%PDF-"):
        return "pdf"
    if _BINARY.match(body):
        return "binary"
    if "html" in mime:
        return "html"
    if mime.endswith("json"):
        return "json"
    if mime == "text/markdown" or (mime in ("", "text/plain") and path.endswith((".md", ".markdown"))):
        return "markdown"
    if mime.endswith("xml"):
        return "xml"
    if mime.startswith(("image/", "audio/", "video/", "font/")) or _looks_binary(body):
        return "binary"
    return _by_look(body, mime)


def _by_look(body: bytes, mime: str) -> str:
    start = body[:4096].decode("latin-1").lstrip("\ufeff\xef\xbb\xbf \t\r\n")
    if mime == "text/plain" or mime.startswith(("text/csv", "application/javascript")):
        return "text"
    if _MARKUP.search(start):
        return "html"
    if start.startswith("<?xml"):
        return "xml"
    if start[:1] in "{[" and start:
        try:
            json.loads(body[:MAX_SOURCE])
        except (ValueError, RecursionError):
            return "text"
        return "json"
    return "html" if start.startswith("<") or "<" in start[:2000] else "text"


def _looks_binary(body: bytes) -> bool:
    sample = body[:4096]
    if sample.startswith((b"\xff\xfe", b"\xfe\xff")):
        return False
    control = sum(1 for byte in sample if byte < 9 or 13 < byte < 27)
    return control > 0.1 * len(sample) > 0
