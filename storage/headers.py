"""The headers of a look against those of an earlier one: most are the same, and `date` is the time of the look."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any, Final

import msgspec
import zstandard

from storage.columns import json_bytes, pack, unpack
from storage.deltas import dictionary

_DELTA: Final = b"\x01"
"""Begins what is compressed against others; anything else is what `storage.columns.pack` gives."""

_MAX_BYTES: Final = 1 << 22
_A_DAY: Final = 86_400
_FORMAT: Final = zstandard.FORMAT_ZSTD1_MAGICLESS


def pack_headers(headers: Any, at: datetime, base: Any, base_at: datetime) -> bytes:
    """Headers as JSON holds them, against others; both with the moment of their look."""
    data, known = json_bytes(_short(headers, at)), json_bytes(_short(base, base_at))
    parameters = zstandard.ZstdCompressionParameters.from_level(
        9, source_size=len(data), dict_size=len(known), format=_FORMAT, write_content_size=0
    )
    delta = zstandard.ZstdCompressor(dict_data=dictionary(known), compression_params=parameters).compress(data)
    return min(_DELTA + delta, pack(headers), key=len)


def unpack_headers(data: bytes, at: datetime, base: Any, base_at: datetime) -> Any:
    """What `pack_headers` was given; None where it is damaged."""
    if not data.startswith(_DELTA):
        return unpack(data)
    try:
        known = dictionary(json_bytes(_short(base, base_at)))
        found = zstandard.ZstdDecompressor(dict_data=known, format=_FORMAT).decompress(
            data[len(_DELTA) :], max_output_size=_MAX_BYTES
        )
        return _long(msgspec.json.decode(found), at)
    except (zstandard.ZstdError, msgspec.MsgspecError, UnicodeDecodeError, MemoryError):
        return None


def _short(headers: Any, at: datetime) -> Any:
    """With `date` as seconds after the look, where it says no more than that."""
    if not isinstance(headers, (list, tuple)):
        return headers
    return [["date", _seconds(each[1], at)] if _is_date(each) else each for each in headers]


def _long(headers: Any, at: datetime) -> Any:
    if not isinstance(headers, list):
        return headers
    return [["date", _imf(at, each[1])] if _is_date(each) and isinstance(each[1], int) else each for each in headers]


def _is_date(pair: Any) -> bool:
    return isinstance(pair, (list, tuple)) and len(pair) == 2 and pair[0] == "date"


def _seconds(value: Any, at: datetime) -> Any:
    try:
        told = parsedate_to_datetime(value)
        told = told if told.tzinfo else told.replace(tzinfo=UTC)
        seconds = int((told - at.replace(microsecond=0)).total_seconds())
    except (TypeError, ValueError, AttributeError, OverflowError):
        return value
    return seconds if abs(seconds) < _A_DAY and _imf(at, seconds) == value else value


def _imf(at: datetime, seconds: int) -> str:
    """RFC 9110's form of a moment."""
    try:
        return format_datetime(at.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=seconds), usegmt=True)
    except (OverflowError, ValueError):
        return ""
