"""Whether a CSS selector or an XPath expression can be read at all. People write them, so they are bounded.

The same libraries judge them that apply them to pages, so that nothing passes here and fails there.
"""

from functools import lru_cache

MAX_SELECTOR = 2000
_FORBIDDEN = ("document(", "doc(", "unparsed-text", "collection(", "://", "exsl", "regexp:", "str:", "re:")


@lru_cache(maxsize=1024)
def css_mistake(css: str) -> str:
    """What is wrong with a CSS selector, in words for people; "" for nothing."""
    if not css.strip():
        return "the CSS selector is empty"
    if len(css) > MAX_SELECTOR:
        return f"the CSS selector is longer than {MAX_SELECTOR:,} characters"
    # Only here and below: few guides hold a selector, and these take their time to import.
    from selectolax.lexbor import LexborHTMLParser, SelectolaxError

    try:
        LexborHTMLParser("<p>").css(css)
    except (SelectolaxError, ValueError):
        return f"the CSS selector “{css[:200]}” cannot be read"
    return ""


@lru_cache(maxsize=1024)
def xpath_mistake(xpath: str) -> str:
    """What is wrong with an XPath 1.0 expression (no namespaces, no other files), in words for people."""
    if len(xpath) > MAX_SELECTOR:
        return f"the XPath expression is longer than {MAX_SELECTOR:,} characters"
    if any(word in xpath.lower() for word in _FORBIDDEN):
        return f"the XPath expression “{xpath[:200]}” uses a function that is not allowed"
    from lxml import etree
    from lxml import html as lxml_html

    try:
        etree.XPath(xpath, regexp=False, smart_strings=False)(lxml_html.document_fromstring("<p>-</p>"))
    except (etree.LxmlError, ValueError, AssertionError):
        return f"the XPath expression “{xpath[:200]}” cannot be read"
    return ""
