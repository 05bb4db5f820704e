"""Text with structure, as content systems keep it in JSON, as HTML: editors' documents and plain or marked-up strings.

Read by what their nodes have in common: Contentful's rich text, ProseMirror and Tiptap, Portable Text, Slate, Lexical,
Editor.js, Strapi's blocks. Pure.
"""

import html
import re
from collections.abc import Mapping
from typing import Any

from markdown_it import MarkdownIt

_CHILDREN = ("content", "children", "nodes", "blocks", "items")
_TYPE = ("nodeType", "_type", "type", "object")
_MARKUP = re.compile(
    r"</?(?:p|div|br|h[1-6]|ul|ol|li|a|strong|em|b|i|span|table|tr|td|section|article|blockquote|pre)\b", re.I
)
_MARKDOWN = re.compile(r"^(?:#{1,6} \S|[-*+] \S|\d{1,3}[.)] \S|> \S|```)|\[[^\]\n]{1,300}\]\([^)\s]{1,500}\)", re.M)
_TAGS = re.compile(r"<[^<>]{0,2000}>")
_MAX_NODES = 50_000
_markdown = MarkdownIt("commonmark", {"html": False})
_LEAVES = ("text", "span", "leaf", "string")
_BLOCKS = {
    "paragraph": "p",
    "block": "p",
    "blockquote": "blockquote",
    "quote": "blockquote",
    "code": "pre",
    "code_block": "pre",
    "codeblock": "pre",
    "list_item": "li",
    "listitem": "li",
    "list-item": "li",
    "li": "li",
    "table": "table",
    "table-row": "tr",
    "tablerow": "tr",
    "table_row": "tr",
    "table-cell": "td",
    "tablecell": "td",
    "table_cell": "td",
    "table-header-cell": "th",
    "tableheader": "th",
}


class _Tag(str):
    """Markup among texts."""

    __slots__ = ()


_INLINE = ("hyperlink", "link", "a", "entry-hyperlink", "asset-hyperlink")


def plain_chars(text: str) -> int:
    """How many characters of a string a reader would see."""
    return len(_TAGS.sub("", text).strip()) if "<" in text else len(text.strip())


def is_markup(text: str) -> bool:
    return _MARKUP.search(text) is not None


def string_html(text: str, *, markdown: bool = False) -> str:
    """A string of prose as HTML: marked-up as it is, Markdown made into markup, plain text in paragraphs."""
    if is_markup(text) and not markdown:
        return text
    if markdown or _MARKDOWN.search(text[:100_000]):
        rendered: str = _markdown.render(text[:1_000_000])
        return rendered
    parts = [part.strip() for part in re.split(r"\n\s*\n|\r\n\s*\r\n", text) if part.strip()]
    if len(parts) == 1:
        parts = [line.strip() for line in text.splitlines() if line.strip()]
    return "".join(f"<p>{html.escape(part)}</p>" for part in parts)


def is_rich(value: Any) -> bool:
    """Whether a value is an editor's document or a list of its blocks: nodes of a named type with text below them."""
    if isinstance(value, list):
        return bool(value) and all(isinstance(each, Mapping) and _type(each) and is_rich(each) for each in value[:3])
    if not isinstance(value, Mapping) or not _type(value):
        return False
    depth: Any = value
    for _ in range(12):
        if isinstance(depth, Mapping) and isinstance(_leaf(depth), str):
            return True
        below = _children(depth) if isinstance(depth, Mapping) else []
        if not below:
            return False
        depth = next((each for each in below if isinstance(each, Mapping) and (_children(each) or _leaf(each))), None)
    return False


def rich_html(value: Any) -> str:
    """An editor's document as HTML. What has no text (an embedded picture) leaves nothing behind."""
    parts: list[str] = []
    stack: list[Any] = [value]
    for _ in range(_MAX_NODES):
        if not stack:
            break
        node = stack.pop()
        if isinstance(node, str):
            parts.append(node if isinstance(node, _Tag) else _text(node))
        elif isinstance(node, list):
            stack.extend(reversed(node))
        elif isinstance(node, Mapping):
            stack.extend(reversed(_opened(node)))
    return "".join(parts)


def _opened(node: Mapping[str, Any]) -> list[Any]:
    """A node as its opening tag, what is in it, and its closing tag."""
    kind, leaf, below = _type(node), _leaf(node), _children(node)
    inner: list[Any] = [leaf] if isinstance(leaf, str) and not below else list(below)
    if kind in _LEAVES or (not kind and isinstance(leaf, str)):
        return inner
    if kind in ("hard_break", "hardbreak", "linebreak"):
        return [_Tag("<br>")]
    if kind in _INLINE:
        target = _target(node)
        return [_Tag(f'<a href="{html.escape(target)}">'), *inner, _Tag("</a>")] if target else inner
    tag = _tag(node, kind)
    return [_Tag(f"<{tag}>"), *inner, _Tag(f"</{tag}>")] if inner else []


def _tag(node: Mapping[str, Any], kind: str) -> str:
    style = str(node.get("style") or node.get("tag") or "")
    if re.fullmatch(r"h[1-6]", style):
        return style
    if node.get("listItem"):
        return "li"
    if kind.startswith(("heading", "header")) or re.fullmatch(r"h[1-6]", kind):
        said = re.search(r"[1-6]", kind)
        inside = node.get("attrs") if isinstance(node.get("attrs"), Mapping) else node.get("data")
        level = node.get("level") or node.get("depth") or (inside.get("level") if isinstance(inside, Mapping) else None)
        number = int(said[0]) if said else level if isinstance(level, int) and 1 <= level <= 6 else 2
        return f"h{number}"
    if kind in ("ordered-list", "unordered-list", "list", "bulletlist", "orderedlist", "bullet_list", "ul", "ol"):
        return "ul"
    return _BLOCKS.get(kind, "div" if kind in ("doc", "document", "root") else "p" if kind == "p" else "div")


def _text(leaf: str) -> str:
    return leaf if is_markup(leaf) else html.escape(leaf)


def _type(node: Mapping[str, Any]) -> str:
    return next((str(node[name]).lower() for name in _TYPE if isinstance(node.get(name), str)), "")


def _leaf(node: Mapping[str, Any]) -> Any:
    data = node.get("data")
    if isinstance(data, Mapping) and isinstance(data.get("text"), str):
        return data["text"]
    return next((node[name] for name in ("text", "value") if isinstance(node.get(name), str)), None)


def _children(node: Mapping[str, Any]) -> list[Any]:
    for holder in (node, node.get("data"), node.get("root")):
        if isinstance(holder, Mapping):
            for name in _CHILDREN:
                if isinstance(holder.get(name), list):
                    return list(holder[name])
    root = node.get("root")
    return [root] if isinstance(root, Mapping) else []


def _target(node: Mapping[str, Any]) -> str:
    for holder in (node, node.get("data"), node.get("attrs"), node.get("fields")):
        if isinstance(holder, Mapping):
            for name in ("uri", "href", "url"):
                if isinstance(holder.get(name), str):
                    return str(holder[name])[:2000]
    return ""
