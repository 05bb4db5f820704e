"""From well-formed markup to blocks: one pass in document order that carries what the open elements mean.

The markup is what the parser wrote of its tree: every element is closed where it ends, and "<" and ">" stand for tags
alone. Cutting it at them costs a fraction of touching each node of the tree from Python.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache
from itertools import chain

from crawler.blocks import MAX_BLOCK_CHARS, MAX_BLOCKS, Span, is_prose, pieces
from crawler.contexts import BLOCK, BREAK, CONTEXTS, INLINE, SKIP, Context, Frame, Step, remembered_link
from crawler.tags import RAW_TAGS, VOID_TAGS, attributes_of, unescaped
from crawler.text import visible

_CHUNK = 1 << 15
_CFEMAIL = re.compile(r"^[0-9a-fA-F]{4,400}$")
_MAX_ANCHORS = 50_000
_MAX_LINKS = 200
_MAX_TARGET = 2000
_COARSE = MAX_BLOCKS - 2000
_COARSE_CHARS = MAX_BLOCK_CHARS // 2


Run = tuple[str, Context, tuple[str, ...], int]
"""A text between two block boundaries, what it stands in, the links in it, and how many of its characters are links."""


class Walk:
    """One pass over some markup, gathering runs of text."""

    def __init__(
        self,
        *,
        controlled: Callable[[], frozenset[str]] = frozenset,
        xml: bool = False,
        enough: int | None = None,
    ) -> None:
        """`controlled` gives the ids of what buttons open, and is asked only where that matters.

        `enough`: the walk may stop once it has met so many characters of content; `content` says how many.
        """
        self.content = 0
        self.runs: list[Run] = []
        self.anchors: dict[str, Span] = {}
        self._enough = enough
        self._is_over = False
        self._rest: tuple[Iterator[str], Context] | None = None
        self._controlled = cache(controlled)
        self._began = self._outermost = CONTEXTS.outermost(xml=xml)
        self._stack: list[Frame] = []
        self._text: list[str] = []
        self._links: list[str] = []
        self._link_chars = 0
        self._target = ""
        # Beyond `_COARSE` blocks: how many parts of `_text` are counted, and their characters.
        self._counted = (0, 0)

    def over(self, markup: str) -> None:
        """Adds the runs of one element, or of a text, written as markup without comments."""
        start, parts = _parts(markup)
        if start:
            self._add(start, self._outermost)
        self._through(parts, self._outermost)

    @property
    def is_whole(self) -> bool:
        """Whether the walk has come to the end."""
        return self._rest is None

    def go_on(self, controlled: Callable[[], frozenset[str]]) -> None:
        """The rest of a walk that stopped when it had met enough."""
        rest, self._rest = self._rest, None
        if rest is not None:
            self._controlled, self._enough, self._is_over = cache(controlled), None, False
            self._through(*rest)

    def _through(self, parts: Iterator[str], context: Context) -> None:  # noqa: C901 - calls for each tag cost more
        text, stack, links = self._text, self._stack, self._links
        for part in parts:
            tag, close, said = part.partition(">")
            if not close:
                tag, said = _mended(part, parts)
            if tag[:1] == "/":
                if stack:
                    outer, is_block, names, began = stack.pop()
                    if is_block and (text or links):
                        self._flush(context)
                    if names:
                        self._name(names, began, context)
                    context = outer
            else:
                sort, inner, frame, _ = step = context.steps.get(tag) or self._step(context, tag)
                if sort <= BLOCK:
                    if sort and (text or links):
                        self._flush(self._around(context))
                    stack.append(frame)
                    context = inner
                elif sort == BREAK:
                    self._flush(self._around(context))
                elif sort >= SKIP:
                    context, said = self._unusual(step, context, said, parts)
            if said and (text or not said.isspace()):
                if text and context.is_plain:
                    text.append(said)
                else:
                    self._add(said, context)
                    if self._is_over:
                        if len(self.runs) < MAX_BLOCKS:
                            self._rest = parts, context
                            return
                        break
        self._end(context)

    def _end(self, context: Context) -> None:
        while self._stack:
            frame = self._stack.pop()
            self._leave(frame, context)
            context = frame.outer
        self._flush(self._outermost, last=True)

    def _leave(self, frame: Frame, inner: Context) -> None:
        if frame.is_block and (self._text or self._links):
            self._flush(inner)
        if frame.names:
            self._name(frame.names, frame.start, inner)

    def _name(self, names: tuple[str, ...], start: int, inner: Context) -> None:
        for name in names:
            if name not in self.anchors and len(self.anchors) < _MAX_ANCHORS:
                end = len(self.runs) + (1 if self._text else 0)
                self.anchors[name] = Span(start=start, end=max(end, start), heading=inner.heading)

    def _step(self, context: Context, tag: str) -> Step:
        """A step that is not remembered by its whole tag. A link's target is cut out of it: each is another."""
        if tag[:2] != "a ":
            return CONTEXTS.step(context, tag, self._controlled)
        at = tag.find(' href="')
        if at < 0:
            return CONTEXTS.step(context, tag, self._controlled)
        end = tag.find('"', at + 7)
        if tag.count('"', 0, at) % 2:  # inside another attribute, or behind one with a quotation mark in its name
            target = attributes_of(tag).get("href", "").strip()
            at = end = len(tag)
        else:
            target = tag[at + 7 : end]
            target = (unescaped(target) if "&" in target else target).strip()
        rest = tag[:at] + tag[end + 1 :]
        step = context.steps.get(remembered_link(rest, leads=bool(target)))
        if step is None:
            step = CONTEXTS.step(context, rest, self._controlled, link=bool(target))
        if step.sort == INLINE:
            self._lead_to(target)
        else:
            self._target = target
        return step

    def _lead_to(self, target: str) -> None:
        if "/cdn-cgi/l/email-protection#" in target:
            target = "mailto:" + decode_cfemail(target.rsplit("#", 1)[1])
        if target and len(self._links) < _MAX_LINKS:
            self._links.append(target[:_MAX_TARGET])

    def _unusual(self, step: Step, context: Context, said: str, parts: Iterator[str]) -> tuple[Context, str]:
        """A tag that does more than open an element: the context after it, and the text that follows."""
        more = step.more
        if step.sort == SKIP:
            return context, _after(more.name, parts)
        if step.frame.is_block and (self._text or self._links):
            self._flush(self._around(context))
        if self._target:
            self._lead_to(self._target)
            self._target = ""
        if more.mail:
            self._add(decode_cfemail(more.mail).replace("&", "&amp;"), step.inner)
        frame = Frame(context, step.frame.is_block, more.names, len(self.runs))
        if more.name in VOID_TAGS:
            self._leave(frame, step.inner)
            return context, said
        if more.name in RAW_TAGS:
            raw, said = _raw(more.name, said, parts)
            self._add(raw.replace("&", "&amp;"), step.inner)
            self._leave(frame, step.inner)
            return context, said
        self._stack.append(frame)
        return step.inner, said

    def _add(self, said: str, context: Context) -> None:
        if context.unseen or (not self._text and _is_blank(said)):
            return
        if context.masked and "email" in said:
            return  # "[email protected]", which stands in for the address that was decoded
        if not self._text:
            self._began = context
        self._text.append(said)
        if context.link:
            self._link_chars += len((unescaped(said) if "&" in said else said).strip())

    def _around(self, context: Context) -> Context:
        """The context of a text that a block ends which stands in a button or a `span` after it: that of its beginning,
        where that is still open, else of the block around both."""
        for frame in reversed(self._stack):
            if frame.is_block or context is self._began:
                break
            context = frame.outer
        return context

    def _flush(self, context: Context, *, last: bool = False) -> None:
        """Ends a block. Links without a text are dropped. Far beyond any real page, blocks are large ones."""
        said, runs, links = self._text, self.runs, self._links
        if not said:
            links.clear()
            return
        if len(runs) >= _COARSE and not last and self._is_small():
            said.append(" ")
            return
        text = said[0] if len(said) == 1 else "".join(said)
        text = visible(unescaped(text) if "&" in text else text)
        said.clear()
        if text:
            if len(text) <= MAX_BLOCK_CHARS:
                runs.append((text, context, tuple(links) if links else (), self._link_chars))
            else:
                runs.extend((piece.strip(), context, tuple(links), self._link_chars) for piece in pieces(text))
            links.clear()
            if self._enough is not None and not context.hidden and not context.chrome and not self._is_over:
                self.content += len(text) if is_prose(text) else 0
                self._is_over = self.content >= self._enough
            if len(runs) >= MAX_BLOCKS:
                self._is_over = True
        self._link_chars = 0
        self._counted = 0, 0

    def _is_small(self) -> bool:
        """Whether the text so far is too short for a block of a page that has very many."""
        parts, chars = self._counted
        chars += sum(map(len, self._text[parts:]))
        self._counted = len(self._text), chars
        return chars < _COARSE_CHARS


