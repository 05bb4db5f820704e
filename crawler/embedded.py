"""The text of a page that is an empty shell, found in the JSON that its scripts would make the page of. Pure.

Taken only where it is surely the page's own text, and whole: an object that the page's title or address names, or the
one that holds nearly all prose there is. Where that is in doubt a browser has to tell, so the answer is None.
"""

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from crawler.blocks import Page
from crawler.html import parse
from crawler.made import EmbeddedPage
from crawler.richtext import is_markup, is_rich, plain_chars, rich_html, string_html
from crawler.scriptdata import MAX_SCRIPTS, ScriptData, may_hold_data, script_data
from crawler.text import key, visible

LEAST = 250
"""Characters of prose that a page must have in its data to be read from there."""

_SHELL = 400
_MOST = 2_000_000
_DICTIONARY = 40
"""An object with so many short texts is a list of an interface's phrases."""

_NEARLY_ALL = 0.7
_MAIN_SHARE = 0.5

_TITLES = ("title", "headline", "heading", "name", "question", "subject", "label", "pagetitle", "h1")
_BODIES = re.compile(
    r"(?i)^(?:article)?_?(?:body|content|contents|text|answer|markdown|md|html|richtext|copy|paragraphs?|sections?|steps?"
    r"|blocks?|value|rendered|details?|solution|lead|intro|introduction|note|acceptedanswer|mainentity|itemlistelement)"
    r"_?(?:body|html|text|content|markdown|raw|rich|string)?$"
)
_ASIDE = re.compile(
    r"(?i)^(?:seo|meta\w*|og\w*|twitter\w*|description|excerpt|summary|teaser|abstract|related\w*|recommend\w*|similar\w*"
    r"|popular\w*|more\w*articles?|trending\w*|breadcrumbs?|nav\w*|menus?|footer\w*|header\w*|sidebar\w*|author\w*|users?"
    r"|comments?|tags?|categor\w+|i18n\w*|translations?|messages|locales?|dictionary|config\w*|settings|env|features?"
    r"|flags|experiments?|images?|media|assets?|icons?|videos?|analytics|tracking|session|cookie\w*|consent\w*|publisher"
    r"|styles?|css|theme|scripts?|errors?|query|variables|runtimeconfig|buildid|__typename|_id|id|slug|url|href|path|link)$"
)
_NAMES = (
    "slug",
    "url",
    "href",
    "path",
    "permalink",
    "urlname",
    "urltitle",
    "id",
    "articleid",
    "html_url",
    "uri",
    "@id",
)
_CUT = re.compile(r"(?:\.\.\.|…|\[…\]|\[\.\.\.\])\s*(?:</\w+>\s*)*$")
_ADDRESS = re.compile(r"^(?:https?:|/|data:|\.{1,2}/)\S*$")
_CODE = re.compile(r"^\s*(?:[{}@.#\w:-]+\s*\{|function\b|\(function|var |import )")
_LINKED_PROSE = ("articlebody", "text", "name", "headline", "mainentity", "acceptedanswer", "step", "itemlistelement")


def embedded_page(shell: Page) -> EmbeddedPage | None:
    """The page of the data in a shell; None where the page is no candidate, or its data is not surely all of it."""
    if not may_hold_data(shell.source) or shell.says_at_least(_SHELL):
        return None
    found = [text for data in script_data(_scripts(shell.source)) if (text := _main_text(data, shell)) is not None]
    if not found:
        return None
    best = max(found, key=lambda text: text.chars)
    title = best.title or shell.title
    document = (
        f'<!doctype html><html lang="{html.escape(shell.language)}"><head><title>{html.escape(title)}</title></head>'
        f"<body><main>{best.markup}</main></body></html>"
    )
    return EmbeddedPage(document, shell.url)


def _scripts(source: str) -> Iterator[tuple[Mapping[str, str | None], str]]:
    for node in parse(source).css("script")[:MAX_SCRIPTS]:
        child = node.first_child
        yield node.attributes, (child.text_content if child is not None else "") or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Text:
    title: str
    markup: str
    chars: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Object:
    """An object of the data, and how much prose is in it."""

    value: Mapping[str, Any]
    chars: int


def _main_text(data: ScriptData, shell: Page) -> _Text | None:
    if isinstance(data.value, Mapping) and data.value.get("isFallback") is True:
        return None  # Next has not fetched the page's data yet
    root = _resolved(data.value)
    scale = _Scale(linked=data.linked)
    total = min(scale.weigh(root), scale.weigh(data.value))
    if total < LEAST:
        return None
    main = _named(root, scale, shell, total) or (None if data.linked else _dominant(root, scale, total))
    if main is None or _unresolved(main):
        return None
    markup = "".join(_Writer(linked=data.linked).write(main))
    chars = plain_chars(markup)
    if chars < LEAST or len(markup) > _MOST or _CUT.search(markup):
        return None
    return _Text(title=visible(_title(main))[:300], markup=markup, chars=chars)


