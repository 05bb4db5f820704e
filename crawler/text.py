"""How words are normalised before they are compared.

`key` keeps what a reader would call a different text and drops the rest: case, spacing, punctuation, quotes,
invisible characters, and tokens that a server makes anew for each answer. A digit is never dropped from a sentence.
"""

import re
import unicodedata
from functools import lru_cache

_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]"
)
_SPACE = re.compile(r"\s+")
# A separator inside a number is part of it: 1.5 is not 15. Which separator is used is a matter of locale.
_POINT = re.compile(r"(?<=\d)\s?[.,:/\-‐-―·’'−]\s?(?=\d)")
_HAS_POINT = re.compile(r"\d\s?[.,:/\-‐-―·’'−]\s?\d")
# A tick before a passage is decoration until a cross stands there; in a cell of its own each is an answer.
_CROSSED = "✗✘❌☒"
_DROP = re.compile(rf"[^\w#%€$£¥₹₽₩¢‰+<>≤≥=~{_CROSSED}]+")
_CROSSES = frozenset(f"{_CROSSED}🚫⛔✕✖×")
_TICKS = frozenset("✓✔✅☑")
_MARK_POINT = "\u1d79"
_DIGIT = re.compile(r"\d")
# Bytes are what characters can be dropped from fastest, ASCII ones; a point is one of them until that is done.
_ASCII_POINT = "\x01"
_ASCII_DROPPED = bytes(code for code in range(128) if _DROP.match(chr(code)) or chr(code) == "_")
_ASCII_DROPPED_BUT_POINTS = _ASCII_DROPPED.replace(_ASCII_POINT.encode(), b"")
# Typographic marks that are common in running text.
_MARKS = "’“”–«»…•"
# Characters are sorted once each, when they are first met.
_MOST_CHARACTERS = 1 << 16
_known: set[str] = set()
_dropped: set[str] = set()

