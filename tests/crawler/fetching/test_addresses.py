"""Which addresses the fetcher dials, and which it never does, at each hop."""

import asyncio
import ipaddress
import socket
from collections.abc import Sequence

import pytest
from crawler_farm import Farm, answer, running
from crawler_fetches import PAGE, get, kind

from crawler.model import (
    Attempt,
    Failed,
    Fetched,
    RefusalKind,
    Refused,
)
from crawler.policy import CrawlSettings, NetworkSettings


class TestAddresses:
    def test_a_forbidden_address_is_never_dialled(self) -> None:
        async def go() -> tuple[Attempt, Farm]:
            async with running({"/page": answer(PAGE)}, address="127.9.9.9") as farm:
                return await get(farm.url("/page")), farm

        attempt, farm = asyncio.run(go())
        assert kind(attempt) == "forbidden-address"
        assert farm.connections == 0

    def test_a_name_is_dialled_at_the_address_that_was_checked(self) -> None:
        """The second answer is another one: were there a second look-up, it would be dialled."""
        answers = iter([["127.0.0.1"], ["127.9.9.9"], ["127.9.9.9"]])

        async def rebinding(host: str, port: int) -> Sequence[str]:
            return next(answers)

        async def go() -> Attempt:
            async with running({"/page": answer(PAGE)}, host="rebind.example") as farm:
                return await get(farm.url("/page"), resolver=rebinding)

        assert isinstance(asyncio.run(go()), Fetched)

    def test_forbidden_answers_are_left_out(self) -> None:
        async def mixed(host: str, port: int) -> Sequence[str]:
            return ["127.9.9.9", "127.0.0.1"]

        async def go() -> Attempt:
            async with running({"/page": answer(PAGE)}, host="mixed.example") as farm:
                return await get(farm.url("/page"), resolver=mixed)

        assert isinstance(asyncio.run(go()), Fetched)

    def test_the_next_address_is_tried(self) -> None:
        async def several(host: str, port: int) -> Sequence[str]:
            return ["::1", "127.0.0.3", "127.0.0.1"]

        async def go() -> Attempt:
            async with running({"/page": answer(PAGE)}, host="several.example") as farm:
                return await get(farm.url("/page"), resolver=several)

        assert isinstance(asyncio.run(go()), Fetched)

    def test_ipv6(self) -> None:
        async def go() -> Attempt:
            async with running({"/page": answer(PAGE)}, address="::1") as farm:
                return await get(farm.url("/page"))

        assert isinstance(asyncio.run(go()), Fetched)

    @pytest.mark.parametrize(
        ("error", "expected"), [(socket.EAI_NONAME, "dns-nxdomain"), (socket.EAI_AGAIN, "dns-error")]
    )
    def test_names_that_are_not_found(self, error: int, expected: str) -> None:
        async def failing(host: str, port: int) -> Sequence[str]:
            raise socket.gaierror(error, "no")

        attempt = asyncio.run(get("http://gone.example/", resolver=failing))
        assert kind(attempt) == expected
        assert isinstance(attempt, Failed)
        assert not attempt.connected

    def test_connect_to_maps_names_and_is_checked_as_well(self) -> None:
        async def go(address: str) -> tuple[Attempt, Farm]:
            async with running({"/page": answer(PAGE)}, address=address) as farm:
                network = NetworkSettings(
                    allow=("127.0.0.0/24",), connect_to={"help.example:80": f"{address}:{farm.port}"}
                )
                return await get("http://help.example/page", network=network), farm

        attempt, farm = asyncio.run(go("127.0.0.1"))
        assert isinstance(attempt, Fetched)
        assert farm.asked[-1].headers["host"] == "help.example"
        assert kind(asyncio.run(go("127.9.9.9"))[0]) == "forbidden-address"

    @pytest.mark.parametrize(
        ("url", "expected"),
        [
            ("ftp://x.example/", RefusalKind.SCHEME),
            ("mailto:a@x.example", RefusalKind.SCHEME),
            ("http://", RefusalKind.MALFORMED),
            ("www.x.example", RefusalKind.MALFORMED),
            ("", RefusalKind.MALFORMED),
            ("http://x.example/" + "a" * 10_000, RefusalKind.MALFORMED),
        ],
    )
    def test_what_is_no_address_is_not_asked(self, url: str, expected: RefusalKind) -> None:
        attempt = asyncio.run(get(url))
        assert isinstance(attempt, Refused)
        assert attempt.kind is expected

    def test_skipped(self) -> None:
        crawl = CrawlSettings(skip=("http://skip.example/*",))
        assert kind(asyncio.run(get("http://skip.example/x", crawl=crawl))) == "skipped"


def test_the_forbidden_target_of_these_tests_is_loopback() -> None:
    assert ipaddress.ip_address("127.9.9.9").is_loopback
