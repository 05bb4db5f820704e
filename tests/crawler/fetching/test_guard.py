"""Which addresses are out of bounds. The table follows smokescreen's tests and the IANA registries."""

import asyncio
from collections.abc import Sequence
from ipaddress import ip_address

import pytest

from crawler.guard import ForbiddenAddressError, Guard, is_closed


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "10.1.2.3", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.9.9.9", "169.254.169.254",
        "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1",
        "198.51.100.1", "203.0.113.9", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
        "::", "::1", "::127.0.0.1", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1",
        "64:ff9b::808:808", "64:ff9b:1::1", "100::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:db8::1",
        "2002:7f00:1::", "2002:808:808::1", "3fff::1", "fc00::1", "fd12:3456::1", "fe80::1", "fe80::1%eth0", "fec0::1",
        "ff02::1", "5f00::1", "::ffff:0:127.0.0.1",  # the last: IPv4-translated (RFC 2765)
    ],
)  # fmt: skip
def test_closed(address: str) -> None:
    assert is_closed(ip_address(address))
    assert not Guard().permits(ip_address(address))


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8"]
)
def test_open(address: str) -> None:
    assert not is_closed(ip_address(address))


def test_allow_opens_a_network_and_nothing_else() -> None:
    guard = Guard(allow=["127.0.0.0/24"])
    assert guard.permits(ip_address("127.0.0.9"))
    assert guard.permits(ip_address("::ffff:127.0.0.9"))
    assert not guard.permits(ip_address("127.0.1.9"))
    assert not guard.permits(ip_address("::1"))


def test_what_can_be_refused_without_a_look_up() -> None:
    guard = Guard(connect_to={"a.example:80": "10.0.0.1:80"})
    assert all(guard.refuses(host, 80) for host in ("10.0.0.1", "::1", "localhost", "LOCALHOST.", "x.localhost"))
    assert guard.refuses("A.example", 80) and not guard.refuses("a.example", 443)
    assert not guard.refuses("8.8.8.8", 80) and not guard.refuses("localhost.example", 80)
    assert not Guard(allow=["127.0.0.0/8"]).refuses("localhost", 80)


@pytest.mark.parametrize(
    "setting", [{"allow": ["nonsense"]}, {"connect_to": {"a": "b:1"}}, {"connect_to": {"a:1": "b:x"}}]
)
def test_settings_that_cannot_be_read(setting: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Guard(**setting)  # type: ignore[arg-type]


def endpoints(guard: Guard, host: str = "x.example") -> list[str]:
    return [point.address for point in asyncio.run(guard.endpoints(host, 80))]


def resolving(*answers: str) -> Guard:
    async def resolver(host: str, port: int) -> Sequence[str]:
        return answers

    return Guard(allow=["127.0.0.0/24", "::1/128"], resolver=resolver)


def test_families_take_turns() -> None:
    guard = resolving("127.0.0.1", "127.0.0.2", "::1")
    assert endpoints(guard) == ["127.0.0.1", "::1", "127.0.0.2"]


def test_only_what_is_permitted_is_dialled() -> None:
    assert endpoints(resolving("10.0.0.1", "127.0.0.1")) == ["127.0.0.1"]


@pytest.mark.parametrize("answers", [("10.0.0.1",), ("10.0.0.1", "fe80::1"), ("::ffff:10.0.0.1",)])
def test_nothing_permitted(answers: tuple[str, ...]) -> None:
    with pytest.raises(ForbiddenAddressError, match="not a public address"):
        endpoints(resolving(*answers))


@pytest.mark.parametrize("answers", [(), ("not an address",)])
def test_no_answer(answers: tuple[str, ...]) -> None:
    with pytest.raises(OSError, match="no address"):
        endpoints(resolving(*answers))


def test_a_flood_of_answers_is_cut() -> None:
    assert len(endpoints(resolving(*(f"127.0.0.{n % 250}" for n in range(10_000))))) <= 64
