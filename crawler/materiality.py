"""What a change means for a reader. Each rule stands here, in the order in which it is asked, with its reason.

The rules read digits, units, marks and small words of ten languages; where no rule speaks, the amount of changed
wording decides.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from rapidfuzz import fuzz

from crawler.blocks import CELLS, Block
from crawler.compare import NUMBER, WordChange, word_changes
from crawler.contacts import contact_change
from crawler.datelines import DATE_WORD, UPDATED, has_date, is_date_line
from crawler.model import DriftKind
from crawler.quantities import amount_changed, enumeration_end
from crawler.region import is_dense
from crawler.tabular import ANSWERS
from crawler.text import fold_space, is_crossed, is_recency, key, word_key, words


def _listed(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NEGATIONS = _listed(
    "not no never none nor neither cannot can't don't doesn't won't isn't aren't didn't shouldn't mustn't "
    "without unless except excluding only longer nicht kein keine keinen keinem keiner nie niemals ohne "
    "außer nur weder ne pas jamais aucun aucune sans sauf ni seulement uniquement nunca jamás ningún "
    "ninguna ningun sin salvo excepto solo sólo non nessun nessuna mai senza tranne soltanto não nunca "
    "nenhum nenhuma sem exceto apenas niet geen nooit zonder tenzij behalve alleen nie bez oprócz nigdy "
    "tylko inte ingen aldrig utan ikke aldri ej ei не нет никогда без кроме только 不 没 無 无 非 未 禁 ない ません"
)
_MODALS = _listed(
    "must may shall should can could will would required require requires mandatory optional prohibited "
    "forbidden allowed permitted entitled obliged agree muss müssen darf dürfen kann können soll sollen "
    "sollte verpflichtet erforderlich verboten doit doivent peut peuvent pouvez devez obligatoire "
    "interdit autorisé devra debe deben puede pueden podrá deberá obligatorio prohibido deve devono può "
    "possono potrà dovrà obbligatorio vietato devem pode podem poderá obrigatório proibido moet moeten "
    "mag mogen kan kunnen verplicht verboden musi muszą może mogą należy wolno 必須 可 能 须 必 应 得 должен "
    "должны может можно нельзя"
)
# Where words are not spaced, a negation is part of a run of characters.
_UNSPACED_NOT = re.compile("ません|ない(?!よう)|なく|ず(?:に|、)|不|没有|無|无|未|禁止|除外|않|없|못|아니")
_ADDRESS = re.compile(r"[\w.+\-]+@[\w\-]+\.[\w.\-]+|https?://\S+|www\.\S+|\+?\d[\d\s().\-/]{6,}\d")
_DATE_LIKE = re.compile(
    r"\d{1,4}\s*[./\-–]\s*\d{1,2}\s*[./\-–]\s*\d{1,4}|\d{4}\s*[\-/–]\s*\d{2,4}|\d{1,3}(?:[. ]\d{3})+"
)
_COPYRIGHT = re.compile(r"^\W*(?:©|\(c\)|copyright\b)|©\s*\d{4}", re.I)
_MONEY = frozenset("€$£¥₹₽₩¢") | _listed("eur usd gbp euro euros dollar dollars pounds chf jpy pln sek dkk nok")
_QUOTED_NAME = re.compile(r"[“\"«„‘「『][^”\"»“’」』]{2,60}[”\"»“’」』]")
_SENTENCE_END = (".", "!", "?", "。", "！", "？", ";", ":", "।", "؟")


_CLAUSE_NUMBER = re.compile(r"\d{1,3}(?:[.\-]\d{1,3}){0,4}|[a-z]|[ivxlc]{1,6}|[().,–\-]", re.I)
_CLAUSE_WORD = re.compile(
    r"(?:\b(?:sections?|articles?|art|clauses?|paragraphs?|chapters?|points?|annex|appendix"
    r"|chapitres?|paragraphes?|annexe|abschnitte?n?s?"
    r"|artikeln?s?|absatz|ziffern?|kapitel|nummer|artículos?|cláusulas?|apartados?|artigos?"
    r"|articol[oi]|clausola|punto|sezione|artikel(?:en)?"
    r"|lid|hoofdstuk|ust|pkt|rozdział\w*|стать\w+|пункт\w*)|§{1,2}|第)"
    r"(?:[\W\d]|\b(?:[a-z]|to|through|and|or|et|ou|und|oder|bis|y|tot)\b)*$",
    re.I,
)
# A link's target in Markdown's notation (CommonMark, section 4.7), also where it was left over on a page.
_LINK_DEFINITION = re.compile(r"(?:\[[^\]]{1,200}\]:\s*<?[/#.\w][^\s<>]*>?\s*\)?\s*){1,20}")
_LETTER = re.compile(r"[a-z]", re.I)
_REASON = 300
_ENTRIES = frozenset(("li", "td", "th", "dt", "dd", "tr"))
"""Where a word alone says something: an entry of a list or a table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    drift: DriftKind
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """One passage that became another, and the words by which they differ."""

    before: str
    after: str
    changes: tuple[WordChange, ...]
    removed: tuple[str, ...]
    added: tuple[str, ...]
    heading: bool = False
    cell: bool = False
    states_date: bool = False
    counts: bool = False