# What a server makes anew for each answer. Only whole tokens that no reader would read as a word or a number.
_NONCE = re.compile(
    r"\b(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|(?=[0-9]{0,127}[a-f])(?=[a-f]{0,127}\d)[0-9a-f]{12,128}"
    r"|(?=[a-z0-9]{20,128}\b)(?:[a-z]{1,40}\d{1,40}){3,40}[a-z]{0,40}"
    r"|(?=[a-z0-9]{20,128}\b)\d{1,40}(?:[a-z]{1,40}\d{1,40}){2,40}[a-z]{0,40})\b",
    re.I,
)
# Asked first: a digit beside a letter, or a very long number.
_MIXED = re.compile(r"\d(?:(?=[a-z\-])|(?<=[a-z\-]\d)|\d{11})")
_MAYBE_NONCE = re.compile(r"(?<![0-9A-Za-z\-])(?=[A-Za-z\-]{0,128}\d)[0-9A-Za-z\-]{12}")
_NUMBER = r"\d[\d.,\u00a0 ]*[kKmM]?"
_STAMP = re.compile(
    r"\b(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?(?:\s?[ap]\.?m\.?)?"
    r"|\b(?:(?:over|about|almost|more than)\s+)?(?:\d{1,4}|an?|one|une?|ein(?:er|em)?|hace|há|il y a|vor)\s+(?:\w+\s+)?"
    r"(?:seconds?|minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?)\s+ago\b"
    r"|\bil y a\s+(?:\d+|une?)\s+\w+|\bvor\s+(?:\d+|eine[mr]?)\s+\w+|\b(?:hace|há)\s+(?:\d+|una?|um[a]?)\s+\w+"
    r"|\b\d+\s+\w+\s+(?:fa|geleden|siden|sedan|temu|sitten|назад|önce)\b"
    r"|\d+\s*(?:秒|分|分钟|時間|小时|小時|日|天|か月|ヶ月|个月|週間|周|年)前|\d+\s*(?:초|분|시간|일|주|개월|년)\s*전",
    re.I,
)
_RECENTLY = re.compile(
    r"\b(?:(?:over|about|almost|more than|less than|plus d['’]|environ)\s*)?(?:today|yesterday"
    r"|just now|recently|in the last \d+ (?:minutes|hours|days)|(?:this|last) (?:week|month"
    r"|year)"
    r"|aujourd['’]hui|hier|cette semaine|ce mois-ci|la semaine dernière|heute|gestern"
    r"|diese woche|letzte woche|hoy|ayer|esta semana"
    r"|oggi|ieri|questa settimana|hoje|ontem|vandaag|gisteren|deze week|dziś|dzisiaj|wczoraj"
    r"|idag|igår|сегодня|вчера|今日|昨日|今天|昨天|오늘|어제|bugün|dün)\b",
    re.I,
)
_SINCE = re.compile(
    r"updated?|edited|modified|posted|published|written|mis à jour|modifié|publié|aktualisiert"
    r"|bearbeitet|actualizad|publicad|aggiornat|atualizad"
    r"|bijgewerkt|zaktualiz|uppdatera|opdatere|обновлен|更新|업데이트|güncelle",
    re.I,
)
# Without one of these in a (casefolded) text, the expression above cannot match: asked first, for it is slow.
_SINCE_WORDS = (
    *("updat", "edited", "modifi", "posted", "publi", "written", "mis ", "aktuali", "bearbeitet", "actualizad"),
    *("aggiornat", "atualizad", "bijgewerkt", "zaktualiz", "uppdatera", "opdatere"),
)
_SINCE_WIDE = (*_SINCE_WORDS, "обновлен", "更新", "업데이트", "güncelle")
_STAMP_WORDS = (":", "ago", "il y a", "vor", "hace", "fa", "geleden", "siden", "sedan", "temu", "sitten")
_STAMP_WIDE = (*_STAMP_WORDS, "há", "назад", "önce", "前", "전")
_RELEASE = re.compile(r"^\W*(?:v|ver|version|release|build)?\W*\d+(?:\.\d+){2,4}(?:[\-+][\w.]+)?\W*$", re.I)
_TALLY = re.compile(
    rf"^\W*(?:{_NUMBER}\s*(?:of|out of|sur|von|de|di|van|/)\s*{_NUMBER}\b.{{0,60}}"
    rf"|{_NUMBER}\s*(?:views?|vues?|aufrufe|visualiza\w+|visitas?|reads?|likes?|comments?|commentaires?|kommentare"
    rf"|comentarios|comentários|commenti|shares?|votes?|followers?|replies|reactions?|回|次|閲覧|浏览|조회)\W*)$",
    re.I,
)
_COPYRIGHT = re.compile(r"(?:©|\(c\)|copyright|&copy;)", re.I)
_LIMIT = 20_000


def fold_space(text: str) -> str:
    """One space for every run of white space, none at the ends."""
    return " ".join(text.split())


def is_recency(text: str) -> bool:
    """Whether a line does nothing but say how long ago something was: "Updated over a week ago"."""
    return len(text) <= 60 and bool(_SINCE.search(text)) and bool(_RECENTLY.search(text) or _STAMP.search(text))


def visible(text: str) -> str:
    """The text as a person sees it: without characters that have no width, white space folded."""
    if not text.isascii():
        text = _INVISIBLE.sub("", text)
    return " ".join(text.split())


def key(text: str) -> str:
    """What of a block's text is compared. Equal keys mean "says the same"; "" means that nothing is said."""
    return _key(text) if len(text) > _LIMIT else _cached_key(text)


def answer_mark(text: str) -> str:
    """ "✓" or "✗" for a text that is nothing but one of the many marks for yes and no; else ""."""
    mark = text.strip(" \ufe0e\ufe0f\u00a0")
    return "✓" if mark in _TICKS else "✗" if mark in _CROSSES else ""


def is_crossed(text: str) -> bool:
    """Whether a mark in a text says that it does not hold."""
    return not text.isascii() and any(mark in text for mark in _CROSSED)


def _key(text: str) -> str:
    plain = text.isascii()
    if not plain:
        text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text))
    text = text.casefold()
    numbered = _has_digit(text) or (not plain and _DIGIT.search(text) is not None)
    if numbered and len(text) <= _LIMIT and _MIXED.search(text) and _MAYBE_NONCE.search(text):
        text = _NONCE.sub(" ", text)
    if len(text) < 200 and (numbered or len(text) <= 60 or " ago" in text):
        text = _without_stamps(text)
    pointed = numbered and _HAS_POINT.search(text) is not None
    if plain and _ASCII_POINT not in text:
        if not pointed:
            return text.encode("ascii").translate(None, _ASCII_DROPPED).decode("ascii")
        text = _POINT.sub(_ASCII_POINT, text)
        kept = text.encode("ascii").translate(None, _ASCII_DROPPED_BUT_POINTS).decode("ascii")
        return kept.replace(_ASCII_POINT, _MARK_POINT)
    return _kept(_POINT.sub(_MARK_POINT, text) if pointed else text)


