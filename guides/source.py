"""A guide's file as text: decoding, lines and columns, and the problems found in it."""

import codecs
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate

from guides.model import GuideProblem

_BREAK = re.compile(r"\r\n|\r|\n")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAVE_AS_UTF8 = "save the file as UTF-8"


@dataclass(frozen=True)
class Source:
    """The text of a file and how it was encoded. Offsets count characters of `text`, from 0.

    `mark` is the byte order mark that stood before the text, and is no part of it.
    """

    name: str
    text: str
    encoding: str = "utf-8"
    mark: bytes = b""

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """Where each line begins; lines end in LF, CR LF or CR."""
        if "\r" not in self.text:
            *lines, _ = self.text.split("\n")
            return tuple(accumulate(lines, lambda start, line: start + len(line) + 1, initial=0))
        return (0, *(found.end() for found in _BREAK.finditer(self.text)))

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both counted from 1, the column in characters."""
        line = bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1] + 1

    def line_of(self, offset: int) -> int:
        return bisect_right(self.starts, offset)

    def line_text(self, line: int) -> str:
        """The text of a line (counted from 1), without its line break; "" past the end."""
        if not 1 <= line <= len(self.starts):
            return ""
        start = self.starts[line - 1]
        end = self.starts[line] if line < len(self.starts) else len(self.text)
        return self.text[start:end].rstrip("\r\n")

    def encode(self, text: str) -> bytes:
        """The bytes of a changed text, in the file's own encoding and with its byte order mark."""
        return self.mark + text.encode(self.encoding)


@dataclass(slots=True)
class Problems:
    """Collects what is wrong in one file; offsets become lines and columns."""

    source: Source
    found: list[GuideProblem] = field(default_factory=list)

    def warn(self, offset: int | None, message: str, hint: str = "", *, fails: bool = False) -> None:
        """`fails`: the guide can be read, but a check fails for it."""
        self._add(offset, message, hint, fatal=False, fails=fails)

    def fail(self, offset: int | None, message: str, hint: str = "") -> None:
        self._add(offset, message, hint, fatal=True)

    def _add(self, offset: int | None, message: str, hint: str, *, fatal: bool, fails: bool = False) -> None:
        line, column = (None, None) if offset is None else self.source.position(offset)
        self.found.append(
            GuideProblem(
                file=self.source.name,
                message=message,
                hint=hint,
                line=line,
                column=column,
                fatal=fatal,
                fails=fails,
            )
        )

    def __iter__(self) -> Iterator[GuideProblem]:
        return iter(self.found)


def decode(name: str, data: bytes) -> Source | GuideProblem:
    """The text of a file: UTF-8, with or without a byte order mark, or UTF-16 with one."""
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return GuideProblem(file=name, message="the file is encoded as UTF-32", hint=_SAVE_AS_UTF8)
    mark, encoding = next(((mark, code) for mark, code in _MARKS if data.startswith(mark)), (b"", "utf-8"))
    body = data[len(mark) :]
    if encoding == "utf-8" and b"\0" in body:
        return _binary(name, body)
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError as error:
        return _undecodable(name, body, encoding, error)
    if "\0" in text:
        return _at(name, text[: text.index("\0")], "a NUL character stands in the text", "remove it")
    return Source(name, text, encoding, mark)


def _binary(name: str, body: bytes) -> GuideProblem:
    head = body[:4096]
    if head.count(b"\0") >= len(head) // 4 > 0:
        hint = f"{_SAVE_AS_UTF8}, or add it to `ignore` if it is no guide"
        return GuideProblem(
            file=name, message="not text: a binary file, or UTF-16 without a byte order mark", hint=hint
        )
    before = body[: body.index(b"\0")].decode("utf-8", "replace")
    hint = "remove it; if the file is no guide, add it to `ignore`"
    return _at(name, before, "a NUL byte stands in the text, as in a binary file", hint)


def _undecodable(name: str, body: bytes, encoding: str, error: UnicodeDecodeError) -> GuideProblem:
    before = body[: error.start].decode(encoding, "replace")
    byte = body[error.start : error.start + 1].hex()
    hint = f"{_SAVE_AS_UTF8}; if the file is no guide, add it to `ignore`"
    return _at(name, before, f"not valid {encoding.upper()}: byte 0x{byte} cannot be read", hint)


def _at(name: str, before: str, message: str, hint: str) -> GuideProblem:
    line, column = Source(name, before).position(len(before))
    return GuideProblem(file=name, message=message, hint=hint, line=line, column=column)
