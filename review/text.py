"""Words from pages and guides, made safe for one line; dates and addresses as people and machines write them.

Every format sends foreign text through here first: nothing a page says may start a line, move a terminal's cursor,
turn the reading direction, or hide characters.
"""

import re
from datetime import UTC, date, datetime
from typing import Final
from urllib.parse import urlsplit

MAX_SUMMARY: Final = 240
"""Characters of a finding's summary."""

_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
# What a control string (OSC, DCS…) carries stays, as plain text: swallowing it would let a page hide its own words.
_TERMINAL: Final = re.compile(
    r"\x1b\[[0-?]{0,40}[ -/]{0,4}[@-~]"  # CSI: colours, cursor
    r"|\x9b[0-?]{0,40}[ -/]{0,4}[@-~]"
    r"|\x1b[ -/]{0,4}[0-~]?"
)
# Format characters that hide or turn text: bidi marks, embeddings, overrides and isolates, zero-width space, word
# joiner and invisible operators, byte order mark, soft hyphen, interlinear annotation, tags. The joiners U+200C/D stay:
# Persian, Hindi and emoji are written with them.
_INVISIBLE: Final = re.compile(
    "[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_SPACE: Final = re.compile(r"\s+")
_UNSAFE_IN_LINK: Final = re.compile(r"[\x00-\x20\x7f-\xa0\"'<>\\^`{|}]")
# Most addresses are of these characters alone, and then there is nothing to look for in their parts.
_PLAIN_URL: Final = re.compile(r"https?://[a-z0-9][a-z0-9.-]*(?::[0-9]{1,4})?(?:[/?#][A-Za-z0-9/._~?#=&%+,;:@!$*-]*)?")
# GitHub's runner takes "::" at a line's start (after spaces) and "##[" anywhere; Azure "##vso["; TeamCity its own.
_LINE_COMMAND: Final = re.compile(r"(?m)^((?:[^\S\n]|\x1b\[[0-9;]*m)*):(?=:)")
_HASH_COMMAND: Final = re.compile(r"#(?=#(?:\[|vso\[|teamcity\[))", re.IGNORECASE)
_WORD_JOINER: Final = "\u2060"


def one_line(text: str, limit: int | None = None) -> str:
    """The text on one line, at most `limit` long, without controls, escapes, direction overrides and the invisible."""
    if limit is not None and len(text) > 8 * limit + 1000:
        text = text[: 8 * limit + 1000]
    if text.isprintable() and "  " not in text:
        # Printable, to Python, is what holds no control, format character, surrogate or space but the plain one: most
        # texts, told in a tenth of the time.
        text = text.strip()
        return text if limit is None else shortened(text, limit)
    text = _TERMINAL.sub(" ", text)
    text = _INVISIBLE.sub("", _CONTROL.sub(" ", text))
    text = _SPACE.sub(" ", _SURROGATE.sub("\ufffd", text)).strip()
    return text if limit is None else shortened(text, limit)


def shortened(text: str, limit: int) -> str:
    """At most `limit` characters, cut at a word where one is near, with an ellipsis."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    space = -1 if text[limit - 1] == " " else cut.rfind(" ", int(limit * 0.7))
    return (cut[:space] if space > 0 else cut).rstrip(" .,;:") + "…"


def inert(output: str) -> str:
    """Finished output in which no line is a command to a build server that reads the log (GitHub, Azure, TeamCity)."""
    return _HASH_COMMAND.sub("#" + _WORD_JOINER, _LINE_COMMAND.sub(r"\1:" + _WORD_JOINER, output))


def link_target(url: str) -> str | None:
    """The URL, unsafe characters encoded, if a browser may be sent there: absolute http(s), a host, no password."""
    if _PLAIN_URL.fullmatch(url):
        return url
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
        return None
    if parts.username is not None or parts.password is not None or url != one_line(url):
        return None
    return _UNSAFE_IN_LINK.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), url)


def instant(at: datetime | None) -> str | None:
    """RFC 3339 in UTC, whole seconds, with `Z`."""
    if at is None:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at.year >= 1000 else at.isoformat()


def day(on: date, *, seen_from: date | None = None) -> str:
    """ "12 November 2025"; without the year where it is that of `seen_from`."""
    words = f"{on.day} {_MONTHS[on.month - 1]}"
    return words if seen_from is not None and seen_from.year == on.year else f"{words} {on.year}"


def moment(at: datetime) -> str:
    """ "12 November 2025, 14:05 UTC"."""
    at = at.astimezone(UTC)
    return f"{day(at.date())}, {at:%H:%M} UTC"


def count(number: int, one: str, many: str = "") -> str:
    """ "1 guide", "1,204 guides"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
