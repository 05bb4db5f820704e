"""Which texts do nothing but date a document, and which words can be part of a date. Pure.

"Last updated: 3 May 2024" is a date; "Apply by 3 May 2024" is a deadline.
"""

import re

from crawler.text import word_key, words

UPDATED = re.compile(
    r"applies from|applique(?:nt|ra)? à (?:partir|compter)|gilt (?:ab|seit)|aplica(?:rá)? a partir|si applica (?:dal|a)"
    r"|geldt vanaf|obowiązuje od"
    r"|updated?|effective|revised|modified|version|last|published|in force|as of|review"
    r"|mis(?:e)? à jour|màj|en vigueur|dernière|modifiée?|publiée?"
    r"|stand|aktualisiert|gültig|zuletzt|in kraft|actualiza\w*|vigor|vigencia|última"
    r"|aggiorna\w*|ultim\w+|atualiza\w*|vigência|bijgewerkt|laatst|versie|geldig"
    r"|aktualiz\w*|obowiązuje|zaktualizowan\w*|uppdatera\w*|opdatere\w*|oppdatert|päivitetty"
    r"|обновлен\w*|редакци\w+|güncelle\w*|更新|改定|最終|施行|修订|生效|업데이트|시행",
    re.I,
)
_DATE_LABEL = re.compile(r"dates?|datum|fechas?|datas?|data|дата|日付|日期|날짜", re.I)
_MONTHS = (
    "(?:"
    + "|".join(
        (
            "jan|january|janv|janvier|januar|januari|gennaio|gen|enero|ene|janeiro|stycz(?:eń|nia|niu)|sty|янв|январ[ьяе]",
            "feb|february|févr?|fév|février|fevrier|februar|februari|febrer|febbraio|febrero|fev|fevereiro|lut|lut(?:y|ego|ym)|фев|феврал[ьяе]",
            "mar|march|mars|märz|maerz|mrz|marts|maart|mrt|marzo|março|marco|marzec|marca|marcu|мар|март[ае]?",
            "apr|april|avr|avril|abr|abril|aprile|kwiecień|kwietnia|kwietniu|kwi|апр|апрел[ьяе]",
            "may|mai|maj|maja|maju|mei|mayo|maio|maggio|mag|май|мая|мае",
            "jun|june|juin|juni|junio|junho|giugno|giu|czerwiec|czerwca|czerwcu|cze|июн|июн[ьяе]",
            "jul|july|juillet|juil|juli|julio|julho|luglio|lug|lipiec|lipca|lipcu|lip|июл|июл[ьяе]",
            "aug|august|août|aout|augustus|augusti|ago|agosto|sierpień|sierpnia|sierpniu|sie|авг|август[ае]?",
            "sept?|september|septembre|septiembre|setiembre|settembre|setembro|set|wrzesień|września|wrześniu|wrz|сен|сентябр[ьяе]",
            "oct|october|octobre|oktober|okt|octubre|ottobre|ott|outubro|out|październik|października|październiku|paź|окт|октябр[ьяе]",
            "nov|november|novembre|noviembre|novembro|listopad|listopada|listopadzie|lis|ноя|ноябр[ьяе]",
            "dec|december|décembre|decembre|déc|dezember|dez|diciembre|dicembre|dic|dezembro|desember|des|grudzień|grudnia|grudniu|gru|дек|декабр[ьяе]",
        )
    )
    + ")"
)
_WEEKDAYS = "(?:mon|tue|tues|wed|wednes|thu|thur|thurs|fri|sat|satur|sun)(?:day)?"
DATE_WORD = re.compile(
    rf"(?:{_MONTHS}|\d{{1,4}}(?:[.,:/\-]\d{{1,4}}){{0,2}}|\d{{1,2}}(?:st|nd|rd|th|er|º|ª)"
    rf"|[年月日.,:/\-()\[\]|–—]|st|nd|rd|th|er"
    rf"|{_WEEKDAYS}|am|pm|utc|gmt|cet|pst|pdt|est|edt|at"
    r"|on|of|de|le|du|den|del|the|à|h|um|uhr|к|г)",
    re.I,
)
_SURELY_DATE = re.compile(
    rf"\b(?:{_MONTHS})\b|\b\d{{1,4}}([./\-])\d{{1,2}}\1\d{{1,4}}\b|(?<![\d.,])(?:19|20)\d\d(?![\d.,])|\d[年月日]"
    r"|\d{1,2}/\d{1,2}\b|\b\d{1,2}\.\d{1,2}\.|\d:\d\d",
    re.I,
)


def is_date_line(text: str, *, cell: bool = False) -> bool:
    """Whether a block does nothing but date the document: "Last updated: 3 May 2024".

    In the cell of a table a number by itself is what the table says: 30, 9.99, 1,500.
    """
    if len(text) > 160 or not any(character.isdigit() for character in text):
        return False
    rest = [word for word in words(text) if not DATE_WORD.fullmatch(word) and word_key(word)]
    if not rest:
        return not cell or bool(_SURELY_DATE.search(text))
    return len(rest) <= 8 and bool(UPDATED.search(text))


def tells_document_date(text: str) -> bool:
    """Whether a label says that the date beside it is a document's: "Last updated", "Version", "Date"."""
    return len(text) <= 60 and bool(UPDATED.search(text) or _DATE_LABEL.fullmatch(text.strip(" :")))


def has_date(text: str) -> bool:
    """Whether a text holds a date with a day or a year."""
    return bool(re.search(rf"\b(?:{_MONTHS})\b|\d{{1,4}}[./\-]\d{{1,2}}[./\-]\d{{1,4}}|\d年", text, re.I)) and bool(
        re.search(r"\d{2,4}", text)
    )
