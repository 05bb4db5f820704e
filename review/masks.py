"""Masks: which changes of a source are noise, proposed from one change, and what they would hide. Pure.

A mask is made of the words that stayed around what varied. It is never proposed without enough of them: a mask that
fits everything would hide everything.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from crawler.model import Change, Drift, DriftKind
from crawler.text import visible
from review.formats.marks import worded
from review.model import Finding, Mask

_LEAST: Final = 12
"""Characters that a mask must hold."""
_WEIGHTY: Final = (DriftKind.WORDING, DriftKind.MATERIAL)
_MOST_TEXT: Final = 2000
_MOST_STRETCHES: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A mask that a change suggests, in words for people, with the findings that it would have hidden."""

    mask: Mask
    words: str
    hides: tuple[Finding, ...] = ()
    numbers: bool = False
    """What varies are numbers: where a claim rests on the passage, that may be the very thing."""


def proposals(changes: Sequence[Change], past: Iterable[Finding] = ()) -> tuple[Proposal, ...]:
    """One proposal for each change that has enough in common before and after, without doubles."""
    earlier = list(past)
    found: dict[Mask, Proposal] = {}
    for change in changes[:12]:
        mask = _mask_of(change)
        if mask is None or mask in found:
            continue
        found[mask] = Proposal(
            mask=mask,
            words=mask_words(mask),
            hides=tuple(each for each in earlier if each.changes and not left_over(each.changes, (mask,))),
            numbers=_numbers_vary(change),
        )
    return tuple(found.values())


def mask_words(mask: Mask) -> str:
    """ "Only … seats left"."""
    return " … ".join(part for part in mask.words if part) if not mask.anchored else _anchored(mask.words)


def _anchored(words: Sequence[str]) -> str:
    told = " … ".join(words)
    return told.strip()


def left_over(changes: Sequence[Change], masks: Sequence[Mask]) -> list[Change]:
    """The changes that no mask covers."""
    return [change for change in changes if not any(covers(mask, change) for mask in masks)]


def unmasked(drift: Drift, masks: Sequence[Mask]) -> Drift | None:
    """The drift without the changes that masks cover; None where nothing is left of it."""
    if not masks or not drift.changes:
        return drift
    left = left_over(drift.changes, masks)
    if len(left) == len(drift.changes):
        return drift
    weighty = [change for change in left if change.drift in _WEIGHTY]
    if not weighty:
        return None
    worst = max(weighty, key=lambda change: _WEIGHTY.index(change.drift))
    return replace(drift, kind=worst.drift, reason=worst.reason, changes=tuple(left))


def covers(mask: Mask, change: Change) -> bool:
    """Whether both sides of a change (of an addition or a removal, its one side) are of the mask's kind."""
    sides = [side for side in (change.before, change.after) if side]
    return bool(sides) and all(_fits(mask, side) for side in sides)


def _fits(mask: Mask, text: str) -> bool:
    if sum(len(part) for part in mask.words) < _LEAST or len(text) > 4 * _MOST_TEXT:
        return False
    rest = _plain(text)
    first, last = _plain(mask.words[0]), _plain(mask.words[-1])
    if mask.anchored and not (rest.startswith(first) and rest.endswith(last) and len(rest) >= len(first)):
        return False
    at = 0
    for part in mask.words:
        plain = _plain(part)
        found = rest.find(plain, at)
        if found < 0:
            return False
        at = found + len(plain)
    return True


def _plain(text: str) -> str:
    return " ".join(visible(text[: 8 * _MOST_TEXT]).casefold().split())


def _mask_of(change: Change) -> Mask | None:
    """The words that both sides share, in order, with gaps between; a passage that came or went is masked whole."""
    if not change.before or not change.after:
        whole = " ".join((change.before or change.after).split())
        return Mask(words=(whole,)) if _LEAST <= len(whole) <= _MOST_TEXT else None
    if max(len(change.before), len(change.after)) > _MOST_TEXT:
        return None
    stretches: list[str] = []
    text, at = " ".join(change.after.split()), 0
    open_end = False
    for op, _, new in worded(change.before, change.after):
        start = at
        for word in new:
            spot = text.find(word, at)
            at = spot + len(word) if spot >= 0 else at
        if op == "equal":
            stretches.append(text[start:at].strip())
            open_end = False
        else:
            if not stretches:
                stretches.append("")
            open_end = True
    if open_end:
        stretches.append("")
    words = tuple(stretches)
    if len(words) > _MOST_STRETCHES or sum(map(len, words)) < _LEAST or len(words) < 2:
        return None
    return Mask(words=words)


def _numbers_vary(change: Change) -> bool:
    return any(
        any(character.isdigit() for word in (*old, *new) for character in word)
        for op, old, new in worded(change.before[:_MOST_TEXT], change.after[:_MOST_TEXT])
        if op != "equal"
    )
