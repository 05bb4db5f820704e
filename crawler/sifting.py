"""Changes judged together: what a passage is worth next to its neighbours, and what all changes of a page say.

A heading over nothing but links, a question with nothing under it, a consent box, an edition in another spelling or
another language: none of these can be seen in one passage alone.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from crawler.blocks import Block
from crawler.compare import word_changes
from crawler.language import differ
from crawler.model import Change, DriftKind
from crawler.region import is_dense
from crawler.text import key, word_key, words

SAYING = (DriftKind.WORDING, DriftKind.MATERIAL)
SECTION = "section "

_QUESTION_WORDS = 14
_CONSENT_BLOCKS = 8
_CONSENT_CHARS = 1500
_EDITION_PAIRS = 2
_COUNTED = 3
_BARE_NUMBER = re.compile(r"(\d{1,3})\s+(?=[^\W\d_])")
_COOKIE = re.compile(r"cookie|クッキー|쿠키|ciasteczk|файл\w* куки|куки", re.I)
_CHOICE = re.compile(
    r"(?:accept|allow|agree|reject|decline|refuse|deny|manage|customi[sz]e|got it|i understand|ok\b|okay"
    r"|(?:tout |toutes? )?(?:accepter|refuser|autoriser)|j['’]accepte|continuer sans|personnaliser|paramétrer"
    r"|(?:alle )?(?:akzeptieren|ablehnen|annehmen|zulassen|zustimmen)|nur (?:notwendige|erforderliche)|einstellungen"
    r"|acept|rechaz|permitir|configurar|accett|rifiut|personalizza|aceit|recus|rejeit|accepteer|accepteren|weiger"
    r"|akcept|odrzu|zaakcept|acceptera|avvisa|godkend|afvis|godta|avvis|hyväksy|hylkää|přijm|odmítn|kabul|reddet"
    r"|принять|отклонить|同意|拒否|許可|接受|拒绝|拒絕|동의|거부|수락)",
    re.I,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One change with the passages that it was read from."""

    change: Change
    before: Block | None
    after: Block | None

    @property
    def side(self) -> str:
        """ "both", "old" (gone) or "new" (come)."""
        if self.before is not None and self.after is not None:
            return "both"
        return "old" if self.before is not None else "new"

    @property
    def block(self) -> Block:
        block = self.after if self.after is not None else self.before
        assert block is not None
        return block

    def ranked(self, drift: DriftKind, reason: str) -> "Found":
        return replace(self, change=replace(self.change, drift=drift, reason=reason))


def sift_gap(found: Sequence[Found], title: str) -> list[Found]:
    """The changes between two neighbours that stayed, in order; `title` is the page's."""
    result = list(found)
    for side in ("old", "new"):
        places = [at for at, one in enumerate(result) if one.side == side]
        for at in _consent_box([result[place] for place in places]):
            one = result[places[at]]
            result[places[at]] = one.ranked(DriftKind.COSMETIC, f"a consent box: {one.change.reason}")
        for order, place in enumerate(places):
            if _is_heading(result[place]) or _is_lone_question(result[place]):
                below = (result[later] for later in islice(places, order + 1, None))
                result[place] = _lone(result[place], below, title)
    return result


def _consent_box(found: Sequence[Found]) -> range:
    """Where among passages that came or went together a box asks about cookies and offers a choice."""
    for at, one in enumerate(found):
        if not _COOKIE.search(one.block.text[:2000]):
            continue
        end = min(at + _CONSENT_BLOCKS, len(found))
        for last in range(at, end):
            text = found[last].block.text
            button = last > at and len(words(text)) <= 16 and _CHOICE.match(text)
            if button and sum(len(each.block.text) for each in found[at : last + 1]) <= _CONSENT_CHARS:
                return range(at, last + 1)
    return range(0)


def _is_heading(one: Found) -> bool:
    return one.change.reason.startswith(SECTION)


