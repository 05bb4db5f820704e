"""A `noscript` as browsers read it: its content is text to who runs scripts, and markup to a parser that runs none.

That matters where the markup is broken: `<noscript><iframe … /></noscript>`, common in pages' heads, opens a frame that
nothing closes, and the whole page becomes the frame's text (WHATWG HTML, 13.2.6.4.4 and 13.2.6.4.7).
"""

import re

# The first character is outside of what ignores case: it is searched for much faster.
_UNCLOSED = re.compile(rb"(<(?i:noscript\b[^>]{0,500}>\s{0,200}<iframe\b)[^>]{0,4000}?)/?>(?=\s{0,200}<(?i:/noscript))")


def with_closed_frames(source: bytes) -> bytes:
    """The source (in UTF-8) with every lone frame in a `noscript` closed where the `noscript` ends."""
    return _UNCLOSED.sub(rb"\1></iframe>", source)
