"""Column types that hold the same value on SQLite and PostgreSQL, and mend or refuse what one of them cannot hold."""

import hashlib
import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeAlias

import msgspec
import zstandard
from sqlalchemy import BigInteger, DateTime, Dialect, Integer, LargeBinary, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

Processor: TypeAlias = Callable[[Any], Any]

BIG_ID: Final = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite numbers rows by itself only where the type is exactly INTEGER (which holds 64 bits there)."""

MAX_INT: Final = 2**31 - 1
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO: Final = timedelta(microseconds=1)
_ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"
_WORTH_PACKING: Final = 120
"""Bytes under which zstd's own frame costs more than it saves."""
_UNHELD: Final = re.compile("[\x00\ud800-\udfff]")
_MAX_UNPACKED: Final = 256_000_000


class Moment(TypeDecorator[datetime]):
    """An aware instant, kept in UTC to the microsecond. A naive one is a mistake of ours and is refused.

    SQLite has no such type: there it is the count of microseconds since 1970, which sorts and takes eight bytes.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(BigInteger() if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        if dialect.name == "sqlite":
            return (value - _EPOCH) // _MICRO
        return value.astimezone(UTC)

    def result_processor(self, dialect: Dialect, coltype: object) -> Processor:  # noqa: ARG002
        return _moment if dialect.name == "sqlite" else _in_utc


class Words(TypeDecorator[str]):
    """Text of any length. NUL and lone surrogates, which no database holds, become U+FFFD."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else clean(value)


class Hash(TypeDecorator[str]):
    """Hexadecimal digits, kept as half as many bytes."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:  # noqa: ARG002
        return None if value is None else bytes.fromhex(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Processor:  # noqa: ARG002
        return _hex


class Packed(TypeDecorator[Any]):
    """A JSON value, compressed where that saves anything. The first byte tells (no JSON begins with zstd's `(`)."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:  # noqa: ARG002
        return None if value is None else pack(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Processor:  # noqa: ARG002
        return _unpacked


# What comes out of a row is made by one function each: what SQLAlchemy puts around `process_result_value` takes longer
# than most of these do, and a queue has thousands of such values.


def _moment(value: int | None) -> datetime | None:
    return None if value is None else _EPOCH + timedelta(0, 0, value)


def _in_utc(value: datetime | None) -> datetime | None:
    return None if value is None else value.astimezone(UTC)


def _hex(value: bytes | None) -> str | None:
    return None if value is None else bytes(value).hex()


def _unpacked(value: bytes | None) -> Any:
    return None if value is None else unpack(bytes(value))


def clean(text: str) -> str:
    """The text as both databases can hold it."""
    return _UNHELD.sub("\ufffd", text)


def name_hash(text: str) -> str:
    """Stands for a text in a unique index: PostgreSQL's take no more than 2,704 bytes, a URL may have more."""
    return hashlib.sha256(clean(text).encode()).hexdigest()


def json_bytes(value: Any) -> bytes:
    """JSON with sorted keys: equal values give equal bytes."""
    try:
        return msgspec.json.encode(value, order="sorted")
    except UnicodeEncodeError:
        return msgspec.json.encode(_cleaned(msgspec.to_builtins(value)), order="sorted")


def pack(value: Any) -> bytes:
    data = json_bytes(value)
    return data if len(data) < _WORTH_PACKING else zstandard.ZstdCompressor(level=3).compress(data)


def unpack(data: bytes) -> Any:
    """The value; None where the bytes are damaged (whatever is packed can be made again, or be done without)."""
    try:
        if data.startswith(_ZSTD_MAGIC):
            data = _decompressor().decompress(data, max_output_size=_MAX_UNPACKED)
        return msgspec.json.decode(data)
    except (zstandard.ZstdError, msgspec.MsgspecError, UnicodeDecodeError, MemoryError):
        return None


def _decompressor() -> zstandard.ZstdDecompressor:
    """One for each thread: making it takes longer than what it is used for here."""
    made: zstandard.ZstdDecompressor | None = getattr(_held, "decompressor", None)
    if made is None:
        made = _held.decompressor = zstandard.ZstdDecompressor()
    return made


_held = threading.local()


def bounded(value: int | None) -> int | None:
    """An integer as a column holds it; None where it is none that a sane source gives."""
    return value if value is not None and -MAX_INT <= value <= MAX_INT else None


def _cleaned(value: Any) -> Any:
    match value:
        case str():
            return clean(value)
        case dict():
            return {_cleaned(key): _cleaned(each) for key, each in value.items()}
        case list() | tuple():
            return [_cleaned(each) for each in value]
        case _:
            return value
