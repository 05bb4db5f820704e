"""Mass change: when many pages of one host change in the same way, one decision should do for all of them. Pure.

A renamed product, a new sentence in every article, a redesign that moves every place: each page differs by the same
words, and these words are the group. What only one page says anew is no group.
"""

from collections import Counter
from collections.abc import Hashable, Mapping
from hashlib import blake2b
from typing import TypeVar

from crawler.compare import word_changes
from crawler.model import Change, Drift, DriftKind
from crawler.text import key, word_key

LEAST = 3
"""So many pages of one host make a mass change."""

_MAX_TEXT = 4000
_MAX_CHANGES = 50
_MAX_WORDS = 12
_COUNTED = (DriftKind.WORDING, DriftKind.MATERIAL)
_WHOLE = (DriftKind.UNLOCATED, DriftKind.BROKEN)

_Key = TypeVar("_Key", bound=Hashable)


def groups(drifts: Mapping[_Key, tuple[str, Drift]], *, least: int = LEAST) -> dict[_Key, str]:
    """For each page (with its host and drift) the key of its mass change, "" where it has none.

    Of several that a page takes part in, the one that most pages share; ties go by the key, so that the answer does
    not depend on the order of the pages.
    """
    marks = {page: {f"{host}/{mark}" for mark in signatures(drift)} for page, (host, drift) in drifts.items()}
    shared = Counter(mark for own in marks.values() for mark in own)
    return {
        page: max((mark for mark in own if shared[mark] >= least), key=lambda mark: (shared[mark], mark), default="")
        for page, own in marks.items()
    }


def signatures(drift: Drift) -> frozenset[str]:
    """In which ways a page changed, each as 16 hexadecimal digits."""
    if drift.kind in _WHOLE:
        return frozenset((_hash(drift.kind.value),))
    changes = [change for change in drift.changes if change.drift in _COUNTED][:_MAX_CHANGES]
    return frozenset(mark for change in changes for mark in _of_change(change))


def _of_change(change: Change) -> set[str]:
    """A passage that came or went by its words; one that became another by each short stretch that differs."""
    before, after = change.before[:_MAX_TEXT], change.after[:_MAX_TEXT]
    if not before or not after:
        return {_hash("came" if after else "went", key(before or after))}
    marks = set()
    for op, old, new in word_changes(before, after):
        if op == "equal" or max(len(old), len(new)) > _MAX_WORDS:
            continue
        gone, come = (" ".join(filter(None, map(word_key, side))) for side in (old, new))
        if gone != come:
            marks.add(_hash(gone, come))
    return marks


def _hash(*parts: str) -> str:
    return blake2b("\x00".join(parts).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