# ---------------------------------------------------------------- how much prose


class _Scale:
    """Weighs values by the prose in them, each container once."""

    def __init__(self, *, linked: bool) -> None:
        self._linked = linked
        self._known: dict[int, int] = {}

    def weigh(self, value: Any) -> int:
        if isinstance(value, str):
            return _prose(value)
        if not isinstance(value, Mapping | list):
            return 0
        known = self._known.get(id(value))
        if known is None:
            known = self._known[id(value)] = self._sum(value)
        return known

    def _sum(self, value: Any) -> int:
        if is_rich(value):
            return plain_chars(rich_html(value))
        if isinstance(value, list):
            return sum(self.weigh(each) for each in value)
        if _is_dictionary(value):
            return 0
        return sum(self.weigh(each) for name, each in value.items() if _counts(name, each, linked=self._linked))


def _counts(name: str, value: Any, *, linked: bool) -> bool:
    if linked:
        return name.lower() in _LINKED_PROSE or name == "@graph"
    return not _ASIDE.match(name) or (name.lower() in ("description", "summary") and isinstance(value, dict | list))


def _prose(text: str) -> int:
    """Characters of a text that reads as one; 0 for names, addresses and code."""
    if len(text) < 40 or len(text) > _MOST or _ADDRESS.match(text) or _CODE.match(text[:200]):
        return 0
    shown = text if not is_markup(text) else re.sub(r"<[^<>]{0,2000}>", " ", text)
    wide = sum(1 for character in shown[:400] if character > "\u2e80")
    words = shown[:2000].count(" ")
    return len(shown.strip()) if words * 14 >= min(len(shown), 2000) or wide > 20 else 0


def _is_dictionary(value: Mapping[str, Any]) -> bool:
    return sum(isinstance(each, str) and len(each) > 15 for each in value.values()) > _DICTIONARY


# ---------------------------------------------------------------- which object is the page


def _named(root: Any, scale: _Scale, shell: Page, total: int) -> Mapping[str, Any] | None:
    """The object that the page's title or address names, where little prose stands elsewhere but in other pages'."""
    slug = _last_part(shell.url)
    titles = {key(part) for part in (shell.title, *re.split(r"\s[|\-–—·:»]\s", shell.title)) if len(key(part)) > 5}
    objects = list(_objects(root, scale))
    named = [
        one for one in objects if one.chars >= LEAST and (key(_title(one.value)) in titles or _at(one.value, slug))
    ]
    if not named:
        return None
    main = max(named, key=lambda one: one.chars)
    inside = {id(each) for each in _containers(main.value)}
    others = sum(
        one.chars
        for one in objects
        if id(one.value) not in inside
        and one.chars >= LEAST
        and _title(one.value)
        and _has_name(one.value)
        and not any(id(each) == id(main.value) for each in _containers(one.value))
    )
    return main.value if main.chars >= _MAIN_SHARE * max(total - others, main.chars) else None


def _dominant(root: Any, scale: _Scale, total: int) -> Mapping[str, Any] | None:
    """The smallest object with a title that holds nearly all prose; None where the prose is in several pages."""
    best: Mapping[str, Any] | None = None
    value = root
    for _ in range(100):
        if isinstance(value, Mapping) and _title(value) and scale.weigh(value) >= _NEARLY_ALL * total:
            best = value
        children = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
        heavy = [each for each in children if isinstance(each, Mapping | list)]
        if not heavy:
            break
        value = max(heavy, key=scale.weigh)
        if scale.weigh(value) < _NEARLY_ALL * total or is_rich(value):
            break
    return None if best is None or _is_collection(best, scale) else best


def _is_collection(value: Mapping[str, Any], scale: _Scale) -> bool:
    """Whether an object is a list of pages rather than one: its entries have titles, text and addresses."""
    own = [one for one in _objects(value, scale) if one.value is not value and one.chars >= LEAST / 2]
    return sum(bool(_title(one.value)) and _has_name(one.value) for one in own) > 1


def _objects(root: Any, scale: _Scale) -> Iterator[_Object]:
    for each in _containers(root):
        if isinstance(each, Mapping) and (chars := scale.weigh(each)):
            yield _Object(value=each, chars=chars)


