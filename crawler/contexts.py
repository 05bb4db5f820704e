"""What the open elements of a page mean for a text inside them, and how each start tag changes that.

There are few different contexts, and the pages of a site write the same tags again and again. So each context is kept
once and remembers the step that each tag takes from it: most tags cost one look into a dictionary.
"""

import re
import secrets
from collections.abc import Callable
from typing import Final, NamedTuple

from crawler.nameclues import hint_of, is_unseen
from crawler.tags import (
    BREAK_TAGS,
    HEADINGS,
    INLINE_TAGS,
    RAW_TAGS,
    SKIP_TAGS,
    VOID_TAGS,
    attributes_of,
    name_of,
)

_CHROME_TAGS: Final = {
    "nav": "nav",
    "footer": "footer",
    "header": "header",
    "aside": "aside",
    "dialog": "dialog",
    "menu": "nav",
    "fieldset": "form",
    "button": "button",
}
_CHROME_ROLES: Final = {
    "navigation": "nav",
    "banner": "header",
    "contentinfo": "footer",
    "complementary": "aside",
    "search": "search",
    "dialog": "dialog",
    "alertdialog": "dialog",
    "menu": "nav",
    "menubar": "nav",
    "toolbar": "nav",
    "tooltip": "tip",
}
# These stand for content too when they stand in the content: an article's own header, a note in the margin.
_SECTIONAL = frozenset(("header", "footer", "aside"))
_ROOTS = frozenset(("body", "html", "main", "article"))
_TRANSPARENT = frozenset(("div", "section", "span"))
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
_MAX_NAME = 400
_MAX_REMEMBERED = 4_000_000
_MAX_REMEMBERED_TAG = 2_000
_STEP_SIZE = 200
LEFT_OUT = "loccit-left-out", secrets.token_hex(8)
"""An attribute that the elements have which are to be passed over; no page can guess its value."""

Attributes = dict[str, str]
Controlled = Callable[[], frozenset[str]]

INLINE, BLOCK, BREAK, NOTHING, SKIP, ODD = range(6)


class Frame(NamedTuple):
    """What is needed of an element when it ends. `start`: how many blocks there were when it began."""

    outer: "Context"
    is_block: bool
    names: tuple[str, ...] = ()
    start: int = 0


class More(NamedTuple):
    """What is seldom needed of a start tag."""

    name: str
    names: tuple[str, ...] = ()
    mail: str = ""


class Step(NamedTuple):
    """What a start tag does. `sort`: INLINE and BLOCK only open an element, BREAK ends a block, SKIP is passed over.

    ODD has something more: names (its id) that a URL's fragment may ask for, raw text, a hidden e-mail address, or no
    end tag though it is an element with a name.
    """

    sort: int
    inner: "Context"
    frame: Frame
    more: More


class Context:
    """What the open elements mean for a text inside them. Never changed once it is kept."""

    __slots__ = (
        *(
            "chrome",
            "heading",
            "hidden",
            "is_plain",
            "kind",
            "level",
            "link",
            "masked",
            "steps",
            "unseen",
            "xml",
            "zone",
        ),
    )

    def __init__(self, *, xml: bool) -> None:
        self.steps: dict[str, Step] = {}
        self.kind, self.chrome, self.zone = "body", "", ""
        self.level, self.xml, self.is_plain = 0, xml, True
        self.hidden = self.heading = self.link = self.unseen = self.masked = False

    def copy(self) -> "Context":
        """The context of an element in this one, before anything is said of it."""
        inner = Context(xml=self.xml)
        inner.kind, inner.level, inner.chrome, inner.zone = self.kind, self.level, self.chrome, self.zone
        inner.hidden, inner.heading = self.hidden, self.heading
        inner.link, inner.unseen = self.link, self.unseen
        return inner

    def place(self, name: str) -> None:
        """What the element itself says."""
        if name in HEADINGS:
            self.level, self.heading = HEADINGS[name], True
        if name == "main":
            self.zone, self.chrome = "main", ""
        elif name == "article":
            self.zone = self.zone or "article"
        elif not self.chrome and name in _CHROME_TAGS:
            if name == "button" and self.heading:
                return
            if not (name in _SECTIONAL and self.zone):
                self.chrome = _CHROME_TAGS[name]

    def take_role(self, role: str, attributes: Attributes) -> None:
        """What an ARIA role says."""
        if role in ("main", "article"):
            self.zone = "main" if role == "main" else self.zone or "article"
            self.chrome = "" if role == "main" else self.chrome
        elif role == "heading":
            level = attributes.get("aria-level") or "2"
            self.level = int(level) if level in "123456" and len(level) == 1 else 2
            self.heading = True
        elif role in _CHROME_ROLES and not self.chrome:
            kind = _CHROME_ROLES[role]
            if not (kind in _SECTIONAL and self.zone):
                self.chrome = kind


