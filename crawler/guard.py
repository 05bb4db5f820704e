"""Which addresses may be reached: look a name up, check every answer, dial the very address that was checked.

Without it a guide's link, or a redirect, could make loccit ask the machine it runs on, its cloud's metadata service
or its office network (server-side request forgery). The list of closed networks is that of stripe/smokescreen and
changedetection.io, with the IANA special-purpose registries.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""(host, port) → addresses as text, in the order of preference; raises `socket.gaierror` as getaddrinfo does."""

_LOOKUPS = 32
_MAX_ANSWERS = 64
_CLOSED: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
        "::/96",
        "::ffff:0:0:0/96",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "3fff::/20",
        "5f00::/16",
        "fc00::/7",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    )
)


class ForbiddenAddressError(Exception):
    """Every address of a host is in a network that may not be fetched; the message says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An address that was checked, and a port: what a connection is made to."""

    address: str
    port: int


def is_closed(address: Address) -> bool:
    """Whether an address is outside the public internet, or carries another address within it.

    An IPv4-mapped one (`::ffff:a.b.c.d`) is judged as the IPv4 address that the kernel would dial.
    """
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if any(address in network for network in _CLOSED if network.version == address.version):
        return True
    return address.is_multicast or not address.is_global


class Guard:
    """Decides where a connection may go.

    `allow` are networks that may be fetched although they are private. `connect_to` maps "host:port" to
    "address:port", like curl's --connect-to; what it maps to is checked by the same rules.
    """

    def __init__(
        self,
        *,
        allow: Sequence[str] = (),
        connect_to: Mapping[str, str] | None = None,
        resolver: Resolver | None = None,
    ) -> None:
        """Raises `ValueError` for a network or a mapping that cannot be read."""
        self._allow: tuple[Network, ...] = tuple(ip_network(text.strip(), strict=False) for text in allow)
        self._connect_to = {_host_port(key): _host_port(value) for key, value in (connect_to or {}).items()}
        self._lookups = SystemResolver() if resolver is None else None
        self._resolver: Resolver = self._lookups or resolver  # type: ignore[assignment]

    def permits(self, address: Address) -> bool:
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return not is_closed(address) or any(address in net for net in self._allow if net.version == address.version)

    def refuses(self, host: str, port: int) -> bool:
        """Whether a host can never be fetched, whatever a look-up says: a closed address, or `localhost` (RFC 6761)."""
        host, port = self._connect_to.get((host.lower(), port), (host.lower(), port))
        name = host.rstrip(".")
        if name == "localhost" or name.endswith(".localhost"):
            return not any(self.permits(each) for each in (IPv4Address("127.0.0.1"), IPv6Address("::1")))
        literal = _literal(host)
        return literal is not None and not self.permits(literal)

    async def endpoints(self, host: str, port: int) -> list[Endpoint]:
        """The addresses of a host that may be dialled, IPv6 and IPv4 in turn.

        Raises `ForbiddenAddressError` when there is none among the answers, `socket.gaierror` when there is no answer.
        """
        host, port = self._connect_to.get((host.lower(), port), (host, port))
        literal = _literal(host)
        answers = [literal] if literal else await self._look_up(host, port)
        if not answers:
            raise socket.gaierror(socket.EAI_AGAIN, "the name has no address")
        permitted = [answer for answer in answers if self.permits(answer)]
        if not permitted:
            shown = ", ".join(map(str, answers[:3]))
            raise ForbiddenAddressError(f"{host} is at {shown}, which is not a public address")
        return [Endpoint(address=str(address), port=port) for address in _interleaved(permitted)]

    async def _look_up(self, host: str, port: int) -> list[Address]:
        answers = await self._resolver(host, port)
        addresses = (_literal(answer) for answer in answers[:_MAX_ANSWERS])
        return list(dict.fromkeys(address for address in addresses if address))

    def close(self) -> None:
        if self._lookups:
            self._lookups.close()


class SystemResolver:
    """The system's getaddrinfo, on threads of its own: slow names must not wait for one another."""

    def __init__(self) -> None:
        self._threads: ThreadPoolExecutor | None = None

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(_LOOKUPS, thread_name_prefix="loccit-dns")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, _getaddrinfo, host, port)

    def close(self) -> None:
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
            self._threads = None


def _getaddrinfo(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:  # a label that is empty or longer than 63 bytes has no encoding
        raise socket.gaierror(socket.EAI_NONAME, "not a name that DNS can hold") from error
    return [str(entry[4][0]) for entry in found]


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return None


def _host_port(text: str) -> tuple[str, int]:
    host, separator, port = text.strip().rpartition(":")
    if not separator or not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError(f"connect_to needs host:port, not {text!r}")
    return host.strip("[]").lower(), int(port)


def _interleaved(addresses: Sequence[Address]) -> list[Address]:
    """The families in turn, the first answer's family first (RFC 8305, section 4)."""
    first = [address for address in addresses if address.version == addresses[0].version]
    second = [address for address in addresses if address.version != addresses[0].version]
    mixed: list[Address] = []
    for position in range(max(len(first), len(second))):
        mixed += first[position : position + 1] + second[position : position + 1]
    return mixed
