"""Atom feeds (RFC 4287) of findings. Pure."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

from guides.model import GuideId
from review.model import Finding, FindingKind
from review.text import MAX_SUMMARY, instant, one_line, shortened

_ATOM: Final = "http://www.w3.org/2005/Atom"
_UNHELD: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to say, escaped or not."""
_MOST_CHANGES: Final = 10
_PASSAGE: Final = 400
_BEGINNING: Final = datetime(2000, 1, 1, tzinfo=UTC)

ET.register_namespace("", _ATOM)


def atom(findings: Sequence[Finding], *, title: str, path: str, base: str, titles: Mapping[GuideId, str]) -> bytes:
    """The feed of these findings, the newest first. `base` is where people reach the pages, `path` the feed's own
    address below it without any secret. `titles`: of the guides, by id.

    Ids stay the same whatever the feed: an entry's is its finding's number at this host.
    """
    host = urlsplit(base).hostname or "loccit"
    feed = ET.Element(f"{{{_ATOM}}}feed")
    _put(feed, "title", title)
    _put(feed, "id", f"tag:{host},2026-01-01:{path}")
    _put(feed, "updated", _told(max((_moment(each) for each in findings), default=_BEGINNING)))
    ET.SubElement(feed, f"{{{_ATOM}}}link", {"rel": "alternate", "type": "text/html", "href": base + "/"})
    author = ET.SubElement(feed, f"{{{_ATOM}}}author")
    _put(author, "name", "loccit")
    _put(feed, "generator", "loccit")
    for finding in findings:
        _entry(feed, finding, host=host, base=base, title=titles.get(finding.guide, finding.guide))
    ET.indent(feed)
    text: str = ET.tostring(feed, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'.encode()


def _entry(feed: ET.Element, finding: Finding, *, host: str, base: str, title: str) -> None:
    entry = ET.SubElement(feed, f"{{{_ATOM}}}entry")
    _put(entry, "title", shortened(f"{one_line(title, 100)}: {one_line(finding.summary)}", MAX_SUMMARY))
    _put(entry, "id", f"tag:{host},2026-01-01:finding/{finding.id}")
    _put(entry, "published", _told(finding.opened))
    _put(entry, "updated", _told(_moment(finding)))
    link = {"rel": "alternate", "type": "text/html", "href": f"{base}/findings/{finding.id}"}
    ET.SubElement(entry, f"{{{_ATOM}}}link", link)
    ET.SubElement(entry, f"{{{_ATOM}}}category", {"term": _held(finding.severity)})
    _put(entry, "summary", one_line(finding.summary))
    _put(entry, "content", _content(finding), {"type": "text"})


def _content(finding: Finding) -> str:
    lines = [one_line(finding.summary)]
    if finding.url:
        lines.append(one_line(finding.url, 500))
    for change in finding.changes[:_MOST_CHANGES]:
        lines.append(f"- {one_line(change.before, _PASSAGE) or '(nothing)'}")
        lines.append(f"+ {one_line(change.after, _PASSAGE) or '(nothing)'}")
    lines += [f"“{one_line(each.words, _PASSAGE)}”" for each in finding.reports]
    lines += [f"The guide says: {one_line(claim.text, _PASSAGE)}" for claim in finding.claims[:_MOST_CHANGES]]
    return "\n".join(lines)


def _moment(finding: Finding) -> datetime:
    """When it was news: every look brings `updated` forward, a reader's report only when another one writes."""
    return finding.updated if finding.kind is FindingKind.READER_REPORT else finding.opened


def _told(at: datetime) -> str:
    return instant(at) or ""


def _put(parent: ET.Element, name: str, text: str, attributes: dict[str, str] | None = None) -> None:
    ET.SubElement(parent, f"{{{_ATOM}}}{name}", attributes or {}).text = _held(text)


def _held(text: str) -> str:
    return _UNHELD.sub("\ufffd", text)