def rule(
    before: Block | None,
    after: Block | None,
    *,
    link_list: bool = False,
    among_links: bool = False,
    states_date: bool = False,
    counts: bool = False,
) -> Ruling:
    """What it means that one passage became another, came (`before` is None) or went (`after` is None).

    `link_list`: the document is a list of links, so that a link is content there. `among_links`: the passage is a
    label in a menu. `states_date`: a date in it is what the passage says, such as a deadline in a table.
    `counts`: what it counts stands right after it, as "days" after "30".
    """
    if before is None or after is None:
        block = after if before is None else before
        assert block is not None
        if among_links:
            what = "added" if before is None else "removed"
            return Ruling(drift=DriftKind.COSMETIC, reason=f"label among links {what}: {_short(block.text)}")
        return _alone(block, added=before is None, link_list=link_list)
    cell = before.kind in CELLS and after.kind in CELLS
    heading = bool(before.level and after.level)
    case = replace(_case(before.text, after.text), heading=heading, cell=cell, states_date=states_date, counts=counts)
    if not case.removed and not case.added:
        return _same_words(before, after)
    if among_links or (not link_list and _is_link(before) and _is_link(after)):
        return Ruling(drift=DriftKind.COSMETIC, reason=f"a link's text: {_arrow(case)}")
    for judge in _RULES:
        if (ruling := judge(case)) is not None and not (heading and judge is _names):
            return ruling
    if heading:
        return Ruling(drift=DriftKind.WORDING, reason=f"heading: {_arrow(case)}")
    return _by_amount(case)


def _case(before: str, after: str) -> _Case:
    changes = tuple(word_changes(before, after))
    removed = tuple(word for op, old, _ in changes if op != "equal" for word in map(word_key, old) if word)
    added = tuple(word for op, _, new in changes if op != "equal" for word in map(word_key, new) if word)
    if "".join(removed) == "".join(added):
        removed = added = ()
    return _Case(before=before, after=after, changes=changes, removed=removed, added=added)


def _same_words(before: Block, after: Block) -> Ruling:
    if is_crossed(before.text) != is_crossed(after.text) or (before.kind in CELLS and before.key != after.key):
        return Ruling(drift=DriftKind.MATERIAL, reason=f"{_short(before.text)} → {_short(after.text)}")
    if other := contact_change([before], [after]):
        return Ruling(drift=DriftKind.MATERIAL, reason=f"whom to contact: {other}"[:_REASON])
    return Ruling(drift=DriftKind.COSMETIC, reason="spacing, punctuation or formatting")


def _is_link(block: Block) -> bool:
    """A link that stands alone, rather than a sentence or an address with a link in it."""
    return is_dense(block) and len(block.text) < 300 and not _ADDRESS.search(block.text)


def _alone(block: Block, *, added: bool, link_list: bool) -> Ruling:
    """A passage that is new or gone: weighty when it says something, not when it is a label or a link."""
    what = "added" if added else "removed"
    text = block.text
    shown = f"{what}: {_short(text)}"
    if is_date_line(text, cell=block.kind in CELLS) or is_recency(text):
        return Ruling(drift=DriftKind.COSMETIC, reason=f"a date was {what}")
    if _COPYRIGHT.search(text) and len(words(text)) <= 16:
        return Ruling(drift=DriftKind.COSMETIC, reason=f"copyright line {shown}")
    if block.kind not in _ENTRIES and not block.level and len(words(text)) <= 6 and text.endswith(("?", "？")):
        return Ruling(drift=DriftKind.COSMETIC, reason=f"label {shown}")
    if (not link_list and _is_link(block)) or _LINK_DEFINITION.fullmatch(text):
        return Ruling(drift=DriftKind.COSMETIC, reason=f"link {shown}")
    if block.kind not in _ENTRIES and len(block.key) <= 2 and text.isascii() and _LETTER.search(text):
        return Ruling(drift=DriftKind.COSMETIC, reason=f"stray characters {shown}")
    if block.level:
        return Ruling(drift=DriftKind.MATERIAL, reason=f"section {shown}")
    if block.kind in CELLS and block.key in ANSWERS:
        return Ruling(drift=DriftKind.MATERIAL, reason=f"an answer {shown}")
    size = len(words(text))
    if size <= 3 and not any(character.isdigit() for character in text) and not text.endswith(_SENTENCE_END):
        kind = DriftKind.WORDING if block.kind in _ENTRIES else DriftKind.COSMETIC
        return Ruling(drift=kind, reason=f"label {shown}")
    return Ruling(drift=DriftKind.MATERIAL, reason=shown)