def _parts(markup: str) -> tuple[str, Iterator[str]]:
    """What stands before the first tag; then each tag without its "<", with what stands after it."""
    first = markup.find("<")
    if first < 0:
        return markup, iter(())
    return markup[:first], chain.from_iterable(_chunks(markup, first + 1))


def _chunks(markup: str, start: int) -> Iterator[list[str]]:
    while 0 <= start < len(markup):
        end = markup.find("<", start + _CHUNK)
        yield markup[start : end if end >= 0 else None].split("<")
        start = end + 1 or -1


def _mended(part: str, parts: Iterator[str]) -> tuple[str, str]:
    """A tag that is cut short by a "<" in its name or in an attribute's, put together again."""
    pieces_of_tag = [part]
    for more in parts:
        tag, close, said = more.partition(">")
        pieces_of_tag.append(tag)
        if close:
            return "<".join(pieces_of_tag), said
    return "<".join(pieces_of_tag), ""


def _after(name: str, parts: Iterator[str]) -> str:
    """What follows an element that is passed over, other elements of its name inside it included."""
    depth, is_raw = 1, name in RAW_TAGS
    for part in parts:
        tag, _, said = part.partition(">")
        if tag[:1] == "/":
            depth -= tag[1:] == name
            if not depth:
                return said
        elif not is_raw and tag.startswith(name) and tag[len(name) : len(name) + 1] in ("", " "):
            depth += 1
    return ""


def _raw(name: str, said: str, parts: Iterator[str]) -> tuple[str, str]:
    """The text of an element whose text is not escaped, and what follows the element."""
    found = [said]
    for part in parts:
        tag, _, said = part.partition(">")
        if tag == f"/{name}":
            return "<".join(found), said
        found.append(part)
    return "<".join(found), ""


def _is_blank(said: str) -> bool:
    return said.isspace() or ("&" in said and said.replace("&nbsp;", " ").isspace())


def decode_cfemail(code: str) -> str:
    """Cloudflare's e-mail obfuscation: hexadecimal, XORed with its first byte."""
    if not _CFEMAIL.match(code) or len(code) % 2:
        return ""
    data = bytes.fromhex(code)
    return bytes(byte ^ data[0] for byte in data[1:]).decode("utf-8", "replace").split("?")[0]
