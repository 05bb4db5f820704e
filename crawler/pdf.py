"""PDF → blocks, page by page. The reading itself happens in a child process with limits (see `pdftext`).

A PDF says where letters stand, not what a paragraph is: lines are joined where a sentence runs on, also over a page's
end, and what stands at the top or the bottom of most pages is no part of the text.
"""

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from crawler.blocks import MAX_BLOCKS, Block, Head, Page, make_block
from crawler.documents import digest_of

MAX_PDF_PAGES = 1000
MAX_PDF_CHARS = 4_000_000
_MEGABYTES = 1024
_SECONDS = 20
"""Of processor time. By the clock a reader may take far longer on a busy machine, and that says nothing of the PDF."""
_PATIENCE = 9 * _SECONDS

_READER = Path(__file__).with_name("pdftext.py")
_NUMBER_ONLY = re.compile(
    r"^\W*(?:[a-zA-Zа-я]{1,8}\W{0,2})?\d{1,4}\W*(?:(?:of|/|sur|von|de|di|van|из|z)\W*\d{1,4}\W*)?$"
)
_ITEM = re.compile(r"^(?:[•●○▪■◦‣⁃–—\-*]\s|\(?(?:\d{1,3}(?:\.\d{1,3}){0,4}|[a-zA-Z]|[ivxIVX]{1,5})[.)]\s)")
_ENDS = (".", "!", "?", ":", ";", "。", "！", "？", "：", "；", "”", "»")
_EDGE_LINES = 3
_SHORT_LINE = 0.7


def read_pdf(body: bytes, url: str) -> Page:
    """A page of kind "pdf". Without blocks it could not be read, and `head.unread` says why."""
    digest = digest_of(body)
    found = _extracted(body)
    if isinstance(found, str):
        return Page(kind="pdf", head=Head(unread=found), url=url, digest=digest)
    blocks = tuple(_blocks(found["pages"]))[:MAX_BLOCKS]
    title = str(found["title"]).strip() or (blocks[0].text[:200] if blocks else "")
    unread = "" if any(block.key for block in blocks) else "the PDF has no text layer"
    return Page(kind="pdf", head=Head(title=title, unread=unread), blocks=blocks, url=url, digest=digest)


def _extracted(body: bytes) -> dict[str, Any] | str:
    """What the child found, or why there is nothing."""
    limits = (str(value) for value in (MAX_PDF_PAGES, MAX_PDF_CHARS, _MEGABYTES, _SECONDS))
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and our own file; the document goes to its input
            [sys.executable, "-I", str(_READER), *limits],
            input=body,
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"the PDF takes more than {_PATIENCE} seconds to read"
    except OSError as error:
        return f"the reader of PDFs could not be started: {error.strerror}"
    try:
        found = json.loads(done.stdout)
    except ValueError:
        return f"the PDF cannot be read within {_SECONDS} seconds of processor time and {_MEGABYTES} MB"
    if found["error"]:
        return f"the PDF cannot be read: {found['error']}"
    return dict(found)


def _blocks(pages: Sequence[str]) -> Iterator[Block]:
    """Paragraphs over all pages, without running heads and page numbers."""
    lines = [[line.strip() for line in page.splitlines() if line.strip()] for page in pages]
    running = _running(lines)
    paragraph: list[str] = []
    width = _width(lines)
    for number, page in enumerate(lines, start=1):
        for at, line in enumerate(page):
            edge = min(at, len(page) - 1 - at) < _EDGE_LINES
            if edge and (_masked(line, number) in running or _NUMBER_ONLY.match(line)):
                continue
            if paragraph and _starts_anew(paragraph[-1], line, width):
                yield _block(paragraph)
                paragraph = []
            paragraph.append(line)
    if paragraph:
        yield _block(paragraph)


def _running(lines: Sequence[Sequence[str]]) -> set[str]:
    """What stands at the top or the bottom of most pages, whatever the page's number."""
    if len(lines) < 3:
        return set()
    seen: Counter[str] = Counter()
    for number, page in enumerate(lines, start=1):
        seen.update({_masked(line, number) for line in (*page[:_EDGE_LINES], *page[-_EDGE_LINES:])})
    return {mask for mask, count in seen.items() if 2 * count > len(lines)}


def _masked(line: str, number: int) -> str:
    """A line without its page's own number; no other number is masked."""
    return re.sub(rf"(?<!\d){number}(?!\d)", "#", line)


def _width(lines: Sequence[Sequence[str]]) -> int:
    """The length of a full line: nine tenths of all lines are no longer."""
    lengths = sorted(len(line) for page in lines for line in page)
    return lengths[len(lengths) * 9 // 10] if lengths else 0


def _starts_anew(last: str, line: str, width: int) -> bool:
    """Whether a line begins a paragraph. A hyphen at a line's end always joins; a short line ends what it stands in."""
    if last.endswith(("\u00ad", "\ufffe", "-")) and line[:1].islower():
        return False
    if _ITEM.match(line):
        return True
    full = len(last) >= _SHORT_LINE * width
    if last.endswith(_ENDS):
        return not (full and line[:1].islower())
    return not full and not line[:1].islower()


def _block(lines: Sequence[str]) -> Block:
    text = lines[0]
    for line in lines[1:]:
        # pdfium marks a word that was divided at a line's end with U+FFFE.
        divided = text.endswith(("\ufffe", "\u00ad"))
        text = text[:-1] + line if divided else f"{text} {line}"
    return make_block(text.replace("\ufffe", ""), kind="li" if _ITEM.match(text) else "p")