def _dates(case: _Case) -> Ruling | None:
    """Only the document's own date: no clause."""
    if case.states_date:
        return None
    # A number that stands alone is what is said ("30" over "days"): it changes no date.
    if all(is_date_line(text, cell=not case.heading) or is_recency(text) for text in (case.before, case.after)):
        return Ruling(drift=DriftKind.COSMETIC, reason=f"the document's date: {_arrow(case)}")
    if not all(DATE_WORD.fullmatch(word) for word in (*case.removed, *case.added)):
        return None
    if len(words(case.before)) <= 25 and UPDATED.search(case.before) and has_date(case.before) and has_date(case.after):
        return Ruling(drift=DriftKind.COSMETIC, reason=f"the document's date: {_arrow(case)}")
    return None


def _numbering(case: _Case) -> Ruling | None:
    """Only the number that a clause carries in front."""
    old, new = (enumeration_end(text, heading=case.heading) for text in (case.before, case.after))
    before, after = case.before[old:], case.after[new:]
    if (old or new) and key(before) == key(after) and len(key(before)) >= 3:
        return Ruling(drift=DriftKind.COSMETIC, reason="numbering")
    return None


def unnumbered(block: Block) -> str:
    """The key of a passage without the number that it carries in front."""
    return key(block.text[enumeration_end(block.text, heading=bool(block.level)) :])


def _addresses(case: _Case) -> Ruling | None:
    old, new = _addresses_in(case.before), _addresses_in(case.after)
    if old == new:
        return None
    gone, come = sorted(old - new), sorted(new - old)
    if {_bare(one) for one in gone} == {_bare(one) for one in come}:
        return None
    return Ruling(drift=DriftKind.MATERIAL, reason=_from_to(" ".join(gone), " ".join(come), "address"))


def _addresses_in(text: str) -> set[str]:
    """Mail addresses, URLs and telephone numbers; a date or a range of years is none."""
    return {
        one
        for one in _ADDRESS.findall(text[:50_000])
        if "@" in one or one[:1] in "hHwW" or (not _DATE_LIKE.fullmatch(one) and len(_digits(one)) >= 7)
    }


def _bare(address: str) -> str:
    return re.sub(r"^https?://(?:www\.)?|[\s().\-/]+|/$", "", address.lower())


def _lone_number(case: _Case) -> Ruling | None:
    """A number that stands alone: what is said in the cell of a table or beside what it counts, else a label."""
    texts = (case.before, case.after)
    if case.cell or case.counts or not all(NUMBER.fullmatch(text) for text in texts) or _MONEY & set("".join(texts)):
        return None
    if case.heading:
        return Ruling(drift=DriftKind.COSMETIC, reason="numbering")
    return Ruling(drift=DriftKind.WORDING, reason=f"a number: {_arrow(case)}")


def _numbers(case: _Case) -> Ruling | None:
    old = [word for word in case.removed if word[0].isdigit() or word in _MONEY or word in "%‰"]
    new = [word for word in case.added if word[0].isdigit() or word in _MONEY or word in "%‰"]
    if [_digits(word) for word in old] == [_digits(word) for word in new] and not amount_changed(case.changes):
        return None
    return Ruling(drift=DriftKind.MATERIAL, reason=_arrow(case))


def _references(case: _Case) -> Ruling | None:
    """Only the numbers of other clauses that the text refers to."""
    numbers = 0
    for at, (op, old, new) in enumerate(case.changes):
        if op == "equal":
            continue
        if op != "replace" or not all(_CLAUSE_NUMBER.fullmatch(word) for word in (*old, *new)):
            return None
        leading = " ".join(case.changes[at - 1][1][-10:]) if at else ""
        if not _CLAUSE_WORD.search(leading):
            return None
        numbers += 1
    return Ruling(drift=DriftKind.COSMETIC, reason=f"a cross-reference: {_arrow(case)}") if numbers else None


def _digits(word: str) -> str:
    return re.sub(r"\D", "", word) or word


