"""What a server says of when to come back: Retry-After, Cache-Control, Last-Modified. Pure; none is trusted far."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

_MAX_AGE: Final = re.compile(r"(?:^|[\s,])(?:s-maxage|max-age)\s*=\s*\"?(\d{1,9})")
_UNKEPT: Final = re.compile(r"(?:^|[\s,])(?:no-store|no-cache|must-revalidate)\b")


def http_date(value: str) -> datetime | None:
    """A date as HTTP writes it (RFC 9110, section 5.6.7), and as servers write it; None if it is none."""
    try:
        moment = parsedate_to_datetime(value.strip())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def retry_after(value: str, now: datetime) -> float | None:
    """Seconds that a Retry-After (a number or a date: RFC 9110, section 10.2.3) asks for; None if it says nothing."""
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    moment = http_date(text)
    try:
        return None if moment is None else max(0.0, (moment - now).total_seconds())
    except OverflowError:
        return None


def fresh_for(cache_control: str) -> timedelta:
    """For how long the server says that its answer holds (RFC 9111, section 5.2.2); zero where it wants to be asked."""
    said = cache_control.lower()[:500]
    found = _MAX_AGE.search(said)
    if found is None or _UNKEPT.search(said):
        return timedelta(0)
    return timedelta(seconds=int(found[1]))
