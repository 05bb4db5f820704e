"""A guide's own statements in its Markdown: steps, tips, warnings and paragraphs."""

import re
from collections.abc import Sequence

from markdown_it.token import Token

from guides.inline import plain
from guides.model import Statement, StatementKind

_WARNING = (
    "warning|caution|danger|important|attention|achtung|warnung|wichtig|avertissement|advertencia|aviso|avviso"
    "|attenzione|atenção|waarschuwing|let op|uwaga|ostrzeżenie|警告|注意"
)
_TIP = (
    "tips?|hints?|notes?|info|hinweis|tipps?|conseil|astuce|remarque|consejo|nota|suggerimento|dica"
    "|wskazówka|ヒント|提示"
)
_LABEL = re.compile(
    rf"^\W{{0,6}}(?:\[!)?(?:(?P<warning>{_WARNING})|(?P<tip>{_TIP}))(?:\]|\s?[:：!]|\s?[—–-]\s)\W{{0,3}}", re.IGNORECASE
)
_LABEL_END = re.compile(r"[\]:：!]|\s[—–-]\s")
"""What a label ends with; most statements hold none of it where a label would end, and are not looked at further."""
_LONGEST_LABEL = 60
_WARNING_HEADING = re.compile(
    rf"\b(?:{_WARNING}|warnings|before you|bevor|avant de|antes de|prima di|voordat|zanim)", re.IGNORECASE
)
_TIP_HEADING = re.compile(rf"^\W*(?:{_TIP})\b", re.IGNORECASE)
_FENCE = re.compile(r"^:{3,}\s*\{?(?P<name>[\w-]*)[^\n]*")
_ADMONITION = re.compile(r"^(?:!!!|\?\?\?\+?)\s+(?P<name>[\w-]+)[^\n]*")
_MDX = re.compile(r"(?:import|export)\s[^\n]*(?:from\s|=|\{)")
_MOST = 5_000
_BLOCKS = ("ordered_list", "bullet_list", "list_item", "heading", "footnote_reference")
_TAKEN = frozenset({"inline", *(f"{block}_{end}" for block in _BLOCKS for end in ("open", "close"))})


def statements(tokens: Sequence[Token], first_line: int) -> list[Statement]:
    """The statements of parsed blocks; `first_line` is the line (from 1) at which the parsed text begins."""
    reader = _Reader(first_line)
    for token in tokens:
        reader.take(token)
        if len(reader.found) >= _MOST:
            break
    return reader.found


class _Reader:
    def __init__(self, first_line: int) -> None:
        self.first_line = first_line
        self.found: list[Statement] = []
        self.lists: list[bool] = []
        self.item: list[str] = []
        self.item_line = 0
        self.in_heading = self.in_footnote = False
        self.section = StatementKind.TEXT
        self.fence: StatementKind | None = None

    def take(self, token: Token) -> None:
        kind = token.type
        if kind not in _TAKEN:
            return
        line = self.first_line + (token.map[0] if token.map else 0)
        if kind in ("ordered_list_open", "bullet_list_open"):
            self.lists.append(kind == "ordered_list_open")
        elif kind in ("ordered_list_close", "bullet_list_close"):
            self.lists.pop()
        elif kind == "list_item_open" and len(self.lists) == 1:
            self.item, self.item_line = [], line
        elif kind == "list_item_close" and len(self.lists) == 1:
            self._end_item()
        elif kind in ("heading_open", "heading_close"):
            self.in_heading = kind == "heading_open"
        elif kind in ("footnote_reference_open", "footnote_reference_close"):
            self.in_footnote = kind == "footnote_reference_open"
        elif kind == "inline" and not self.in_footnote:
            self._inline(token.content, line)

    def _inline(self, content: str, line: int) -> None:
        if self.in_heading:
            self.section = section_kind(plain(content))
        elif self.lists:
            self.item.append(plain(content))
        elif not _MDX.match(content):
            self._paragraph(content, line)

    def _end_item(self) -> None:
        text = " ".join(filter(None, self.item))
        usual = StatementKind.STEP if self.lists[0] else self.section
        if self.lists[0] and self.section is not StatementKind.TEXT:
            usual = self.section
        self._add(text, self.item_line, usual)
        self.item = []

    def _paragraph(self, content: str, line: int) -> None:
        opening = _FENCE.match(content) or _ADMONITION.match(content)
        if opening is not None:
            name = opening["name"]
            kind = section_kind(name) if name else StatementKind.TEXT
            rest = content[opening.end() :].lstrip("\n")
            body = re.sub(r"\n:{3,}\s*$", "", rest)
            self.fence = kind if opening.re is _FENCE and name and body == rest else None
            self._add(plain(body), line + 1, kind)
            return
        closing = re.search(r"\n?:{3,}\s*$", content) if ":::" in content else None
        self._add(plain(content[: closing.start()] if closing else content), line, self.fence or self.section)
        if closing:
            self.fence = None

    def _add(self, text: str, line: int, kind: StatementKind) -> None:
        text, kind = labelled(text, kind)
        if text:
            self.found.append(Statement(text=text, line=line, kind=kind))


def labelled(text: str, usual: StatementKind) -> tuple[str, StatementKind]:
    """A statement's text without a label such as “Tip:”, and its kind by that label (else `usual`)."""
    label = _LABEL.match(text) if _LABEL_END.search(text, 0, _LONGEST_LABEL) else None
    if label is None:
        return text, usual
    return text[label.end() :], StatementKind.WARNING if label["warning"] else StatementKind.TIP


def section_kind(heading: str) -> StatementKind:
    """What the statements under a heading are, by its words."""
    if _WARNING_HEADING.search(heading):
        return StatementKind.WARNING
    return StatementKind.TIP if _TIP_HEADING.search(heading) else StatementKind.TEXT
