"""Names that mean something only where they are used, so that nobody elsewhere is asked about them. Pure."""

import ipaddress
from typing import Final

from crawler.guard import is_closed

_RESERVED: Final = frozenset(
    {
        "alt",  # RFC 9476
        "arpa",
        "corp",
        "example",  # RFC 2606, with test, invalid and localhost
        "home",
        "internal",  # reserved by ICANN in 2024
        "intranet",
        "invalid",
        "lan",
        "local",  # RFC 6762
        "localdomain",
        "localhost",
        "onion",  # RFC 7686
        "private",
        "test",
    }
)
_EXAMPLES: Final = ("example.com", "example.net", "example.org")
"""RFC 2606, section 3."""


def is_public_host(host: str) -> bool:
    """Whether a host (without brackets) is one of the public internet, by its name or address alone."""
    try:
        return not is_closed(ipaddress.ip_address(host))
    except ValueError:
        pass
    labels = host.lower().rstrip(".").split(".")
    return len(labels) > 1 and labels[-1] not in _RESERVED and ".".join(labels[-2:]) not in _EXAMPLES
