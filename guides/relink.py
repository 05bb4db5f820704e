"""Putting other addresses in the place of cited ones in a file's bytes: every other byte stays as it was. Pure.

What is about to be written is read again first: it must be the same guides with the same citations, but for the
addresses that were to change. A link for which that cannot be had is left alone, and said so.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from guides.model import Citation, GuideId, GuideProblem, Library
from guides.read import read_file
from guides.settings import GuideSettings
from guides.source import Source, decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Relink:
    """One citation, as it was read from the file, and the address that it shall have."""

    guide: GuideId
    citation: Citation
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Relinked:
    """The file's bytes as they shall be, what was done, and what could not be done safely."""

    data: bytes
    done: tuple[Relink, ...] = ()
    refused: tuple[Relink, ...] = ()


def relink(name: str, data: bytes, links: Sequence[Relink], settings: GuideSettings, *, today: date) -> Relinked:
    """`data` with these addresses exchanged, as many of them as can be exchanged safely."""
    source = decode(name, data)
    if isinstance(source, GuideProblem):
        return Relinked(data=data, refused=tuple(links))
    before = read_file(name, data, settings, today=today)
    together = _apply(source, links)
    if together is not None and _same_but(before, read_file(name, together, settings, today=today), links):
        return Relinked(data=together, done=tuple(links))
    done: list[Relink] = []
    refused: list[Relink] = []
    for link in links:
        tried = _apply(source, [*done, link])
        safe = tried is not None and _same_but(before, read_file(name, tried, settings, today=today), [*done, link])
        (done if safe else refused).append(link)
    made = _apply(source, done) if done else data
    return Relinked(data=data if made is None else made, done=tuple(done), refused=tuple(refused))


def _apply(source: Source, links: Iterable[Relink]) -> bytes | None:
    spans = [_span(source, link) for link in links]
    text = source.text
    end = len(text) + 1
    for span in sorted(filter(None, spans), reverse=True):
        start, stop, new = span
        if stop > end:
            return None
        text, end = text[:start] + new + text[stop:], start
    return None if None in spans else source.encode(text)


def _span(source: Source, link: Relink) -> tuple[int, int, str] | None:
    """Where the address is written, and what to write there; None where the file says something else."""
    citation = link.citation
    if not 1 <= citation.line <= len(source.starts):
        return None
    at = source.starts[citation.line - 1] + citation.column - 1
    for old, new in _spellings(citation.url, link.url):
        if source.text.startswith(old, at):
            return at, at + len(old), new
    return None


def _spellings(old: str, new: str) -> Iterable[tuple[str, str]]:
    """An address may be written with its `&` as in HTML, its `/` as in JSON, or without its scheme."""
    yield old, new
    yield old.replace("&", "&amp;"), new.replace("&", "&amp;")
    yield old.replace("/", "\\/"), new.replace("/", "\\/")
    yield old.removeprefix("https:"), new


def _same_but(before: Library, after: Library, links: Iterable[Relink]) -> bool:
    wanted = {(link.guide, link.citation.line, link.citation.column, link.citation.url): link.url for link in links}
    expected = [
        (guide.id, each.role, each.number, wanted.get((guide.id, each.line, each.column, each.url), each.url))
        for guide in before.guides
        for each in guide.citations
    ]
    found = [(guide.id, each.role, each.number, each.url) for guide in after.guides for each in guide.citations]
    return expected == found and len(after.problems) == len(before.problems)
