"""Content codings undone piece by piece: gzip, deflate, br, zstd, with limits that hold while decoding.

A step makes at most 64 KiB beyond the limit (zstd: 8 MiB), so a bomb costs hardly more memory than an honest page.
"""

import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

import brotli  # type: ignore[import-untyped]
import zstandard

STEP = 64 * 1024
DEFLATE_RATIO = 1_032
"""What deflate can do at most (zlib's technical details)."""

MAX_LAYERS = 3
_GZIP_MAGIC = b"\x1f\x8b"
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"

BOMB_RATIO = 250
"""Decoded to encoded. Honest pages stay below 100."""

BOMB_FLOOR = 1_000_000
"""Below this many decoded bytes no ratio is alarming."""

_ZSTD_WINDOW = 8 * 1024 * 1024
"""RFC 9659: no larger window may be asked of a web client."""

ACCEPTED = "gzip, deflate, br, zstd"


class DecodingError(Exception):
    """The body is not what its Content-Encoding says."""


class TooLargeError(Exception):
    """The decoded body passes the limit."""


class BombError(Exception):
    """The body unfolds out of all proportion."""


class _Layer(Protocol):
    def pieces(self, data: bytes) -> Iterator[bytes]:
        """Decode as much as `data` gives, at most `STEP` bytes at a time."""
        ...

    @property
    def complete(self) -> bool: ...


class _Zlib:
    """gzip (with any number of members) and deflate, which servers send with and without the zlib wrapper."""

    def __init__(self, *, gzip: bool) -> None:
        self._gzip = gzip
        self._inner = zlib.decompressobj(31 if gzip else 15)
        self._started = False
        self._raw = False

    def pieces(self, data: bytes) -> Iterator[bytes]:
        if not self._started and not self._gzip and data and not _zlib_header(data):
            self._inner, self._raw = zlib.decompressobj(-15), True
        self._started = self._started or bool(data)
        while data:
            if self._inner.eof:
                if not (self._gzip and _begins(data, _GZIP_MAGIC)):
                    return  # what follows the end is rubbish, and browsers pass over it
                self._inner = zlib.decompressobj(31)
            made = self._inner.decompress(data, STEP)
            if made:
                yield made
            data = self._inner.unconsumed_tail or self._inner.unused_data
            if not data and len(made) == STEP and not self._inner.eof:
                yield from self._rest()

    def _rest(self) -> Iterator[bytes]:
        while made := self._inner.decompress(b"", STEP):
            yield made

    @property
    def complete(self) -> bool:
        return self._inner.eof or not self._started


class _Brotli:
    def __init__(self) -> None:
        self._inner = brotli.Decompressor()
        self._started = False

    def pieces(self, data: bytes) -> Iterator[bytes]:
        if self._inner.is_finished():
            return
        self._started = self._started or bool(data)
        made = self._inner.process(data, output_buffer_limit=STEP)
        while made:
            yield made
            if self._inner.can_accept_more_data() or self._inner.is_finished():
                return
            made = self._inner.process(b"", output_buffer_limit=STEP)

    @property
    def complete(self) -> bool:
        return not self._started or bool(self._inner.is_finished())


class _Zstd:
    """zstd, fed in small bites, because its decoder has no limit on output.

    Four bytes can make a block of 128 KiB (RFC 8878, section 3.1.1.2), so a bite of 256 makes 8 MiB at the worst.
    """

    BITE = 256

    def __init__(self) -> None:
        self._inner = self._new()
        self._started = False

    @staticmethod
    def _new() -> "zstandard.ZstdDecompressionObj":
        return zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj(write_size=STEP)

    def pieces(self, data: bytes) -> Iterator[bytes]:
        self._started = self._started or bool(data)
        position = 0
        while position < len(data):
            if self._inner.eof:
                if not _begins(data[position : position + 4], _ZSTD_MAGIC):
                    return
                self._inner = self._new()
            part = data[position : position + self.BITE]
            position += len(part)
            if made := self._inner.decompress(part):
                yield made
            if self._inner.eof:
                position -= len(self._inner.unused_data)

    @property
    def complete(self) -> bool:
        return not self._started or self._inner.eof


_LAYERS: dict[str, Callable[[], _Layer]] = {
    "gzip": lambda: _Zlib(gzip=True),
    "x-gzip": lambda: _Zlib(gzip=True),
    "deflate": lambda: _Zlib(gzip=False),
    "br": _Brotli,
    "zstd": _Zstd,
}
_ERRORS = (zlib.error, brotli.error, zstandard.ZstdError)


class Decoder:
    """Feeds a body through the codings that its header names; unknown names are passed over, as browsers do.

    A body that never was encoded although the header says so is an error, as it is to other clients (curl ends with
    code 61): who follows the link sees no page either.
    """

    def __init__(self, content_encoding: str, *, max_bytes: int) -> None:
        names = [name for part in content_encoding.lower().split(",") if (name := part.strip()) in _LAYERS]
        if len(names) > MAX_LAYERS:
            raise BombError(f"{len(names)} content codings, one within another")
        self._names = names
        self._layers = [_LAYERS[name]() for name in reversed(names)]
        self._max_bytes = max_bytes
        self._slice = max(512, min(STEP, max_bytes // DEFLATE_RATIO))
        self._out = bytearray()
        self._taken = 0

    def feed(self, data: bytes) -> None:
        """Raises `DecodingError`, `TooLargeError` or `BombError`."""
        if self._layers:
            # In small slices, so that the ratio is known while a piece unfolds and not only after it.
            for position in range(0, len(data), self._slice):
                self._feed(data[position : position + self._slice])
        elif data:
            self._feed(data)

    def _feed(self, data: bytes) -> None:
        self._taken += len(data)
        try:
            self._push(data, 0)
        except _ERRORS as error:
            raise DecodingError(f"the body is not {', '.join(self._names)}") from error

    def _push(self, data: bytes, layer: int) -> None:
        if layer == len(self._layers):
            self._keep(data)
            return
        for piece in self._layers[layer].pieces(data):
            self._push(piece, layer + 1)

    def _keep(self, data: bytes) -> None:
        self._out += data
        size = len(self._out)
        disproportionate = bool(self._layers) and size > BOMB_RATIO * self._taken
        if disproportionate and size > min(BOMB_FLOOR, self._max_bytes):
            raise BombError(f"{self._taken:,} bytes unfold into more than {size:,}")
        if size > self._max_bytes:
            raise TooLargeError(f"larger than {self._max_bytes:,} bytes")

    def so_far(self) -> bytes:
        """The beginning of the body, at most `max_bytes` of it."""
        return bytes(self._out[: self._max_bytes])

    def finish(self) -> bytes:
        """The whole body. Raises `DecodingError` where it ends too early."""
        if not all(layer.complete for layer in self._layers):
            raise DecodingError("the compressed body ends too early")
        return bytes(self._out)


def _zlib_header(data: bytes) -> bool:
    """RFC 1950, section 2.2: method 8 and a check that makes the two bytes divisible by 31."""
    return data[0] & 0x0F == 8 and (len(data) < 2 or (data[0] * 256 + data[1]) % 31 == 0)


def _begins(data: bytes, magic: bytes) -> bool:
    """Whether data begins with these bytes, as far as it goes."""
    return data.startswith(magic[: len(data)])
