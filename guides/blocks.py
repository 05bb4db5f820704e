"""Which of the parser's block rules are tried on a line of Markdown: those that its first character may begin. Pure.

markdown-it tries every rule on every line; nearly all of them give up at the line's first character.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

from markdown_it.ruler import Ruler
from markdown_it.rules_block import StateBlock

_Rule: TypeAlias = Callable[[StateBlock, int, int, bool], bool]

_FIRST = {
    "fence": "`~",
    "blockquote": ">",
    "hr": "*-_",
    "list": "*+-0123456789",
    "reference": "[",
    "footnote_def": "[",
    "html_block": "<",
    "heading": "#",
}
"""The characters with which what a rule matches begins, less its indentation (CommonMark 0.31, chapters 4 and 5)."""
_NEXT = {"table": "|-:", "lheading": ""}
"""Rules that go by the line after: by its first character, or ("") by its being there at all."""
_INDENTED = 4
"""Columns of indentation with which a line is code, or goes on with what was before."""


def by_first_character(ruler: Ruler[Any]) -> None:
    """Let a parser's block rules be tried only where they may match. What they make of a text stays the same."""
    chains: dict[str, list[_Rule]] = {}
    names = {rule.fn: rule.name for rule in ruler.__rules__}
    for chain in ("", "paragraph", "reference", "blockquote", "list"):
        chains[chain] = [_chosen([(names[rule], rule) for rule in ruler.getRules(chain)])]

    def rules_of(chainName: str = "") -> list[Any]:  # noqa: N803 (markdown-it's name)
        return chains.get(chainName, [])

    ruler.getRules = rules_of  # type: ignore[method-assign]


def _chosen(rules: list[tuple[str, _Rule]]) -> _Rule:
    """One rule in the place of many: the first of them that matches."""
    every = tuple(rule for _, rule in rules)
    characters = {"", *"".join(_FIRST.values())}
    follows = {"", "\n", *_NEXT["table"]}
    table = {
        (first, after): tuple(rule for name, rule in rules if _may_match(name, first, after))
        for first in characters
        for after in follows
    }

    def chosen(state: StateBlock, line: int, end: int, silent: bool) -> bool:
        if state.sCount[line] - state.blkIndent >= _INDENTED:
            tried = every
        else:
            first = _first(state, line)
            after = _first(state, line + 1) if line + 1 < end else ""
            tried = table[first if first in characters else "", after if after in follows else "\n"]
        for rule in tried:  # noqa: SIM110 (`any` with a generator takes longer than most rules)
            if rule(state, line, end, silent):
                return True
        return False

    return chosen


def _may_match(name: str, first: str, after: str) -> bool:
    """`after`: the first character of the next line, "" where that is empty or there is none."""
    if name in _NEXT:
        return after != "" and (after in _NEXT[name] or not _NEXT[name])
    return name != "code" and (name not in _FIRST or (first != "" and first in _FIRST[name]))


def _first(state: StateBlock, line: int) -> str:
    """The character that a line begins with, "" where it is empty."""
    at = state.bMarks[line] + state.tShift[line]
    return state.src[at] if at < state.eMarks[line] else ""