class Contexts:
    """Every context once. Shared by all walks, of several threads too: what is lost or made twice does no harm."""

    def __init__(self) -> None:
        self._kept: dict[tuple[object, ...], Context] = {}
        self._remembered = 0

    def outermost(self, *, xml: bool = False) -> Context:
        """The context outside of all elements; in XML every element is a block."""
        if self._remembered >= _MAX_REMEMBERED:
            self.forget()
        return self._keep(Context(xml=xml))

    def forget(self) -> None:
        """Lets go of everything. A walk that is under way goes on with what it holds."""
        for context in list(self._kept.values()):
            context.steps.clear()
        self._kept.clear()
        self._remembered = 0

    def _keep(self, new: Context) -> Context:
        state = (
            *(new.kind, new.level, new.chrome, new.zone, new.xml),
            *(new.hidden, new.heading, new.link, new.unseen, new.masked),
        )
        new.is_plain = not (new.link or new.unseen or new.masked)
        return self._kept.setdefault(state, new)

    def step(self, outer: Context, tag: str, controlled: Controlled, *, link: bool | None = None) -> Step:
        """The step that a start tag takes. `link`: whether the `href` that was cut out of it leads anywhere.

        `controlled` gives the ids of what buttons open.
        """
        name = name_of(tag)
        attributes = attributes_of(tag)
        if link is not None:
            attributes["href"] = "#" if link else ""
        if name in SKIP_TAGS or attributes.get(LEFT_OUT[0]) == LEFT_OUT[1]:
            return self._remember(outer, tag, link, _passing(SKIP, name, outer))
        if name in BREAK_TAGS or not name[:1].isalpha():
            return self._remember(outer, tag, link, _passing(BREAK if name in BREAK_TAGS else NOTHING, name, outer))
        inner, is_block, depends = self._inside(outer, name, attributes, controlled)
        names = (attributes.get("id", ""), attributes.get("name", "") if name == "a" else "")
        step = _opening(name, inner, outer, is_block, tuple(filter(None, names)), attributes.get("data-cfemail", ""))
        return step if depends else self._remember(outer, tag, link, step)

    def _inside(
        self, outer: Context, name: str, attributes: Attributes, controlled: Controlled
    ) -> tuple[Context, bool, bool]:
        """The context in an element, whether the element is a block, and whether that depends on `controlled`."""
        is_block = outer.xml or name not in INLINE_TAGS
        own, depends = _own_context(outer, name, attributes, controlled) if attributes else (None, False)
        if own is None:
            if name in _TRANSPARENT:
                return outer, is_block, depends
            own = outer.copy()
        elif name == "a" or "data-cfemail" in attributes:
            own.link = bool(attributes.get("href"))
            own.masked = bool(attributes.get("data-cfemail"))
        is_block = is_block or attributes.get("role") == "heading"
        if is_block and name not in ("div", "section"):
            own.kind = name
        elif attributes.get("role") == "heading":
            own.kind = f"h{own.level}"
        own.place(name)
        return self._keep(own), is_block, depends

    def _remember(self, outer: Context, tag: str, link: bool | None, step: Step) -> Step:
        if self._remembered < _MAX_REMEMBERED and len(tag) <= _MAX_REMEMBERED_TAG:
            self._remembered += len(tag) + _STEP_SIZE
            outer.steps[tag if link is None else remembered_link(tag, leads=link)] = step
        return step


CONTEXTS: Final = Contexts()


def remembered_link(tag: str, *, leads: bool) -> str:
    """Under what the step of a link is remembered: its tag without the target. No tag has these characters in it."""
    return f"{tag}<>" if leads else f"{tag}<"


def _passing(sort: int, name: str, outer: Context) -> Step:
    return Step(NOTHING if sort == SKIP and name in VOID_TAGS else sort, outer, Frame(outer, False), More(name))


def _opening(name: str, inner: Context, outer: Context, is_block: bool, names: tuple[str, ...], mail: str) -> Step:
    sort = BLOCK if is_block else INLINE
    if names or mail or name in RAW_TAGS:
        sort = ODD
    elif name in VOID_TAGS:
        sort = BREAK if is_block else NOTHING
    return Step(sort, inner, Frame(outer, is_block), More(name, names, mail))


def _own_context(
    outer: Context, name: str, attributes: Attributes, controlled: Controlled
) -> tuple[Context | None, bool]:
    """A context of its own where the attributes say something, else None; and whether `controlled` was asked."""
    own: Context | None = None
    depends = False
    if role := attributes.get("role"):
        own = outer.copy()
        own.take_role(role, attributes)
    css_class, identifier = attributes.get("class", ""), attributes.get("id", "")
    if _is_hidden(attributes):
        depends = bool(identifier)
        if not (identifier and identifier in controlled()):
            own = own or outer.copy()
            own.hidden = True
    if name in INLINE_TAGS and ("data-sr-only" in attributes or (css_class and is_unseen(css_class[:_MAX_NAME]))):
        own = own or outer.copy()
        own.unseen = True
    known = own or outer
    if not known.chrome and name not in _ROOTS and (css_class or identifier):
        names = f"{css_class} {identifier}" if identifier else css_class
        if hint := hint_of(names[:_MAX_NAME], inside=bool(known.zone)):
            own = own or outer.copy()
            own.chrome = hint
    if own is None and (("href" in attributes and name == "a") or "data-cfemail" in attributes):
        own = outer.copy()
    return own, depends


def _is_hidden(attributes: Attributes) -> bool:
    """Hidden for good, unless a button opens it: what a tab or an accordion shows on demand is content."""
    if "hidden" in attributes:
        hidden = attributes["hidden"] != "until-found"
    else:
        style = attributes.get("style")
        hidden = attributes.get("aria-hidden") == "true" or bool(style and _HIDDEN_STYLE.search(style))
    return hidden and attributes.get("role") not in ("tabpanel", "region") and not attributes.get("aria-labelledby")
