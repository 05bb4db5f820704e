"""Content codings, byte by byte, layer on layer, broken and endless."""

import gzip
import tracemalloc
import zlib
from collections.abc import Callable

import brotli  # type: ignore[import-untyped]
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from crawler.decode import BombError, Decoder, DecodingError, TooLargeError

PACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": lambda data: brotli.compress(data, quality=4),
    "zstd": zstandard.ZstdCompressor(level=3).compress,
}


def decoded(data: bytes, encoding: str, *, step: int = 1 << 20, limit: int = 10_000_000) -> bytes:
    decoder = Decoder(encoding, max_bytes=limit)
    for position in range(0, len(data), step):
        decoder.feed(data[position : position + step])
    return decoder.finish()


@pytest.mark.parametrize("name", PACK)
@given(body=st.binary(max_size=3_000), step=st.integers(1, 700))
def test_round_trip(name: str, body: bytes, step: int) -> None:
    assert decoded(PACK[name](body), name, step=step) == body


@pytest.mark.parametrize("name", PACK)
def test_large_and_well_compressed(name: str) -> None:
    body = b"".join(b"line %d of a page\n" % n for n in range(200_000))
    assert decoded(PACK[name](body), name, step=64 * 1024) == body


def test_layers_are_undone_from_the_outside() -> None:
    body = b"twice packed " * 100
    assert decoded(brotli.compress(gzip.compress(body)), "gzip, br") == body


def test_members_and_frames_follow_one_another() -> None:
    assert decoded(gzip.compress(b"one ") + gzip.compress(b"two"), "gzip") == b"one two"
    pack = zstandard.ZstdCompressor().compress
    assert decoded(pack(b"one ") + pack(b"two"), "zstd", step=3) == b"one two"


def test_rubbish_after_the_end_is_passed_over() -> None:
    for name in ("gzip", "deflate", "zstd"):
        assert decoded(PACK[name](b"a page") + b"\r\n<!-- -->", name) == b"a page"
    with pytest.raises(DecodingError):  # brotli's decoder does not give back what came before
        decoded(PACK["br"](b"a page") + b"\r\n<!-- -->", "br")


@pytest.mark.parametrize("name", ["", "identity", "utf-8", "none", "compress", "x-unknown, ,"])
def test_names_that_mean_nothing(name: str) -> None:
    assert decoded(b"<p>plain", name) == b"<p>plain"


@pytest.mark.parametrize("name", PACK)
@pytest.mark.parametrize("body", [b"<!doctype html><p>" + b"not encoded at all " * 50, bytes(range(256)) * 4])
def test_a_body_that_never_was_encoded_is_refused_as_clients_do(name: str, body: bytes) -> None:
    with pytest.raises(DecodingError):
        decoded(body, name)


@pytest.mark.parametrize("name", PACK)
def test_too_short(name: str) -> None:
    data = PACK[name](bytes(range(256)) * 50)
    with pytest.raises(DecodingError):
        decoded(data[: len(data) // 2], name)


def test_damaged() -> None:
    data = bytearray(gzip.compress(b"".join(b"%d," % n for n in range(50_000))))
    data[len(data) // 2] ^= 0xFF
    data[len(data) // 2 + 1] ^= 0xFF
    with pytest.raises(DecodingError):
        decoded(bytes(data), "gzip", step=1_000)


@pytest.mark.parametrize("name", PACK)
def test_a_bomb_costs_no_memory(name: str) -> None:
    bomb = PACK[name](b"\0" * 100_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(BombError):
            decoded(bomb, name)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 24_000_000


@pytest.mark.parametrize("name", PACK)
def test_a_bomb_within_a_bomb(name: str) -> None:
    bomb = PACK[name](PACK[name](b"\0" * 50_000_000))
    with pytest.raises((BombError, TooLargeError)):
        decoded(bomb, f"{name}, {name}", limit=1_000_000)


def test_too_many_layers() -> None:
    with pytest.raises(BombError):
        Decoder(", ".join(["gzip"] * 20), max_bytes=1_000)


def test_too_large_without_compression() -> None:
    with pytest.raises(TooLargeError):
        decoded(b"x" * 2_000, "", limit=1_000)


def test_the_beginning_of_what_is_too_large() -> None:
    decoder = Decoder("", max_bytes=10)
    with pytest.raises(TooLargeError):
        decoder.feed(b"x" * 50)
    assert decoder.so_far() == b"x" * 10
