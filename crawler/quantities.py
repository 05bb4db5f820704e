"""Amounts in words: "two weeks", "30 hours". Numbers that are spelt out, units, and the numbers that merely count
clauses. Pure.
"""

import re
from collections.abc import Sequence

from crawler.compare import WordChange

# Two and more: "one" is an article or a pronoun in most languages. Each group is one number.
_NUMBERS = (
    "two zwei deux dos due twee dois duas dwa dwie",
    "three drei trois tres tre drie três trzy",
    "four vier quatre cuatro quattro quatro cztery",
    "five fünf cinq cinco cinque vijf pięć",
    "six sechs seis sei zes sześć",
    "seven sieben sept siete sette zeven sete siedem",
    "eight acht huit ocho otto oito osiem",
    "nine neun neuf nueve nove negen dziewięć",
    "ten zehn dix diez dieci tien dez dziesięć",
    "eleven elf onze once undici jedenaście",
    "twelve zwölf douze doce dodici twaalf doze dwanaście",
    "fourteen vierzehn quatorze catorce quattordici veertien catorze czternaście",
    "fifteen fünfzehn quinze quince quindici vijftien piętnaście",
    "twenty zwanzig vingt veinte venti twintig vinte dwadzieścia",
    "thirty dreißig trente treinta trenta dertig trinta trzydzieści",
    "sixty sechzig soixante sesenta sessanta zestig sessenta sześćdziesiąt",
    "ninety neunzig nonante noventa novanta negentig dziewięćdziesiąt",
    "hundred hundert cent cien cento honderd cem sto",
)
_UNITS = (
    "second seconds sekunde sekunden seconde secondes segundo segundos secondo secondi seconden sekund sekundy 秒",
    "minute minutes minuten minuto minutos minuti minuut minut minuty min 分",
    "hour hours stunde stunden heure heures hora horas ora ore uur uren godzina godziny godzin hrs h 時 时",
    "day days tag tage tagen jour jours día días giorno giorni dag dagen dia dias dzień dni 日 天",
    "workday workdays werktag werktage werktagen arbeitstag arbeitstage arbeitstagen werkdag werkdagen",
    "week weeks woche wochen semaine semaines semana semanas settimana settimane weken tydzień tygodnie tygodni 週 周",
    "month months monat monate monaten mois mes meses mese mesi maand maanden mês miesiąc miesiące miesięcy 月",
    "year years jahr jahre jahren an ans année années año años anno anni jaar jaren ano anos rok lata lat 年",
    "kb",
    "mb",
    "gb",
    "tb",
    "euro euros eur €",
    "dollar dollars usd $",
    "percent prozent %",
)
_NUMBER_OF = {word: at for at, group in enumerate(_NUMBERS) for word in group.split()}
_UNIT_OF = {word: at for at, group in enumerate(_UNITS) for word in group.split()}

_CLOSING = frozenset(")]»”\"'-‐–")

_PREFIX = r"^[^\w$€£¥₹₽₩¢+]*"
_COUNTER = r"(?:[a-z]\.)?\d{1,3}(?:\.(?:\d{1,3}|[a-z])){0,5}|[a-z]|[ivxlc]{1,6}"
_NAMED = r"(?:§|art(?:icle|ikel|ículo|icolo|igo)?\.?|section|chapter|chapitre|step|étape)"
_ENUMERATION = re.compile(
    rf"{_PREFIX}(?:{_NAMED}\s*(?:{_COUNTER})[.):\-–—]?|(?:{_COUNTER})[.):\-–—])(?=\s|$)"
    rf"|{_PREFIX}(?P<bare>\d{{1,3}}(?P<parts>\.(?:\d{{1,3}}|[a-z])){{1,5}}|\d{{1,3}}|[a-z]|[ivxlc]{{1,6}})"
    r"(?=\s+(?P<next>[^\W\d_]+|[€$%]))",
    re.I,
)
# Where a day is written as an ordinal, it looks like a clause's number: "3. Mai", "3. marts".
_MONTH = re.compile(
    r"\s*(?:januar[iy]?|februar[iy]?|märz|marts|mars|april|mai|maj|juni|juli|august|september|o[kc]tober|november"
    r"|de[zcs]ember)\b",
    re.I,
)


def enumeration_end(text: str, *, heading: bool) -> int:
    """Where the number ends that a clause carries in front; 0 where it carries none.

    "3. Fees" and "4.1 Fees" do, and as a heading "3 Fees"; "30 days" and "$5 for each" are what the passage says.
    """
    found = _ENUMERATION.match(text)
    if found is None:
        return 0
    following = found["next"]
    if following is None:
        return 0 if _MONTH.match(text, found.end()) else found.end()
    # A bare number: a heading's, or one of several parts, before a clause and not before what it counts.
    counts = heading or found["parts"] is not None
    begins = following[0].isupper() and following.casefold() not in _UNIT_OF
    return found.end() if counts and begins else 0


def begins_with_unit(text: str) -> bool:
    """Whether a text goes on after a number that stands before it: "days after you asked", "per month"."""
    first = text[:40].split()[:2]
    return any(word.casefold().strip(".,;:/()") in _UNIT_OF for word in first)


def amount_changed(changes: Sequence[WordChange]) -> bool:
    """Whether a number in words, or the unit after a number, became another one."""
    leading = ""
    for op, old, new in changes:
        if op == "replace":
            if _other(_NUMBER_OF, old, new):
                return True
            if (leading[:1].isdigit() or leading in _NUMBER_OF) and _other(_UNIT_OF, old[:1], new[:1]):
                return True
        if op == "equal" and old:
            leading = _last_word(old)
        elif old or new:
            leading = ""
    return False


def _last_word(words: Sequence[str]) -> str:
    """The last word, also where a bracket or a hyphen stands behind it: "six (6) months", "2-year"."""
    for word in reversed(words[-3:]):
        if word not in _CLOSING:
            return word.casefold()
    return ""


def _other(known: dict[str, int], old: Sequence[str], new: Sequence[str]) -> bool:
    before = [known[word.casefold()] for word in old if word.casefold() in known]
    after = [known[word.casefold()] for word in new if word.casefold() in known]
    return bool(before and after) and before != after