def _lone(one: Found, below: Iterable[Found], title: str) -> Found:
    """A heading or a question with no text of its own is no section: it stands over links, or is a title."""
    own: list[Found] = []
    for each in below:
        if each.block.level and (not one.block.level or each.block.level <= one.block.level):
            break
        own.append(each)
    if any(each.change.drift in SAYING for each in own):
        return one
    reason = one.change.reason.replace(SECTION, "heading ", 1)
    linked = any(is_dense(each.block) for each in own)
    if linked or not _is_heading(one) or (one.block.key and one.block.key in key(title)):
        return one.ranked(DriftKind.COSMETIC, reason)
    return one.ranked(DriftKind.WORDING, reason)


def _is_lone_question(one: Found) -> bool:
    text = one.block.text
    return (
        one.side != "both"
        and one.change.drift in SAYING
        and not one.block.level
        and one.block.kind not in ("li", "td", "th", "dt", "dd", "tr")
        and text.endswith(("?", "？", "؟"))
        and len(words(text)) <= _QUESTION_WORDS
    )


def sift_page(found: Sequence[Found]) -> list[Found]:
    """All changes of a place: when they only say that another edition was served, they say nothing of the source."""
    found = _without_counting(found)
    saying = [one for one in found if one.change.drift in SAYING]
    if not saying:
        return found
    old = "\n".join(one.before.text for one in saying if one.before is not None)
    new = "\n".join(one.after.text for one in saying if one.after is not None)
    if languages := differ(old, new):
        what = f"served in another language ({languages[0]} → {languages[1]})"
        return [one.ranked(DriftKind.COSMETIC, what) if one.change.drift in SAYING else one for one in found]
    if sum(_regional_pairs(one) for one in saying) >= _EDITION_PAIRS:
        return [
            one.ranked(DriftKind.COSMETIC, f"another regional edition: {one.change.reason}")
            if one.change.drift is DriftKind.WORDING
            else one
            for one in found
        ]
    return list(found)


def _without_counting(found: Sequence[Found]) -> list[Found]:
    """Clauses that are counted by bare numbers ("2 Fees") and all moved on by as many are numbered anew."""
    moved: dict[int, list[tuple[int, int]]] = {}
    for at, one in enumerate(found):
        if (numbers := _leading_numbers(one)) is not None:
            moved.setdefault(numbers[1] - numbers[0], []).append((numbers[0], at))
    result = list(found)
    for places in moved.values():
        counted = [number for number, _ in places]
        if len(places) >= _COUNTED and counted == list(range(counted[0], counted[0] + len(counted))):
            for _, at in places:
                result[at] = result[at].ranked(DriftKind.COSMETIC, "numbering")
    return result


def _leading_numbers(one: Found) -> tuple[int, int] | None:
    """The numbers in front of two texts that are otherwise the same."""
    if one.before is None or one.after is None:
        return None
    old, new = _BARE_NUMBER.match(one.before.text), _BARE_NUMBER.match(one.after.text)
    if old is None or new is None or old[1] == new[1]:
        return None
    same = key(one.before.text[old.end() :]) == key(one.after.text[new.end() :])
    return (int(old[1]), int(new[1])) if same else None


# British and American spellings of one word (Oxford's -ize counts as American here; the point is that they differ).
_REGIONAL = (
    (re.compile(r"is(?=(?:e[ds]?|ing|ations?|er|ers|able)$)"), "iz"),
    (re.compile(r"(?<=[bdlmnpv])our"), "or"),
    (re.compile(r"ll(?=(?:ed|ing|er|ers|ation)$)"), "l"),
    (re.compile(r"enc(?=e[ds]?$|ing$)"), "ens"),
    (re.compile(r"logue(?=s?$)"), "log"),
    (re.compile(r"(?<=[bt])re(?=s?$)"), "er"),
    (re.compile(r"(?<=g)ement(?=s?$)"), "ment"),
)


def _regional_pairs(one: Found) -> int:
    if one.before is None or one.after is None:
        return 0
    count = 0
    for op, old, new in word_changes(one.before.text[:20_000], one.after.text[:20_000]):
        if op == "replace" and len(old) == len(new):
            count += sum(_is_regional(word_key(a), word_key(b)) for a, b in zip(old, new, strict=True))
    return count


def _is_regional(old: str, new: str) -> bool:
    return len(old) >= 5 and old != new and old.isascii() and new.isascii() and _american(old) == _american(new)


def _american(word: str) -> str:
    for pattern, spelling in _REGIONAL:
        word = pattern.sub(spelling, word)
    return word
