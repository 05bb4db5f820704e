"""The `place` of a citation: where on the source's page the cited passage stands."""

import difflib

from guides.model import Css, Heading, Place, Quote, XPath
from guides.nodes import Listing, Node, Scalar, Table, named, shorten
from guides.selectors import css_mistake, xpath_mistake
from guides.source import Problems

PLACE_KINDS = {
    "css": ("css", "remove", "until", "through"),
    "xpath": ("xpath", "remove"),
    "heading": ("heading",),
    "quote": ("quote", "prefix", "suffix"),
}
_KNOWN = tuple(sorted({key for keys in PLACE_KINDS.values() for key in keys}))
_FORMS = 'write {css: "#article"}, {xpath: "//main"}, {heading: "…"} or {quote: "…"}'


def read_place(node: Node, problems: Problems) -> Place | None:
    """The place that a node names; None, and a warning, where it names none (the main content is meant then)."""
    if isinstance(node, Scalar) and node.is_null:
        problems.warn(node.start, "`place` is empty: the page's main content is compared", f"{_FORMS}, or remove it")
        return None
    if not isinstance(node, Table):
        problems.warn(node.start, f"`place` must be an object, not {named(node)}", _FORMS)
        return None
    kinds = [kind for kind in PLACE_KINDS if _text(node, kind)]
    if not kinds:
        problems.warn(node.start, "`place` names no place: the page's main content is compared", _FORMS)
        _check_keys(node, _KNOWN, problems)
        return None
    if len(kinds) > 1:
        problems.warn(node.start, f"`place` names {' and '.join(kinds)}: {kinds[0]} counts", "keep one of them")
    _check_keys(node, (*PLACE_KINDS[kinds[0]], *kinds), problems)
    return _build(node, kinds[0], problems)


def _build(node: Table, kind: str, problems: Problems) -> Place:
    text = _text(node, kind)
    match kind:
        case "css":
            _check(node, kind, css_mistake(text), problems)
            until, through = _text(node, "until"), _text(node, "through")
            for key, end in (("until", until), ("through", through)):
                _check(node, key, css_mistake(end) if end else "", problems)
            return Css(css=text, remove=_remove(node, problems), until=until, through="" if until else through)
        case "xpath":
            _check(node, kind, xpath_mistake(text), problems)
            return XPath(xpath=text, remove=_remove(node, problems))
        case "heading":
            return Heading(heading=text)
        case _:
            return Quote(quote=text, prefix=_text(node, "prefix"), suffix=_text(node, "suffix"))


def _check(node: Table, key: str, mistake: str, problems: Problems) -> None:
    """A place that cannot be read is found on no page, whatever the page says: a check fails for it."""
    value = node.get(key)
    if mistake and value is not None:
        problems.warn(value.start, mistake, "correct it: it is found on no page", fails=True)


def _text(node: Table, key: str) -> str:
    value = node.get(key)
    return value.text.strip() if isinstance(value, Scalar) and not value.is_null else ""


def _remove(node: Table, problems: Problems) -> tuple[str, ...]:
    value = node.get("remove")
    if value is None or (isinstance(value, Scalar) and value.is_null):
        return ()
    items = value.items if isinstance(value, Listing) else (value,)
    for item in items:
        if not isinstance(item, Scalar):
            problems.warn(item.start, f"`remove` lists CSS selectors, not {named(item)}", 'write remove: [".related"]')
        elif item.text.strip() and (mistake := css_mistake(item.text.strip())):
            problems.warn(
                item.start, f"in `remove`, {mistake}", "correct it: the place is found on no page", fails=True
            )
    return tuple(item.text.strip() for item in items if isinstance(item, Scalar) and item.text.strip())


def _check_keys(node: Table, known: tuple[str, ...], problems: Problems) -> None:
    """A place is ours alone, so every unknown key in it is a mistake; so is a value that is no text."""
    for key, value in node.entries:
        if key.text not in known:
            near = difflib.get_close_matches(key.text.lower(), _KNOWN, n=1)
            hint = f"did you mean `{near[0]}`?" if near and near[0] in known else f"known here: {', '.join(known)}"
            problems.warn(key.start, f"unknown key `{shorten(key.text)}` in `place`", hint)
        elif key.text != "remove" and not isinstance(value, Scalar):
            problems.warn(value.start, f"`{key.text}` must be text, not {named(value)}", _FORMS)