def _has_digit(text: str) -> bool:
    """Whether one of 0–9 stands in a text: ten quick looks take less time than an expression's one."""
    for digit in "0123456789":  # noqa: SIM110 - as in `_has`
        if digit in text:
            return True
    return False


def _kept(text: str) -> str:
    """The characters that a key keeps. A text has few different ones: cheaper than an expression over all of them."""
    text = text.encode("utf-8", "surrogatepass").translate(None, _ASCII_DROPPED).decode("utf-8", "surrogatepass")
    for mark in _MARKS:
        text = text.replace(mark, "")
    if text.isalnum():
        return text
    there = set(text)
    if new := there - _known:
        if len(_known) > _MOST_CHARACTERS:
            return _DROP.sub("", text)
        _dropped.update(one for one in new if _DROP.match(one))
        _known.update(new)
    for one in there & _dropped:
        text = text.replace(one, "")
    return text


_cached_key = lru_cache(maxsize=1 << 16)(_key)


def _without_stamps(text: str) -> str:
    """A short line that only tells a time, a count or a copyright year, without it; any other text as it is."""
    plain = text.isascii()
    if len(text) <= 60 and _has(text, _SINCE_WORDS if plain else _SINCE_WIDE) and _SINCE.search(text):
        text = _RECENTLY.sub(" ", _STAMP.sub(" ", text)) if " ago" in text or _RECENTLY.search(text) else text
    if _DIGIT.search(text) is None and " ago" not in text:
        return text
    if _COPYRIGHT.search(text):
        return re.sub(r"\d+(?:[.\-–—/]\d+)*", " ", text)
    if _RELEASE.match(text):
        return "version"
    if len(text) > 60 or text.rstrip().endswith((".", "!", "?", "。")):
        return text
    if _TALLY.match(text):
        return re.sub(r"\d+", " ", text)
    rest = _STAMP.sub(" ", text) if _has(text, _STAMP_WORDS if plain else _STAMP_WIDE) else text
    # "Open until 17:00" is a statement; "12:34" and "Alice, 3 days ago" are stamps.
    if rest != text and (" ago" in text or len(rest.split()) <= 1 or not re.search(r"\d{1,2}:\d\d", text)):
        return rest
    return text


def _has(text: str, words: tuple[str, ...]) -> bool:
    for word in words:  # noqa: SIM110 - `any` over a generator takes twice as long for texts this short
        if word in text:
            return True
    return False


@lru_cache(maxsize=1 << 15)
def skeleton(text: str) -> str:
    """The key with every number masked: what stays the same where only a count goes up."""
    return re.sub(rf"\d+(?:{_MARK_POINT}\d+)*", "0", key(text[:_LIMIT]))


# A word is a number with its separators, a run of letters, or one ideograph; CJK and Thai have no spaces.
_WORD = re.compile(
    r"[\w.+\-]+@[\w\-]+(?:\.[\w\-]+)+|https?://[^\s<>\"']+"
    r"|\d+(?:[.,:/\-]\d+)*"
    r"|[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uac00-\ud7af\u0e00-\u0e7f]"
    r"|[^\W\d_]+(?:['’\-][^\W\d_\u3040-\u30ff\u3400-\u9fff]+)*|[%€$£¥₹₽₩‰]|[^\w\s]",
)


def words(text: str) -> list[str]:
    """The words of a text in order, punctuation marks as words of their own."""
    return _WORD.findall(text)


def word_key(word: str) -> str:
    """What of a word is compared; "" for a punctuation mark."""
    if not word.isascii():
        word = unicodedata.normalize("NFKC", _INVISIBLE.sub("", word)).replace("’", "'")
    folded = word.casefold()
    return folded if any(c.isalnum() or c in "%€$£¥₹₽₩‰" for c in folded) else ""