def _small_words(case: _Case) -> Ruling | None:
    """A negation, a permission or an obligation came, went or became another."""
    if len(_UNSPACED_NOT.findall(case.before)) != len(_UNSPACED_NOT.findall(case.after)):
        return Ruling(drift=DriftKind.MATERIAL, reason=f"a negation or an exception: {_arrow(case)}")
    for small, what in ((_NEGATIONS, "a negation or an exception"), (_MODALS, "what one must or may do")):
        old = sorted(word for word in case.removed if word in small)
        new = sorted(word for word in case.added if word in small)
        if old != new:
            return Ruling(drift=DriftKind.MATERIAL, reason=f"{what}: {_arrow(case)}")
    return None


def _spelling(case: _Case) -> Ruling | None:
    """The same words, spelt otherwise."""
    if len(case.removed) > 6 or any(c.isdigit() for word in (*case.removed, *case.added) for c in word):
        return None
    old, new = " ".join(case.removed), " ".join(case.added)
    if old and new and min(len(old), len(new)) >= 4 and fuzz.ratio(old, new) >= 80:
        return Ruling(drift=DriftKind.WORDING, reason=f"spelling: {_arrow(case)}")
    return None


def _names(case: _Case) -> Ruling | None:
    """A party, a product, a menu or a button has another name."""
    old, new = set(_QUOTED_NAME.findall(case.before[:50_000])), set(_QUOTED_NAME.findall(case.after[:50_000]))
    if {key(one) for one in old} != {key(one) for one in new}:
        return Ruling(drift=DriftKind.MATERIAL, reason=_arrow(case))
    for op, before, after in case.changes:
        if op == "equal":
            continue
        names = [word for word in (*before, *after) if word[:1].isupper() and len(word) > 2]
        if names and _inside_sentence(case, names):
            return Ruling(drift=DriftKind.MATERIAL, reason=_arrow(case))
    return None


def _inside_sentence(case: _Case, names: Sequence[str]) -> bool:
    """Capitalised where no sentence begins, and not merely set in another case on the other side."""
    folded = f"{case.before} {case.after}"
    return any(re.search(rf"[a-zà-ÿа-я,]\s{re.escape(name)}\b", folded[:100_000]) for name in names[:20])


_RULES: tuple[Callable[[_Case], Ruling | None], ...] = (
    _dates,
    _numbering,
    _references,
    _addresses,
    _lone_number,
    _numbers,
    _small_words,
    _spelling,
    _names,
)


def _by_amount(case: _Case) -> Ruling:
    """Three words more or fewer are rephrasing; a clause that came or went is more."""
    old = [word for word in case.removed if len(word) > 3 or not word.isascii()]
    new = [word for word in case.added if len(word) > 3 or not word.isascii()]
    fresh = set(new) - set(old)
    gone = set(old) - set(new)
    if max(len(fresh), len(gone)) >= 4 or abs(len(case.removed) - len(case.added)) >= 6:
        return Ruling(drift=DriftKind.MATERIAL, reason=_arrow(case))
    return Ruling(drift=DriftKind.WORDING, reason=_arrow(case))


def _arrow(case: _Case) -> str:
    """The weightiest difference, with the word that stands after a number: "30 days → 14 days"."""
    best: tuple[int, str, str] = (-1, "", "")
    for at, (op, old, new) in enumerate(case.changes):
        if op == "equal":
            continue
        weight = sum(10 for word in (*old, *new) if word[:1].isdigit()) + min(len(old) + len(new), 9)
        if weight > best[0]:
            unit = _unit(case.changes, at, old or new)
            best = (weight, " ".join([*old, *unit]) if old else "", " ".join([*new, *unit]) if new else "")
    return _from_to(best[1], best[2], "")


def _unit(changes: Sequence[WordChange], at: int, changed: Sequence[str]) -> list[str]:
    if not changed or not changed[-1][:1].isdigit() or at + 1 >= len(changes) or changes[at + 1][0] != "equal":
        return []
    following = changes[at + 1][1][:1]
    return following if following and (following[0].isalpha() or following[0] in "%€$£") else []


def _from_to(before: str, after: str, what: str) -> str:
    prefix = f"{what}: " if what else ""
    if not before:
        return f"{prefix}added: {_short(after)}"
    if not after:
        return f"{prefix}removed: {_short(before)}"
    return f"{prefix}{_short(before)} → {_short(after)}"


def _short(text: str) -> str:
    folded = re.sub(r"\s+([.,;:!?%)])", r"\1", fold_space(text))
    return folded if len(folded) <= 80 else folded[:77].rstrip() + "…"