def _containers(root: Any) -> Iterator[Any]:
    stack, seen = [root], set[int]()
    while stack:
        item = stack.pop()
        if not isinstance(item, Mapping | list) or id(item) in seen:
            continue
        seen.add(id(item))
        yield item
        stack.extend(item.values() if isinstance(item, Mapping) else item)


def _title(value: Mapping[str, Any]) -> str:
    lowered = {str(name).lower(): each for name, each in list(value.items())[:200]}
    for name in _TITLES:
        each = lowered.get(name)
        each = each.get("rendered") if isinstance(each, Mapping) else each
        if isinstance(each, str) and 2 < len(each) < 400:
            return each
    return ""


def _has_name(value: Mapping[str, Any]) -> bool:
    return any(name in value for name in _NAMES)


def _at(value: Mapping[str, Any], slug: str) -> bool:
    """Whether an object names itself by the last part of the page's address."""
    if not slug:
        return False
    return any(_last_part(str(value[name])) == slug for name in _NAMES if isinstance(value.get(name), str | int))


def _last_part(address: str) -> str:
    parts = [part for part in re.split(r"[?#]", address)[0].split("/") if part]
    last = unquote(parts[-1]).lower()[:300] if parts else ""
    return last if len(last) > 3 else ""


# ---------------------------------------------------------------- references


def _resolved(value: Any) -> Any:
    """Apollo's normalised cache with its references (`__ref`) followed; other values as they are.

    What several refer to is the same object everywhere; in a circle the reference stays.
    """
    if not isinstance(value, Mapping) or not any(isinstance(name, str) and ":" in name for name in value):
        return value
    done: dict[str, Any] = {}

    def entry(name: str, depth: int) -> Any:
        if name not in done:
            done[name] = {"__ref": name}
            done[name] = follow(value[name], depth)
        return done[name]

    def follow(item: Any, depth: int) -> Any:
        if depth > 60:
            return {"__ref": "…"}
        if isinstance(item, Mapping):
            target = item.get("__ref")
            if isinstance(target, str):
                return entry(target, depth + 1) if target in value else item
            return {name: follow(each, depth + 1) for name, each in item.items()}
        return [follow(each, depth + 1) for each in item] if isinstance(item, list) else item

    return [entry(str(name), 0) for name in list(value)[:5_000] if isinstance(name, str)]


def _unresolved(main: Mapping[str, Any]) -> bool:
    """Whether a part of the text is said to stand elsewhere."""
    for each in _containers(main):
        if isinstance(each, Mapping):
            for name, child in each.items():
                if _BODIES.match(str(name)) and isinstance(child, Mapping) and "__ref" in child:
                    return True
    return False


# ---------------------------------------------------------------- as a document


class _Writer:
    """An object as HTML: its title, then its texts in order, titles of what is in it as headings."""

    def __init__(self, *, linked: bool) -> None:
        self._linked = linked
        self._said: set[str] = set()

    def write(self, value: Any, level: int = 1, name: str = "") -> Iterator[str]:
        if isinstance(value, str):
            yield from self._string(value, name)
        elif is_rich(value):
            yield rich_html(value)
        elif isinstance(value, list):
            for each in value:
                yield from self.write(each, level, name)
        elif isinstance(value, Mapping) and not _is_dictionary(value):
            yield from self._object(value, level)

    def _object(self, value: Mapping[str, Any], level: int) -> Iterator[str]:
        title = _title(value)
        inner = "".join(self._members(value, title, level))
        if title and (inner or level > 1):
            number = min(level, 6)
            yield f"<h{number}>{html.escape(visible(re.sub(r'<[^<>]{0,2000}>', '', title)))}</h{number}>"
        yield inner

    def _members(self, value: Mapping[str, Any], title: str, level: int) -> Iterable[str]:
        for name, each in value.items():
            if not isinstance(name, str) or each == title or not _counts(name, each, linked=self._linked):
                continue
            if isinstance(each, str) and not (_BODIES.match(name) or _prose(each)):
                continue
            deeper = isinstance(each, Mapping | list) and not is_rich(each)
            yield from self.write(each, min(level + 1, 6) if deeper else level, name)

    def _string(self, text: str, name: str) -> Iterator[str]:
        if len(text) > _MOST or _ADDRESS.match(text) or not text.strip():
            return
        # The same text is often there twice, as markup and without: the longer one of a pair was written first or not.
        words = key(re.sub(r"<[^<>]{0,2000}>", " ", text))
        if words and words not in self._said:
            self._said.add(words)
            yield string_html(text, markdown=name.lower() in ("markdown", "md", "bodymarkdown", "body_markdown"))
