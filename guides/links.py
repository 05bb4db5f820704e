"""Which addresses in a guide are citations, and the keys that name citations within their guide."""

import re

from guides.model import CitationKey, Role

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(//)?")
_WEB = frozenset({"http", "https"})
_NO_SOURCE = frozenset({"mailto", "tel", "sms", "javascript", "data", "about", "blob", "callto", "fax"})


def cites(url: str) -> bool:
    """Whether a link in a guide's text names a source: any absolute URL, sound or not.

    Mail and telephone links, `#anchors` and links within the site name none. A misspelt or unsupported scheme
    counts, so that it is judged and not overlooked.
    """
    if url.startswith("//"):
        return len(url) > 2
    found = _SCHEME.match(url)
    if found is None:
        return False
    scheme = found[1].lower()
    return scheme in _WEB or (scheme not in _NO_SOURCE and found[2] is not None)


def absolute(url: str) -> str:
    """The URL as a browser takes it that reads the guide over https: `//host/…` gets the scheme."""
    return f"https:{url}" if url.startswith("//") else url


def is_spaced(url: str) -> bool:
    """Whether white space stands in a URL as written."""
    return url.split() not in ([url], [])


class Keys:
    """Hands out citation keys that are unique within one guide: a role and an id or URL, counted when repeated."""

    def __init__(self) -> None:
        self._taken: dict[str, int] = {}

    def name(self, role: Role, what: str) -> CitationKey:
        base = f"{role}:{what}"
        key, count = base, self._taken.get(base, 0)
        while key in self._taken:
            count += 1
            key = f"{base}#{count + 1}"
        self._taken[base] = count
        self._taken.setdefault(key, 0)
        return CitationKey(key)
