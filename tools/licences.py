"""Holds the licences of all that is installed with loccit against a list: `python tools/licences.py [EXTRA…]`.

Reads only what the packages say of themselves (core metadata, PEP 639 first), so it works without a network.
"""

import re
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from typing import Final

from packaging.requirements import Requirement

EXTRAS: Final = ("browser", "notify", "postgres", "s3", "workers")
ALLOWED: Final = {
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MIT-0", "MPL-2.0", "PSF-2.0", "Unlicense",
    "LGPL-3.0-only",  # psycopg: imported as it is, and replaceable
}  # fmt: skip
TROVE: Final = {
    "MIT License": "MIT",
    "BSD License": "BSD-3-Clause",
    "Apache Software License": "Apache-2.0",
    "ISC License (ISCL)": "ISC",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
    "The Unlicense (Unlicense)": "Unlicense",
}
KNOWN: Final = {"pypdfium2": "BSD-3-Clause AND Apache-2.0"}
"""Of packages whose own words cannot be read by a program: looked at by hand."""


def installed(name: str, extras: tuple[str, ...]) -> Iterator[Distribution]:
    """A distribution and all that it needs here, each once."""
    seen: set[tuple[str, tuple[str, ...]]] = set()
    told: set[str] = set()
    waiting = [(name, extras)]
    while waiting:
        current, wanted = waiting.pop()
        key = (re.sub(r"[-_.]+", "-", current).lower(), tuple(sorted(wanted)))
        if key in seen:
            continue
        seen.add(key)
        try:
            found = distribution(current)
        except PackageNotFoundError:
            print(f"note: {current} is not installed, and was not looked at")
            continue
        if key[0] not in told:
            told.add(key[0])
            yield found
        for line in found.requires or ():
            need = Requirement(line)
            if need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in (*wanted, "")):
                waiting.append((need.name, tuple(need.extras)))


def licence(found: Distribution) -> str:
    """What a distribution says of its licence, as an SPDX expression where it can be read as one."""
    name = str(found.metadata["Name"])
    if name.lower() in KNOWN:
        return KNOWN[name.lower()]
    if expression := found.metadata.get("License-Expression"):
        return str(expression)
    told = [
        line.rpartition("::")[2].strip()
        for line in found.metadata.get_all("Classifier") or ()
        if line.startswith("License ::")
    ]
    words = [TROVE.get(word, word) for word in told if word != "OSI Approved"]
    return " OR ".join(words) or str(found.metadata.get("License") or "none told").splitlines()[0][:60]


def is_allowed(expression: str) -> bool:
    """Whether one of the alternatives (OR) has only licences of the list (AND)."""
    alternatives = re.split(r"\s+OR\s+", expression.replace("(", "").replace(")", ""))
    return any(all(part in ALLOWED for part in re.split(r"\s+AND\s+", each)) for each in alternatives)


def main() -> int:
    refused = 0
    count = 0
    for found in sorted(
        installed("loccit", tuple(sys.argv[1:]) or EXTRAS), key=lambda each: str(each.metadata["Name"]).lower()
    ):
        count += 1
        expression = licence(found)
        if not is_allowed(expression):
            refused += 1
            print(f"{found.metadata['Name']} {found.version}: {expression} is not on the list")
    print(f"licences: {count} packages, {refused} not on the list")
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
