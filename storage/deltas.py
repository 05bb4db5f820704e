"""Bytes compressed alone or against an earlier version of themselves (zstd, RFC 8878), and who rests on whom.

A resource's bodies form a chain. The one at place j rests on the one at j & (j - 1), which is j with its lowest bit
cleared: any of them is reached over at most eight others, however long the chain. Where that saves little, because a
page goes to and fro between several forms, one of the last few takes its place if it has more in common. After every
256 a new chain begins. Nothing that was written is written again.
"""

import hashlib
from typing import Final

import zstandard

RAW, ZSTD = "raw", "zstd"

KEY_EVERY: Final = 256
"""Bodies between two that rest on none: half as many would take a sixth more room."""

LONGEST: Final = 64
"""Bodies that one may need, at most: rows that were tampered with may lead in circles."""

ALONE, LASTING, PASSING, TRIAL = 3, 3, 2, 1
"""zstd's levels. Deltas of 3 and 9 differ by a tenth in size, and by the half in time."""

NEAR: Final = 4
"""So many of the last bodies are tried; eight would save another fiftieth."""

DEEPEST: Final = 16
"""No body rests on one that takes this many to read, unless the skip list has it so."""

_MUCH: Final = 8
"""A delta of more than 1/8 of the bytes tells that little is shared: compressing them alone may give less."""

_LITTLE: Final = 256
_MAX_WINDOW: Final = 27
_LARGE: Final = 1_000_000
_SMALLEST: Final = 10


def rests_on(place: int) -> int | None:
    """The place that the body at `place` rests on; None for one that begins a chain."""
    within = place % KEY_EVERY
    return place - within + (within & (within - 1)) if within else None


def digest_of(data: bytes) -> str:
    """SHA-256 as 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def compress(data: bytes, base: bytes | None, *, lasting: bool = True) -> tuple[str, bytes, bool]:
    """Encoding, compressed bytes, and whether `base` is needed to read them."""
    if base:
        delta = _compressor(data, base, LASTING if lasting else PASSING).compress(data)
        if len(delta) * _MUCH <= len(data):
            return ZSTD, delta, True
    packed = zstandard.ZstdCompressor(level=ALONE if lasting else PASSING).compress(data)
    if base and len(delta) < min(len(packed), len(data)):
        return ZSTD, delta, True
    return (ZSTD, packed, False) if len(packed) < len(data) else (RAW, data, False)


def is_much(packed: int, size: int) -> bool:
    """Whether a body that takes so many bytes may have more in common with another one: one in 128 is a nonce."""
    return packed > max(_LITTLE, size // 128)


def trial(data: bytes, base: bytes) -> int:
    """About how many bytes `data` would take against `base`."""
    return len(_compressor(data, base, TRIAL).compress(data))


def decompress(data: bytes, encoding: str, size: int, base: bytes | None) -> bytes | None:
    """The bytes; None where they are damaged, or `base` is not what they were compressed against."""
    if encoding == RAW:
        return data if len(data) == size else None
    if encoding != ZSTD or size < 0:
        return None
    try:
        # A damaged frame may claim any size: what was recorded is the limit.
        if zstandard.frame_content_size(data) != size:
            return None
        if base is None:
            return zstandard.ZstdDecompressor().decompress(data)
        return zstandard.ZstdDecompressor(dict_data=dictionary(base)).decompress(data)
    except (zstandard.ZstdError, MemoryError):
        return None


def _compressor(data: bytes, base: bytes, level: int) -> zstandard.ZstdCompressor:
    # By default the window ends where a large base does not yet.
    window = min(max((len(data) + len(base)).bit_length(), 10), _MAX_WINDOW)
    # … and the tables of these levels forget what stands further back in it, or are larger than what it takes.
    log = window - (2 if len(base) > _LARGE else 3)
    tables = {"hash_log": log, "chain_log": log} if level > TRIAL and log >= _SMALLEST else {}
    parameters = zstandard.ZstdCompressionParameters.from_level(
        level, source_size=len(data), dict_size=len(base), window_log=window, **tables
    )
    return zstandard.ZstdCompressor(dict_data=dictionary(base), compression_params=parameters)


def dictionary(base: bytes) -> zstandard.ZstdCompressionDict:
    """Earlier bytes as something to compress against."""
    return zstandard.ZstdCompressionDict(base, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
