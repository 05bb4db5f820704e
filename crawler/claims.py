"""Which sentences of a guide rest on the passages that changed: by rare words, numbers and phrases they share."""

import math
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from crawler.model import Change, DriftKind
from crawler.text import word_key, words
from guides.model import Claim, Statement

_MOST = 3
_STEM = 6
_LEAST = 2.0
_MAX_WORDS = 4000


def touched(changes: Sequence[Change], claim: Claim | None, statements: Sequence[Statement]) -> tuple[Claim, ...]:
    """At most three of the guide's sentences, best first.

    The citation's own claim comes first whenever it shares anything with a change.
    """
    passages = [change for change in changes if change.drift is not DriftKind.COSMETIC] or list(changes)
    if not passages:
        return ()
    candidates = [Claim(text=one.text, line=one.line) for one in statements]
    terms = [_terms(one.text) for one in candidates]
    own = _terms(claim.text) if claim is not None else Counter()
    frequency = Counter(term for bag in (*terms, own) for term in bag)
    total = len(terms) + 1
    best: list[tuple[float, int, Claim]] = []
    changed = [(_terms(change.before + " " + change.after), _differing(change)) for change in passages[:50]]
    for index, (candidate, bag) in enumerate(zip(candidates, terms, strict=True)):
        score = max(_score(bag, passage, differing, frequency, total) for passage, differing in changed)
        if score >= _LEAST:
            best.append((-score, index, candidate))
    ranked = [candidate for _, _, candidate in sorted(best, key=lambda entry: entry[:2])]
    if claim is not None and any(own.keys() & passage.keys() for passage, _ in changed):
        ranked = [claim, *(one for one in ranked if (one.text, one.line) != (claim.text, claim.line))]
    return tuple(ranked[:_MOST])


def _terms(text: str) -> Counter[str]:
    """Words by their first letters (a stem for many languages), numbers whole, and pairs of neighbours."""
    stems = [stem for word in words(text)[:_MAX_WORDS] if (stem := _stem(word_key(word)))]
    return Counter([*stems, *(f"{left} {right}" for left, right in pairwise(stems))])


def _stem(word: str) -> str:
    if not word or word[0].isdigit() or not word.isascii():
        return word[:_STEM]
    return word[:_STEM] if len(word) > 3 else ""


def _differing(change: Change) -> frozenset[str]:
    old, new = _terms(change.before), _terms(change.after)
    return frozenset(old.keys() ^ new.keys())


def _score(
    bag: Counter[str], passage: Counter[str], differing: frozenset[str], frequency: Counter[str], total: int
) -> float:
    """Rare shared terms count more; those that changed themselves count double; long sentences are not favoured."""
    shared = bag.keys() & passage.keys()
    if not shared:
        return 0.0
    weight = sum(
        (1.0 + math.log(total / frequency[term])) * (2.0 if term in differing else 1.0) * (1.5 if " " in term else 1.0)
        for term in shared
    )
    return weight / math.sqrt(1 + len(bag) / 12)
