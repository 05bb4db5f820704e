"""Giving citations in front matter (or a YAML guide) a place: one line more for each, every other byte as it was. Pure.

What is about to be written is read again first: it must be the same guides, with these places and no other change.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from guides.model import Citation, CitationKey, Css, Guide, GuideId, GuideProblem, Library
from guides.read import read_file
from guides.settings import GuideSettings
from guides.source import Source, decode
from guides.termsarchive import place_line

_URL_LINE = re.compile(r"(?P<indent>[ ]*)(?P<dash>-[ ]+)?[\"']?url[\"']?[ ]*:[ ]+[\"']?$")
_REST = re.compile(r"[\"']?[ ]*(?:#.*)?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Placing:
    """One citation, as it was read from the file, and the place that it shall have."""

    guide: GuideId
    citation: Citation
    place: Css


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """The file's bytes as they shall be, what was done, and what could not be done safely."""

    data: bytes
    done: tuple[Placing, ...] = ()
    refused: tuple[Placing, ...] = ()


def place_in(name: str, data: bytes, wanted: Sequence[Placing], settings: GuideSettings, *, today: date) -> Placed:
    """`data` with these places written into it, as many of them as can be written safely."""
    source = decode(name, data)
    if isinstance(source, GuideProblem):
        return Placed(data=data, refused=tuple(wanted))
    before = read_file(name, data, settings, today=today)
    done: list[Placing] = []
    refused: list[Placing] = []
    made = data
    for each in wanted:
        tried = _apply(source, [*done, each])
        if tried is not None and _same_but(before, read_file(name, tried, settings, today=today), [*done, each]):
            done.append(each)
            made = tried
        else:
            refused.append(each)
    return Placed(data=made, done=tuple(done), refused=tuple(refused))


def _apply(source: Source, wanted: Iterable[Placing]) -> bytes | None:
    text = source.text
    for each in sorted(wanted, key=lambda each: each.citation.line, reverse=True):
        line = source.line_text(each.citation.line)
        before, at = line[: each.citation.column - 1], each.citation.column - 1 + len(each.citation.url)
        key = _URL_LINE.fullmatch(before)
        if key is None or not line.startswith(each.citation.url, each.citation.column - 1) or not _REST.match(line, at):
            return None
        indent = key["indent"] + " " * len(key["dash"] or "")
        end = source.starts[each.citation.line - 1] + len(line)
        break_ = "\r\n" if text.startswith("\r\n", end) else "\r" if text.startswith("\r", end) else "\n"
        text = f"{text[:end]}{break_}{indent}place: {place_line(each.place)}{text[end:]}"
    return source.encode(text)


def _same_but(before: Library, after: Library, wanted: Iterable[Placing]) -> bool:
    places = {(each.guide, each.citation.key): each.place for each in wanted}
    expected = [_without_lines(guide, places) for guide in before.guides]
    return expected == [_without_lines(guide, {}) for guide in after.guides] and len(before.problems) == len(
        after.problems
    )


def _without_lines(guide: Guide, places: dict[tuple[GuideId, CitationKey], Css]) -> list[object]:
    cited = [
        replace(each, place=places.get((guide.id, each.key), each.place), line=0, claim=None)
        for each in guide.citations
    ]
    claims = [each.claim and each.claim.text for each in guide.citations]
    said = [each.text for each in guide.statements]
    return [guide.id, guide.title, guide.verified, guide.tags, cited, claims, said]
