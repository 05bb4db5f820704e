"""One file's bytes to guides: chooses the reader by the file's name. Pure."""

import re
from datetime import date
from functools import lru_cache

from guides.html import read_html
from guides.ignores import MARK, with_marks
from guides.markdown import front_matter, read_markdown
from guides.model import GuideProblem, Library
from guides.settings import GuideSettings, Mapping
from guides.source import Source, decode
from guides.structured import read_structured

MARKDOWN = (".md", ".markdown", ".mdx", ".mdown", ".mkd")
STRUCTURED = (".yaml", ".yml", ".json")
HTML = (".html", ".htm", ".xhtml")
KNOWN = MARKDOWN + STRUCTURED + HTML


def read_file(name: str, data: bytes, settings: GuideSettings, *, today: date) -> Library:
    """The guides in a file and the problems met on the way; never raises for what a file may hold.

    `name` is the file's path relative to the project's root, with `/`; `today` is what a verified date is held
    against.
    """
    if len(data) > settings.max_bytes:
        return Library(problems=(too_large(name, len(data), settings.max_bytes),))
    source = decode(name, data)
    if isinstance(source, GuideProblem):
        return Library(problems=(source,))
    library = _read(source, settings, today)
    if MARK not in source.text:
        return library
    front = front_matter(source.text) if name.lower().endswith(MARKDOWN) else None
    body = source.line_of(front.body) if front else 1
    yaml = name.lower().endswith(STRUCTURED)
    return with_marks(library, source, yaml=yaml, body=body)


def _read(source: Source, settings: GuideSettings, today: date) -> Library:
    kind = source.name.lower()
    if kind.endswith(STRUCTURED):
        return read_structured(source, mapping_for(source.name, settings), today=today)
    if kind.endswith(HTML):
        return read_html(source, settings, today=today)
    if kind.endswith(MARKDOWN):
        return read_markdown(source, settings, today=today)
    hint = "guides are " + ", ".join(KNOWN) + "; add the file to `ignore` if it is none"
    return Library(
        problems=(GuideProblem(file=source.name, message="not a kind of file that holds guides", hint=hint),)
    )


def mapping_for(name: str, settings: GuideSettings) -> Mapping | None:
    """The first mapping whose `path` matches a file's name."""
    return next((mapping for mapping in settings.mapping if matches(name, mapping.path)), None)


def matches(name: str, glob: str) -> bool:
    """Whether a path with `/` matches a glob: `*` and `?` within a name, `**` for any folders, `[…]` a set."""
    return _pattern(glob).fullmatch(name) is not None


@lru_cache(maxsize=512)
def _pattern(glob: str) -> re.Pattern[str]:
    out = ""
    rest = glob.removeprefix("./")
    while rest:
        token = re.match(r"\*\*/|\*\*|\*|\?|\[[^\]/]+\]|.", rest, re.DOTALL)
        part = token.group() if token else rest[0]
        rest = rest[len(part) :]
        out += {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}.get(part) or _literal(part)
    return re.compile(out, re.DOTALL)


def _literal(part: str) -> str:
    if len(part) > 2 and part.startswith("["):
        negated = part[1] in "!^"
        inner = re.sub(r"([\\\[&~|])", r"\\\1", part[1 + negated : -1])
        return f"[{'^' if negated else ''}{inner}]" if inner else re.escape(part)
    return re.escape(part)


def too_large(name: str, size: int, limit: int) -> GuideProblem:
    return GuideProblem(
        file=name,
        message=f"too large for a guide: {size / 1e6:.1f} MB, the limit is {limit / 1e6:.1f} MB",
        hint="add it to `ignore`, or raise `max_bytes` in [guides]",
    )
