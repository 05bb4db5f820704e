"""Documents that are not HTML, as blocks: plain text, Markdown, JSON."""

import hashlib
import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from crawler.blocks import MAX_BLOCKS, Block, Head, Page, make_block, pieces

_HEADING = re.compile(r"^\s{0,3}(#{1,6})\s+(.*?)\s*#*\s*$")
_ITEM = re.compile(r"^\s*(?:[-*+•]|\d{1,3}[.)])\s+")
_LINK = re.compile(r"!?\[([^\[\]]{0,500})\]\(\s*<?([^()\s<>]{0,2000})>?[^()]{0,300}\)")
_MARKS = re.compile(r"(\*{1,3}|_{2,3}|`+|~~)")
_MAX_DEPTH = 200


def digest_of(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def read_text(source: str, url: str) -> Page:
    """Paragraphs are separated by empty lines; a short line before one is no heading, for nothing says it is."""
    parts = (piece for part in re.split(r"\n\s*\n|\f", source) for piece in pieces(part) if piece.strip())
    blocks = [make_block(part) for part in islice(parts, MAX_BLOCKS)]
    title = blocks[0].text[:200] if blocks else ""
    return Page(kind="text", head=Head(title=title), blocks=tuple(blocks), source=source, url=url)


def read_markdown(source: str, url: str) -> Page:
    """Headings, items and paragraphs (CommonMark's ATX headings); fenced code line by line."""
    blocks = list(_markdown_blocks(source))[:MAX_BLOCKS]
    title = next((block.text for block in blocks if block.level), "")
    return Page(kind="markdown", head=Head(title=title), blocks=tuple(blocks), source=source, url=url)


def _markdown_blocks(source: str) -> Iterator[Block]:
    paragraph: list[str] = []
    fenced = False
    for line in source.splitlines():
        fence = line.lstrip().startswith(("```", "~~~"))
        heading = None if fenced else _HEADING.match(line[:2000])
        boundary = fence or fenced or heading or not line.strip() or _ITEM.match(line[:200])
        if boundary and paragraph:
            yield from map(_markdown_block, pieces(" ".join(paragraph)))
            paragraph = []
        if fence:
            fenced = not fenced
        elif fenced:
            yield from (make_block(piece, kind="pre") for piece in pieces(line) if piece.strip())
        elif heading:
            yield _markdown_block(heading[2], kind=f"h{len(heading[1])}", level=len(heading[1]))
        elif line.strip():
            paragraph.append(line)
    if paragraph:
        yield from map(_markdown_block, pieces(" ".join(paragraph)))


def _markdown_block(text: str, *, kind: str = "p", level: int = 0) -> Block:
    if kind == "p" and (item := _ITEM.match(text[:200])):
        kind, text = "li", text[item.end() :]
    links = tuple(match[2] for match in _LINK.finditer(text[:20_000]))
    plain = make_block(_MARKS.sub("", _LINK.sub(r"\1", text)), kind=kind, level=level)
    return Block(text=plain.text, kind=kind, level=level, links=links)


def read_json(source: str, url: str) -> Page:
    """One block for each value, named by its path; the order of an object's keys says nothing."""
    try:
        value = json.loads(source)
    except (ValueError, RecursionError):
        return read_text(source, url)
    blocks: list[Block] = []
    for path, leaf in _leaves(value):
        blocks.extend(make_block(piece, kind="li") for piece in pieces(f"{path}: {leaf}"))
        if len(blocks) >= MAX_BLOCKS:
            break
    return Page(kind="json", blocks=tuple(blocks), source=source, url=url)


def _leaves(value: Any) -> Iterator[tuple[str, str]]:
    stack: list[tuple[str, Any, int]] = [("", value, 0)]
    while stack:
        path, item, depth = stack.pop()
        if isinstance(item, dict) and item and depth < _MAX_DEPTH:
            entries = sorted(item.items(), reverse=True)
            stack.extend((f"{path}.{name}" if path else str(name), child, depth + 1) for name, child in entries)
        elif isinstance(item, list) and item and depth < _MAX_DEPTH:
            stack.extend((f"{path}[]", child, depth + 1) for child in reversed(item))
        else:
            leaf = item if isinstance(item, str) else json.dumps(item, ensure_ascii=False)[:2000]
            yield path, leaf
