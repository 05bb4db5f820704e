"""Dates as people write them, and the same notation again for another day.

Ambiguity, decided by one rule each: with slashes the month comes first, as in the United States, unless the first
number is over 12; with dots or hyphens the day comes first; a year in front is followed by month and day. Years
have four digits.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

_FULL = {
    "en": "january february march april may june july august september october november december",
    "de": "januar februar märz april mai juni juli august september oktober november dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "pl": "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
}
_SHORT = {
    "en": "jan feb mar apr may jun jul aug sep oct nov dec",
    "de": "jan feb mär apr mai jun jul aug sep okt nov dez",
    "fr": "janv févr mars avr mai juin juil août sept oct nov déc",
    "es": "ene feb mar abr may jun jul ago sep oct nov dic",
    "it": "gen feb mar apr mag giu lug ago set ott nov dic",
    "pt": "jan fev mar abr mai jun jul ago set out nov dez",
    "nl": "jan feb mrt apr mei jun jul aug sep okt nov dec",
    "pl": "sty lut mar kwi maj cze lip sie wrz paź lis gru",
}
_TABLES = [(code, "full", words.split()) for code, words in _FULL.items()]
_TABLES += [(code, "short", words.split()) for code, words in _SHORT.items()]
_VARIANTS = {
    "sept": 9, "jänner": 1, "feber": 2, "fevrier": 2, "fevr": 2, "aout": 8, "decembre": 12, "setiembre": 9,
    "styczeń": 1, "luty": 2, "marzec": 3, "kwiecień": 4, "czerwiec": 6, "lipiec": 7, "sierpień": 8,
    "wrzesień": 9, "październik": 10, "listopad": 11, "grudzień": 12, "marco": 3, "maerz": 3,
}  # fmt: skip
_MONTHS = {word: number for _, _, words in _TABLES for number, word in enumerate(words, 1)} | _VARIANTS

_NAME = r"(?P<name>[^\W\d_]{3,12}\.?)"
_PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?<![\d./-])(?P<y>\d{4})(?P<sep>[-/.])(?P<m>\d{1,2})(?P=sep)(?P<d>\d{1,2})(?![\d/-]|\.\d)",
        r"(?<!\d)(?P<y>\d{4})\s?[年년]\s?(?P<m>\d{1,2})\s?[月월]\s?(?P<d>\d{1,2})\s?[日일]",
        r"(?<![\d./-])(?P<a>\d{1,2})/(?P<b>\d{1,2})/(?P<y>\d{4})(?!\d)",
        r"(?<![\d./-])(?P<d>\d{1,2})(?P<sep>[.-])\s?(?P<m>\d{1,2})(?P=sep)\s?(?P<y>\d{4})(?!\d)",
        rf"(?<!\d)(?P<d>\d{{1,2}})(?:st|nd|rd|th|er|º|\.)?\s(?:of\s|de\s)?{_NAME},?\s(?:de\s|del\s)?(?P<y>\d{{4}})(?!\d)",
        rf"(?<!\w){_NAME}\s(?P<d>\d{{1,2}})(?:st|nd|rd|th)?,?\s(?P<y>\d{{4}})(?!\d)",
    )
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_LONGEST = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DateMatch:
    """A date found in a text, and where: `text` is what stands at `start`:`end`."""

    day: date
    text: str
    start: int
    end: int


def parse_date(text: str) -> date | None:
    """The date that a text is, a time of day after it allowed ("2025-11-08T10:00:00Z"); None if it is none."""
    line = text.strip()[:200]
    compact = _COMPACT.fullmatch(line)
    if compact is not None:
        return _date(*(int(part) for part in compact.groups()))
    found = find_date(line)
    if found is None or found.start != 0:
        return None
    rest = line[found.end :]
    return found.day if not rest or re.match(r"[T\s,]\s*\d{1,2}[:h.]", rest) else None


def find_date(text: str) -> DateMatch | None:
    """The first date in a text (of which the first 10,000 characters are looked at)."""
    return min(find_dates(text[:_LONGEST]), key=lambda found: found.start, default=None)


def find_dates(text: str) -> Iterator[DateMatch]:
    """Every date in a text, pattern by pattern."""
    for pattern in _PATTERNS:
        for found in pattern.finditer(text):
            day = _read(found)
            if day is not None:
                yield DateMatch(day=day, text=found.group(), start=found.start(), end=found.end())


def rewrite_date(text: str, day: date, *, language: str = "") -> str | None:
    """`day` in the notation of `text`, which is a date as `find_date` gives it; None where that cannot be done.

    `language` (such as "de") decides where a month's name is the same word in several languages.
    """
    for pattern in _PATTERNS:
        found = pattern.fullmatch(text)
        if found is not None and _read(found) is not None:
            return _again(found, day, language)
    return None


def _read(found: re.Match[str]) -> date | None:
    part = found.groupdict()
    year = int(part["y"])
    if part.get("name"):
        month = _MONTHS.get(part["name"].lower().rstrip("."))
        return _date(year, month, int(part["d"])) if month else None
    if part.get("a"):
        first, second = int(part["a"]), int(part["b"])
        return _date(year, second, first) if first > 12 else _date(year, first, second)
    return _date(year, int(part["m"]), int(part["d"]))


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day) if 1900 <= year <= 2999 else None
    except ValueError:
        return None


def _again(found: re.Match[str], day: date, language: str) -> str | None:
    """Each part of the date replaced where it stands; all else stays."""
    part = found.groupdict()
    padded = _padded([part[name] for name in ("a", "b", "m", "d") if part.get(name)])
    new = {"y": f"{day.year:04}", "m": _digits(day.month, padded), "d": _digits(day.day, padded)}
    if part.get("name"):
        dotted_day = re.match(r"\d{1,2}\.\s", found.group()) is not None
        name = _month_name(part["name"], day.month, language or ("de" if dotted_day else ""))
        if name is None:
            return None
        new["name"] = name
    if part.get("a"):
        day_first = int(part["a"]) > 12
        new["a"], new["b"] = (new["d"], new["m"]) if day_first else (new["m"], new["d"])
        if day_first and day.day <= 12:
            return None  # "20/11/2025" would become "5/1/2026", which reads as the fifth month
    text = found.group()
    base = found.start()
    for name in sorted((name for name in part if part[name] and name in new), key=found.start, reverse=True):
        text = text[: found.start(name) - base] + new[name] + text[found.end(name) - base :]
    return _ordinals(text, day)


def _padded(parts: list[str]) -> bool:
    """Whether single digits are written with a zero. With none to see it by, they are not, ISO order apart."""
    if any(len(part) == 1 for part in parts):
        return False
    return any(part.startswith("0") for part in parts) or len(parts) == 2


def _digits(number: int, padded: bool) -> str:
    return f"{number:02}" if padded else str(number)


def _ordinals(text: str, day: date) -> str:
    suffix = "th" if 11 <= day.day <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(day.day % 10, "th")
    text = re.sub(r"(?<=\d)(?:st|nd|rd|th)\b", suffix, text)
    return text if day.day == 1 else re.sub(r"(?<=\d)er\b", "", text)


def _month_name(old: str, month: int, language: str) -> str | None:
    word = old.lower().rstrip(".")
    options = [(code, form, words) for code, form, words in _TABLES if word in words]
    if not options:
        return None
    # "May" is both a full and a short name: a dot says short, else the full name is meant.
    options.sort(key=lambda option: (option[0] != language[:2].lower(), (option[1] == "short") != old.endswith(".")))
    code, form, words = options[0]
    name = words[month - 1]
    if old.isupper():
        name = name.upper()
    elif old[0].isupper():
        name = name.capitalize()
    dot = old.endswith(".") and form == "short" and name.lower() not in _FULL[code].split()
    return name + ("." if dot else "")
