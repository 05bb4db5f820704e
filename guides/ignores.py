"""Citations that are left unchecked on purpose: by rules of the configuration, or by a comment in the guide's file.

Every one has a reason, so that the next editor can tell whether it still holds. An ignore that is never used is told.
"""

import fnmatch
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from urllib.parse import urlsplit

from guides.model import Citation, Guide, GuideProblem, Library
from guides.settings import Ignore
from guides.source import Problems, Source

MARK = "loccit:"
_HTML = re.compile(r"<!--\s*loccit:\s*(?P<word>[\w-]*)[^\S\r\n]*(?P<reason>[^\r\n]*?)\s*-->")
_BACKTICKS = re.compile("`+")
_MDX = re.compile(r"\{/\*\s*loccit:\s*(?P<word>[\w-]*)[^\S\r\n]*(?P<reason>[^\r\n]*?)\s*\*/\}")
_YAML = re.compile(r"(?:^|(?<=\s))#\s*loccit:\s*(?P<word>[\w-]*)[^\S\r\n]*(?P<reason>.*)$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_LONGEST_LINE = 20_000
_LONGEST_REASON = 300
_HOW = "write `loccit: ignore` and why, as in <!-- loccit: ignore answers only to readers in Spain -->"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """An ignore in a file: the line that it stands on, the line whose citations it is about, and why."""

    line: int
    about: int
    reason: str


def with_marks(library: Library, source: Source, *, yaml: bool, body: int) -> Library:
    """The guides of one file, citations on lines with an ignore marked; what is wrong with the ignores as problems.

    `yaml`: the whole file is YAML. `body` is the line at which Markdown or HTML begins (before it: YAML).
    """
    if MARK not in source.text or not library.guides:
        return library
    problems = Problems(source)
    by_line = {mark.about: mark for mark in _marks(source, problems, yaml=yaml, body=body)}
    used: set[int] = set()
    guides = tuple(_marked(guide, by_line, used) for guide in library.guides)
    for about, mark in by_line.items():
        if about not in used:
            where = "this line" if about == mark.line else "the next line"
            offset = source.starts[mark.line - 1]
            problems.warn(offset, f"an ignore that is not used: {where} cites no source", "remove it, or move it")
    return Library(guides=guides, problems=(*library.problems, *problems))


def _marked(guide: Guide, by_line: dict[int, Mark], used: set[int]) -> Guide:
    found = {each.line for each in guide.citations if each.line in by_line}
    if not found:
        return guide
    used |= found
    cited = (
        replace(each, ignored=by_line[each.line].reason) if each.line in by_line else each for each in guide.citations
    )
    return replace(guide, citations=tuple(cited))


def _marks(source: Source, problems: Problems, *, yaml: bool, body: int) -> Iterator[Mark]:
    fence = ""
    for number in range(1, len(source.starts) + 1):
        line = source.line_text(number)
        in_yaml = yaml or number < body
        if not in_yaml and (found := _FENCE.match(line)):
            mark = found[1]
            fence = mark if not fence else "" if mark.startswith(fence) and not line.strip(" `~") else fence
        if fence or MARK not in line or len(line) > _LONGEST_LINE:
            continue
        for match in _comments(line, in_yaml=in_yaml):
            made = _mark(match, number, line, source, problems)
            if made is not None:
                yield made


def _comments(line: str, *, in_yaml: bool) -> Iterable[re.Match[str]]:
    if in_yaml:
        return _YAML.finditer(line)
    code = _code_spans(line)
    found = (*_HTML.finditer(line), *_MDX.finditer(line))
    return [match for match in found if not any(start < match.start() < end for start, end in code)]


def _code_spans(line: str) -> list[tuple[int, int]]:
    """Where a line speaks of code, which is no comment (CommonMark, section 6.1: runs of as many backticks)."""
    runs = [match.span() for match in _BACKTICKS.finditer(line)]
    closing: dict[int, int] = {}
    same: dict[int, int] = {}
    for number in range(len(runs) - 1, -1, -1):
        length = runs[number][1] - runs[number][0]
        if length in same:
            closing[number] = same[length]
        same[length] = number
    spans: list[tuple[int, int]] = []
    number = 0
    while number < len(runs):
        end = closing.get(number)
        if end is not None:
            spans.append((runs[number][0], runs[end][1]))
        number = number + 1 if end is None else end + 1
    return spans


def _mark(match: re.Match[str], number: int, line: str, source: Source, problems: Problems) -> Mark | None:
    offset = source.starts[number - 1] + match.start()
    if match["word"] != "ignore":
        problems.warn(offset, f"loccit does not know “{match['word'][:40]}” in a comment", _HOW)
        return None
    reason = " ".join(match["reason"].strip(" :—–-").split())[:_LONGEST_REASON]
    if not reason:
        problems.warn(offset, "an ignore without a reason is not followed", _HOW)
        return None
    alone = not (line[: match.start()] + line[match.end() :]).strip()
    return Mark(line=number, about=number + 1 if alone else number, reason=reason)


# ---------------------------------------------------------------- rules of the configuration


def apply_rules(library: Library, rules: Sequence[Ignore], *, file: str, complete: bool) -> Library:
    """Citations that a rule matches, marked with its reason. `complete`: all guides were read, so that a rule which
    matches nothing is told as a problem of `file` (the configuration's).
    """
    if not rules:
        return library
    used: set[int] = set()
    guides = tuple(_ruled(guide, rules, used) for guide in library.guides)
    problems = [
        GuideProblem(
            file=file,
            message=f"an ignore that is not used: no citation matches {named(rule)}",
            hint="remove it from [[links.ignore]]",
            fatal=False,
        )
        for number, rule in enumerate(rules)
        if complete and number not in used
    ]
    return Library(guides=guides, problems=(*library.problems, *problems))


def named(rule: Ignore) -> str:
    """The rule in words: `url = "…"`, `host = "…"` or both."""
    return " and ".join(f'{key} = "{value}"' for key, value in (("url", rule.url), ("host", rule.host)) if value)


def _ruled(guide: Guide, rules: Sequence[Ignore], used: set[int]) -> Guide:
    cited = [_judged(citation, rules, used) for citation in guide.citations]
    same = all(new is old for new, old in zip(cited, guide.citations, strict=True))
    return guide if same else replace(guide, citations=tuple(cited))


def _judged(citation: Citation, rules: Sequence[Ignore], used: set[int]) -> Citation:
    matching = [number for number, rule in enumerate(rules) if matches(rule, citation.url)]
    used.update(matching)
    if not matching or citation.ignored:
        return citation
    return replace(citation, ignored=rules[matching[0]].reason)


def matches(rule: Ignore, url: str) -> bool:
    """Whether a rule is about a URL as written: its glob matches all of it, and its host is the URL's host.

    A host stands for itself; `*.example.org` for every host below it.
    """
    if not (rule.url or rule.host):
        return False
    if rule.url and not _glob(rule.url).match(url):
        return False
    return not rule.host or _glob(rule.host.lower().rstrip(".")).match(_host(url)) is not None


def _host(url: str) -> str:
    try:
        return (urlsplit(url.strip()).hostname or "").rstrip(".")
    except ValueError:
        return ""


@lru_cache(maxsize=1_024)
def _glob(pattern: str) -> re.Pattern[str]:
    return re.compile(fnmatch.translate(pattern))
